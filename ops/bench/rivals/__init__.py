"""The hub beside what people would pick instead: same work, guarantees, machine and run."""

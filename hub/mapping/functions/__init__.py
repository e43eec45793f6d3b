"""The library: pure functions that mappings may call, declared by their annotations."""

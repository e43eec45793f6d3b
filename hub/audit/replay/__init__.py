"""Replay: past events made again beside what was sent then, or sent again, always by a plan."""

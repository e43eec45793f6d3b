"""The door: HTTP in, events kept, and only then a yes."""

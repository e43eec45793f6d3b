"""What would change: past events through two versions of a connector, and why they differ."""

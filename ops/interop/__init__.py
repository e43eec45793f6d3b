"""Stock clients of other makers against the hub's own doors."""

"""The control plane: how bundles and registrations come to a hub while it runs (0014)."""

"""Bundles, registrations and schemas: what is there, which version, what is live."""

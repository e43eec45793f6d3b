"""The archive: what lasts when the topics have expired (decision 0015)."""

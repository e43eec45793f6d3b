"""The wire: one folder per protocol, each as client and as server. Knows contracts, never connectors."""

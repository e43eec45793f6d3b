"""The wire: one folder per protocol, each as client and as server; knows contracts alone."""

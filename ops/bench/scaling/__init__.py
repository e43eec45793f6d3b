"""How the worker grows: with processes, partitions, connectors, and with slow systems."""

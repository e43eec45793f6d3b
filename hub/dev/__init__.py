"""A Kafka on a machine that has nothing but Python, for developers, tests and the demo.

Not for production: one node, no replication, no authentication, loopback only.
"""

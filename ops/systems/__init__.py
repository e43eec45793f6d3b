"""Simulated outside systems: what the hub talks with when no province is at hand.

Each runs as a process of its own, keeps what the real one would keep, refuses what the real one
would refuse, and fails on request. They know nothing of the hub's code, so that an error made on
both sides of a wire cannot hide.
"""

"""Sandboxes: the simulated systems on loopback, brought up as their own tests do."""

from tests.ops.systems.conftest import configs, hub, loop, start

__all__ = ["configs", "hub", "loop", "start"]

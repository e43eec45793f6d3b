"""A new connector's folder from a system's interface: what is obvious written, the rest a hole."""

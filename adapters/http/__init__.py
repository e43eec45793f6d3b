"""The wire: connections, time limits, size caps; the one home of httpx and httptools."""

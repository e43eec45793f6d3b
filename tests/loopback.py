"""Clients of tests speak plain HTTP on loopback."""

import ssl
from typing import Final

# For `verify` of a client that never speaks TLS: it trusts nobody, and is there at once. Reading
# the machine's root certificates, as a client does by itself, takes 25 ms of processor time.
PLAIN: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

"""Whether something came to a socket that the event loop has not read yet: bytes, a close, a reset.

poll(2) would tell, but Python gives the interpreter lock away while it asks, and in a busy process
another thread takes its turn then: that cost a worker a tenth of its rate and more. getsockopt(2)
keeps the lock, and on Linux it tells as much. Elsewhere it is poll.
"""

import os
import socket
import sys
from select import POLLIN, poll

# Of linux/socket.h and linux/sock_diag.h; `socket` does not name them. The first four bytes are the
# memory that unread bytes take in the kernel (SK_MEMINFO_RMEM_ALLOC).
SO_MEMINFO = 55
NOTHING = bytes(4)
ESTABLISHED = b"\x01"  # tcpi_state, the first byte of linux/tcp.h's tcp_info; a close ends it


class Arrivals:
    """Looks at one connected TCP socket, through a descriptor of its own, until it is closed."""

    __slots__ = ("_poll", "_socket")

    def __init__(self, descriptor: int) -> None:
        """`descriptor`: of the socket; whoever opened it keeps it."""
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._poll = None if sys.platform == "linux" else polling(self._socket)

    def nothing(self) -> bool:
        """Whether nothing has come that is not read. Costs a microsecond."""
        if self._poll is not None:
            return not self._poll.poll(0)
        ask = self._socket.getsockopt
        return (
            ask(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == ESTABLISHED
            and ask(socket.SOL_SOCKET, SO_MEMINFO, len(NOTHING)) == NOTHING
        )

    def close(self) -> None:
        """Let go, or the connection would stay open."""
        self._socket.close()


def polling(connection: socket.socket) -> poll:
    """What asks poll(2)."""
    made = poll()
    made.register(connection, POLLIN)
    return made

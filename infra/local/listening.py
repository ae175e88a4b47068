"""Which port the gateway gets, and the socket that stays open while servers behind it come and go."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

PREFERRED_PORT = 8420
BACKLOG = 2048


class PortTaken(Exception):
    """None of the ports is free; the message names them."""


@contextmanager
def listen(ports: tuple[int, ...]) -> Iterator[socket.socket]:
    """Listen on 127.0.0.1, on the first of the ports that is free; 0 is any free one."""
    for port in ports:
        opened = socket.socket()
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind(("127.0.0.1", port))
            opened.listen(BACKLOG)
        except OSError:
            opened.close()
            continue
        with opened:
            yield opened
        return
    raise PortTaken(f"Port {ports[-1]} is taken by another program.")

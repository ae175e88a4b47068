"""HTTP as bytes on a socket, for requests that a well-behaved client cannot send."""

import socket
from dataclasses import dataclass

from tests.support.posting import Posting

PATIENCE_S = 10


@dataclass(frozen=True)
class Answer:
    """Status 0: the server closed the connection without an answer."""

    status: int
    head: str
    body: str


def exchange(posting: Posting, request: bytes, *, hang_up: bool = False) -> Answer:
    """Send these bytes and read until the server closes; `hang_up` says at once that nothing more will come."""
    with socket.create_connection(("127.0.0.1", posting.port), PATIENCE_S) as connection:
        connection.sendall(request)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while piece := connection.recv(65_536):
                received += piece
        except ConnectionResetError:
            pass
    head, _, body = received.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head else 0
    return Answer(status, head.decode("latin-1"), body.decode())


def request(method: str, target: str | bytes, *headers: str | bytes, body: bytes = b"") -> bytes:
    """A request as bytes; the server is told to close the connection after it."""
    line = f"{method} ".encode() + (target if isinstance(target, bytes) else target.encode()) + b" HTTP/1.1"
    fields = [field if isinstance(field, bytes) else field.encode("latin-1") for field in headers]
    return b"\r\n".join([line, b"Host: test", b"Connection: close", *fields, b"", body])

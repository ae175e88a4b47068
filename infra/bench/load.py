"""A load generator: so many connections, each sends its next request when it has the answer to the last (closed loop).

A process of its own, so that its CPU is known apart: `python -m infra.bench.load` reads an Order as JSON from standard
input and prints an Outcome. The warm-up is not counted. It also reads what the watched processes used in the very
seconds that it counts.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import TypeVar, cast

import uvloop

from infra.bench import cpu

CONTENT_LENGTH = b"content-length:"
END_OF_HEAD = b"\r\n\r\n"
LAST_ANSWERS_S = 5.0
PRIVATE_SHARE = 0.05


@dataclass(frozen=True)
class Order:
    """What to do. `kind`: post (to ours), sketch (to the sketch) or get (the `paths`)."""

    kind: str
    port: int
    connections: int
    seconds: float
    warm_up: float
    traffic: str
    """A file with people, their tokens, and contents from the most to the least popular."""
    hot: bool = False
    """Everybody says the most popular thing."""
    paths: list[str] = field(default_factory=list)
    watched: dict[str, list[int]] = field(default_factory=dict)
    """Processes by what they are: {"app": [pid], "postgres": [pid]}."""


@dataclass(frozen=True)
class Outcome:
    """What happened within the counted seconds; `errors` in the warm-up too."""

    seconds: float
    latencies: list[float]
    """Seconds, ascending."""
    errors: dict[str, int]
    cpu: dict[str, float]
    """Seconds: of the watched, of `load` (this process), of the whole `machine`."""


Request = Callable[[], bytes]
Item = TypeVar("Item")


def requests_of(order: Order) -> Request:
    """Makes the next request, from parts that are ready."""
    chance = random.Random()  # noqa: S311 (no secrets)
    if order.kind == "get":
        gets = [f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for path in order.paths]
        return lambda: chance.choice(gets)
    traffic = json.loads(Path(order.traffic).read_text())
    contents = traffic["contents"][:1] if order.hot else traffic["contents"]
    if order.kind == "sketch":
        return _sketch_posts(contents, [person for person, _ in traffic["people"]], chance=chance)
    return _posts(contents, [token for _, token in traffic["people"]], chance=chance)


def _posts(contents: list[str], tokens: list[str], *, chance: random.Random) -> Request:
    heads = [
        f"POST /v1/posts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: ".encode()
        for token in tokens
    ]
    public = [_body({"content": content, "visibility": "public"}) for content in contents]
    private = [_body({"content": content, "visibility": "private"}) for content in contents]
    run, numbers = f"{chance.getrandbits(64):016x}".encode(), count()

    def post() -> bytes:
        address = chance.getrandbits(24)
        return b"%b%b-%d\r\nX-Forwarded-For: 10.%d.%d.%d\r\n%b" % (
            chance.choice(heads),
            run,
            next(numbers),
            address >> 16,
            address >> 8 & 255,
            address & 255,
            _by_popularity(private if chance.random() < PRIVATE_SHARE else public, chance),
        )

    return post


def _sketch_posts(contents: list[str], people: list[str], *, chance: random.Random) -> Request:
    head = b"POST /v1/posts HTTP/1.1\r\nHost: bench\r\n"
    posts = [
        [head + _body({"content": content, "person": person}) for person in chance.sample(people, 4)]
        for content in contents
    ]

    def post() -> bytes:
        return chance.choice(_by_popularity(posts, chance))

    return post


def _by_popularity(items: Sequence[Item], chance: random.Random) -> Item:
    """Item n, counted from one, with a probability that is nearly in proportion to 1/n."""
    return items[int(len(items) ** chance.random()) - 1]


def _body(value: dict[str, str]) -> bytes:
    body = json.dumps(value).encode()
    return b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Counted:
    """All connections write here."""

    def __init__(self, request: Request, expected: bytes) -> None:
        self.request = request
        self.expected = expected
        self.counting = False
        self.ending = False
        self.latencies: list[float] = []
        self.errors: Counter[str] = Counter()


class Connection(asyncio.Protocol):
    """One client: request, answer, request, answer."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._received = b""
        self._sent_at = 0.0
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(END_OF_HEAD)
        if not found:
            return
        _, _, length = head.lower().partition(CONTENT_LENGTH)
        if len(body) < int(length.partition(b"\r\n")[0] or 0):
            return
        self._received = b""
        self._note(head[9:12])
        if self._counted.ending:
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._counted.ending:
            self._counted.errors["connection lost"] += 1
        if not self.closed.done():
            self.closed.set_result(None)

    def _send(self) -> None:
        request = self._counted.request()
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def _note(self, status: bytes) -> None:
        if status != self._counted.expected:
            self._counted.errors[status.decode()] += 1
        elif self._counted.counting:
            self._counted.latencies.append(time.perf_counter() - self._sent_at)


async def carry_out(order: Order) -> Outcome:
    loop = asyncio.get_running_loop()
    counted = Counted(requests_of(order), b"200" if order.kind == "get" else b"201")
    connections = []
    for _ in range(order.connections):
        _, connection = await loop.create_connection(lambda: Connection(counted), "127.0.0.1", order.port)
        connections.append(connection)
    await asyncio.sleep(order.warm_up)
    before, began = _cpu(order), time.perf_counter()
    counted.counting = True
    await asyncio.sleep(order.seconds)
    counted.counting = False
    ended, after = time.perf_counter(), _cpu(order)
    counted.ending = True
    _, unanswered = await asyncio.wait([connection.closed for connection in connections], timeout=LAST_ANSWERS_S)
    if unanswered:
        counted.errors["no answer"] += len(unanswered)
    return Outcome(
        seconds=ended - began,
        latencies=sorted(counted.latencies),
        errors=dict(counted.errors),
        cpu={name: after[name] - before[name] for name in after},
    )


def _cpu(order: Order) -> dict[str, float]:
    watched = {name: cpu.of_processes(pids) for name, pids in order.watched.items()}
    return watched | {"load": cpu.of_this_process(), "machine": cpu.of_machine()}


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(carry_out(Order(**json.load(sys.stdin)))))))

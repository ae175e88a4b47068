"""Many requests at once, as many phones would send them: several clients, each with its own connections and loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.posting import Caller

PATIENCE_S = 30


@dataclass(frozen=True)
class Call:
    """One request of one person."""

    by: Caller
    method: str
    path: str
    json: object = None
    headers: dict[str, str] = field(default_factory=dict)


def post(by: Caller, content: str, **rest: object) -> Call:
    return Call(by, "POST", "/v1/posts", {"content": content, **rest})


def at_once(calls: Sequence[Call], *, clients: int = 1, connections: int = 24) -> list[httpx.Response]:
    """The answers, in the order of the calls; of each client so many are on their way as it has connections."""
    by_client = [calls[number::clients] for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        answers = list(pool.map(lambda some: asyncio.run(_send_all(some, connections)), by_client))
    return [answers[number % clients][number // clients] for number in range(len(calls))]


async def _send_all(calls: Sequence[Call], connections: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    free = asyncio.Semaphore(connections)  # httpx itself gets slow when many wait for a connection

    async def send(call: Call) -> httpx.Response:
        async with free:
            url, headers = call.by.posting.url + call.path, {**call.by.headers, **call.headers}
            return await http.request(call.method, url, json=call.json, headers=headers)

    async with httpx.AsyncClient(timeout=PATIENCE_S, limits=limits) as http:
        return await asyncio.gather(*map(send, calls))


def bodies(answers: Sequence[httpx.Response], wanted: Callable[[httpx.Response], bool]) -> list[dict[str, Any]]:
    return [answer.json() for answer in answers if wanted(answer)]

"""Postgres goes away under load and comes back: every 201 is there, nothing twice, and callers hear in time."""

import asyncio
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.local import migrate, postgres
from tests.support.database import Database
from tests.support.outage import frozen, kill, start_again
from tests.support.posting import Caller, Issuer, Posting, new_song, query, refusal, serving
from tests.support.recount import assert_counted

PROMISE_S = 3.0
PATIENCE_S = 30
UNTHROTTLED = {"POSTS_PER_PERSON": "100000/second burst 100000", "POSTS_PER_ADDRESS": "100000/second burst 100000"}


@pytest.fixture(scope="module")
def own(run_folder: Path) -> Iterator[Database]:
    """A server of its own, which keeps what it confirmed as one in production does."""
    server = postgres.start(Path(tempfile.mkdtemp(prefix="outage-", dir=run_folder)), durable=True)
    postgres.create(server, "coincide")
    postgres.bootstrap(server, "coincide")
    database = Database(server, "coincide")
    migrate.apply(database.url)
    postgres.allow_login(server, "backend")
    yield database
    postgres.stop_folder(server.folder)


@pytest.fixture
def there(own: Database) -> Database:
    """The same, started again if a test before has left it killed."""
    return Database(postgres.start(own.server.folder), own.name)


@pytest.fixture(scope="module")
def unsteady(own: Database, worker_folder: Path, issuer: Issuer) -> Iterator[Posting]:
    with serving(worker_folder, issuer.environment(own.backend_url, **UNTHROTTLED), issuer) as posting:
        yield posting


@dataclass
class Load:
    """People who post one thing after the other, and insist on each as an app does: same key, until it is answered."""

    people: list[Caller]
    accepted: list[tuple[Caller, str, str]] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    enough: bool = False

    def run(self) -> None:
        asyncio.run(self._post_all())

    async def _post_all(self) -> None:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as http:
            await asyncio.gather(*(self._keep_posting(http, person) for person in self.people))

    async def _keep_posting(self, http: httpx.AsyncClient, person: Caller) -> None:
        while not self.enough:
            song, headers = new_song(), {**person.headers, "Idempotency-Key": str(uuid4())}
            while (answer := await self._post(http, person, song, headers)).status_code != 201:
                refusal(answer, 503, "unavailable")
                self.refused[503] += 1
                await asyncio.sleep(float(answer.headers["retry-after"]))  # as it was told
            self.accepted.append((person, song, answer.json()["post"]["id"]))

    async def _post(
        self, http: httpx.AsyncClient, person: Caller, song: str, headers: dict[str, str]
    ) -> httpx.Response:
        began = time.monotonic()
        answer = await http.post(f"{person.posting.url}/v1/posts", json={"content": song}, headers=headers)
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer


@pytest.fixture
def load(there: Database, unsteady: Posting) -> Iterator[Load]:
    """Twelve people at it; when the test is over, everything that was accepted is looked up."""
    load = Load([unsteady.person() for _ in range(12)])
    thread = threading.Thread(target=load.run, daemon=True)
    thread.start()
    until(lambda: len(load.accepted) > 100)
    yield load
    before = len(load.accepted)
    until(lambda: len(load.accepted) > before + 100)
    load.enough = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert load.slowest < PROMISE_S
    assert_all_there_once(load, there)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def assert_all_there_once(load: Load, there: Database) -> None:
    mine: dict[str, object] = {"people": [person.uid for person in load.people]}
    rows: list[Any] = query(
        there, "select person_id, content, id::text from public.posts where person_id = any(%(people)s)", mine
    )
    assert sorted(rows) == sorted((person.uid, song, post_id) for person, song, post_id in load.accepted)
    events = "select payload ->> 'post_id' from private.outbox where payload ->> 'person_id' = any(%(people)s)"
    assert sorted(post_id for (post_id,) in query(there, events, mine)) == sorted(row[2] for row in rows)
    assert_counted(there)


def in_time(call: Callable[[], httpx.Response]) -> httpx.Response:
    began = time.monotonic()
    answer = call()
    assert time.monotonic() - began < PROMISE_S
    return answer


def assert_unavailable(posting: Posting) -> None:
    """Everything that needs the database says so, in time and in order; the process itself is well."""
    person = posting.person()
    for call in (
        lambda: person.send({"content": new_song()}),
        lambda: person.get("/v1/feed"),
        lambda: posting.http.get("/readyz"),
    ):
        answer = in_time(call)
        refusal(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    assert posting.http.get("/healthz").status_code == 200


def ready(posting: Posting) -> bool:
    return in_time(lambda: posting.http.get("/readyz")).status_code == 200


def test_a_killed_postgres_loses_nothing_and_doubles_nothing(there: Database, unsteady: Posting, load: Load) -> None:
    assert ready(unsteady)
    kill(there.server)
    assert_unavailable(unsteady)
    start_again(there.server)
    until(lambda: ready(unsteady))
    assert load.refused[503] > 0


def test_a_frozen_postgres_is_told_of_in_time_and_goes_on_when_it_wakes(
    there: Database, unsteady: Posting, load: Load
) -> None:
    with frozen(there.server):
        assert_unavailable(unsteady)
    until(lambda: ready(unsteady))
    assert load.refused[503] > 0
    assert "Traceback" not in unsteady.complained

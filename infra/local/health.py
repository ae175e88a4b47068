"""How each part of a stack is, by asking it what its users ask it."""

import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from infra.local.stack import Record

PATIENCE_SECONDS = 4


@dataclass(frozen=True)
class Health:
    """What a part answered, and how long it took."""

    well: bool
    ms: float
    problem: str | None = None


def ask(record: Record) -> dict[str, Health]:
    """All parts at the same time."""
    base = record.urls["base"]
    questions: dict[str, Callable[[], None]] = {"gateway": lambda: _get(base + "/")}
    for name, addresses in record.functions.items():
        questions[name] = lambda url=addresses["ready"]: _get(url)  # type: ignore[misc]
    questions["identity"] = lambda: _get(record.urls["jwks"])
    questions["postgres"] = lambda: _select(record.urls["database_owner"])
    with ThreadPoolExecutor(len(questions)) as threads:
        return dict(zip(questions, threads.map(_timed, questions.values()), strict=True))


def _timed(question: Callable[[], None]) -> Health:
    began = time.perf_counter()
    try:
        question()
        problem = None
    except Exception as error:  # whatever it is, it is the answer
        problem = str(error).strip() or type(error).__name__
    return Health(problem is None, round((time.perf_counter() - began) * 1000, 1), problem)


def _get(url: str) -> None:
    # No proxy: the addresses are this machine's own.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(url, timeout=PATIENCE_SECONDS).close()


def _select(url: str) -> None:
    import psycopg

    with psycopg.connect(url, connect_timeout=PATIENCE_SECONDS) as connection:
        connection.execute("select 1")

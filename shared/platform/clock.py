"""The one place that reads the time. Everything else takes `now` as an argument.

The product has no setting for it: only a process that replaces the source in its own code (the local stack's launcher)
lives in another time, so a deployed function cannot.
"""

from collections.abc import Callable
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present instant, in UTC."""
    return _source()


def set_source(source: Callable[[], datetime]) -> None:
    """From here on `now()` asks `source`, which answers aware instants in UTC."""
    global _source
    _source = source

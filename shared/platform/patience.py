"""How long a caller waits for what we wait for: one deadline for a whole request, however many steps it takes."""

import asyncio
from contextvars import ContextVar

PATIENCE = 2.5
"""Seconds until a caller hears that a part of us is away: below the three that the API promises."""

RETRY_AFTER = 1.0
"""Seconds after which asking again makes sense: what was away is looked for about as often."""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def begin() -> None:
    """A request begins; called at the door."""
    _deadline.set(asyncio.get_running_loop().time() + PATIENCE)


def left() -> float:
    """Seconds that the caller of this request still waits; all of them outside of a request."""
    deadline = _deadline.get()
    return PATIENCE if deadline is None else max(deadline - asyncio.get_running_loop().time(), 0.0)

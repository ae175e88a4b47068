"""Ids whose order is the order of time: version 7 uuids (RFC 9562), which Postgres 17 cannot make by itself."""

import secrets
from datetime import datetime
from uuid import UUID

_VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def new_id(at: datetime) -> UUID:
    """A fresh id for something that came to be at `at` (millisecond precision, 74 random bits)."""
    random = secrets.randbits(74)
    return UUID(int=_milliseconds(at) << 80 | _VERSION_AND_VARIANT | (random >> 62) << 64 | random & ((1 << 62) - 1))


def first_id(at: datetime) -> UUID:
    """The smallest id that anything from `at` on can have."""
    return UUID(int=_milliseconds(at) << 80 | _VERSION_AND_VARIANT)

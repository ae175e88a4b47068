"""The settable clock of the local stack: an offset in eight bytes that the serving process keeps mapped.

`coincide up --clock` switches it on. A deployed function never imports this module, so nothing there can.
Time goes on running after every move; the database's own now() is not moved (the product passes its time).
"""

import mmap
import os
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

_OFFSET = struct.Struct("<q")
# A century either way: far enough for every test, and no datetime overflows.
FURTHEST = timedelta(days=36_525)


class Clock:
    """The offset file, mapped. Two processes that map the same file read the same time."""

    def __init__(self, file: Path) -> None:
        fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(fd).st_size != _OFFSET.size:
                os.ftruncate(fd, 0)
                os.ftruncate(fd, _OFFSET.size)
            self._map = mmap.mmap(fd, _OFFSET.size)
        finally:
            os.close(fd)

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the real one."""
        return timedelta(microseconds=_OFFSET.unpack_from(self._map)[0])

    def now(self) -> datetime:
        """The moved time, in UTC."""
        return datetime.now(UTC) + self.offset

    def advance(self, by: timedelta) -> None:
        """Move by a duration, backwards if it is negative."""
        self._move(self.offset + by)

    def set(self, at: datetime) -> None:
        """Make it `at` now; raises ValueError without a time zone."""
        if at.tzinfo is None:
            raise ValueError("the time needs a time zone, for example 2026-11-20T18:00:00Z")
        self._move(at - datetime.now(UTC))

    def reset(self) -> None:
        """Back to the real time."""
        self._move(timedelta())

    def _move(self, offset: timedelta) -> None:
        if abs(offset) > FURTHEST:
            raise ValueError("the clock moves at most a century")
        # Eight aligned bytes: a reader sees the old offset or the new one, never a mixture.
        _OFFSET.pack_into(self._map, 0, offset // timedelta(microseconds=1))

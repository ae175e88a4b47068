"""The shape of an incoming limit: a token bucket's rate and burst."""

import re
from dataclasses import dataclass
from datetime import timedelta

_FORM = re.compile(r"(\d{1,6})/(second|minute|hour) burst (\d{1,6})")
_PERIOD = {"second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket that holds `burst` tokens and gains one each `interval`."""

    interval: timedelta
    burst: int

    @property
    def fill(self) -> timedelta:
        """How long an empty bucket takes to be full."""
        return self.interval * self.burst


def parse_rate(text: str) -> Rate:
    """`"10/minute burst 20"` -> Rate. ValueError if the text has another form or a zero in it."""
    found = _FORM.fullmatch(text)
    if found is None or int(found[1]) == 0 or int(found[3]) == 0:
        raise ValueError("is not of the form '10/minute burst 20'")
    return Rate(interval=_PERIOD[found[2]] / int(found[1]), burst=int(found[3]))

"""What a count means to the person who posted: only one, few, many, or unknown."""

from datetime import timedelta

from shared.models.verdict import Count, Verdict, VerdictKind

WINDOW = timedelta(hours=24)
"""How long a post counts for others: the product says "right now", and a day catches every time zone once."""

EXACT_UP_TO = 100
"""Up to here others are counted one by one; beyond, a sum of hourly counters, rounded, is said to be about right."""

FEW_UP_TO = 10
"""As many as one could know by name; more are many."""

_WINDOW_HOURS = int(WINDOW.total_seconds() // 3600)


def decide(count: Count | None) -> Verdict:
    """The verdict on `count` others; None where the post has no key and nobody was compared."""
    if count is None:
        headline = "Nothing to compare it with yet: this one is yours alone."
        return _verdict(VerdictKind.UNKNOWN, 0, exact=False, headline=headline)
    others = count.others if count.exact else _round(max(count.others, EXACT_UP_TO + 1))
    return _verdict(_kind(others), others, exact=count.exact, headline=_headline(others, count.exact))


def _verdict(kind: VerdictKind, others: int, *, exact: bool, headline: str) -> Verdict:
    return Verdict(kind=kind, others=others, exact=exact, window_hours=_WINDOW_HOURS, headline=headline)


def _kind(others: int) -> VerdictKind:
    if others == 0:
        return VerdictKind.ONLY_ONE
    return VerdictKind.FEW if others <= FEW_UP_TO else VerdictKind.MANY


def _headline(others: int, exact: bool) -> str:
    if others == 0:
        return "You are the only one, right now."
    if others == 1:
        return "One other is doing this, right now."
    return f"{'' if exact else 'About '}{others:,} others are doing this, right now."


def _round(others: int) -> int:
    """Two leading digits: an estimate that shows more would claim to know more. 1,234 -> 1,200."""
    step = int(10 ** max(len(str(others)) - 2, 0))
    return (others + step // 2) // step * step

"""What people say in a benchmark: ten thousand things, some of them said by many, most of them by few.

The one source of content for load, floor and filled databases, understood by the product's own rules, so that all
three speak of the same keys. Popularity follows Zipf's law: the n-th thing is said 1/n as often as the first, which
makes up a tenth of all posts.
"""

from dataclasses import dataclass

from shared.rules.extract import extract
from shared.rules.fingerprint import fingerprint, similarity_key

SAYINGS = 10_000
PEOPLE = 2_000

_WORDS = [
    a + b for a in "ka ro mi te su ne la vo pi du".split() for b in "lan mer tis gor bel nix dar fum zek hul".split()
]
_FORMS = (
    "Listening to {item} by {subject}",
    "Watching {item} with friends",
    "Just finished reading {item} by {subject}",
    "Playing {item} again",
    "Baking {item} tonight",
)


@dataclass(frozen=True)
class Saying:
    """A content and what the product makes of it."""

    content: str
    activity: str | None
    category: str | None
    subject: str | None
    item: str | None
    key: str
    fingerprint: bytes


def sayings() -> list[Saying]:
    """All of them, the most popular first; no two have the same key."""
    said = [_saying(rank) for rank in range(SAYINGS)]
    if len({saying.key for saying in said}) != SAYINGS:
        raise ValueError("two contents have the same similarity key: the rules changed, and _FORMS must follow")
    return said


def person(number: int) -> str:
    """The id of the person with this number."""
    return f"bench-{number}"


def _saying(rank: int) -> Saying:
    first, second = rank % 100, rank // 100
    item = f"{_WORDS[first]} {_WORDS[second]}".title()
    subject = f"{_WORDS[rank * 7 % 100]} {_WORDS[rank * 31 // 100 % 100]}".title()
    content = _FORMS[rank % len(_FORMS)].format(item=item, subject=subject)
    entities = extract(content)
    key = similarity_key(entities)
    if key is None:
        raise ValueError(f"no similarity key: {content}")
    return Saying(content, entities.activity, entities.category, entities.subject, entities.item, key, fingerprint(key))

"""One emoji of one person on one post: put there once, however often it is sent; taken off again."""

from typing import NamedTuple
from uuid import UUID

from shared.models.errors import InvalidRequest, NotFound
from shared.models.reaction import Reactions
from shared.platform import queries
from shared.platform.visit import SignedInVisit
from shared.rules import reacting

_sql = queries.load(__package__)


class _Outcome(NamedTuple):
    outcome: str
    reactions: dict[str, int] | None


class Reacted(NamedTuple):
    """The reactions on the post now, and whether this request changed them."""

    reactions: Reactions
    changed: bool


async def add_reaction(visit: SignedInVisit, post_id: UUID, *, emoji: str) -> Reacted:
    """Put `emoji` on a post that the visitor may see. NotFound; InvalidRequest where a post holds too many kinds."""
    parameters = {
        "post_id": post_id,
        "person_id": visit.person.id,
        "emoji": emoji,
        "now": visit.now,
        "max_kinds": reacting.MAX_KINDS,
    }
    return _reacted(await visit.database.fetch_one(_Outcome, _sql.add_reaction, parameters=parameters))


async def remove_reaction(visit: SignedInVisit, post_id: UUID, *, emoji: str) -> Reacted:
    """Take the visitor's `emoji` off the post; nothing happens where it is not there. NotFound."""
    parameters = {"post_id": post_id, "person_id": visit.person.id, "emoji": emoji}
    return _reacted(await visit.database.fetch_one(_Outcome, _sql.remove_reaction, parameters=parameters))


def _reacted(row: _Outcome | None) -> Reacted:
    if row is None or row.reactions is None:
        if row is not None and row.outcome == "full":
            raise InvalidRequest(f"This post has {reacting.MAX_KINDS} different reactions already; choose one of them.")
        raise NotFound
    return Reacted(Reactions(reactions=row.reactions), changed=row.outcome in ("added", "removed"))

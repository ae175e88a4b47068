"""One emoji of one person on one post: put there once, however often it is sent; taken off again."""

from typing import NamedTuple
from uuid import UUID

from shared.models.errors import InvalidRequest, NotFound, Throttled
from shared.models.person import Person
from shared.models.reaction import Reactions
from shared.platform import queries
from shared.platform.visit import Visit
from shared.rules import reacting

_sql = queries.load(__package__)


class _Outcome(NamedTuple):
    outcome: str
    reactions: dict[str, int] | None
    retry_after: float


async def add_reaction(visit: Visit[Person], post_id: UUID, *, emoji: str) -> Reactions:
    """Put `emoji` on a post that the visitor may see.

    NotFound; Throttled; InvalidRequest where the post, or the visitor on it, has too many kinds.
    """
    limits = {"max_kinds": reacting.MAX_KINDS, "max_own": reacting.MAX_OWN}
    parameters = _parameters(visit, post_id, emoji=emoji) | limits
    return _reactions(await visit.database.fetch_one(_Outcome, _sql.add_reaction, parameters=parameters))


async def remove_reaction(visit: Visit[Person], post_id: UUID, *, emoji: str) -> Reactions:
    """Take the visitor's `emoji` off the post; nothing happens where it is not there. NotFound; Throttled."""
    parameters = _parameters(visit, post_id, emoji=emoji)
    return _reactions(await visit.database.fetch_one(_Outcome, _sql.remove_reaction, parameters=parameters))


def _parameters(visit: Visit[Person], post_id: UUID, *, emoji: str) -> dict[str, object]:
    return {
        "post_id": post_id,
        "person_id": visit.person.id,
        "emoji": emoji,
        "now": visit.now,
        "bucket": f"react:person:{visit.person.id}",
        "interval": reacting.PER_PERSON.interval,
        "fill": reacting.PER_PERSON.fill,
    }


def _reactions(row: _Outcome | None) -> Reactions:
    match row:
        case _Outcome(outcome="throttled", retry_after=seconds):
            raise Throttled("Too many reactions in a short time. Wait for Retry-After.", retry_after=seconds)
        case _Outcome(outcome="full"):
            raise InvalidRequest(
                f"A post holds {reacting.MAX_KINDS} different reactions, {reacting.MAX_OWN} of one person; choose one."
            )
        case _Outcome(reactions=reactions) if reactions is not None:
            return Reactions(reactions=reactions)
        case _:
            raise NotFound

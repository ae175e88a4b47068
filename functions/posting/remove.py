"""A post leaving: its author deletes it, and the counters follow."""

from typing import NamedTuple
from uuid import UUID

from shared.models.errors import NotFound
from shared.models.person import Person
from shared.platform import queries
from shared.platform.identifiers import first_id
from shared.platform.visit import Visit
from shared.rules import verdict

_sql = queries.load(__package__)


class _Deletion(NamedTuple):
    deleted: bool


async def delete_post(visit: Visit[Person], post_id: UUID) -> None:
    """Delete the visitor's own post; NotFound where there is none, so that nobody learns of others' private posts."""
    parameters = {
        "id": post_id,
        "person_id": visit.person.id,
        "now": visit.now,
        "since": first_id(visit.now - verdict.WINDOW),
    }
    row = await visit.database.fetch_one(_Deletion, _sql.delete_post, parameters=parameters)
    if row is None or not row.deleted:
        raise NotFound

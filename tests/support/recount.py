"""Whether every counter of the database is what a recount of the rows finds."""

from tests.support.database import Database
from tests.support.posting import query

MISCOUNTED = {
    "people of a key": """
        select * from private.key_people full join (
          select fingerprint, person_id, max(created_at) as said_at
          from public.posts where visibility = 'public' and fingerprint is not null group by 1, 2
        ) said using (fingerprint, person_id)
        where last_at is distinct from said_at""",
    "people of a key and an hour": """
        select * from (
          select fingerprint, hour, sum(people) as counted from private.key_counters group by 1, 2
        ) c full join (
          select fingerprint, date_trunc('hour', last_at, 'UTC') as hour, count(*) as found
          from private.key_people group by 1, 2
        ) k using (fingerprint, hour)
        where coalesce(counted, 0) <> coalesce(found, 0)""",
    "reactions": """
        select * from private.reaction_counts full join (
          select post_id, emoji, count(*) as found from public.reactions group by 1, 2
        ) r using (post_id, emoji)
        where coalesce(people, 0) <> coalesce(found, 0)""",
}


def assert_counted(store: Database) -> None:
    """Every counter of the database is what a recount finds."""
    for what, miscounted in MISCOUNTED.items():
        assert query(store, miscounted) == [], what

"""Reading the feed with a million posts in place: first page, of a category, of a key, and far down."""

import random
from dataclasses import replace
from urllib.parse import quote

import psycopg

from infra.bench import traffic
from infra.bench.fill import MANY, provide
from infra.bench.ground import SIGNING_SECRET, Ground
from infra.bench.measure import Effort, post_order, run_load
from infra.bench.report import FIGURES, Section, Table, figures
from shared.platform.crypto import seal_cursor

CONNECTIONS = (8, 32)
DIFFERENT = 500
"""Paths of one kind at most, so that not one page answers for all."""

_WHOLE_FEED = "feed::"
"""How the function names the list that such a cursor belongs to."""


def measure(ground: Ground, effort: Effort) -> Section:
    """One function on the database with a million posts of many keys."""
    provide(ground, effort, fillings=[MANY])
    kinds = _paths(ground)
    rows, foreign = [], 0.0
    with ground.posting(MANY.database) as service:
        for connections in CONNECTIONS:
            for kind, paths in kinds.items():
                effort.say(f"feed, {kind}, {connections} connections")
                order = post_order(ground, effort, service=service, connections=connections)
                read = run_load(replace(order, kind="get", paths=paths))
                foreign = max(foreign, read.foreign)
                rows.append([str(connections), kind, *figures(read)])
    return Section(
        "Reading the feed",
        f"Pages of 20 posts with 1 million in place, {effort.seconds:g} s each; the issue names no figure to reach.",
        [Table("Pages over HTTP", ("conn.", "page", *FIGURES), rows, labels=2)],
        foreign=foreign,
    )


def _paths(ground: Ground) -> dict[str, list[str]]:
    sayings = traffic.sayings()
    popular = [sayings[int(len(sayings) ** (n / DIFFERENT)) - 1].key for n in range(DIFFERENT)]
    categories = sorted({saying.category for saying in sayings if saying.category})
    return {
        "first": ["/v1/feed"],
        "of a category": [f"/v1/feed?category={category}" for category in categories],
        "of a key": [f"/v1/feed?key={quote(key, safe=':')}" for key in popular],
        "far down": [f"/v1/feed?cursor={cursor}" for cursor in _cursors(ground)],
    }


def _cursors(ground: Ground) -> list[str]:
    """Places all over the older half of the feed."""
    with psycopg.connect(ground.server.url(MANY.database)) as connection:
        rows = connection.execute(
            "select id from public.posts tablesample system (2) where visibility = 'public'"
            " and created_at < now() - interval '12 hours'"
        ).fetchall()
    chosen = random.sample(rows, min(DIFFERENT, len(rows)))
    return [seal_cursor(SIGNING_SECRET, post_id, list_name=_WHOLE_FEED) for (post_id,) in chosen]

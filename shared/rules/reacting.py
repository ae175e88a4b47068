"""How far reactions go: named policies."""

from datetime import timedelta

from shared.models.throttle import Rate

MAX_KINDS = 50
"""Different emoji on one post: enough for a joke, too few to hide the post under them."""

MAX_OWN = 10
"""Different emoji of one person on one post, so that nobody uses up all kinds alone."""

PER_PERSON = Rate(interval=timedelta(seconds=1), burst=60)
"""Reactions put on or taken off: one a second, sixty at once."""

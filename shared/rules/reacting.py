"""How far reactions go."""

MAX_KINDS = 50
"""Different emoji on one post: enough for a joke, too few to hide the post under them."""

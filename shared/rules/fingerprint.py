"""When two posts say the same: they have the same similarity key. Its digest is what the database indexes."""

from hashlib import blake2b

from shared.models.post import Entities
from shared.rules.normalise import squash

MAX_SLOT = 90
"""Characters of subject and item in a key: beyond it, two titles are the same one."""


def similarity_key(entities: Entities) -> str | None:
    """`category:subject:item`, e.g. `music:taylorswift:lover`, `tv::strangerthings`; None if nothing is left.

    At most 200 characters; letters and digits only, so the two colons are the only ones.
    """
    item = squash(entities.item or "")[:MAX_SLOT].strip()
    if not item:
        return None
    return f"{entities.category or 'activity'}:{squash(entities.subject or '')[:MAX_SLOT]}:{item}"


def fingerprint(key: str) -> bytes:
    """16 bytes (BLAKE2b) that stand for the key: index entries of one size, whatever people write."""
    return blake2b(key.encode(), digest_size=16).digest()

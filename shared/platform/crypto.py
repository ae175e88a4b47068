"""Keyed digests: cursors that cannot be made up, addresses that cannot be read back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from hmac import compare_digest
from uuid import UUID

from shared.models.errors import InvalidCursor

_TAG_SIZE = 12


def _key(secret: str) -> bytes:
    return blake2b(secret.encode()).digest()


def pseudonym(secret: str, text: str) -> str:
    """A name that stands for `text` (an address) and does not tell it: 22 characters."""
    digest = blake2b(text.encode(), digest_size=16, key=_key(secret), person=b"pseudonym").digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


def seal_cursor(secret: str, last_id: UUID, *, list_name: str) -> str:
    """The place after `last_id` in the list `list_name`, opaque and bound to that list."""
    bound = list_name.encode() + b"\0" + last_id.bytes
    tag = blake2b(bound, digest_size=_TAG_SIZE, key=_key(secret), person=b"cursor").digest()
    return urlsafe_b64encode(last_id.bytes + tag).decode().rstrip("=")


def open_cursor(secret: str, cursor: str, *, list_name: str) -> UUID:
    """The id that `seal_cursor` put in. InvalidCursor if anything about it is different."""
    try:
        last_id = UUID(bytes=urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))[:16])
    except ValueError:
        raise InvalidCursor from None
    if not compare_digest(seal_cursor(secret, last_id, list_name=list_name).encode(), cursor.encode()):
        raise InvalidCursor
    return last_id

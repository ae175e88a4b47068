"""Keyed digests: cursors that cannot be made up, addresses that cannot be read back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from hmac import compare_digest
from uuid import UUID

from shared.models.errors import InvalidCursor

_TAG_SIZE = 12


def _digest(secret: str, purpose: bytes, data: bytes, size: int) -> bytes:
    return blake2b(data, digest_size=size, key=secret.encode()[:64], person=purpose).digest()


def pseudonym(secret: str, text: str) -> str:
    """A name that stands for `text` (an address) and does not tell it: 22 characters."""
    return urlsafe_b64encode(_digest(secret, b"pseudonym", text.encode(), 16)).decode().rstrip("=")


def seal_cursor(secret: str, list_name: str, last_id: UUID) -> str:
    """The place after `last_id` in the list `list_name`, opaque and bound to that list."""
    body = last_id.bytes
    tag = _digest(secret, b"cursor", list_name.encode() + b"\0" + body, _TAG_SIZE)
    return urlsafe_b64encode(body + tag).decode().rstrip("=")


def open_cursor(secret: str, list_name: str, cursor: str) -> UUID:
    """The id that `seal_cursor` put in. InvalidCursor if anything about it is different."""
    try:
        sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except ValueError:
        raise InvalidCursor from None
    body, tag = sealed[:16], sealed[16:]
    expected = _digest(secret, b"cursor", list_name.encode() + b"\0" + body, _TAG_SIZE)
    if not compare_digest(tag, expected) or seal_cursor(secret, list_name, UUID(bytes=body)) != cursor:
        raise InvalidCursor
    return UUID(bytes=body)

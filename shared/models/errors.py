"""The coded errors that a caller can see: one base, a handful of kinds.

Each subclass is one kind: `code` is for programs and never changes, `status` is the HTTP status, the docstring is
the message unless the place that raises knows better. `shared/platform/door.py` renders them, once.
"""

from collections.abc import Mapping
from inspect import cleandoc
from typing import ClassVar


class CoincideError(Exception):
    """Something went wrong. Try again; if it happens again, report it with the request_id."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Mapping[str, object] | None = None,
        retry_after: float | None = None,
    ) -> None:
        """`details` is shown to the caller as it is; `retry_after` (seconds) becomes the Retry-After header."""
        self.message = message or " ".join(cleandoc(type(self).__doc__ or "").split())
        self.details = dict(details or {})
        self.retry_after = retry_after
        super().__init__(self.message)


class InvalidRequest(CoincideError):
    """The request does not fit; details.problems names each field and what it takes."""

    code = "invalid_request"
    status = 422


class InvalidJson(CoincideError):
    """The body is no valid JSON. Send one JSON object, encoded as UTF-8."""

    code = "invalid_json"
    status = 400


class InvalidCursor(CoincideError):
    """This cursor was not given out for this list. Start again without a cursor."""

    code = "invalid_cursor"
    status = 400


class BodyTooLarge(CoincideError):
    """The body is too large. Nothing here takes more than 32 KiB."""

    code = "body_too_large"
    status = 413


class UnsupportedMediaType(CoincideError):
    """Send JSON, and say so: `Content-Type: application/json`."""

    code = "unsupported_media_type"
    status = 415


class NotAuthenticated(CoincideError):
    """Sign in first: send a current Firebase ID token as `Authorization: Bearer <token>`."""

    code = "not_authenticated"
    status = 401


class TokenExpired(NotAuthenticated):
    """The ID token has expired. Refresh it and send the request again."""

    code = "token_expired"


class NotFound(CoincideError):
    """There is nothing here that you may see."""

    code = "not_found"
    status = 404


class MethodNotAllowed(CoincideError):
    """This path does not take that method."""

    code = "method_not_allowed"
    status = 405


class IdempotencyConflict(CoincideError):
    """This Idempotency-Key was used for another body. Use a new key for a new post."""

    code = "idempotency_conflict"
    status = 409


class PostDeleted(CoincideError):
    """This Idempotency-Key made a post that has been deleted since. Use a new key for a new post."""

    code = "post_deleted"
    status = 410


class Throttled(CoincideError):
    """Too much in a short time. Wait for the seconds in Retry-After, then send it again."""

    code = "throttled"
    status = 429


class Temporary(CoincideError):
    """A part of Coincide is away for a moment. Send the request again after Retry-After, with its Idempotency-Key."""

    code = "unavailable"
    status = 503


class Permanent(CoincideError):
    """A part of Coincide refused what we asked of it. Trying again will not help; report it with the request_id."""

    code = "internal"
    status = 500

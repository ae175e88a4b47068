"""The Idempotency-Key header: a caller's name for one request, the same on every retry of it."""

import re
from collections.abc import Mapping
from typing import Final

from shared.models.errors import InvalidRequest

_FORM: Final = re.compile(r"[\x21-\x7e]{1,255}")

PARAMETER: Final[dict[str, object]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A fresh UUID for each post, the same for each retry of it: makes retries safe for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "1f0c86e7-94f5-4a51-8f0a-2b5f6f1b7f0e",
}
"""The header as OpenAPI describes it."""


def read(headers: Mapping[str, str]) -> str | None:
    """The key, or None where none was sent. InvalidRequest if it is no key."""
    key = headers.get("idempotency-key")
    if key is not None and not _FORM.fullmatch(key):
        problem = "takes 1 to 255 visible ASCII characters; a UUID is best"
        raise InvalidRequest(details={"problems": [{"in": "header", "field": "Idempotency-Key", "problem": problem}]})
    return key

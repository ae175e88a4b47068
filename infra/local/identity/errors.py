"""How the Identity Toolkit says no: one exception and its JSON, in Google's shape.

Clients match on the words of `message` ("EMAIL_EXISTS", "WEAK_PASSWORD : …"), so they are part of the protocol.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response


class Refused(Exception):
    """A call that is answered with an error; `message` is the code that SDKs know, with optional detail after " : "."""

    def __init__(self, message: str, *, code: int = 400, status: str | None = None, reason: str = "invalid") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.reason = reason


def invalid_argument(detail: str) -> Refused:
    return Refused(f"Invalid JSON payload received. {detail}", status="INVALID_ARGUMENT")


def not_covered(what: str) -> Refused:
    """For what Firebase offers and this stand-in does not: loud, so that nobody takes silence for success."""
    return Refused(
        f"{what} is not part of the local identity.", code=501, status="NOT_IMPLEMENTED", reason="unimplemented"
    )


def missing_api_key() -> Refused:
    message = "The request is missing a valid API key."
    return Refused(message, code=403, status="PERMISSION_DENIED", reason="forbidden")


def unauthenticated(reason: str) -> Refused:
    message = (
        "Request is missing required authentication credential. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential."
    )
    return Refused(message, code=401, status="UNAUTHENTICATED", reason=reason)


async def render_refusal(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refused)  # noqa: S101 - Starlette's handler type is wider than its use
    item = {"message": refusal.message, "reason": refusal.reason, "domain": "global"}
    error: dict[str, object] = {"code": refusal.code, "message": refusal.message, "errors": [item]}
    if refusal.status:
        error["status"] = refusal.status
    return JSONResponse({"error": error}, status_code=refusal.code)


async def render_not_found(_: Request, __: Exception) -> Response:
    item = {"message": "Not Found", "reason": "notFound", "domain": "global"}
    error = {"code": 404, "message": "Not Found", "status": "NOT_FOUND", "errors": [item]}
    return JSONResponse({"error": error}, status_code=404)

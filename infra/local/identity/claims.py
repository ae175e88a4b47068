"""Which claims an ID token carries, and which of them nobody may choose.

`role` is always "authenticated": hosted projects add it by a blocking function, and it names a database role.
"""

from collections.abc import Mapping

from pydantic_core import from_json

from infra.local.identity.errors import Refused

ROLE = "authenticated"
CUSTOM_CLAIMS_MAX = 1000  # characters of JSON, Firebase's limit
RESERVED = "acr amr at_hash aud auth_time azp c_hash cnf exp firebase iat iss jti nbf nonce sub".split()
# Not refused by Firebase, but always overwritten with what it knows itself.
OVERWRITTEN = frozenset({"email", "email_verified", "phone_number", "provider_id", "role", "user_id"})


def firebase_claims(uid: str, *, provider: str, auth_time: int, email: str | None) -> dict[str, object]:
    """The claims that say who signed in, and how."""
    identities = {"email": [email]} if email else {}
    return {
        "role": ROLE,
        "auth_time": auth_time,
        "user_id": uid,
        "sub": uid,
        "firebase": {"identities": identities, "sign_in_provider": provider},
    }


def without_overwritten(claims: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in claims.items() if name not in OVERWRITTEN}


def read_custom_claims(text: str) -> dict[str, object]:
    """The JSON object that an administrator set as `customAttributes`."""
    if len(text) > CUSTOM_CLAIMS_MAX:
        raise Refused("CLAIMS_TOO_LARGE")
    try:
        parsed = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise Refused("INVALID_CLAIMS") from None
    return checked(parsed)


def checked(claims: object) -> dict[str, object]:
    """The same claims, when they are an object without reserved names and with no role but the one that all have."""
    if not isinstance(claims, dict):
        raise Refused("INVALID_CLAIMS")
    for name in RESERVED:
        if name in claims:
            raise Refused(f"FORBIDDEN_CLAIM : {name}")
    if claims.get("role", ROLE) != ROLE:
        raise Refused("FORBIDDEN_CLAIM : role")
    return claims

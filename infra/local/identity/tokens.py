"""Signs and reads ID tokens with the stack's key.

`mint_id_token` makes a token without HTTP and without a person behind it: tests, demo and benchmark need thousands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import BaseModel, ValidationError

from infra.local.identity.claims import firebase_claims
from infra.local.identity.errors import Refused
from infra.local.identity.keys import key_id, load_key

LIFETIME = timedelta(hours=1)  # Firebase's, not adjustable there either


@dataclass(frozen=True)
class Signer:
    """One project's key, ready to sign; reading the key from disk happens once, in `load_signer`."""

    project: str
    key: RSAPrivateKey
    kid: str

    @property
    def issuer(self) -> str:
        return f"https://securetoken.google.com/{self.project}"


class Provider(BaseModel):
    sign_in_provider: str


class IdToken(BaseModel):
    """What the stand-in itself needs of an ID token that a client presents."""

    sub: str
    iat: int
    exp: int
    auth_time: int
    firebase: Provider


def load_signer(folder: Path, *, project: str) -> Signer:
    """The signer of the stack whose identity folder this is; makes the key when there is none yet."""
    key = load_key(folder)
    return Signer(project=project, key=key, kid=key_id(key.public_key()))


def sign(signer: Signer, claims: Mapping[str, object]) -> str:
    return jwt.encode(dict(claims), signer.key, algorithm="RS256", headers={"kid": signer.kid})


def mint_id_token(
    signer: Signer,
    uid: str,
    *,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    claims: Mapping[str, object] | None = None,
) -> str:
    """An ID token as after an anonymous sign-in of `uid` at `now`.

    `claims` are laid over the usual ones, reserved ones included, and None leaves one out: this is how a test gets a
    token of another audience or without a role.
    """
    issued = int(now.timestamp())
    usual: dict[str, object] = {
        "provider_id": "anonymous",
        **times(signer, issued=issued, lifetime=lifetime),
        **firebase_claims(uid, provider="anonymous", auth_time=issued, email=None),
    }
    return sign(signer, {name: value for name, value in (usual | dict(claims or {})).items() if value is not None})


def times(signer: Signer, *, issued: int, lifetime: timedelta = LIFETIME) -> dict[str, object]:
    """Who issued it, for whom and for how long: the claims that come from the signer and the clock alone."""
    expires = issued + int(lifetime.total_seconds())
    return {"iss": signer.issuer, "aud": signer.project, "iat": issued, "exp": expires}


def read_id_token(signer: Signer, token: str, *, now: datetime) -> IdToken:
    """The token's claims, if this stack signed it for this project and it has not expired."""
    try:
        claims = jwt.decode(
            token,
            signer.key.public_key(),
            algorithms=["RS256"],
            audience=signer.project,
            issuer=signer.issuer,
            # Times are compared below with the stack's own clock; PyJWT would read the system's.
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        presented = IdToken.model_validate(claims)
    except (jwt.InvalidTokenError, ValidationError):
        raise Refused("INVALID_ID_TOKEN") from None
    if presented.exp <= now.timestamp():
        raise Refused("TOKEN_EXPIRED")
    return presented

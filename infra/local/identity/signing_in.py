"""Signing in again: by password, by a custom token, or with the refresh token of an earlier sign-in."""

import jwt
from pydantic import BaseModel, Field, ValidationError

from infra.local.identity.calls import KIND, Body
from infra.local.identity.claims import checked
from infra.local.identity.config import read_config
from infra.local.identity.credentials import canonical_email, password_fits
from infra.local.identity.errors import Refused
from infra.local.identity.people import Person, find, find_by_email
from infra.local.identity.sessions import EXPIRES_IN, PROJECT_NUMBER, Answer, Identity, refresh, sign_in
from infra.local.identity.signing_up import newcomer

CUSTOM_TOKEN_AUDIENCE = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"  # noqa: S105


class SignIn(Body):
    email: str | None = None
    password: str | None = None


class CustomToken(Body):
    token: str | None = None


class CustomTokenPayload(BaseModel):
    aud: str
    uid: str = Field(min_length=1, max_length=128)
    claims: dict[str, object] = {}


class Grant(Body):
    grant_type: str | None = None
    refresh_token: str | None = None


def sign_in_with_password(identity: Identity, body: SignIn) -> Answer:
    if body.email is None:
        raise Refused("MISSING_EMAIL")
    email = canonical_email(body.email)
    if not body.password:
        raise Refused("MISSING_PASSWORD")
    person = _person_with_password(identity, email, password=body.password)
    with identity.people.writing() as db:
        current = find(db, person.uid)
        # The password may have changed while the slow comparison ran.
        if not current or current.password_hash != person.password_hash:
            raise Refused("INVALID_LOGIN_CREDENTIALS")
        tokens = sign_in(identity, db, person=current, provider="password")
    profile = {"displayName": current.display_name or "", "registered": True}
    answer: Answer = {"kind": KIND + "VerifyPasswordResponse", "localId": current.uid, "email": email}
    return answer | profile | tokens


def _person_with_password(identity: Identity, email: str, *, password: str) -> Person:
    with identity.people.reading() as db:
        person = find_by_email(db, email)
        private = read_config(db).private
    if not person:
        raise Refused("INVALID_LOGIN_CREDENTIALS" if private else "EMAIL_NOT_FOUND")
    if person.disabled:
        raise Refused("USER_DISABLED")
    if not person.password_hash or not password_fits(password, person.password_hash):
        raise Refused("INVALID_LOGIN_CREDENTIALS" if private else "INVALID_PASSWORD")
    return person


def sign_in_with_custom_token(identity: Identity, body: CustomToken) -> Answer:
    """Exchange the unsigned custom token that an Admin SDK makes in emulator mode.

    It proves nothing, and grants nothing that "Bearer owner" does not grant anyone who reaches this port. What comes
    out is a signed ID token. Its times are the machine's, which a moved clock leaves behind, so they are not read.
    """
    if not body.token:
        raise Refused("MISSING_CUSTOM_TOKEN")
    payload = _read_custom_token(body.token)
    claims = checked(payload.claims)
    with identity.people.writing() as db:
        known = find(db, payload.uid)
        person = known or newcomer(identity, payload.uid)
        tokens = sign_in(identity, db, person=person, provider="custom", claims=claims)
    return {"kind": KIND + "VerifyCustomTokenResponse", "isNewUser": known is None} | tokens


def _read_custom_token(token: str) -> CustomTokenPayload:
    try:
        if jwt.get_unverified_header(token).get("alg") != "none":
            raise Refused("INVALID_CUSTOM_TOKEN : only an Admin SDK in emulator mode makes tokens for this stack")
        payload = CustomTokenPayload.model_validate(jwt.decode(token, options={"verify_signature": False}))
    except (jwt.InvalidTokenError, ValidationError):
        raise Refused("INVALID_CUSTOM_TOKEN : Invalid assertion format") from None
    if payload.aud != CUSTOM_TOKEN_AUDIENCE:
        raise Refused("INVALID_CUSTOM_TOKEN : Invalid audience")
    return payload


def grant(identity: Identity, body: Grant) -> Answer:
    """Exchange a refresh token for an ID token; OAuth's names, not the Toolkit's."""
    if not body.grant_type:
        raise Refused("MISSING_GRANT_TYPE")
    if body.grant_type != "refresh_token":
        raise Refused("INVALID_GRANT_TYPE")
    if not body.refresh_token:
        raise Refused("MISSING_REFRESH_TOKEN")
    person, id_token = refresh(identity, body.refresh_token)
    return {
        "id_token": id_token,
        "access_token": id_token,
        "expires_in": EXPIRES_IN,
        "refresh_token": body.refresh_token,
        "token_type": "Bearer",
        "user_id": person.uid,
        "project_id": PROJECT_NUMBER,
    }

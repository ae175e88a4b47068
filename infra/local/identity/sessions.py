"""What a sign-in hands out and for how long it counts.

An ID token lives an hour; a refresh token until it is revoked, by a password or e-mail change, by an administrator or
by deletion. Refresh tokens are random, kept only as a hash, and stay the same when used, as Firebase's.
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from infra.local.identity.claims import firebase_claims, without_overwritten
from infra.local.identity.errors import Refused
from infra.local.identity.people import People, Person, find, save
from infra.local.identity.tokens import LIFETIME, IdToken, Signer, read_id_token, sign, times

Answer = dict[str, object]
EXPIRES_IN = str(int(LIFETIME.total_seconds()))  # a string on the wire
PROJECT_NUMBER = "12345"  # hosted projects have a number beside their id; no SDK acts on it


@dataclass(frozen=True)
class Identity:
    """What every call needs: whose project, the people, the key and the clock."""

    people: People
    signer: Signer
    now: Callable[[], datetime]

    def seconds(self) -> int:
        return int(self.now().timestamp())

    def milliseconds(self) -> int:
        return int(self.now().timestamp() * 1000)


@dataclass(frozen=True)
class Session:
    """One sign-in: how, when, and the claims that hold for it alone (from a custom token)."""

    provider: str
    auth_time: int
    claims: Mapping[str, object]


def open_session(identity: Identity, db: sqlite3.Connection, *, person: Person, session: Session) -> dict[str, object]:
    """A new ID token and refresh token, as the fields of an answer."""
    refresh_token = secrets.token_urlsafe(96)
    db.execute(
        "insert into refresh_tokens (digest, uid, provider, auth_time, session_claims, revoked)"
        " values (?, ?, ?, ?, ?, 0)",
        (_digest(refresh_token), person.uid, session.provider, session.auth_time, json.dumps(dict(session.claims))),
    )
    id_token = _sign_for(identity, db, person=person, session=session)
    return {"idToken": id_token, "refreshToken": refresh_token, "expiresIn": EXPIRES_IN}


def sign_in(
    identity: Identity,
    db: sqlite3.Connection,
    *,
    person: Person,
    provider: str,
    claims: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """As `open_session`, at this moment, recorded as the person's last sign-in."""
    if person.disabled:
        raise Refused("USER_DISABLED")
    person = replace(person, signed_in_at=identity.milliseconds())
    session = Session(provider=provider, auth_time=identity.seconds(), claims=claims or {})
    return open_session(identity, db, person=person, session=session)


def refresh(identity: Identity, refresh_token: str) -> tuple[Person, str]:
    """The person and a new ID token, with the claims as they are now."""
    with identity.people.writing() as db:
        row = db.execute(
            "select uid, provider, auth_time, session_claims, revoked from refresh_tokens where digest = ?",
            (_digest(refresh_token),),
        ).fetchone()
        if not row:
            raise Refused("INVALID_REFRESH_TOKEN")
        uid, provider, auth_time, claims, revoked = row
        person = find(db, uid)
        if not person:
            raise Refused("USER_NOT_FOUND")
        if person.disabled:
            raise Refused("USER_DISABLED")
        if revoked:
            raise Refused("TOKEN_EXPIRED")
        session = Session(provider=provider, auth_time=auth_time, claims=json.loads(claims))
        return person, _sign_for(identity, db, person=person, session=session)


def revoke(db: sqlite3.Connection, person: Person, *, since: int) -> Person:
    """End every session of the person; `since` (seconds) dooms the ID tokens issued before it."""
    db.execute("update refresh_tokens set revoked = 1 where uid = ?", (person.uid,))
    return replace(person, valid_since=since)


def person_presenting(identity: Identity, db: sqlite3.Connection, *, id_token: str | None) -> tuple[Person, IdToken]:
    """Who a client's ID token stands for, if it still counts."""
    if not id_token:
        raise Refused("MISSING_ID_TOKEN")
    presented = read_id_token(identity.signer, id_token, now=identity.now())
    person = find(db, presented.sub)
    if not person:
        raise Refused("USER_NOT_FOUND")
    if presented.iat < person.valid_since:
        raise Refused("TOKEN_EXPIRED")
    if person.disabled:
        raise Refused("USER_DISABLED")
    return person, presented


def _sign_for(identity: Identity, db: sqlite3.Connection, *, person: Person, session: Session) -> str:
    save(db, replace(person, refreshed_at=identity.milliseconds()))
    profile = {"name": person.display_name, "picture": person.photo_url}
    claims: dict[str, object] = {name: value for name, value in profile.items() if value}
    claims |= without_overwritten(json.loads(person.custom_claims) | dict(session.claims))
    if session.provider == "anonymous":
        claims["provider_id"] = "anonymous"
    if person.email:
        claims |= {"email": person.email, "email_verified": person.email_verified}
    # Not Firebase's: after a password change within the same second the new token would be the old one to the letter,
    # and the web SDK takes a refresh token only along with another ID token.
    claims["jti"] = secrets.token_hex(8)
    claims |= times(identity.signer, issued=identity.seconds())
    claims |= firebase_claims(person.uid, provider=session.provider, auth_time=session.auth_time, email=person.email)
    return sign(identity.signer, claims)


def _digest(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode()).digest()

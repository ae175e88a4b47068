"""Signing up: anonymously, by e-mail and password, or adding these to an anonymous person who stays the same person."""

import sqlite3
from dataclasses import replace

from infra.local.identity.calls import KIND, Body, refuse_taken
from infra.local.identity.credentials import canonical_email, hash_password
from infra.local.identity.errors import Refused
from infra.local.identity.people import Person, new_uid
from infra.local.identity.sessions import Answer, Identity, person_presenting, revoke, sign_in


class SignUp(Body):
    id_token: str | None = None
    local_id: str | None = None
    email: str | None = None
    password: str | None = None
    display_name: str | None = None


def sign_up(identity: Identity, body: SignUp) -> Answer:
    """Anonymously, by e-mail and password, or adding those to the person whose ID token comes along."""
    if body.local_id:
        raise Refused("UNEXPECTED_PARAMETER : User ID")
    if body.id_token or body.email or body.password:
        return _sign_up_by_email(identity, body)
    if body.email is not None:
        raise Refused("INVALID_EMAIL")
    with identity.people.writing() as db:
        return _signed_up(identity, db, person=newcomer(identity), provider="anonymous")


def _sign_up_by_email(identity: Identity, body: SignUp) -> Answer:
    if not body.email:
        raise Refused("MISSING_EMAIL")
    if not body.password:
        raise Refused("MISSING_PASSWORD")
    email = canonical_email(body.email)
    password_hash = hash_password(body.password)
    with identity.people.writing() as db:
        refuse_taken(db, email)
        person = person_presenting(identity, db, id_token=body.id_token)[0] if body.id_token else newcomer(identity)
        person = replace(
            revoke(db, person, since=identity.seconds()),
            email=email,
            email_verified=False,
            display_name=body.display_name or person.display_name,
            password_hash=password_hash,
            password_at=identity.milliseconds(),
        )
        return _signed_up(identity, db, person=person, provider="password")


def newcomer(identity: Identity, uid: str | None = None) -> Person:
    return Person(uid=uid or new_uid(), created_at=identity.milliseconds(), valid_since=identity.seconds())


def _signed_up(identity: Identity, db: sqlite3.Connection, *, person: Person, provider: str) -> Answer:
    tokens = sign_in(identity, db, person=person, provider=provider)
    known = {"email": person.email, "displayName": person.display_name}
    answer: Answer = {"kind": KIND + "SignupNewUserResponse", "localId": person.uid}
    return answer | {name: value for name, value in known.items() if value} | tokens

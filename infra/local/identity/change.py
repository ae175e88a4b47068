"""Changing a person, by themselves or by an administrator: which fields follow which."""

import sqlite3
from dataclasses import replace

from infra.local.identity.calls import Body, providers, refuse_taken
from infra.local.identity.credentials import canonical_email, hash_password
from infra.local.identity.errors import Refused
from infra.local.identity.people import Person
from infra.local.identity.sessions import Answer, Identity, revoke

ERASED: dict[str, dict[str, None]] = {
    "DISPLAY_NAME": {"display_name": None},
    "PHOTO_URL": {"photo_url": None},
    "PASSWORD": {"password_hash": None, "password_at": None},
    "EMAIL": {"email": None},
    "USER_ATTRIBUTE_NAME_UNSPECIFIED": {},
}


class Profile(Body):
    """What people may change of themselves; None leaves it, an empty name or photo clears it."""

    email: str | None = None
    password: str | None = None
    display_name: str | None = None
    photo_url: str | None = None
    delete_attribute: list[str] = []
    delete_provider: list[str] = []


def hashed(password: str | None) -> str | None:
    """Hash before the transaction, which holds the write lock: hashing is slow on purpose."""
    return hash_password(password) if password else None


def with_profile(
    identity: Identity, db: sqlite3.Connection, *, person: Person, profile: Profile, password_hash: str | None
) -> Person:
    """The changed person, not yet saved; a new e-mail address or password ends every session."""
    revoking = bool(password_hash)
    if profile.email:
        email = canonical_email(profile.email)
        if email != person.email:
            refuse_taken(db, email)
            person = replace(person, email=email, email_verified=False)
            revoking = True
    if password_hash:
        person = replace(person, password_hash=password_hash, password_at=identity.milliseconds())
    if profile.display_name is not None:
        person = replace(person, display_name=profile.display_name or None)
    if profile.photo_url is not None:
        person = replace(person, photo_url=profile.photo_url or None)
    person = _erase(person, profile)
    return revoke(db, person, since=identity.seconds()) if revoking else person


def _erase(person: Person, profile: Profile) -> Person:
    names = list(profile.delete_attribute)
    if "password" in profile.delete_provider:
        names += ["EMAIL", "PASSWORD"]
    for name in names:
        if name not in ERASED:
            raise Refused(f"INVALID_ARGUMENT : deleteAttribute {name}")
        person = replace(person, **ERASED[name])  # type: ignore[arg-type]
    return person if person.email else replace(person, email_verified=False)


def describe_change(person: Person) -> Answer:
    answer: Answer = {
        "kind": "identitytoolkit#SetAccountInfoResponse",
        "localId": person.uid,
        "providerUserInfo": providers(person),
        "emailVerified": person.email_verified,
    }
    known = {"email": person.email, "displayName": person.display_name, "photoUrl": person.photo_url}
    return answer | {name: value for name, value in known.items() if value}

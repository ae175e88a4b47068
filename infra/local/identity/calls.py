"""What all calls share: how a body becomes typed values, and how a person looks in an answer."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from infra.local.identity.errors import Refused, invalid_argument
from infra.local.identity.people import Person, find_by_email
from infra.local.identity.sessions import Answer, Identity

REDACTED = "UkVEQUNURUQ="  # "REDACTED": SDKs read only whether there is a password
KIND = "identitytoolkit#"


class Body(BaseModel):
    """A request body; unknown fields are ignored, as SDKs of every age send their own."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Nothing(Body):
    pass


SomeBody = TypeVar("SomeBody", bound=Body)
Handler = Callable[[Identity, bytes], Answer]


def call(body: type[SomeBody], act: Callable[[Identity, SomeBody], Answer]) -> Handler:
    """The call that `act` answers, from the bytes of its body on."""

    def handler(identity: Identity, raw: bytes) -> Answer:
        return act(identity, parse(body, raw))

    return handler


def parse(body: type[SomeBody], raw: bytes) -> SomeBody:
    try:
        return body.model_validate_json(raw.strip() or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "/".join(str(step) for step in first["loc"])
        raise invalid_argument(f"/{place} {first['msg']}") from None


def refuse_taken(db: sqlite3.Connection, email: str) -> None:
    """Call it inside `writing`, so that nobody takes the address in between."""
    if find_by_email(db, email):
        raise Refused("EMAIL_EXISTS")


def describe(person: Person) -> dict[str, object]:
    """A person as lookup answers it: numbers as strings where the protocol has 64-bit ones, absent rather than null."""
    described: dict[str, object | None] = {
        "localId": person.uid,
        "email": person.email,
        "emailVerified": person.email_verified if person.email else None,
        "displayName": person.display_name,
        "photoUrl": person.photo_url,
        "passwordHash": REDACTED if person.password_hash else None,
        "passwordUpdatedAt": person.password_at,
        "providerUserInfo": providers(person),
        "disabled": person.disabled,
        "customAttributes": person.custom_claims if json.loads(person.custom_claims) else None,
        "validSince": str(person.valid_since),
        "createdAt": str(person.created_at),
        "lastLoginAt": str(person.signed_in_at) if person.signed_in_at is not None else None,
        "lastRefreshAt": _iso(person.refreshed_at),
    }
    return {name: value for name, value in described.items() if value is not None}


def providers(person: Person) -> list[dict[str, str]]:
    """How the person can sign in; anonymous people have no provider."""
    if not (person.email and person.password_hash):
        return []
    known = {"displayName": person.display_name, "photoUrl": person.photo_url}
    profile = {name: value for name, value in known.items() if value}
    return [
        {"providerId": "password", "federatedId": person.email, "email": person.email, "rawId": person.email} | profile
    ]


def _iso(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

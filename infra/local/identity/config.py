"""The one setting of the stand-in: whether a failed sign-in tells that the e-mail address is unknown.

Private by default, as in projects made since 2023; the emulator's config call turns it off.
"""

import sqlite3
from dataclasses import dataclass

from infra.local.identity.calls import Body, Handler, Nothing, call
from infra.local.identity.errors import not_covered
from infra.local.identity.people import remove_everyone
from infra.local.identity.sessions import Answer, Identity


@dataclass(frozen=True)
class Config:
    private: bool


class SignInConfig(Body):
    allow_duplicate_emails: bool | None = None


class PrivacyConfig(Body):
    enable_improved_email_privacy: bool | None = None


class ConfigPatch(Body):
    sign_in: SignInConfig = SignInConfig()
    email_privacy_config: PrivacyConfig = PrivacyConfig()


def read_config(db: sqlite3.Connection) -> Config:
    row = db.execute("select value from settings where name = 'private'").fetchone()
    return Config(private=bool(row[0]) if row else True)


def show(identity: Identity, _: Nothing) -> Answer:
    with identity.people.reading() as db:
        config = read_config(db)
    return {
        "signIn": {"allowDuplicateEmails": False},
        "emailPrivacyConfig": {"enableImprovedEmailPrivacy": config.private},
    }


def patch(identity: Identity, body: ConfigPatch) -> Answer:
    if body.sign_in.allow_duplicate_emails:
        raise not_covered("allowDuplicateEmails")
    private = body.email_privacy_config.enable_improved_email_privacy
    if private is not None:
        with identity.people.writing() as db:
            db.execute("insert or replace into settings (name, value) values ('private', ?)", (private,))
    return show(identity, Nothing())


def wipe(identity: Identity, _: Nothing) -> Answer:
    with identity.people.writing() as db:
        remove_everyone(db)
    return {}


SHOW_CONFIG: Handler = call(Nothing, show)
PATCH_CONFIG: Handler = call(ConfigPatch, patch)
WIPE: Handler = call(Nothing, wipe)

"""The calls of the Admin SDKs, which prove themselves to an emulator with `Authorization: Bearer owner`.

Only these can set claims, disable people and revoke their sessions.
"""

from dataclasses import replace

from pydantic import Field

from infra.local.identity.calls import KIND, Body, Handler, call, describe, refuse_taken
from infra.local.identity.change import Profile, describe_change, hashed, with_profile
from infra.local.identity.claims import read_custom_claims
from infra.local.identity.credentials import canonical_email
from infra.local.identity.errors import Refused, not_covered
from infra.local.identity.people import Person, count, find, find_by_email, page, remove, save
from infra.local.identity.sessions import Answer, Identity, revoke
from infra.local.identity.signing_up import newcomer

PAGE_MAX = 1000


class NotCovered(Body):
    """Fields that Firebase knows and the stand-in refuses, rather than losing them silently."""

    phone_number: str | None = None
    mfa: dict[str, object] | None = None
    mfa_info: list[object] | None = None
    link_provider_user_info: dict[str, object] | None = None

    def refuse(self) -> None:
        for name, field in NotCovered.model_fields.items():
            if getattr(self, name):
                raise not_covered(field.alias or name)


class Create(NotCovered):
    local_id: str | None = Field(default=None, max_length=128)
    email: str | None = None
    email_verified: bool = False
    password: str | None = None
    display_name: str | None = None
    photo_url: str | None = None
    disabled: bool = False


class LookUp(Body):
    local_id: list[str] = []
    email: list[str] = []


class Update(NotCovered, Profile):
    local_id: str | None = None
    email_verified: bool | None = None
    custom_attributes: str | None = None
    disable_user: bool | None = None
    valid_since: int | None = None  # seconds


class Delete(Body):
    local_id: str | None = None


class DeleteMany(Body):
    local_ids: list[str] = []
    force: bool = False


class Page(Body):
    max_results: int = Field(default=20, ge=1)
    next_page_token: str = ""


class Query(Body):
    return_user_info: bool = True


def create(identity: Identity, body: Create) -> Answer:
    body.refuse()
    email = canonical_email(body.email) if body.email else None
    password_hash = hashed(body.password)
    with identity.people.writing() as db:
        if body.local_id and find(db, body.local_id):
            raise Refused("DUPLICATE_LOCAL_ID")
        if email:
            refuse_taken(db, email)
        person = replace(
            newcomer(identity, body.local_id),
            email=email,
            email_verified=body.email_verified and email is not None,
            display_name=body.display_name or None,
            photo_url=body.photo_url or None,
            password_hash=password_hash,
            password_at=identity.milliseconds() if password_hash else None,
            disabled=body.disabled,
        )
        save(db, person)
    answer: Answer = {"kind": KIND + "SignupNewUserResponse", "localId": person.uid}
    return answer | ({"email": email} if email else {})


def look_up(identity: Identity, body: LookUp) -> Answer:
    with identity.people.reading() as db:
        found = [find(db, uid) for uid in body.local_id]
        found += [find_by_email(db, email.lower()) for email in body.email]
    people = {person.uid: person for person in found if person}
    answer: Answer = {"kind": KIND + "GetAccountInfoResponse"}
    # SDKs take an empty list for a find: nobody means no list at all.
    return answer | ({"users": [describe(person) for person in people.values()]} if people else {})


def update(identity: Identity, body: Update) -> Answer:
    body.refuse()
    if not body.local_id:
        raise Refused("MISSING_LOCAL_ID")
    if body.custom_attributes:
        read_custom_claims(body.custom_attributes)
    password_hash = hashed(body.password)
    with identity.people.writing() as db:
        person = find(db, body.local_id)
        if not person:
            raise Refused("USER_NOT_FOUND")
        person = with_profile(identity, db, person=person, profile=body, password_hash=password_hash)
        if body.valid_since is not None:
            # SDKs send the machine's time, which a clock moved forward leaves behind: it would revoke nothing.
            person = revoke(db, person, since=max(body.valid_since, identity.seconds()))
        save(db, _with_privileges(person, body))
    return describe_change(person)


def _with_privileges(person: Person, body: Update) -> Person:
    if body.disable_user is not None:
        person = replace(person, disabled=body.disable_user)
    if body.email_verified is not None:
        person = replace(person, email_verified=body.email_verified and person.email is not None)
    if body.custom_attributes is not None:
        person = replace(person, custom_claims=body.custom_attributes or "{}")
    return person


def delete(identity: Identity, body: Delete) -> Answer:
    if not body.local_id:
        raise Refused("MISSING_LOCAL_ID")
    with identity.people.writing() as db:
        if not find(db, body.local_id):
            raise Refused("USER_NOT_FOUND")
        remove(db, body.local_id)
    return {"kind": KIND + "DeleteAccountResponse"}


def delete_many(identity: Identity, body: DeleteMany) -> Answer:
    """Unknown people are passed over; those not disabled are refused unless forced."""
    if not 1 <= len(body.local_ids) <= PAGE_MAX:
        raise Refused("LOCAL_ID_LIST_EXCEEDS_LIMIT")
    message = "NOT_DISABLED : Disable the account before batch deletion."
    errors: list[dict[str, object]] = []
    with identity.people.writing() as db:
        for index, uid in enumerate(body.local_ids):
            person = find(db, uid)
            if person and not (person.disabled or body.force):
                errors.append({"index": index, "localId": uid, "message": message})
            elif person:
                remove(db, uid)
    return {"errors": errors} if errors else {}


def page_through(identity: Identity, body: Page) -> Answer:
    limit = min(body.max_results, PAGE_MAX)
    with identity.people.reading() as db:
        people = page(db, after=body.next_page_token, limit=limit)
    answer: Answer = {"kind": KIND + "DownloadAccountResponse", "users": [describe(person) for person in people]}
    return answer | ({"nextPageToken": people[-1].uid} if len(people) == limit else {})


def query(identity: Identity, body: Query) -> Answer:
    """Everyone, up to a page, or only how many; filters are not covered."""
    with identity.people.reading() as db:
        total = count(db)
        people = page(db, after="", limit=PAGE_MAX) if body.return_user_info else []
    answer: Answer = {"recordsCount": str(total)}
    return answer | ({"userInfo": [describe(person) for person in people]} if body.return_user_info else {})


CREATE: Handler = call(Create, create)
ACCOUNTS: dict[str, Handler] = {
    "lookup": call(LookUp, look_up),
    "update": call(Update, update),
    "delete": call(Delete, delete),
    "batchDelete": call(DeleteMany, delete_many),
    "query": call(Query, query),
}
PAGE_THROUGH: Handler = call(Page, page_through)

"""The calls of the client SDKs, each with the API key that any non-empty string serves as.

Nobody here can choose claims: `customAttributes` is refused and `role` is the same for all.
"""

from infra.local.identity.calls import KIND, Body, Handler, Nothing, call, describe
from infra.local.identity.change import Profile, describe_change, hashed, with_profile
from infra.local.identity.errors import Refused
from infra.local.identity.people import remove, save
from infra.local.identity.sessions import PROJECT_NUMBER, Answer, Identity, Session, open_session, person_presenting
from infra.local.identity.signing_in import (
    CustomToken,
    Grant,
    SignIn,
    grant,
    sign_in_with_custom_token,
    sign_in_with_password,
)
from infra.local.identity.signing_up import SignUp, sign_up


class Presenting(Body):
    id_token: str | None = None


class Update(Profile):
    id_token: str | None = None
    oob_code: str | None = None
    custom_attributes: str | None = None
    disable_user: bool | None = None


def look_up(identity: Identity, body: Presenting) -> Answer:
    with identity.people.reading() as db:
        person, _ = person_presenting(identity, db, id_token=body.id_token)
    return {"kind": KIND + "GetAccountInfoResponse", "users": [describe(person)]}


def update(identity: Identity, body: Update) -> Answer:
    if body.oob_code:
        raise Refused("INVALID_OOB_CODE")
    if not body.id_token:
        raise Refused("INVALID_REQ_TYPE : Unsupported request parameters.")
    if body.custom_attributes is not None:
        raise Refused("INSUFFICIENT_PERMISSION")
    if body.disable_user is not None:
        raise Refused("OPERATION_NOT_ALLOWED")
    password_hash = hashed(body.password)
    with identity.people.writing() as db:
        before, presented = person_presenting(identity, db, id_token=body.id_token)
        person = with_profile(identity, db, person=before, profile=body, password_hash=password_hash)
        save(db, person)
        tokens: Answer = {}
        if password_hash or person.email != before.email:
            provider = "password" if password_hash else presented.firebase.sign_in_provider
            session = Session(provider=provider, auth_time=presented.auth_time, claims={})
            tokens = open_session(identity, db, person=person, session=session)
    return describe_change(person) | tokens


def delete(identity: Identity, body: Presenting) -> Answer:
    with identity.people.writing() as db:
        person, _ = person_presenting(identity, db, id_token=body.id_token)
        remove(db, person.uid)
    return {"kind": KIND + "DeleteAccountResponse"}


def project(identity: Identity, _: Nothing) -> Answer:
    """What web SDKs ask before a pop-up; they do not check the domain against an emulator."""
    return {"projectId": PROJECT_NUMBER, "authorizedDomains": ["localhost", "127.0.0.1"]}


def recaptcha_config(identity: Identity, _: Nothing) -> Answer:
    """Off for every provider, in the form that SDKs insist on."""
    providers = ("EMAIL_PASSWORD_PROVIDER", "PHONE_PROVIDER")
    states = [{"provider": provider, "enforcementState": "OFF"} for provider in providers]
    return {"recaptchaKey": f"projects/{identity.signer.project}/keys/none", "recaptchaEnforcementState": states}


ACCOUNTS: dict[str, Handler] = {
    "signUp": call(SignUp, sign_up),
    "signInWithPassword": call(SignIn, sign_in_with_password),
    "signInWithCustomToken": call(CustomToken, sign_in_with_custom_token),
    "lookup": call(Presenting, look_up),
    "update": call(Update, update),
    "delete": call(Presenting, delete),
}
# The iOS and Android SDKs still use the names of the API before.
ACCOUNTS_BY_OLD_NAME: dict[str, Handler] = {
    "signupNewUser": ACCOUNTS["signUp"],
    "verifyPassword": ACCOUNTS["signInWithPassword"],
    "verifyCustomToken": ACCOUNTS["signInWithCustomToken"],
    "getAccountInfo": ACCOUNTS["lookup"],
    "setAccountInfo": ACCOUNTS["update"],
    "deleteAccount": ACCOUNTS["delete"],
}
TOKEN = call(Grant, grant)
PROJECT = call(Nothing, project)
RECAPTCHA_CONFIG = call(Nothing, recaptcha_config)

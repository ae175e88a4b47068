"""What the local identity refuses, in the words that SDKs turn into their own errors."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from infra.local.identity import Signer, load_signer, mint_id_token
from tests.support.people import PASSWORD, PROJECT, TOOLKIT, Clock, IdentityCalls, answered, refused

WEAK = "WEAK_PASSWORD : Password should be at least 6 characters"


@pytest.mark.parametrize(
    ("call", "body", "message"),
    [
        ("signUp", {"email": "ann@example.com", "password": "secret1"}, "EMAIL_EXISTS"),
        ("signUp", {"email": "ANN@example.com", "password": "secret1"}, "EMAIL_EXISTS"),
        ("signUp", {"email": "bob@example.com", "password": "12345"}, WEAK),
        ("signUp", {"email": "bob", "password": "secret1"}, "INVALID_EMAIL"),
        ("signUp", {"email": "bob@example.com\u0000", "password": "secret1"}, "INVALID_EMAIL"),
        ("signUp", {"email": "", "password": ""}, "INVALID_EMAIL"),
        ("signUp", {"email": "bob@example.com"}, "MISSING_PASSWORD"),
        ("signUp", {"password": "secret1"}, "MISSING_EMAIL"),
        ("signUp", {"localId": "chosen"}, "UNEXPECTED_PARAMETER : User ID"),
        ("signInWithPassword", {"password": "secret1"}, "MISSING_EMAIL"),
        ("signInWithPassword", {"email": "ann@example.com"}, "MISSING_PASSWORD"),
        ("signInWithPassword", {"email": "ann", "password": "secret1"}, "INVALID_EMAIL"),
        ("signInWithPassword", {"email": "ann@example.com", "password": "wrong one"}, "INVALID_LOGIN_CREDENTIALS"),
        ("signInWithPassword", {"email": "bob@example.com", "password": "secret1"}, "INVALID_LOGIN_CREDENTIALS"),
        ("signInWithCustomToken", {}, "MISSING_CUSTOM_TOKEN"),
        ("signInWithCustomToken", {"token": "x.y.z"}, "INVALID_CUSTOM_TOKEN : Invalid assertion format"),
        ("lookup", {}, "MISSING_ID_TOKEN"),
        ("lookup", {"idToken": "nonsense"}, "INVALID_ID_TOKEN"),
        ("delete", {}, "MISSING_ID_TOKEN"),
        ("update", {"displayName": "Ann"}, "INVALID_REQ_TYPE : Unsupported request parameters."),
        ("update", {"localId": "someone", "displayName": "A"}, "INVALID_REQ_TYPE : Unsupported request parameters."),
        ("update", {"oobCode": "code"}, "INVALID_OOB_CODE"),
    ],
)
def test_a_client_call_is_refused_in_googles_words(
    identity: IdentityCalls, call: str, body: dict[str, str], message: str
) -> None:
    identity.sign_up("ann@example.com")
    assert refused(identity.client(call, **body)) == message


def test_a_project_without_email_privacy_says_what_was_wrong(identity: IdentityCalls) -> None:
    identity.sign_up("ann@example.com")
    config = f"/emulator/v1/projects/{PROJECT}/config"
    shown = answered(identity.http.patch(config, json={"emailPrivacyConfig": {"enableImprovedEmailPrivacy": False}}))
    assert shown == answered(identity.http.get(config))
    assert shown["emailPrivacyConfig"] == {"enableImprovedEmailPrivacy": False}
    wrong = {"ann@example.com": "INVALID_PASSWORD", "bob@example.com": "EMAIL_NOT_FOUND"}
    for email, message in wrong.items():
        assert refused(identity.client("signInWithPassword", email=email, password="wrong one")) == message


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"refresh_token": "any"}, "MISSING_GRANT_TYPE"),
        ({"grant_type": "authorization_code"}, "INVALID_GRANT_TYPE"),
        ({"grant_type": "refresh_token"}, "MISSING_REFRESH_TOKEN"),
        ({"grant_type": "refresh_token", "refresh_token": "any"}, "INVALID_REFRESH_TOKEN"),
    ],
)
def test_a_refresh_is_refused_in_googles_words(identity: IdentityCalls, form: dict[str, str], message: str) -> None:
    assert refused(identity.http.post("/securetoken.googleapis.com/v1/token?key=any", data=form)) == message


@pytest.mark.parametrize("field", [{"customAttributes": '{"role": "service_role"}'}, {"customAttributes": ""}])
def test_a_client_can_not_choose_claims(identity: IdentityCalls, field: dict[str, str]) -> None:
    session = identity.sign_up()
    assert refused(identity.client("update", idToken=session["idToken"], **field)) == "INSUFFICIENT_PERMISSION"


def test_a_client_can_not_disable_anyone(identity: IdentityCalls) -> None:
    session = identity.sign_up()
    assert refused(identity.client("update", idToken=session["idToken"], disableUser=True)) == "OPERATION_NOT_ALLOWED"


def test_linking_an_address_of_someone_else_is_refused(identity: IdentityCalls) -> None:
    identity.sign_up("ann@example.com")
    anonymous = identity.sign_up()
    taken = {"idToken": anonymous["idToken"], "email": "ann@example.com", "password": "secret1"}
    assert refused(identity.client("signUp", **taken)) == "EMAIL_EXISTS"
    assert refused(identity.client("update", **taken)) == "EMAIL_EXISTS"
    [shown] = answered(identity.client("lookup", idToken=anonymous["idToken"]))["users"]
    assert "email" not in shown


def _unsigned(claims: dict[str, object], algorithm: str = "none") -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join(encoded) + "."


@pytest.fixture
def signer(folder: Path) -> Signer:
    return load_signer(folder, project=PROJECT)


@pytest.mark.parametrize(
    "change",
    [{"aud": "another"}, {"iss": "https://securetoken.google.com/another"}, {"sub": None}, {"firebase": None}],
)
def test_a_token_for_something_else_is_refused(
    identity: IdentityCalls, signer: Signer, clock: Clock, change: dict[str, str | None]
) -> None:
    uid = identity.sign_up()["localId"]
    token = mint_id_token(signer, uid, now=clock(), claims=change)
    assert refused(identity.client("lookup", idToken=token)) == "INVALID_ID_TOKEN"


def test_a_token_signed_by_another_key_is_refused(identity: IdentityCalls, clock: Clock, tmp_path: Path) -> None:
    foreign = load_signer(tmp_path / "elsewhere", project=PROJECT)
    token = mint_id_token(foreign, identity.sign_up()["localId"], now=clock())
    assert refused(identity.client("lookup", idToken=token)) == "INVALID_ID_TOKEN"


def test_an_unsigned_token_is_refused(identity: IdentityCalls) -> None:
    claims = jwt.decode(identity.sign_up()["idToken"], options={"verify_signature": False})
    assert refused(identity.client("lookup", idToken=_unsigned(claims))) == "INVALID_ID_TOKEN"
    assert refused(identity.client("lookup", idToken=_unsigned(claims, "RS256"))) == "INVALID_ID_TOKEN"


def test_a_token_expires_by_the_stacks_clock(identity: IdentityCalls, clock: Clock) -> None:
    session = identity.sign_up()
    clock.advance(timedelta(seconds=3599))
    answered(identity.client("lookup", idToken=session["idToken"]))
    clock.advance(timedelta(seconds=1))
    assert refused(identity.client("lookup", idToken=session["idToken"])) == "TOKEN_EXPIRED"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"email": 3}', b'{"email": "\\ud800@b.c", "password": "secret1"}'])
def test_a_broken_body_is_an_invalid_argument(identity: IdentityCalls, body: bytes) -> None:
    response = identity.http.post(f"{TOOLKIT}/accounts:signUp?key=any", content=body)
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"].startswith("Invalid JSON payload received. ")


def test_a_client_call_needs_some_api_key(identity: IdentityCalls) -> None:
    response = identity.http.post(f"{TOOLKIT}/accounts:signUp", json={})
    assert (response.status_code, response.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_what_is_not_covered_says_so(identity: IdentityCalls) -> None:
    response = identity.client("signInWithIdp")
    assert (response.status_code, response.json()["error"]["status"]) == (501, "NOT_IMPLEMENTED")
    assert identity.http.get("/nowhere").json()["error"]["code"] == 404


def test_a_page_from_the_internet_may_not_read_answers(identity: IdentityCalls) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-client-version"}
    for origin, allowed in [
        ("http://localhost:5173", True),
        ("http://app.localhost", True),
        ("capacitor://localhost", True),
        ("http://192.168.1.7:8080", True),
        ("https://evil.example", False),
        ("https://localhost.evil.example", False),
        ("https://127.0.0.1.evil.example", False),
    ]:
        answer = identity.http.options(f"{TOOLKIT}/accounts:signUp", headers={"Origin": origin, **asked})
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed, origin


def test_a_password_that_fits_someone_else_does_not_open_the_door(identity: IdentityCalls) -> None:
    identity.sign_up("ann@example.com", "secret of ann")
    identity.sign_up("bob@example.com", PASSWORD)
    sign_in = {"email": "ann@example.com", "password": PASSWORD}
    assert refused(identity.client("signInWithPassword", **sign_in)) == "INVALID_LOGIN_CREDENTIALS"

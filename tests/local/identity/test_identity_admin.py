"""What Admin SDKs and the emulator's own calls can do, and the tokens that tests and benchmarks make themselves."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest

from infra.local.identity import load_signer, mint_id_token
from tests.support.people import JWKS, OWNER, PASSWORD, PROJECT, TOOLKIT, Clock, IdentityCalls, answered, refused

ADMIN = f"{TOOLKIT}/projects/{PROJECT}/accounts"
CUSTOM_TOKEN_AUDIENCE = "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer someone"}, {"Authorization": "Basic owner"}])
def test_only_the_owner_may_administer(identity: IdentityCalls, headers: dict[str, str]) -> None:
    response = identity.http.post(ADMIN, json={}, headers=headers)
    assert (response.status_code, response.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_another_project_is_not_served(identity: IdentityCalls) -> None:
    response = identity.http.post(f"{TOOLKIT}/projects/another/accounts", json={}, headers=OWNER)
    assert refused(response) == f"PROJECT_NOT_FOUND : this stack is the project {PROJECT}"


def test_an_administrator_makes_and_finds_people(identity: IdentityCalls) -> None:
    made = answered(
        identity.admin(
            "", localId="ann", email="Ann@example.com", password=PASSWORD, displayName="Ann", emailVerified=True
        )
    )
    assert (made["localId"], made["email"]) == ("ann", "ann@example.com")
    session = answered(identity.client("signInWithPassword", email="ann@example.com", password=PASSWORD))
    assert session["displayName"] == "Ann"
    anonymous = identity.sign_up()["localId"]
    found = answered(identity.admin(":lookup", localId=["ann", anonymous, "nobody"], email=["ANN@example.com"]))
    assert [person["localId"] for person in found["users"]] == ["ann", anonymous]
    assert found["users"][0]["emailVerified"] is True
    assert "users" not in answered(identity.admin(":lookup", localId=["nobody"]))
    assert refused(identity.admin("", localId="ann")) == "DUPLICATE_LOCAL_ID"
    assert refused(identity.admin("", email="ann@example.com")) == "EMAIL_EXISTS"


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ('{"role": "service_role"}', "FORBIDDEN_CLAIM : role"),
        ('{"sub": "me"}', "FORBIDDEN_CLAIM : sub"),
        ('{"firebase": {}}', "FORBIDDEN_CLAIM : firebase"),
        ("[]", "INVALID_CLAIMS"),
        ("{", "INVALID_CLAIMS"),
        ('{"tier": NaN}', "INVALID_CLAIMS"),
        (json.dumps({"long": "x" * 1000}), "CLAIMS_TOO_LARGE"),
    ],
)
def test_claims_that_would_change_who_one_is_are_refused(identity: IdentityCalls, claims: str, message: str) -> None:
    uid = identity.sign_up()["localId"]
    assert refused(identity.admin(":update", localId=uid, customAttributes=claims)) == message


def test_the_role_that_all_have_may_be_set(identity: IdentityCalls) -> None:
    uid = identity.sign_up()["localId"]
    answered(identity.admin(":update", localId=uid, customAttributes='{"role": "authenticated"}'))


def test_an_administrator_changes_and_erases(identity: IdentityCalls) -> None:
    uid = identity.sign_up("ann@example.com")["localId"]
    answered(identity.admin(":update", localId=uid, displayName="Ann", photoUrl="https://example.com/a.png"))
    changed = answered(identity.admin(":update", localId=uid, deleteAttribute=["DISPLAY_NAME"], deleteProvider=[]))
    assert changed["photoUrl"] == "https://example.com/a.png"
    assert "displayName" not in changed
    answered(identity.admin(":update", localId=uid, deleteProvider=["password"]))
    [shown] = answered(identity.admin(":lookup", localId=[uid]))["users"]
    assert shown["providerUserInfo"] == []
    assert {"email", "passwordHash"} & shown.keys() == set()


def test_unknown_people_can_not_be_changed_or_deleted(identity: IdentityCalls) -> None:
    for call in (":update", ":delete"):
        assert refused(identity.admin(call, localId="nobody")) == "USER_NOT_FOUND"
        assert refused(identity.admin(call)) == "MISSING_LOCAL_ID"


def test_a_phone_number_is_refused_rather_than_lost(identity: IdentityCalls) -> None:
    assert identity.admin("", phoneNumber="+15555550100").status_code == 501


def test_many_are_deleted_at_once_if_disabled_or_forced(identity: IdentityCalls) -> None:
    kept = identity.sign_up()["localId"]
    disabled = answered(identity.admin("", disabled=True))["localId"]
    answer = answered(identity.admin(":batchDelete", localIds=[disabled, kept, "nobody"]))
    assert [(error["index"], error["localId"]) for error in answer["errors"]] == [(1, kept)]
    assert answered(identity.admin(":batchDelete", localIds=[kept], force=True)) == {}
    assert answered(identity.admin(":query", returnUserInfo=False)) == {"recordsCount": "0"}


def test_paging_through_everyone_visits_each_once(identity: IdentityCalls) -> None:
    everyone = {answered(identity.admin(""))["localId"] for _ in range(5)}
    seen: list[str] = []
    token = ""
    while True:
        query = {"maxResults": "2"} | ({"nextPageToken": token} if token else {})
        page = answered(identity.http.get(f"{ADMIN}:batchGet", params=query, headers=OWNER))
        seen += [person["localId"] for person in page["users"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert len(seen) == 5
    assert set(seen) == everyone
    assert answered(identity.admin(":query"))["recordsCount"] == "5"


def test_everyone_is_wiped_with_their_sessions(identity: IdentityCalls) -> None:
    session = identity.sign_up("ann@example.com")
    answered(identity.http.delete(f"/emulator/v1/projects/{PROJECT}/accounts"))
    assert refused(identity.refresh(session["refreshToken"])) == "USER_NOT_FOUND"
    identity.sign_up("ann@example.com")


def _custom_token(**payload: object) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {"aud": CUSTOM_TOKEN_AUDIENCE, **payload})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


def test_a_custom_token_signs_in_and_its_claims_hold_for_that_session(identity: IdentityCalls, clock: Clock) -> None:
    token = _custom_token(uid="ann", claims={"tier": 3})
    first = answered(identity.client("signInWithCustomToken", token=token))
    assert first["isNewUser"] is True
    assert answered(identity.client("signInWithCustomToken", token=token))["isNewUser"] is False
    claims = identity.claims(answered(identity.refresh(first["refreshToken"]))["id_token"], clock())
    assert (claims["sub"], claims["tier"], claims["role"]) == ("ann", 3, "authenticated")
    assert claims["firebase"]["sign_in_provider"] == "custom"
    forged = _custom_token(uid="ann", claims={"role": "service_role"})
    assert refused(identity.client("signInWithCustomToken", token=forged)) == "FORBIDDEN_CLAIM : role"
    signed = identity.sign_up()["idToken"]
    assert refused(identity.client("signInWithCustomToken", token=signed)).startswith("INVALID_CUSTOM_TOKEN")


def test_the_published_key_may_be_cached_for_an_hour(identity: IdentityCalls) -> None:
    response = identity.http.get(JWKS)
    assert "max-age=3600" in response.headers["cache-control"]
    [key] = response.json()["keys"]
    assert set(key) == {"kty", "use", "alg", "kid", "n", "e"}


def test_what_web_sdks_probe_is_answered(identity: IdentityCalls) -> None:
    assert answered(identity.http.get(f"{TOOLKIT}/projects?key=any"))["authorizedDomains"]
    recaptcha = answered(identity.http.get("/identitytoolkit.googleapis.com/v2/recaptchaConfig?key=any"))
    assert {state["enforcementState"] for state in recaptcha["recaptchaEnforcementState"]} == {"OFF"}


def test_a_token_is_minted_without_a_person_behind_it(identity: IdentityCalls, folder: Path, clock: Clock) -> None:
    signer = load_signer(folder, project=PROJECT)
    token = mint_id_token(signer, "bench-1", now=clock(), lifetime=timedelta(minutes=5), claims={"tier": 1})
    claims = identity.claims(token, clock())
    assert (claims["sub"], claims["role"], claims["tier"]) == ("bench-1", "authenticated", 1)
    assert claims["exp"] - claims["iat"] == 300
    assert "role" not in identity.claims(mint_id_token(signer, "x", now=clock(), claims={"role": None}), clock())

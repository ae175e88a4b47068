"""The whole life of a person in the local identity, over HTTP, with tokens verified against the published key."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from infra.local.identity import create_identity, load_signer
from tests.support.people import PASSWORD, PROJECT, Clock, IdentityCalls, answered, open_identity, refused, served


def test_an_anonymous_person_gets_a_signed_token_with_firebase_claims(identity: IdentityCalls, clock: Clock) -> None:
    answer = identity.sign_up()
    claims = identity.claims(answer["idToken"], clock())
    issued = int(clock().timestamp())
    del claims["jti"]
    assert claims == {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": answer["localId"],
        "user_id": answer["localId"],
        "iat": issued,
        "exp": issued + 3600,
        "auth_time": issued,
        "role": "authenticated",
        "provider_id": "anonymous",
        "firebase": {"identities": {}, "sign_in_provider": "anonymous"},
    }
    assert answer["expiresIn"] == "3600"
    assert answer["localId"].isalnum()
    assert len(answer["localId"]) == 28


def test_linking_an_email_keeps_the_person(identity: IdentityCalls, clock: Clock) -> None:
    anonymous = identity.sign_up()
    linked = answered(
        identity.client("signUp", idToken=anonymous["idToken"], email="Ann@Example.com", password="secret1")
    )
    assert linked["localId"] == anonymous["localId"]
    claims = identity.claims(linked["idToken"], clock())
    assert (claims["email"], claims["email_verified"]) == ("ann@example.com", False)
    assert claims["firebase"] == {"identities": {"email": ["ann@example.com"]}, "sign_in_provider": "password"}
    assert "provider_id" not in claims
    [shown] = answered(identity.client("lookup", idToken=linked["idToken"]))["users"]
    assert [provider["providerId"] for provider in shown["providerUserInfo"]] == ["password"]
    assert shown["passwordHash"] == "UkVEQUNURUQ="


def test_mobile_sdks_link_and_sign_in_by_the_names_of_the_old_api(identity: IdentityCalls) -> None:
    def call(name: str, **body: object) -> dict[str, Any]:
        path = f"/www.googleapis.com/identitytoolkit/v3/relyingparty/{name}?key=any"
        return answered(identity.http.post(path, json=body))

    anonymous = call("signupNewUser", returnSecureToken=True)
    linked = call("setAccountInfo", idToken=anonymous["idToken"], email="ann@example.com", password=PASSWORD)
    assert [provider["providerId"] for provider in linked["providerUserInfo"]] == ["password"]
    session = call("verifyPassword", email="ann@example.com", password=PASSWORD)
    assert session["localId"] == anonymous["localId"]
    [shown] = call("getAccountInfo", idToken=linked["idToken"])["users"]
    assert shown["email"] == "ann@example.com"
    call("deleteAccount", idToken=linked["idToken"])


def test_signing_in_by_password_refreshes_for_as_long_as_one_likes(identity: IdentityCalls, clock: Clock) -> None:
    uid = identity.sign_up("ann@example.com")["localId"]
    session = answered(identity.client("signInWithPassword", email="ANN@example.com", password=PASSWORD))
    assert (session["localId"], session["registered"]) == (uid, True)
    signed_in = int(clock().timestamp())
    clock.advance(timedelta(days=400))
    assert refused(identity.client("lookup", idToken=session["idToken"])) == "TOKEN_EXPIRED"
    fresh = answered(identity.refresh(session["refreshToken"]))
    claims = identity.claims(fresh["id_token"], clock())
    assert (fresh["user_id"], fresh["token_type"], fresh["expires_in"]) == (uid, "Bearer", "3600")
    assert (claims["auth_time"], claims["iat"]) == (signed_in, int(clock().timestamp()))


def test_a_refresh_may_be_sent_as_json_too(identity: IdentityCalls) -> None:
    session = identity.sign_up()
    body = {"grantType": "refresh_token", "refreshToken": session["refreshToken"]}
    answer = answered(identity.http.post("/securetoken.googleapis.com/v1/token?key=any", json=body))
    assert answer["user_id"] == session["localId"]


def test_custom_claims_appear_after_a_refresh(identity: IdentityCalls, clock: Clock) -> None:
    session = identity.sign_up()
    answered(identity.admin(":update", localId=session["localId"], customAttributes='{"tier": 2, "user_id": "me"}'))
    claims = identity.claims(answered(identity.refresh(session["refreshToken"]))["id_token"], clock())
    assert (claims["tier"], claims["user_id"], claims["role"]) == (2, session["localId"], "authenticated")


def test_a_disabled_person_can_do_nothing_until_enabled_again(identity: IdentityCalls) -> None:
    session = identity.sign_up("ann@example.com")
    answered(identity.admin(":update", localId=session["localId"], disableUser=True))
    assert refused(identity.refresh(session["refreshToken"])) == "USER_DISABLED"
    assert refused(identity.client("lookup", idToken=session["idToken"])) == "USER_DISABLED"
    sign_in = {"email": "ann@example.com", "password": PASSWORD}
    assert refused(identity.client("signInWithPassword", **sign_in)) == "USER_DISABLED"
    answered(identity.admin(":update", localId=session["localId"], disableUser=False))
    answered(identity.refresh(session["refreshToken"]))


def test_revoking_ends_sessions_even_when_the_clock_was_moved_ahead(identity: IdentityCalls, clock: Clock) -> None:
    session = identity.sign_up()
    clock.advance(timedelta(seconds=1))
    machine_time = 1_800_000_000  # an Admin SDK sends its own idea of now, years behind the stack's clock
    answered(identity.admin(":update", localId=session["localId"], validSince=str(machine_time)))
    assert refused(identity.refresh(session["refreshToken"])) == "TOKEN_EXPIRED"
    assert refused(identity.client("lookup", idToken=session["idToken"])) == "TOKEN_EXPIRED"


def test_a_new_password_ends_other_sessions_and_keeps_ones_own(identity: IdentityCalls) -> None:
    elsewhere = identity.sign_up("ann@example.com")
    here = answered(identity.client("signInWithPassword", email="ann@example.com", password=PASSWORD))
    changed = answered(identity.client("update", idToken=here["idToken"], password="battery staple"))
    assert changed["idToken"] != here["idToken"]  # within the same second, too: the web SDK compares them
    answered(identity.refresh(changed["refreshToken"]))
    assert refused(identity.refresh(elsewhere["refreshToken"])) == "TOKEN_EXPIRED"
    assert refused(identity.refresh(here["refreshToken"])) == "TOKEN_EXPIRED"
    answered(identity.client("signInWithPassword", email="ann@example.com", password="battery staple"))


def test_a_new_name_needs_no_new_tokens_and_shows_in_the_next(identity: IdentityCalls, clock: Clock) -> None:
    session = identity.sign_up()
    changed = answered(identity.client("update", idToken=session["idToken"], displayName="Ann"))
    assert changed["displayName"] == "Ann"
    assert "idToken" not in changed
    claims = identity.claims(answered(identity.refresh(session["refreshToken"]))["id_token"], clock())
    assert claims["name"] == "Ann"
    cleared = answered(identity.client("update", idToken=session["idToken"], displayName=""))
    assert "displayName" not in cleared


def test_a_deleted_person_is_gone_and_the_address_free(identity: IdentityCalls) -> None:
    session = identity.sign_up("ann@example.com")
    answered(identity.client("delete", idToken=session["idToken"]))
    assert refused(identity.refresh(session["refreshToken"])) == "USER_NOT_FOUND"
    assert refused(identity.client("lookup", idToken=session["idToken"])) == "USER_NOT_FOUND"
    assert identity.sign_up("ann@example.com")["localId"] != session["localId"]


def test_a_person_made_anew_with_an_old_id_inherits_no_session(identity: IdentityCalls, clock: Clock) -> None:
    session = identity.sign_up()
    answered(identity.client("delete", idToken=session["idToken"]))
    clock.advance(timedelta(seconds=1))
    answered(identity.admin("", localId=session["localId"]))
    assert refused(identity.refresh(session["refreshToken"])) == "TOKEN_EXPIRED"
    assert refused(identity.client("lookup", idToken=session["idToken"])) == "TOKEN_EXPIRED"


def test_people_key_and_sessions_survive_a_restart(folder: Path, clock: Clock) -> None:
    with open_identity(folder, clock) as before:
        session = before.sign_up("ann@example.com")
    with open_identity(folder, clock) as again:
        assert again.claims(session["idToken"], clock())["sub"] == session["localId"]
        answered(again.refresh(session["refreshToken"]))
        answered(again.client("signInWithPassword", email="ann@example.com", password=PASSWORD))


def test_one_address_signed_up_by_many_at_once_makes_one_person(folder: Path, clock: Clock) -> None:
    # Two apps on one folder stand for two processes.
    apps = [create_identity(folder, project=PROJECT, now=clock) for _ in range(2)]
    body = {"email": "ann@example.com", "password": "secret1"}
    with served(apps[0]) as one, served(apps[1]) as other, httpx.Client(timeout=30) as http:
        urls = [f"{base}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any" for base in (one, other)] * 5
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda url: http.post(url, json=body), urls))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    assert {refused(answer) for answer in answers if answer.status_code == 400} == {"EMAIL_EXISTS"}


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        signers = list(pool.map(lambda _: load_signer(tmp_path / "new", project=PROJECT), range(4)))
    assert len({signer.kid for signer in signers}) == 1


def test_neither_tokens_nor_passwords_are_kept_in_the_clear(identity: IdentityCalls, folder: Path) -> None:
    session = identity.sign_up("ann@example.com", "correct horse battery")
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"ann@example.com" in kept
    for secret in ("correct horse battery", session["refreshToken"], session["idToken"]):
        assert secret.encode() not in kept
    assert {path.name: path.stat().st_mode & 0o077 for path in folder.glob("*.pem")} == {"signing-key.pem": 0}

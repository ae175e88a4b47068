"""Tokens that prove nothing: whatever is wrong with one, it is refused with a code, does nothing and is in no log."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from infra.local.identity import Signer, mint_id_token
from tests.support.database import Database
from tests.support.posting import Caller, Issuer, Posting, contents, new_song, refusal

HOUR = timedelta(hours=1)
Claims = dict[str, Any]
Forge = Callable[[Issuer, Claims], str]

_stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_curve = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def nothing_is_written(store: Database) -> Iterator[None]:
    before = contents(store)
    yield
    assert contents(store) == before


def post_with(caller: Caller, authorization: str | bytes) -> httpx.Response:
    raw = authorization if isinstance(authorization, bytes) else authorization.encode()
    headers = {b"Authorization": raw, b"X-Forwarded-For": caller.address.encode()}
    return caller.posting.http.post("/v1/posts", json={"content": new_song()}, headers=headers)


def refused(caller: Caller, token: str, code: str = "not_authenticated") -> None:
    """The token is refused on a route that needs one and on a route that does not, and nobody writes it down."""
    for response in (
        post_with(caller, f"Bearer {token}"),
        caller.posting.http.get("/v1/feed", headers={"Authorization": f"Bearer {token}"}),
    ):
        refusal(response, 401, code)
        assert response.headers["www-authenticate"] == "Bearer"
        assert len(token) < 20 or token not in response.text
    assert len(token) < 20 or token[:200] not in caller.posting.said + caller.posting.complained


def usual(caller: Caller) -> Claims:
    claims: Claims = jwt.decode(caller.token, options={"verify_signature": False})
    return claims


def encode(claims: Claims, key: Any, algorithm: str, **header: object) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=header)


def part(value: object) -> str:
    return urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().rstrip("=")


def public(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def by_hmac(secret: bytes, header: Claims, claims: Claims) -> str:
    """HS256 as an attacker would: by hand, because PyJWT refuses a public key as a secret."""
    import hmac

    signed = f"{part({'typ': 'JWT', 'alg': 'HS256', **header})}.{part(claims)}"
    return f"{signed}.{part(hmac.digest(secret, signed.encode(), 'sha256'))}"


def jwk(key: rsa.RSAPrivateKey) -> Claims:
    found: Claims = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return found


FORGERIES: dict[str, Forge] = {
    "unsigned": lambda i, c: f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(c)}.",
    "unsigned with a key id": lambda i, c: f"{part({'alg': 'none', 'kid': i.signer.kid})}.{part(c)}.",
    "unsigned, other spellings": lambda i, c: f"{part({'alg': 'nOnE', 'kid': i.signer.kid})}.{part(c)}.",
    "RS256 without a signature": lambda i, c: f"{part({'alg': 'RS256', 'kid': i.signer.kid})}.{part(c)}.",
    "HS256, the public key as secret": lambda i, c: by_hmac(public(i.signer.key), {"kid": i.signer.kid}, c),
    "HS256, the key id as secret": lambda i, c: by_hmac(i.signer.kid.encode(), {"kid": i.signer.kid}, c),
    "HS256, an empty secret": lambda i, c: by_hmac(b"", {"kid": i.signer.kid}, c),
    "a stranger's key under the issuer's id": lambda i, c: encode(c, _stranger, "RS256", kid=i.signer.kid),
    "a stranger's key under its own id": lambda i, c: encode(c, _stranger, "RS256", kid="f" * 40),
    "a stranger's key in the header": lambda i, c: encode(c, _stranger, "RS256", kid="mine", jwk=jwk(_stranger)),
    "a stranger's key set by address": lambda i, c: encode(
        c, _stranger, "RS256", kid=i.signer.kid, jku="http://127.0.0.1:9/keys", x5u="http://127.0.0.1:9/x"
    ),
    "ES256": lambda i, c: encode(c, _curve, "ES256", kid=i.signer.kid),
    "PS256 with the issuer's key": lambda i, c: encode(c, i.signer.key, "PS256", kid=i.signer.kid),
    "RS512 with the issuer's key": lambda i, c: encode(c, i.signer.key, "RS512", kid=i.signer.kid),
    "no key id": lambda i, c: encode(c, i.signer.key, "RS256"),
    "an empty key id": lambda i, c: encode(c, i.signer.key, "RS256", kid=""),
    "a path for a key id": lambda i, c: encode(c, i.signer.key, "RS256", kid="../../../dev/null"),
    "SQL for a key id": lambda i, c: encode(c, i.signer.key, "RS256", kid="' union select 'x"),
    "a key id with NUL": lambda i, c: encode(c, i.signer.key, "RS256", kid=i.signer.kid + "\0"),
    "a key id with half a character": lambda i, c: encode(c, i.signer.key, "RS256", kid="\ud800"),
    "a demand that nobody knows": lambda i, c: encode(c, i.signer.key, "RS256", kid=i.signer.kid, crit=["x"], x=1),
    "a payload apart": lambda i, c: encode(c, i.signer.key, "RS256", kid=i.signer.kid, b64=False, crit=["b64"]),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_token_is_refused(forge: Forge, alice: Caller, issuer: Issuer) -> None:
    refused(alice, forge(issuer, usual(alice)))


CLAIMS: dict[str, tuple[Claims, str]] = {
    "of another project": ({"aud": "another-project", "iss": "https://securetoken.google.com/another-project"}, ""),
    "for another audience": ({"aud": "another-project"}, ""),
    "for several other audiences": ({"aud": ["a", "b"]}, ""),
    "from another issuer": ({"iss": "https://securetoken.google.com/another-project"}, ""),
    "from an issuer of a longer name": ({"iss": "https://securetoken.google.com/demo-coincide/"}, ""),
    "for nobody": ({"sub": None}, ""),
    "for an empty name": ({"sub": ""}, ""),
    "for a name of 129 characters": ({"sub": "x" * 129}, ""),
    "for a name with NUL": ({"sub": "a\0b"}, ""),
    "for a name with half a character": ({"sub": "a\ud83d"}, ""),
    "for a number": ({"sub": 4711}, ""),
    "for a list": ({"sub": ["a"]}, ""),
    "without an end": ({"exp": None}, ""),
    "without a beginning": ({"iat": None}, ""),
    "without an audience": ({"aud": None}, ""),
    "without an issuer": ({"iss": None}, ""),
    "with an end in words": ({"exp": "tomorrow"}, ""),
    "with an end that is true": ({"exp": True}, ""),
    "with an end that is a list": ({"exp": [1]}, ""),
    "that ended in 1970": ({"exp": 0}, "token_expired"),
    "that ended before 1970": ({"exp": -1}, "token_expired"),
    "issued next year": ({"iat": 2_000_000_000_000}, ""),
    "not good before next year": ({"nbf": 2_000_000_000_000}, ""),
    "of a sign-in next year": ({"auth_time": 2_000_000_000_000}, ""),
}


@pytest.mark.parametrize(("claims", "code"), CLAIMS.values(), ids=CLAIMS)
def test_a_token_that_says_the_wrong_thing_is_refused(
    claims: Claims, code: str, alice: Caller, issuer: Issuer, posting: Posting
) -> None:
    token = mint_id_token(issuer.signer, str(alice.uid), now=posting.clock.now(), claims=claims)
    refused(alice, token, code or "not_authenticated")


def test_a_token_is_good_from_its_first_second_to_its_last(alice: Caller, issuer: Issuer, posting: Posting) -> None:
    now = posting.clock.now()

    def status(at: timedelta, **claims: object) -> int:
        token = mint_id_token(issuer.signer, str(alice.uid), now=now + at, claims=claims)
        headers = {"Authorization": f"Bearer {token}"}
        return posting.http.get("/v1/me/posts", headers=headers).status_code

    assert status(timedelta()) == 200
    assert status(-HOUR + timedelta(seconds=20)) == 200
    assert status(timedelta(seconds=20)) == 200  # clocks differ a little
    assert status(timedelta(minutes=5)) == 401
    refused(alice, mint_id_token(issuer.signer, "a", now=now - HOUR - timedelta(seconds=1)), "token_expired")


def test_a_token_that_was_good_is_not_remembered_beyond_its_end(alice: Caller, posting: Posting) -> None:
    token = alice.token
    headers = {"Authorization": f"Bearer {token}"}
    assert posting.http.get("/v1/me/posts", headers=headers).status_code == 200
    with posting.later(HOUR):
        refused(alice, token, "token_expired")
    assert posting.http.get("/v1/me/posts", headers=headers).status_code == 200


def test_a_signature_belongs_to_its_claims(alice: Caller, bob: Caller) -> None:
    assert bob.get("/v1/me/posts").status_code == 200  # so that his token is remembered
    [header, claims, signature], [_, others, _] = alice.token.split("."), bob.token.split(".")
    refused(alice, f"{header}.{others}.{signature}")
    flipped = bytearray(urlsafe_b64decode(claims + "=="))
    for position in range(0, len(flipped), 16):
        flipped[position] ^= 1
        refused(alice, f"{header}.{part(bytes(flipped))}.{signature}")
        flipped[position] ^= 1


def test_a_name_of_128_characters_is_a_person(issuer: Issuer, posting: Posting) -> None:
    for uid in ("x" * 128, "名" * 128, "a b;'\"%"):
        token = mint_id_token(issuer.signer, uid, now=posting.clock.now())
        answer = posting.http.get("/v1/me/posts", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


def deep(opening: bytes, times: int) -> str:
    return part(opening * times)


SHAPES: dict[str, Callable[[str], str]] = {
    "a dot": lambda _: ".",
    "two dots": lambda _: "..",
    "three dots": lambda _: "...",
    "a word": lambda _: "token",
    "one part": lambda token: token.split(".")[0],
    "two parts": lambda token: token.rpartition(".")[0],
    "four parts": lambda token: token + ".abc",
    "five parts": lambda token: token + ".abc.def",
    "cut short": lambda token: token[:-10],
    "cut in the middle": lambda token: token[: len(token) // 2],
    "a letter more": lambda token: token + "A",
    "quoted": lambda token: f'"{token}"',
    "two tokens": lambda token: f"{token},{token}",
    "a space within": lambda token: token[:50] + " " + token[50:],
    "a parameter": lambda token: f"{token}; realm=x",
    "no base64": lambda _: "!!!.???.***",
    "a header that is a list": lambda _: f"{part([])}.e30.abc",
    "a header that is a number": lambda _: f"{part(1)}.e30.abc",
    "a header that is no JSON": lambda _: f"{part(b'{')}.e30.abc",
    "a header that is no text": lambda _: f"{part(bytes(range(256)))}.e30.abc",
    "an algorithm that is a list": lambda _: f"{part({'alg': ['RS256'], 'kid': 'x'})}.e30.abc",
    "a key id that is a number": lambda _: f"{part({'alg': 'RS256', 'kid': 1})}.e30.abc",
    "a header of deep lists": lambda _: f"{deep(b'[', 20_000)}.e30.abc",
    "a header of deep objects": lambda _: f"""{deep(b'{"a":', 10_000)}.e30.abc""",
    "a header of one long number": lambda _: f"{part(b'9' * 20_000)}.e30.abc",
    "30 KB": lambda _: "x" * 30_000,
    "30 KB in three parts": lambda _: f"{'x' * 10_000}.{'y' * 10_000}.{'z' * 10_000}",
    "a long signature": lambda token: token + "A" * 30_000,
}


@pytest.mark.parametrize("reshape", SHAPES.values(), ids=SHAPES)
def test_what_is_no_token_is_refused(reshape: Callable[[str], str], alice: Caller) -> None:
    refused(alice, reshape(alice.token))


def test_a_token_of_100_kilobytes_gets_an_answer_or_none_and_hurts_nobody(alice: Caller) -> None:
    for token in ("x" * 100_000, f"{deep(b'[', 75_000)}.e30.abc"):
        response = post_with(alice, f"Bearer {token}")
        assert response.status_code in (400, 401, 431)
    assert alice.get("/v1/me/posts").status_code == 200


@pytest.mark.parametrize("scheme", ["", "Basic", "Token", "Bearer", "bearer bearer", "Bearer:", "Bearer\t", "OAuth"])
def test_another_scheme_is_refused(scheme: str, alice: Caller) -> None:
    without_a_token = scheme in ("Bearer", "")
    refusal(post_with(alice, scheme if without_a_token else f"{scheme} {alice.token}"), 401, "not_authenticated")


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_name_of_the_scheme_may_be_written_as_one_likes(scheme: str, alice: Caller) -> None:
    headers = {"Authorization": f"{scheme} {alice.token}"}
    assert alice.posting.http.get("/v1/me/posts", headers=headers).status_code == 200


def test_two_tokens_are_one_too_many(alice: Caller, bob: Caller) -> None:
    """Who of the two it is would depend on which one each part on the way looks at."""
    for one, other in ((alice.token, bob.token), (alice.token, "x.y.z"), ("x.y.z", alice.token)):
        headers = [("Authorization", f"Bearer {one}"), ("Authorization", f"Bearer {other}")]
        for method, path in (("GET", "/v1/me/posts"), ("GET", "/v1/feed"), ("POST", "/v1/posts")):
            refusal(alice.posting.http.request(method, path, headers=headers), 401, "not_authenticated")


def test_bytes_beyond_ascii_are_no_token(alice: Caller) -> None:
    for raw in (b"Bearer \xff\xfe", b"Bearer t\xc3\xb6ken", "Bearer ключ".encode()):
        refusal(post_with(alice, raw), 401, "not_authenticated")


def test_without_any_token_one_is_asked_for(visitor: Caller) -> None:
    response = visitor.send({"content": "x"})
    refusal(response, 401, "not_authenticated")
    assert response.headers["www-authenticate"] == "Bearer"


def test_whoever_is_not_signed_in_learns_nothing_about_the_body(visitor: Caller) -> None:
    for body in (b"{", b"", b"\0", b"x" * 1000):
        refusal(visitor.request("POST", "/v1/posts", content=body), 401, "not_authenticated")


def test_the_signer_of_another_project_is_a_stranger(alice: Caller, issuer: Issuer, posting: Posting) -> None:
    stranger = Signer(project=issuer.signer.project, key=_stranger, kid=issuer.signer.kid)
    refused(alice, mint_id_token(stranger, str(alice.uid), now=posting.clock.now()))

"""Firebase ID tokens: one that its issuer signed for us and that is current is a person; anything else is refused."""

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.models.errors import NotAuthenticated, TokenExpired
from shared.models.person import Person
from shared.platform import identity as identity_module
from shared.platform.identity import CLOCK_SKEW, Identity, SigningKeys
from tests.support.issuing import AUDIENCE, ISSUER, Publisher, claims_at, private_key, public_jwk, signed, signed_bytes
from tests.support.loop import awaited

NOW = datetime(2031, 5, 17, 12, tzinfo=UTC)
EPOCH = NOW.timestamp()
ALICE = Person("alice")


def encoded(part: object) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@cache
def true() -> str:
    return signed(claims_at(EPOCH))


def assembled(*, header: object = None, payload: object = None, signature: bytes | None = None) -> str:
    """The true token, with parts of it exchanged."""
    parts = true().split(".")
    exchanged = (header, payload, signature)
    return ".".join(part if new is None else encoded(new) for part, new in zip(parts, exchanged, strict=True))


def with_header(**changes: object) -> str:
    """Above the true signature a header that was written anew; a change to None leaves the field out."""
    header = {"alg": "RS256", "kid": "one", **changes}
    return assembled(header={name: value for name, value in header.items() if value is not None})


def true_signature() -> bytes:
    return base64.urlsafe_b64decode(true().split(".")[2] + "==")


def with_flipped_bit() -> str:
    signature = true_signature()
    return assembled(signature=bytes([signature[0] ^ 1]) + signature[1:])


def by_hmac(encoding: Encoding) -> str:
    """The classic: our own public key, taken for a shared secret."""
    secret = private_key("one").public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    message = f"{encoded({'alg': 'HS256', 'kid': 'one'})}.{encoded(claims_at(EPOCH))}"
    return f"{message}.{encoded(hmac.digest(secret, message.encode(), 'sha256'))}"


# Made when they are asked for: a key takes its time.
FORGED: dict[str, Callable[[], str]] = {
    "no token at all": lambda: "x",
    "one part": lambda: true().split(".")[0],
    "two parts": lambda: true().rpartition(".")[0],
    "four parts": lambda: f"{true()}.x",
    "five parts": lambda: f"{true()}.x.x",
    "unsigned": lambda: assembled(header={"alg": "none", "kid": "one"}, signature=b""),
    "unsigned in capitals": lambda: assembled(header={"alg": "NONE", "kid": "one"}, signature=b""),
    "unsigned with a signature": lambda: with_header(alg="none"),
    "as the Auth emulator makes them": lambda: assembled(header={"alg": "none", "typ": "JWT"}, signature=b""),
    "without algorithm": lambda: with_header(alg=None),
    "without key id": lambda: with_header(kid=None),
    "key id is a number": lambda: with_header(kid=1),
    "key id is a list": lambda: with_header(kid=["one"]),
    "key id of nobody": lambda: with_header(kid="nobody"),
    "key id leads elsewhere": lambda: with_header(kid="../one"),
    "algorithm is a list": lambda: with_header(alg=["RS256"]),
    "another spelling of the algorithm": lambda: with_header(alg="rs256"),
    "public key as a secret (PEM)": lambda: by_hmac(Encoding.PEM),
    "public key as a secret (DER)": lambda: by_hmac(Encoding.DER),
    "RS512 of the true key": lambda: signed(claims_at(EPOCH), algorithm="RS512"),
    "PS256 of the true key": lambda: signed(claims_at(EPOCH), algorithm="PS256"),
    "another key under the true name": lambda: signed(claims_at(EPOCH), key="forger", key_id="one"),
    "brings its own key": lambda: with_header(jwk=public_jwk("forger")),
    "says where its key is": lambda: with_header(jku="https://example.com/keys"),
    "critical extension": lambda: with_header(crit=["b64"], b64=False),
    "payload of another": lambda: assembled(payload=claims_at(EPOCH, sub="bob")),
    "empty signature": lambda: assembled(signature=b""),
    "short signature": lambda: assembled(signature=true_signature()[:-1]),
    "long signature": lambda: assembled(signature=true_signature() + b"x"),
    "flipped bit": with_flipped_bit,
    "payload is no JSON": lambda: signed_bytes(b"no json"),
    "payload is a list": lambda: signed_bytes(b"[]"),
    "payload is nothing": lambda: signed_bytes(b""),
    "payload is a deep well": lambda: signed_bytes(b"[" * 20_000),
    "header is a deep well": lambda: assembled(header=b"[" * 20_000),
    "header is a list": lambda: assembled(header=[]),
    "not even letters": lambda: "é.ü.ß",
    "dots": lambda: "." * 1000,
    "very long": lambda: "a" * 100_000,
    "leading space": lambda: f" {true()}",
}


WRONG_CLAIMS: dict[str, dict[str, object]] = {
    "another project": {"aud": "other"},
    "no audience": {"aud": None},
    "audience is empty": {"aud": ""},
    "audience is a number": {"aud": 1},
    "another issuer": {"iss": "https://securetoken.google.com/other"},
    "an issuer that begins like ours": {"iss": ISSUER + "/"},
    "no issuer": {"iss": None},
    "issuer is a list": {"iss": [ISSUER]},
    "nobody": {"sub": None},
    "empty name": {"sub": ""},
    "too long a name": {"sub": "x" * 129},
    "name is a number": {"sub": 7},
    "name with NUL": {"sub": "ali\0ce"},
    "name on two lines": {"sub": "ali\nce"},
    "half a character": {"sub": "ali\ud800"},
    "no end": {"exp": None},
    "end is a text": {"exp": "tomorrow"},
    "end is a numeric text": {"exp": str(int(EPOCH) + 3600)},
    "end is true": {"exp": True},
    "end is a list": {"exp": [EPOCH + 3600]},
    "no beginning": {"iat": None},
    "beginning is a text": {"iat": "now"},
    "from the future": {"iat": EPOCH + CLOCK_SKEW + 1},
    "signed in in the future": {"auth_time": EPOCH + CLOCK_SKEW + 1},
    "signed in at no time": {"auth_time": "then"},
}


def door(publisher: Publisher) -> Identity:
    return Identity(issuer=ISSUER, audience=AUDIENCE, keys=SigningKeys(publisher.url))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
@awaited
async def test_a_current_token_is_a_person(scheme: str, publisher: Publisher) -> None:
    assert await door(publisher).person(f"{scheme} {signed(claims_at(EPOCH))}", NOW) == ALICE


@pytest.mark.parametrize("uid", ["a", "x" * 128, "Zürich", "日本", "a:b/c d"])
@awaited
async def test_a_person_has_the_name_that_the_issuer_gave(uid: str, publisher: Publisher) -> None:
    assert await door(publisher).person(f"Bearer {signed(claims_at(EPOCH, sub=uid))}", NOW) == Person(uid)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token x", "x"])
@awaited
async def test_without_a_token_nobody_is_asked_and_nobody_is_let_in(
    authorization: str | None, publisher: Publisher
) -> None:
    with pytest.raises(NotAuthenticated, match="Sign in first"):
        await door(publisher).person(authorization, NOW)
    assert publisher.asked == 0


async def refusal(identity: Identity, token: str) -> NotAuthenticated:
    """How this token is refused: as no sign-in, without a word of what is in it."""
    with pytest.raises(NotAuthenticated) as caught:
        await identity.person(f"Bearer {token}", NOW)
    assert (caught.value.code, caught.value.details) == ("not_authenticated", {})
    assert not any(part in caught.value.message for part in token.split(".") if len(part) > 3)
    return caught.value


@pytest.mark.parametrize("how", FORGED)
@awaited
async def test_a_forged_token_is_refused_before_and_after_the_true_one_is_accepted(
    how: str, publisher: Publisher
) -> None:
    identity, token = door(publisher), FORGED[how]()
    first = await refusal(identity, token)
    assert await identity.person(f"Bearer {true()}", NOW) == ALICE
    assert (await refusal(identity, token)).message == first.message


@pytest.mark.parametrize("how", WRONG_CLAIMS)
@awaited
async def test_a_token_that_was_not_made_for_this_is_refused(how: str, publisher: Publisher) -> None:
    await refusal(door(publisher), signed(claims_at(EPOCH, **WRONG_CLAIMS[how])))


@awaited
async def test_a_token_ends_by_the_time_that_is_given_and_not_by_the_machines(publisher: Publisher) -> None:
    identity, token = door(publisher), signed(claims_at(EPOCH))
    end = NOW + timedelta(hours=1)
    assert await identity.person(f"Bearer {token}", end - timedelta(microseconds=1)) == ALICE
    for late in (end, end + timedelta(days=1)):
        with pytest.raises(TokenExpired):
            await identity.person(f"Bearer {token}", late)  # remembered
        with pytest.raises(TokenExpired):
            await door(publisher).person(f"Bearer {token}", late)  # never seen before
    assert await identity.person(f"Bearer {token}", NOW) == ALICE


@pytest.mark.parametrize("ahead", [0, 1, CLOCK_SKEW])
@awaited
async def test_an_issuers_clock_may_be_a_little_ahead(ahead: int, publisher: Publisher) -> None:
    token = signed(claims_at(EPOCH, iat=EPOCH + ahead, auth_time=EPOCH + ahead))
    assert await door(publisher).person(f"Bearer {token}", NOW) == ALICE


@awaited
async def test_a_verified_token_is_remembered_until_it_ends(publisher: Publisher) -> None:
    identity, token = door(publisher), signed(claims_at(EPOCH))
    await identity.person(f"Bearer {token}", NOW)
    publisher.keys, publisher.status = (), 503
    assert await identity.person(f"Bearer {token}", NOW + timedelta(minutes=59)) == ALICE
    assert publisher.asked == 1


@awaited
async def test_what_was_refused_is_not_remembered(publisher: Publisher) -> None:
    identity, early = door(publisher), signed(claims_at(EPOCH, iat=EPOCH + 60))
    with pytest.raises(NotAuthenticated):
        await identity.person(f"Bearer {early}", NOW)
    assert await identity.person(f"Bearer {early}", NOW + timedelta(minutes=1)) == ALICE


@awaited
async def test_only_so_many_tokens_are_remembered_and_the_oldest_is_forgotten_first(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_module, "REMEMBERED", 3)  # 20,000 signatures would take a minute
    identity = door(publisher)
    first, *rest = (f"Bearer {signed(claims_at(EPOCH, sub=f'person {number}'))}" for number in range(4))
    for authorization in (first, *rest):
        await identity.person(authorization, NOW)
    publisher.keys = ("two",)
    await identity.person(f"Bearer {signed(claims_at(EPOCH), key='two')}", NOW + timedelta(seconds=10))
    # The key of the four is gone, so who is still let in was remembered: the latest three are the last two and this.
    with pytest.raises(NotAuthenticated):
        await identity.person(first, NOW)
    with pytest.raises(NotAuthenticated):
        await identity.person(rest[0], NOW)
    assert [await identity.person(authorization, NOW) for authorization in rest[1:]] == [
        Person("person 2"),
        Person("person 3"),
    ]

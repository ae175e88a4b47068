"""Firebase ID tokens: an `Authorization` header -> a `Person`, or a coded refusal.

RS256 with a key that the issuer publishes, the right issuer and audience, not expired, not from the future. There is
no setting under which anything less is accepted. PyJWT is imported by the first token and not by a cold start: the
feed is read without one.
"""

import asyncio
import json
import re
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from shared.models.errors import NotAuthenticated, Temporary, TokenExpired
from shared.models.person import Person
from shared.platform import log, patience

if TYPE_CHECKING:
    import jwt
    from jwt.types import Options

CLOCK_SKEW = 30
"""Seconds by which an issuer's clock may be ahead of ours."""

REMEMBERED = 20_000
"""Verified tokens that one instance remembers until they expire (about 300 bytes each)."""

_REFETCH_AFTER = 10.0
_RETRY_AFTER = 1.0
_ISSUER_PATIENCE = 2.0
_KEYS_LAST = (300.0, 86_400.0)
_KEYS_SIZE = 256 * 1024
_MAX_AGE = re.compile(r"max-age=(\d{1,9})")
_OPTIONS: "Final[Options]" = {
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "require": ["exp", "iat", "sub", "aud", "iss"],
}


class SigningKeys:
    """The issuer's public keys, fetched when they are needed and kept as long as the issuer says."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._asked_at = 0.0
        self._answered = False
        self._fresh_until = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def find(self, key_id: str, now: float) -> "jwt.PyJWK | None":
        """The key named `key_id`; `now` is in epoch seconds. Temporary if the issuer cannot be asked and must be."""
        known = self._keys.get(key_id)
        if known is not None:
            if now >= self._fresh_until:
                self._ask(now)  # for the next one: this key is as good as it was a moment ago
            return known
        if (asking := self._ask(now)) is not None:
            await asyncio.wait({asking}, timeout=patience.left())
        if key_id not in self._keys and not self._answered:
            raise Temporary(retry_after=patience.RETRY_AFTER)
        return self._keys.get(key_id)

    def _ask(self, now: float) -> "asyncio.Task[None] | None":
        """The question that is on its way, for all who wait; None if the issuer was asked just now."""
        if self._asking is None or self._asking.done():
            self._asking = None
            if abs(now - self._asked_at) >= (_REFETCH_AFTER if self._answered else _RETRY_AFTER):
                self._asked_at, self._answered = now, False
                self._asking = asyncio.create_task(self._refresh(now))
        return self._asking

    async def _refresh(self, now: float) -> None:
        try:
            async with asyncio.timeout(_ISSUER_PATIENCE):
                await self._fetch(now)
            self._answered = True
        except Exception as error:
            log.warning("The issuer's signing keys could not be fetched.", failure=type(error).__name__)

    def prefetch(self, now: float) -> None:
        """Ask ahead of the first token. If the issuer is away, that token asks again."""

        async def ask() -> None:
            await self._refresh(now)
            if not self._answered:
                self._asked_at = 0.0

        self._asking = asyncio.create_task(ask())

    async def _fetch(self, now: float) -> None:
        keys, max_age = await asyncio.to_thread(_published, self._url)
        self._keys = keys
        shortest, longest = _KEYS_LAST
        self._fresh_until = now + min(max(max_age, shortest), longest)


def _published(url: str) -> "tuple[dict[str, jwt.PyJWK], float]":
    """The issuer's RSA keys by name, and how many seconds it says that they last. Blocks."""
    from urllib.request import urlopen

    import jwt

    with urlopen(url, timeout=_ISSUER_PATIENCE) as answer:  # noqa: S310 (http or https, by Settings)
        keys = jwt.PyJWKSet.from_dict(json.loads(answer.read(_KEYS_SIZE))).keys
        told = _MAX_AGE.search(answer.headers.get("cache-control", ""))
    rsa = {key.key_id: key for key in keys if key.key_id and key.key_type == "RSA"}
    return rsa, float(told[1]) if told else 3600.0


class Identity:
    """Who is asking. Lives as long as the instance, because it remembers what it has verified."""

    def __init__(self, *, issuer: str, audience: str, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys
        self._verified: dict[bytes, tuple[Person, float]] = {}

    async def person(self, authorization: str | None, now: datetime) -> Person:
        """The person whose token this is. NotAuthenticated or TokenExpired if it is none or no good any more."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticated
        seconds = now.timestamp()
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        remembered = self._verified.get(digest)
        if remembered is None:
            remembered = await self._verify(token, seconds)
            self._remember(digest, remembered)
        person, expires = remembered
        if seconds >= expires:
            raise TokenExpired
        return person

    def _remember(self, digest: bytes, verified: tuple[Person, float]) -> None:
        while len(self._verified) >= REMEMBERED:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = verified

    async def _verify(self, token: str, now: float) -> tuple[Person, float]:
        import jwt

        try:
            header = jwt.get_unverified_header(token)
            key_id = header.get("kid")
            if header.get("alg") != "RS256" or not isinstance(key_id, str):
                raise NotAuthenticated("This token is not signed as Firebase signs: RS256 with a key id.")
            key = await self._keys.find(key_id, now)
            if key is None:
                raise NotAuthenticated("This token is signed with a key that its issuer does not publish.")
            claims = jwt.decode(
                token, key.key, algorithms=["RS256"], audience=self._audience, issuer=self._issuer, options=_OPTIONS
            )
        except jwt.PyJWTError as error:
            raise NotAuthenticated(f"This ID token cannot be accepted: {_reason(error)}.") from error
        return _person(claims, now)


def _reason(error: "jwt.PyJWTError") -> str:
    import jwt

    match error:
        case jwt.InvalidSignatureError():
            return "its signature is wrong"
        case jwt.InvalidAudienceError() | jwt.InvalidIssuerError():
            return "it was made for another project"
        case jwt.MissingRequiredClaimError():
            return "a claim is missing"
        case _:
            return "it is no well-formed token"


def _person(claims: dict[str, object], now: float) -> tuple[Person, float]:
    """The person of verified claims and the token's end, in epoch seconds."""
    subject, expires, issued = claims["sub"], claims["exp"], claims["iat"]
    numbers = (expires, issued, claims.get("auth_time", issued), claims.get("nbf", issued))
    if not isinstance(subject, str) or not 1 <= len(subject) <= 128 or not subject.isprintable():
        raise NotAuthenticated("This token names nobody.")
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        raise NotAuthenticated("The times in this token are no numbers.")
    ends, *begins = (float(str(number)) for number in numbers)
    if any(begin > now + CLOCK_SKEW for begin in begins):
        raise NotAuthenticated("This token is from the future; check the clock of its issuer.")
    if now >= ends:
        raise TokenExpired
    return Person(subject), ends

"""Who is asking, from where and when: what routes take as their first argument."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Depends, Request

from shared.models.errors import NotAuthenticated
from shared.models.person import Person
from shared.platform import clock
from shared.platform.database import Database
from shared.platform.settings import Settings

Who = TypeVar("Who", covariant=True)


@dataclass(frozen=True, slots=True)
class Visit(Generic[Who]):
    """One request with all that an answer to it may need. `person` is a Person, or None where nobody signed in."""

    person: Who
    address: str
    now: datetime
    settings: Settings
    database: Database


async def anyone(request: Request) -> Visit[Person | None]:
    """The visit of somebody who may have signed in; fails as `signed_in` does if they did and it is no good."""
    authorization = _authorization(request)
    now = clock.now()
    person = None if authorization is None else await request.app.state.identity.person(authorization, now)
    return Visit(person, _address(request), now, request.app.state.settings, request.app.state.database)


async def signed_in(request: Request) -> Visit[Person]:
    """The visit of somebody who signed in. NotAuthenticated, TokenExpired, or Temporary while the issuer is away."""
    now = clock.now()
    person = await request.app.state.identity.person(_authorization(request), now)
    return Visit(person, _address(request), now, request.app.state.settings, request.app.state.database)


SIGNED_IN: Final[dict[str, object]] = {"security": [{"firebase": []}]}
"""`openapi_extra` of a route that takes `SignedIn`."""

SIGNED_IN_OR_NOT: Final[dict[str, object]] = {"security": [{"firebase": []}, {}]}
"""`openapi_extra` of a route that takes `Anyone`."""

Anyone = Annotated[Visit[Person | None], Depends(anyone)]
SignedIn = Annotated[Visit[Person], Depends(signed_in)]


def _authorization(request: Request) -> str | None:
    """The one header. Of two, who is asking would depend on which one each part on the way looks at."""
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise NotAuthenticated("Send one Authorization header, not several.")
    return given[0] if given else None


def _address(request: Request) -> str:
    """Who sent the request: the entry that our own outermost front end added, never one that a caller made up."""
    trusted_proxies: int = request.app.state.settings.trusted_proxies
    peer = request.client.host if request.client else "unknown"
    chain = [part.strip() for part in ",".join(request.headers.getlist("x-forwarded-for")).split(",") if part.strip()]
    return chain[-trusted_proxies] if 0 < trusted_proxies <= len(chain) else peer

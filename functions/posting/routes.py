"""The door for people: what each path takes and answers. The work is in the files named after the verbs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from functions.posting.accept import Accepted, accept_post
from functions.posting.browse import FeedQuery, ShownPost, get_post, read_diary, read_feed
from functions.posting.react import add_reaction, remove_reaction
from functions.posting.remove import delete_post
from shared.models.page import Limit, Page
from shared.models.post import NewPost
from shared.models.reaction import Emoji, Reactions
from shared.platform import idempotency_key
from shared.platform.body import body_of, read_json
from shared.platform.refusals import ErrorAnswer
from shared.platform.visit import SIGNED_IN, SIGNED_IN_OR_NOT, Anyone, SignedIn, signed_in

routes = APIRouter(prefix="/v1", tags=["posting"])

PostId = Annotated[UUID, Path(description="The post's id.", examples=["0198f1c2-7d5e-7c3a-9b6e-3f1d2c4b5a69"])]
EmojiPath = Annotated[Emoji, Path(examples=["🔥"])]
Cursor = Annotated[str | None, Query(max_length=100, description="`next_cursor` of the page before.")]
Category = Annotated[
    str | None, Query(pattern="^[a-z]{2,20}$", description="Only posts of this category.", examples=["music"])
]
Key = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Only posts with this similarity key.",
        pattern=r"^[^:\x00]+:[^:\x00]*:[^:\x00]+$",
        examples=["music:taylorswift:lover"],
    ),
]


def _refusals(*statuses: int) -> dict[int | str, dict[str, object]]:
    meaning = {
        400: "Broken JSON, or a cursor that was not given out for this list.",
        401: "No ID token, or none that is current.",
        404: "Nothing here that you may see.",
        409: "The Idempotency-Key was used for another body.",
        410: "The Idempotency-Key made a post that has been deleted since.",
        413: "The body is too large.",
        415: "The body is no JSON by its Content-Type.",
        422: "The request does not fit; details.problems says what.",
        429: "Too much in a short time; Retry-After says when.",
        503: "Away for a moment; Retry-After says when.",
    }
    return {status: {"model": ErrorAnswer, "description": meaning[status]} for status in (*statuses, 422, 503)}


def _json(answer: BaseModel, status: int = 200, **headers: str) -> Response:
    """`answer` as it is: validated when it was made, so FastAPI need not do it again."""
    return Response(answer.model_dump_json(), status, headers, media_type="application/json")


@routes.post(
    "/posts",
    status_code=201,
    response_model=Accepted,
    responses=_refusals(400, 401, 409, 410, 413, 415, 429),
    summary="Say what you are doing; learn who else is doing it",
    openapi_extra=SIGNED_IN | body_of(NewPost) | {"parameters": [idempotency_key.PARAMETER]},
)
async def create_post(request: Request) -> Response:
    """Answers with the post as it was understood and its verdict. Private posts get a verdict, count for nobody and
    appear nowhere. An answer given before carries `Idempotency-Replayed: true`."""
    # Read by hand: resolving these three through FastAPI takes as long as all of our own work on a post.
    visit, new = await signed_in(request), await read_json(request, NewPost)
    answer, replayed = await accept_post(visit, new, idempotency_key=idempotency_key.read(request.headers))
    headers = {"Location": f"/v1/posts/{answer.post.id}"} | ({"Idempotency-Replayed": "true"} if replayed else {})
    return _json(answer, 201, **headers)


@routes.get(
    "/posts/{post_id}",
    response_model=ShownPost,
    responses=_refusals(401, 404),
    summary="One post",
    openapi_extra=SIGNED_IN_OR_NOT,
)
async def show_post(visit: Anyone, post_id: PostId) -> Response:
    """A public post, or one's own. A token is only needed for one's own private posts."""
    return _json(await get_post(visit, post_id))


@routes.delete(
    "/posts/{post_id}",
    status_code=204,
    responses=_refusals(401, 404, 413),
    summary="Delete one's own post",
    openapi_extra=SIGNED_IN,
)
async def remove_post(visit: SignedIn, post_id: PostId) -> Response:
    """Gone at once, with its reactions; the counters follow."""
    await delete_post(visit, post_id)
    return Response(status_code=204)


@routes.get(
    "/feed",
    response_model=Page[ShownPost],
    responses=_refusals(400, 401),
    summary="What people say now",
    openapi_extra=SIGNED_IN_OR_NOT,
)
async def show_feed(
    visit: Anyone, category: Category = None, *, key: Key = None, limit: Limit = 20, cursor: Cursor = None
) -> Response:
    """Public posts without their authors, newest first. No token needed."""
    return _json(await read_feed(visit, FeedQuery(category=category, key=key), limit=limit, cursor=cursor))


@routes.get(
    "/me/posts",
    response_model=Page[ShownPost],
    responses=_refusals(400, 401),
    summary="One's own diary",
    openapi_extra=SIGNED_IN,
)
async def show_diary(visit: SignedIn, limit: Limit = 20, *, cursor: Cursor = None) -> Response:
    """All of one's own posts, private ones included, newest first."""
    return _json(await read_diary(visit, limit=limit, cursor=cursor))


@routes.put(
    "/posts/{post_id}/reactions/{emoji}",
    response_model=Reactions,
    responses=_refusals(401, 404, 413, 429),
    summary="React with an emoji",
    openapi_extra=SIGNED_IN,
)
async def put_reaction(visit: SignedIn, post_id: PostId, *, emoji: EmojiPath) -> Response:
    """Once per person and emoji, however often it is sent. Answers with all reactions on the post."""
    return _json(await add_reaction(visit, post_id, emoji=emoji))


@routes.delete(
    "/posts/{post_id}/reactions/{emoji}",
    response_model=Reactions,
    responses=_refusals(401, 404, 413, 429),
    summary="Take a reaction back",
    openapi_extra=SIGNED_IN,
)
async def delete_reaction(visit: SignedIn, post_id: PostId, *, emoji: EmojiPath) -> Response:
    """Nothing happens where it is not there. Answers with the reactions that are left."""
    return _json(await remove_reaction(visit, post_id, emoji=emoji))

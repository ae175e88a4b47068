"""The bare sketch that `posting` is held against: one route, one SQL function that inserts and counts.

No token, no idempotency, no throttle, no limits, no log: the least that FastAPI and Postgres can do for a post.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel


class NewPost(BaseModel):
    content: str
    person: str


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    connection = {"autocommit": True, "prepare_threshold": None}
    url = os.environ["DATABASE_URL"]
    async with AsyncConnectionPool(url, kwargs=connection, min_size=4, max_size=4, open=False) as app.state.pool:
        yield


app = FastAPI(lifespan=_lifespan)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/v1/posts", status_code=201)
async def create_post(new: NewPost, request: Request) -> dict[str, str | int]:
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute("select public.sketch_post(%s, %s)", (new.person, new.content))
        (others,) = await cursor.fetchone()
    return {"content": new.content, "others": others}

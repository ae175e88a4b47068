"""The least that functions-framework and FastAPI can start: one route. What the cold start of ours is held against."""

from typing import cast

import functions_framework.aio
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

app = FastAPI()


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@functions_framework.aio.http
async def bare(_: Request) -> Response:
    return cast(Response, app)  # functions-framework calls what it is given as an ASGI app

"""The way from functions-framework to our app, in a process of its own: its registry would change the whole worker."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SOURCE = """
import json
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from functions_framework import execution_id

from shared.platform import log
from shared.platform.cloud_function import cloud_function
from shared.platform.door import Door

begun = 0


@asynccontextmanager
async def lifespan(app):
    global begun
    begun += 1
    yield {"begun": begun}


app = FastAPI(lifespan=lifespan)
app.add_middleware(Door, function="probe")


@app.api_route("/v1/things/{thing}", methods=["GET", "PUT"])
async def thing(thing: str, request: Request):
    return {
        "thing": thing,
        "params": request.path_params,
        "body": (await request.body()).decode(),
        "query": str(request.query_params),
        "begun": begun,
        "request_id": log.request_id.get(),
        "execution_id": execution_id.execution_context_var.get().execution_id,
    }


@app.get("/broken")
async def broken():
    raise RuntimeError("inside")


@app.get("/broken-halfway")
async def broken_halfway():
    def parts():
        yield "one"
        raise RuntimeError("inside")
    return StreamingResponse(parts())


probe = cloud_function("probe", app)
"""

DRIVER = '''
import asyncio, json, sys

import httpx
from functions_framework import aio

app = aio.create_asgi_app("probe", source=sys.argv[1], signature_type="http")


async def raw(path):
    """Every message of an answer, as a server would see them."""
    sent = []

    come = asyncio.Semaphore(1)

    async def receive():
        await come.acquire()  # one empty body, and then a client that waits
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": path, "raw_path": path.encode(),
             "query_string": b"", "headers": [], "scheme": "http", "server": ("h", 80), "client": ("c", 1),
             "root_path": ""}
    await app(scope, receive, send)
    return [message.get("status", message["type"]) for message in sent]


async def drive():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://function") as client:
        first = await asyncio.gather(*(client.get(f"/v1/things/{number}?q=1") for number in range(5)))
        named = await client.put("/v1/things/x", content=b"hi", headers={"Function-Execution-Id": "execution-7"})
        lost = await client.get("/nowhere")
        broken = await client.get("/broken")
    return {
        "first": [answer.json() for answer in first],
        "named": [named.json(), named.headers["x-request-id"]],
        "lost": lost.status_code,
        "broken": [broken.status_code, broken.json()["code"]],
        "raw": {path: await raw(path) for path in ("/broken", "/broken-halfway")},
    }


print("RESULT", json.dumps(asyncio.run(drive())))
'''

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/nowhere",
    "IDENTITY_ISSUER": "https://securetoken.google.com/demo",
    "IDENTITY_AUDIENCE": "demo",
    "IDENTITY_JWKS_URL": "http://127.0.0.1:1/jwk",
    "SIGNING_SECRET": "a signing secret of at least 32 characters",
    "TRUSTED_PROXIES": "1",
    "PUBLIC_URL": "https://api.example.com",
}


def drive(folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    source = folder / "main.py"
    source.write_text(SOURCE)
    plain = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}
    argv = [sys.executable, "-W", "error", "-c", DRIVER, str(source)]
    return subprocess.run(argv, env={**plain, **environment}, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = drive(tmp_path_factory.mktemp("function"), ENVIRONMENT)
    assert run.returncode == 0, run.stderr
    [line] = [line for line in run.stdout.splitlines() if line.startswith("RESULT")]
    answered: dict[str, Any] = json.loads(line.removeprefix("RESULT"))
    return answered


def test_the_lifespan_is_entered_once_however_many_requests_come_first(result: dict[str, Any]) -> None:
    assert [answer["begun"] for answer in result["first"]] == [1] * 5
    assert result["named"][0]["begun"] == 1


def test_our_own_routes_are_matched_and_nothing_of_the_frameworks_is_left(result: dict[str, Any]) -> None:
    assert [answer["thing"] for answer in result["first"]] == ["0", "1", "2", "3", "4"]
    assert result["first"][0]["params"] == {"thing": "0"}
    assert result["first"][0]["query"] == "q=1"
    assert result["named"][0]["body"] == "hi"
    assert result["lost"] == 404


def test_the_execution_id_is_kept_and_is_the_request_id(result: dict[str, Any]) -> None:
    answer, header = result["named"]
    assert answer["execution_id"] == answer["request_id"] == header == "execution-7"


def test_an_error_is_answered_once(result: dict[str, Any]) -> None:
    assert result["broken"] == [500, "internal"]
    assert result["raw"]["/broken"] == [500, "http.response.body"]


def test_an_error_after_the_answer_began_is_not_answered_again(result: dict[str, Any]) -> None:
    assert result["raw"]["/broken-halfway"][0] == 200
    assert all(message == "http.response.body" for message in result["raw"]["/broken-halfway"][1:])


def test_a_wrong_environment_ends_the_process_before_the_first_request(tmp_path: Path) -> None:
    run = drive(tmp_path, {name: value for name, value in ENVIRONMENT.items() if name != "SIGNING_SECRET"})
    assert run.returncode != 0
    assert "SettingsError" in run.stderr
    assert "SIGNING_SECRET" in run.stderr


def test_under_another_server_the_framework_is_not_even_imported() -> None:
    code = (
        "import sys; from fastapi import FastAPI; from shared.platform.cloud_function import cloud_function; "
        "cloud_function('probe', FastAPI()); sys.exit('functions_framework' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0

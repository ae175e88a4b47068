"""The gateway as a front end: which function answers which path, and what a function gets to see of a request."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.gateway import Gateway
from infra.local.hosting import read_rewrites
from infra.local.pages import create_pages
from tests.support.people import InProcess


def _echo(name: str) -> Starlette:
    async def echo(request: Request) -> JSONResponse:
        seen = {"name": name, "path": request.scope["path"], "door": request.scope["root_path"]}
        return JSONResponse(seen | {"chain": request.headers.getlist("x-forwarded-for")})

    return Starlette(routes=[Route("/{path:path}", echo)])


@pytest.fixture
def http(tmp_path: Path) -> httpx.Client:
    rewrites = [
        {"source": "/v1/posts", "run": {"serviceId": "posting"}},
        {"source": "/v1/posts/**", "run": {"serviceId": "posting"}},
        {"source": "/v1/*/image", "function": {"functionId": "sharing"}},
    ]
    file = tmp_path / "firebase.json"
    file.write_text(json.dumps({"hosting": {"rewrites": rewrites}}))
    read = read_rewrites(file)
    functions = {"posting": _echo("posting"), "sharing": _echo("sharing")}
    gateway: Any = Gateway(functions, read, identity=_echo("identity"), pages=create_pages(read, None))
    return httpx.Client(transport=InProcess(gateway), base_url="http://stack")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/posts", "posting"),
        ("/v1/posts/1/reactions/x", "posting"),
        ("/v1/7/image", "sharing"),
        ("/identitytoolkit.googleapis.com/v1/accounts:signUp", "identity"),
    ],
)
def test_a_path_reaches_the_function_of_its_rewrite_unchanged(http: httpx.Client, path: str, name: str) -> None:
    seen = http.get(path).json()
    assert (seen["name"], seen["path"], seen["door"]) == (name, path, "")


@pytest.mark.parametrize("path", ["/v1/postscript", "/v1/a/b/image", "/v1", "/fn/nobody/docs", "/fn/"])
def test_a_path_of_nobody_is_a_coded_404(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_each_function_has_its_own_door(http: httpx.Client) -> None:
    seen = http.get("/fn/sharing/readyz").json()
    assert (seen["name"], seen["path"], seen["door"]) == ("sharing", "/readyz", "/fn/sharing")


def test_the_front_page_lists_what_is_there_for_programs_and_for_people(http: httpx.Client) -> None:
    assert http.get("/").json()["posting"]["docs"] == "/fn/posting/docs"
    page = http.get("/", headers={"Accept": "text/html"})
    assert '<a href="/fn/posting/docs">' in page.text


def test_the_address_of_the_peer_comes_last_whatever_a_caller_claims(http: httpx.Client) -> None:
    chain = http.get("/v1/posts", headers={"X-Forwarded-For": "1.2.3.4"}).json()["chain"]
    assert chain == ["1.2.3.4, 127.0.0.1"]
    assert http.get("/v1/posts").json()["chain"] == ["127.0.0.1"]


def test_a_page_of_this_machine_may_read_answers_and_a_page_of_the_internet_may_not(http: httpx.Client) -> None:
    def allowed(origin: str) -> str | None:
        headers = dict(http.get("/v1/posts", headers={"Origin": origin}).headers)
        return headers.get("access-control-allow-origin")

    assert allowed("http://localhost:5173") == "http://localhost:5173"
    assert allowed("https://evil.example") is None


def test_a_rewrite_that_cannot_be_understood_is_refused(tmp_path: Path) -> None:
    def read(rewrite: dict[str, Any]) -> None:
        (tmp_path / "firebase.json").write_text(json.dumps({"hosting": {"rewrites": [rewrite]}}))
        read_rewrites(tmp_path / "firebase.json")

    with pytest.raises(ValueError, match="not understood"):
        read({"source": "/v1/@(posts|feed)", "run": {"serviceId": "posting"}})
    with pytest.raises(ValueError, match="no function"):
        read({"source": "/v1/posts", "run": {}})

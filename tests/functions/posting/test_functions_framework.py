"""The function under the real `functions-framework`, as Google's own image starts it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from infra.local.clock import Clock
from infra.local.postgres import Server
from tests.support.database import PLATFORM, Database, copied
from tests.support.posting import ROOT, Issuer, Posting, new_song, refusal

START_LIMIT_S = 30


@dataclass(frozen=True)
class Started:
    process: subprocess.Popen[bytes]
    url: str
    folder: Path

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    @property
    def complained(self) -> str:
        return (self.folder / "complained").read_text()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_LIMIT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/healthz")
            except httpx.TransportError:
                continue
            return
        raise AssertionError(self.said + self.complained)


@contextmanager
def started(folder: Path, environment: dict[str, str]) -> Iterator[Started]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = str(Path(sys.executable).with_name("functions-framework"))
    argv = [program, "--target=posting", "--source=functions/posting/main.py", "--host=127.0.0.1", f"--port={port}"]
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    with (folder / "said").open("wb") as said, (folder / "complained").open("wb") as complained:
        process = subprocess.Popen(
            argv, cwd=ROOT, env=inherited | environment, stdout=said, stderr=complained, start_new_session=True
        )
    try:
        yield Started(process, f"http://127.0.0.1:{port}", folder)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("framework")


@pytest.fixture(scope="module")
def framework(folder: Path, issuer: Issuer, store: Database) -> Iterator[Started]:
    with started(folder, issuer.environment(store.backend_url)) as framework:
        framework.wait_until_it_answers()
        yield framework


@pytest.fixture(scope="module")
def deployed(framework: Started, issuer: Issuer, folder: Path) -> Iterator[Posting]:
    with httpx.Client(base_url=framework.url) as http:
        yield Posting(framework.url, issuer, Clock(folder / "clock"), folder, framework.process.pid, http)


def test_it_serves_a_post_and_all_that_belongs_to_it(deployed: Posting) -> None:
    alice, visitor = deployed.person("alice"), deployed.visitor()
    post = alice.says(new_song())["post"]
    assert visitor.reads(f"/v1/posts/{post['id']}")["id"] == post["id"]
    assert alice.put(f"/v1/posts/{post['id']}/reactions/🔥").json() == {"reactions": {"🔥": 1}}
    assert [item["id"] for item in alice.reads("/v1/me/posts", limit=1)["items"]] == [post["id"]]
    assert alice.delete(f"/v1/posts/{post['id']}").status_code == 204
    assert deployed.http.get("/readyz").json() == {"status": "ready"}
    assert deployed.http.get("/openapi.json").json()["openapi"].startswith("3.1")
    assert deployed.http.get("/docs").status_code == 200


def test_it_refuses_as_everywhere_else(deployed: Posting) -> None:
    alice = deployed.person("alice")
    refusal(alice.send({"content": ""}), 422, "invalid_request")
    refusal(deployed.visitor().send({"content": "x"}), 401, "not_authenticated")
    refusal(alice.get("/v1/nothing"), 404, "not_found")
    refusal(alice.put("/v1/feed"), 405, "method_not_allowed")
    refusal(alice.send({"content": "x" * 40_000}), 413, "body_too_large")


def test_the_execution_id_is_the_request_id_and_is_in_the_log(deployed: Posting, framework: Started) -> None:
    given = "execution-4711"
    response = deployed.http.get("/v1/feed", headers={"Function-Execution-Id": given})
    assert response.headers["x-request-id"] == given
    deadline = time.monotonic() + START_LIMIT_S
    while given not in framework.said and time.monotonic() < deadline:
        pass  # the line is written when the answer is on its way
    lines = [json.loads(line) for line in framework.said.splitlines() if given in line]
    assert [(line["request_id"], line["path"], line["status"]) for line in lines] == [(given, "/v1/feed", 200)]


def test_without_an_execution_id_the_framework_makes_one_and_it_is_the_request_id(deployed: Posting) -> None:
    first, second = (deployed.http.get("/v1/feed").headers["x-request-id"] for _ in range(2))
    assert first != second


def test_an_error_inside_is_answered_once_and_logged_once(
    tmp_path: Path, issuer: Issuer, server: Server, folder: Path
) -> None:
    """On a database without our migrations every statement fails."""
    with copied(server, PLATFORM) as empty, started(tmp_path, issuer.environment(empty.url)) as framework:
        framework.wait_until_it_answers()
        with httpx.Client(base_url=framework.url) as http:
            broken = Posting(framework.url, issuer, Clock(folder / "clock"), tmp_path, framework.process.pid, http)
            body = refusal(broken.person().send({"content": new_song()}), 500, "internal")
    assert "Traceback" not in framework.complained
    lines = [json.loads(line) for line in framework.said.splitlines() if body["request_id"] in line]
    assert [line["severity"] for line in lines] == ["ERROR", "INFO"]
    assert "UndefinedFunction" in lines[0]["failure"] or "InvalidSchemaName" in lines[0]["failure"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SIGNING_SECRET", None), ("DATABASE_URL", None), ("PUBLIC_URL", "example.com"), ("TRUSTED_PROXIES", "some"),
     ("POSTS_PER_PERSON", "10 a minute"), ("SIGNING_SECRET", "short")],
)  # fmt: skip
def test_a_wrong_environment_ends_it_at_once_and_is_named(
    variable: str, value: str | None, tmp_path: Path, issuer: Issuer
) -> None:
    environment = issuer.environment("postgresql://postgres:secret-password@127.0.0.1:1/none")
    if value is None:
        del environment[variable]
    else:
        environment[variable] = value
    with started(tmp_path, environment) as framework:
        assert framework.process.wait(START_LIMIT_S) != 0
    output = framework.said + framework.complained
    assert variable in output
    assert "secret-password" not in output
    assert value is None or f"'{value}'" not in output

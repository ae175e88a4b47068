"""Editing while the stack is up, on a copy of the checkout: edits arrive, broken ones do no harm, no request fails."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from tests.support.stack import CHECKOUT, CommandLine, Up, eventually

PARTS = ("functions", "shared", "infra", "supabase")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in PARTS:
        ignored = shutil.ignore_patterns("__pycache__", ".temp", "node_modules")
        shutil.copytree(CHECKOUT / part, tmp_path / "checkout" / part, ignore=ignored)
    shutil.copy(CHECKOUT / "firebase.json", tmp_path / "checkout")
    return tmp_path / "checkout"


def _greets(up: Up, word: str) -> bool:
    return bool(up.http.get("/v1/greeting").text == json.dumps(word))


def _greet(copy: Path, word: str) -> None:
    """Give the function a route of our own; `word` is Python source."""
    main = CHECKOUT / "functions" / "posting" / "main.py"
    route = f'\n\n@app.get("/v1/greeting")\ndef greeting() -> str:\n    return {word}\n'
    (copy / "functions" / "posting" / "main.py").write_text(main.read_text() + route)


def test_edits_arrive_broken_ones_do_no_harm_and_no_request_fails(copy: Path, tmp_path: Path) -> None:
    hosting = json.loads((copy / "firebase.json").read_text())
    hosting["hosting"]["rewrites"].append({"source": "/v1/greeting", "run": {"serviceId": "posting"}})
    (copy / "firebase.json").write_text(json.dumps(hosting))
    coincide = CommandLine(tmp_path / "stack", copy)
    with coincide.up() as up, _Caller(up) as caller:
        _greet(copy, "'hello'")
        eventually(lambda: _greets(up, "hello"))

        _greet(copy, "'hello")
        problem = eventually(lambda: coincide.status()["problem"])
        assert "functions/posting/main.py:" in problem
        assert "SyntaxError: unterminated string literal" in problem
        assert _greets(up, "hello")

        _greet(copy, "'welcome'")
        eventually(lambda: _greets(up, "welcome"))
        assert coincide.status()["problem"] is None

        migration = copy / "supabase" / "migrations" / "29990101000000_pre_greeting.sql"
        migration.write_text("create table private.greetings (word text primary key);")
        count = "select count(*) from private.greetings"
        eventually(lambda: coincide("exec", "--", "psql", "-c", count).returncode == 0)
    assert caller.answered > 0
    assert caller.failed == []


class _Caller:
    """Somebody who keeps asking, on a new connection each time, all the while."""

    def __init__(self, up: Up) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self._url = up.record["urls"]["base"] + "/v1/feed"
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> "_Caller":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def _ask(self) -> None:
        import httpx

        while not self._enough.is_set():
            try:
                answer = httpx.get(self._url, trust_env=False, timeout=10)
            except httpx.HTTPError as error:
                self.failed.append(repr(error))
            else:
                self.answered += answer.status_code == 200
                self.failed += [answer.text] if answer.status_code != 200 else []

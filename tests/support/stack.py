"""The real command line on a stack folder of one's own, as a person or a program would run it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 30.0
Found = TypeVar("Found")


@dataclass(frozen=True)
class CommandLine:
    """`coincide`, from the given checkout, for the stack in `state`."""

    state: Path
    checkout: Path = CHECKOUT

    def __call__(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        argv = self._argv(command, *arguments)
        return subprocess.run(
            argv, env=self._environment(), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=90
        )

    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        answer: dict[str, Any] = json.loads(self("status", "--json").stdout)
        return answer

    @contextmanager
    def up(self, *arguments: str) -> Iterator["Up"]:
        """A stack in the foreground, ready; told to end afterwards if it has not ended by then."""
        argv = self._argv("up", "--json", *arguments)
        log = self.state.with_suffix(".log")  # a file: a pipe that nobody reads fills, and then the stack waits
        with (
            log.open("w") as errors,
            subprocess.Popen(
                argv, env=self._environment(), stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
            ) as process,
        ):
            assert process.stdout
            try:
                line = process.stdout.readline()
                assert line, log.read_text()
                with httpx.Client(base_url=json.loads(line)["urls"]["base"], trust_env=False, timeout=10) as http:
                    yield Up(process, json.loads(line), http)
            finally:
                process.terminate()
                process.wait(timeout=30)
                self("down")  # for what a failed test may have left

    def _argv(self, command: str, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "infra.local.cli", command, "--state", str(self.state), *arguments]

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "COINCIDE_STATE"}
        return inherited | {"PYTHONPATH": str(self.checkout)}


@dataclass(frozen=True)
class Up:
    """A stack that is up in the foreground."""

    process: subprocess.Popen[str]
    record: dict[str, Any]
    http: httpx.Client

    def stop(self, way: signal.Signals) -> int:
        """Send the signal; the exit code."""
        self.process.send_signal(way)
        return self.process.wait(timeout=30)

    def sign_in(self) -> dict[str, str]:
        """A new anonymous person's headers."""
        return sign_in(self.http)


def sign_in(http: httpx.Client) -> dict[str, str]:
    """A new anonymous person's headers."""
    answer = http.post("/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any", json={"returnSecureToken": True})
    return {"Authorization": f"Bearer {answer.json()['idToken']}"}


def post(http: httpx.Client, headers: dict[str, str], content: str) -> dict[str, Any]:
    """The verdict on a public post."""
    answer = http.post("/v1/posts", json={"content": content, "visibility": "public"}, headers=headers)
    assert answer.status_code == 201, answer.text
    verdict: dict[str, Any] = answer.json()["verdict"]
    return verdict


def feed(http: httpx.Client) -> list[str]:
    """The contents of the feed."""
    return [item["content"] for item in http.get("/v1/feed").json()["items"]]


def eventually(look: Callable[[], Found | None]) -> Found:
    """What `look` finds, as soon as it finds anything."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing after {PATIENCE_S} s"
        time.sleep(0.02)
    return found


def family(pid: int) -> set[int]:
    """The process and everything that descends from it."""
    found = {pid}
    while more := {process.pid for process in _processes() if process.parent in found} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still run; a zombie, whose parent has not looked yet, does not."""
    return pids & {process.pid for process in _processes() if not process.state.startswith("Z")}


class _Process(NamedTuple):
    pid: int
    parent: int
    state: str


def _processes() -> list[_Process]:
    """All of the machine. Linux tells it in files (a small container has no ps), macOS by ps."""
    if not Path("/proc/self/stat").exists():
        listed = subprocess.run(["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()]
        return [_Process(int(pid), int(parent), state) for pid, parent, state in rows]
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            state, parent = file.read_text().rpartition(")")[2].split()[:2]
            found.append(_Process(int(file.parent.name), int(parent), state))
    return found

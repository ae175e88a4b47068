"""Servers for the time of a measurement: started, waited for until they answer, and always ended."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
START_LIMIT_S = 30.0
END_LIMIT_S = 5.0
WORKERS = 2

_OURS = ("DATABASE_", "IDENTITY_", "SIGNING_", "PUBLIC_URL", "TRUSTED_PROXIES", "POSTS_PER_", "PYTHON")


class BenchError(Exception):
    """Something needed for a measurement does not work; the message says what."""


@dataclass(frozen=True)
class Service:
    """A server that answers."""

    pid: int
    port: int


@contextmanager
def uvicorn(app: str, environment: dict[str, str], *options: str, log: Path) -> Iterator[Service]:
    """`app` under uvicorn, as it is deployed: uvloop, httptools, no access log."""
    port = free_port()
    argv = [sys.executable, "-P", "-m", "uvicorn", app, "--port", str(port), "--loop", "uvloop", "--http", "httptools"]
    argv += ["--no-access-log", "--log-level", "warning", *options]
    with spawned(argv, environment, log=log) as process:
        wait_for(port, process, log=log)
        yield Service(process.pid, port)


@contextmanager
def spawned(argv: list[str], environment: dict[str, str], *, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, so that Ctrl-C reaches us alone and we end it, and its children, in order."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            env=inherited() | environment | {"PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def wait_for(port: int, process: subprocess.Popen[bytes], *, log: Path) -> None:
    """Until the port takes connections."""
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"A server does not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.005)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def inherited() -> dict[str, str]:
    """The caller's environment without what would change a function or Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def program(name: str) -> str:
    """A program of the environment that this Python belongs to."""
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise BenchError(f"{name} is not installed beside {sys.executable}.")
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_LIMIT_S)
    # The group is of this process alone: whatever is left of it is what the process did not end itself.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

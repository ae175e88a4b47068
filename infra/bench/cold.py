"""Cold starts: from the spawn of functions-framework to the first answer, ours and a bare FastAPI app, in turns."""

import compileall
import json
import socket
import statistics
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.bench import cpu
from infra.bench.ground import Ground
from infra.bench.measure import Effort
from infra.bench.report import Section, Table, at_most
from infra.bench.serving import CHECKOUT, START_LIMIT_S, BenchError, free_port, program, spawned

STARTS = 9
LONGER = 1.3
POLL_S = 0.001
OURS = CHECKOUT / "functions" / "posting" / "main.py"
BARE = Path(__file__).with_name("bare.py")


@dataclass(frozen=True)
class Answer:
    """Milliseconds since the spawn, and of CPU that the start took until then."""

    after: float
    cpu: float


@dataclass(frozen=True)
class Start:
    """The first 200 on /healthz and, from ours, the first 201 on a post after it."""

    healthy: Answer
    posted: Answer | None


def measure(ground: Ground, effort: Effort) -> Section:
    """One start of each is made before anything counts: it leaves the byte code of the libraries."""
    for folder in ("shared", "functions", "infra/bench"):
        compileall.compile_dir(CHECKOUT / folder, quiet=1)
    ours, bare = [], []
    for number in range(STARTS + 1):
        effort.say(f"cold start {number} of {STARTS}")
        ours.append(_start(ground, "posting", source=OURS, environment=ground.environment("posting")))
        bare.append(_start(ground, "bare", source=BARE, environment={}))
    return _report(ours[1:], bare[1:])


def _report(ours: list[Start], bare: list[Start]) -> Section:
    least = [start.healthy for start in bare]
    healthy, posted = [start.healthy for start in ours], [start.posted for start in ours if start.posted]
    rows = [
        ["bare FastAPI app", "200 on its route", *_cells(least, least)],
        ["posting", "200 on /healthz", *_cells(healthy, least)],
        ["posting", "201 on a post", *_cells(posted, least)],
    ]
    columns = ("functions-framework serving", "first", "median ms", "fastest", "slowest", "x bare", "CPU ms", "x bare")
    return Section(
        "Cold start",
        f"Spawn of `functions-framework --target=…` to the first answer, byte-compiled, {STARTS} starts of each in "
        "turns. The first post also fetches the issuer's keys, verifies a token and connects to Postgres.",
        [Table("From spawn to answer", columns, rows, labels=2)],
        [
            at_most(
                "Cold start to the first 200 on /healthz, over that of the bare app",
                _ratio(healthy, least),
                limit=LONGER,
            ),
            at_most(
                "Cold start to the first 201 on a post, over the bare app's first 200",
                _ratio(posted, least),
                limit=LONGER,
            ),
        ],
    )


def _cells(answers: list[Answer], least: list[Answer]) -> list[str]:
    times = [answer.after for answer in answers]
    used, least_used = (statistics.median(answer.cpu for answer in each) for each in (answers, least))
    return [
        *(f"{value:.0f}" for value in (statistics.median(times), min(times), max(times))),
        f"{_ratio(answers, least):.2f}",
        f"{used:.0f}",
        f"{used / least_used:.2f}",
    ]


def _ratio(answers: list[Answer], least: list[Answer]) -> float:
    ours, bare = (statistics.median(answer.after for answer in each) for each in (answers, least))
    return float(ours / bare)


def _start(ground: Ground, target: str, *, source: Path, environment: dict[str, str]) -> Start:
    port, log = free_port(), ground.folder / f"cold-{target}.log"
    argv = [program("functions-framework"), f"--target={target}", f"--source={source}", "--host=127.0.0.1"]
    began = time.perf_counter()
    with spawned([*argv, f"--port={port}"], environment, log=log) as process:

        def wait_for(status: bytes, request: bytes) -> Answer:
            _wait_for(status, request, port=port, process=process, log=log)
            return Answer((time.perf_counter() - began) * 1000, cpu.of_processes([process.pid]) * 1000)

        healthy = wait_for(b"200", b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        return Start(healthy, wait_for(b"201", _post(ground.token)) if target == "posting" else None)


def _wait_for(status: bytes, request: bytes, *, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while _status(port, request) != status:
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"No {status.decode()} from a cold start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(POLL_S)


def _status(port: int, request: bytes) -> bytes:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=START_LIMIT_S) as connection:
        connection.sendall(request)
        return connection.recv(65536)[9:12]
    return b""


def _post(token: str) -> bytes:
    body = json.dumps({"content": "Listening to Lover by Taylor Swift", "visibility": "public"}).encode()
    head = f"POST /v1/posts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

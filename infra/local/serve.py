"""The server child: loads the gateway and serves it on the socket that it inherits.

Started by child.py only, ahead of its time: it imports the libraries, waits for LOAD, and only then imports our code,
so that a reload costs what our code costs. RETIRE makes it stop accepting, answer what it has accepted, and end. It
ends with its parent: when standard input closes.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

# Warmth: what our code imports anyway. Nothing of ours may be imported here, it may be edited while we wait.
import fastapi
import httpx
import jwt
import psycopg_pool
import regex
import starlette.middleware.cors
import uvicorn
import uvicorn.protocols.http.httptools_impl
import uvloop

_WARM = (fastapi, httpx, jwt, psycopg_pool, regex, starlette.middleware.cors)
LOAD, RETIRE = b"l", b"r"
# How long a client that has just connected may take to send its request to a server that is retiring.
RETIRE_SECONDS = 0.3
GRACE_SECONDS = 2


def main() -> None:
    report = _take_stdout()
    if os.read(0, 1) != LOAD:
        return
    listening, folder, clock = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "clock"
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(socket.socket(fileno=listening), folder, clock=clock, report=report))
    except Exception as error:
        _tell(report, _problem(error))
        sys.exit(1)


async def _serve(listening: socket.socket, folder: Path, *, clock: bool, report: TextIO) -> None:
    from infra.local.assemble import assemble

    gateway = assemble(folder, clock)
    config = uvicorn.Config(
        gateway,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # The gateway is the front end: functions see the peer and the chain as they would behind one.
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    loop = asyncio.get_running_loop()

    def retire() -> None:
        for accepting in server.servers:
            accepting.close()
        gateway.retiring = True
        loop.call_later(RETIRE_SECONDS, setattr, server, "should_exit", True)

    threading.Thread(target=_obey, args=[lambda: loop.call_soon_threadsafe(retire)], daemon=True).start()
    async with gateway.running():
        _tell(report, {"ready": True})  # what connects before the next line waits in the socket's queue
        await server.serve([listening])


def _take_stdout() -> TextIO:
    """Standard output is the way to the parent; what anybody prints goes to the log, as standard error does."""
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return report


def _tell(report: TextIO, message: dict[str, object]) -> None:
    report.write(json.dumps(message) + "\n")
    report.flush()


def _problem(error: Exception) -> dict[str, object]:
    """What went wrong and where in the checkout; child.py's Problem."""
    root = str(Path(__file__).resolve().parents[2]) + os.sep
    if isinstance(error, SyntaxError) and error.filename:
        return {
            "error": f"{type(error).__name__}: {error.msg}",
            "file": error.filename.removeprefix(root),
            "line": error.lineno,
            "text": (error.text or "").rstrip(),
            "column": error.offset,
        }
    way = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(root) and "site-packages" not in frame.filename and frame.filename != __file__
    ]
    problem: dict[str, object] = {"error": f"{type(error).__name__}: {error}"}
    if way:
        last = way[-1]
        problem |= {"file": last.filename.removeprefix(root), "line": last.lineno, "text": last.line}
        problem["way"] = [f"{frame.filename.removeprefix(root)}:{frame.lineno}" for frame in way[:-1]]
    return problem


def _obey(retire: Callable[[], object]) -> None:
    while order := os.read(0, 1):
        if order == RETIRE:
            retire()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

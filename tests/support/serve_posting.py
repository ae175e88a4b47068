"""The function `posting` in a process of its own, as a container would run it: `python -m tests.support.serve_posting`.

It serves on the listening socket that it inherits, takes its settings from the environment like a deployment, lives in
the time that the test sets, and ends when its parent does: when standard input closes.
"""

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from infra.local.clock import Clock
from shared.platform import clock


def main() -> None:
    listening, moved = int(sys.argv[1]), Clock(Path(sys.argv[2]))
    clock.set_source(moved.now)
    from functions.posting.main import app

    threading.Thread(target=_end_with_parent, daemon=True).start()
    # No proxy headers: who sent a request is for the function to find out.
    config = uvicorn.Config(app, access_log=False, proxy_headers=False, timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listening)])


def _end_with_parent() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

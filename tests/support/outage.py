"""Postgres as it is on a bad day: killed without a word, frozen, and there again on the same port."""

import fcntl
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from infra.local import postgres, privileges


def processes(server: postgres.Server) -> list[int]:
    """The postmaster first, so that nothing new is started while the others are dealt with; then all its children."""
    with psycopg.connect(server.url("postgres", postgres.ADMIN)) as connection:
        mine = connection.info.backend_pid
        rows = connection.execute("select pid from pg_stat_activity where pid <> %s", [mine]).fetchall()
    return [server.pid, *(pid for (pid,) in rows)]


def kill(server: postgres.Server) -> None:
    """As by a power cut: no process gets to finish anything."""
    _signal(processes(server), signal.SIGKILL)


@contextmanager
def frozen(server: postgres.Server) -> Iterator[None]:
    """Inside, the server holds its connections and answers nothing: a machine that hangs, a network that swallows."""
    pids = processes(server)
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def start_again(server: postgres.Server) -> postgres.Server:
    """Start the killed server as it was started before, port included; returns when it has recovered."""
    data = server.folder / "data"
    argv = shlex.split((data / "postmaster.opts").read_text())
    with (server.folder / "lifeline").open("a") as lifeline, (server.folder / "log").open("ab") as log:
        fcntl.flock(lifeline, fcntl.LOCK_EX)  # until the last process of the killed server has ended
        (data / "postmaster.pid").unlink()
        subprocess.run(
            privileges.command(data, argv, detach=True),
            pass_fds=[lifeline.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )
    return postgres.start(server.folder)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

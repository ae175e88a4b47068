"""A stack's folder: where each part keeps its things, who holds it, its secrets, and its record while it is up.

One folder, one stack. `.coincide/dev` of the checkout unless told otherwise, so two clones never meet.
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PROJECT = "demo-coincide"  # Firebase tools ask for no login and reach no cloud when a project begins with demo-


class AlreadyUp(Exception):
    """Another process holds the folder."""


@dataclass(frozen=True)
class Secrets:
    """Made once per folder, kept over restarts and resets: what was copied from the table stays right."""

    signing_secret: str
    publishable_key: str
    secret_key: str


@dataclass(frozen=True)
class Record:
    """What is known of a stack that is up, as `status --json` and `up --json` print it."""

    state: str  # starting, up, failed (its code does not load; see problem)
    folder: str
    pids: dict[str, int]
    generation: int = 1  # grows with every reset
    problem: str | None = None
    clock: bool = False
    reload: bool = False
    urls: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    functions: dict[str, dict[str, str]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Stack:
    """The folder of one stack."""

    folder: Path

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def identity(self) -> Path:
        return self.folder / "identity"

    @property
    def clock(self) -> Path:
        return self.folder / "clock"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for as long as this process lives; AlreadyUp if another does.

        The lock is on the folder itself: no file that could be left behind, and the kernel lets go after a crash.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise AlreadyUp from None
        finally:
            os.close(fd)

    def is_held(self) -> bool:
        """Whether a stack is up, or on its way up or down, in this folder."""
        if not self.folder.exists():
            return False
        try:
            with self.held():
                return False
        except AlreadyUp:
            return True

    def secrets(self) -> Secrets:
        """The secrets of the folder, made at the first call."""
        file = self.folder / "secrets.json"
        if not file.exists():
            made = Secrets(
                signing_secret=secrets.token_hex(32),
                publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
                secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
            )
            _write(file, json.dumps(asdict(made), indent=2))
        return Secrets(**json.loads(file.read_text()))

    def record(self) -> Record | None:
        """What the stack that is up wrote down; None if none is."""
        try:
            return Record(**json.loads((self.folder / "stack.json").read_text()))
        except FileNotFoundError:
            return None

    def write_record(self, record: Record) -> None:
        _write(self.folder / "stack.json", json.dumps(asdict(record), indent=2))

    def remove_record(self) -> None:
        (self.folder / "stack.json").unlink(missing_ok=True)

    def remembered_port(self) -> int | None:
        """The port of the last time, so that an address stays right over a restart."""
        try:
            return int((self.folder / "port").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def remember_port(self, port: int) -> None:
        (self.folder / "port").write_text(str(port))

    def wipe_people(self) -> None:
        """Forget everybody who signed in; the signing key goes with them."""
        shutil.rmtree(self.identity, ignore_errors=True)


def _write(file: Path, text: str) -> None:
    """All of the file or nothing of it, readable by its owner only."""
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(file)

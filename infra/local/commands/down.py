"""coincide down: what runs for this folder ends, in order if it can, and what a crash left behind ends too."""

import os
import signal
import sys
import time
from contextlib import suppress

from infra.local.stack import Stack

POLL_SECONDS = 0.02
PATIENCE_SECONDS = 20.0
REMAINDER_SECONDS = 5.0


def down(stack: Stack) -> int:
    """Exit code 0: nothing runs any more."""
    if not stack.folder.exists():
        print("Nothing is up.")
        return 0
    was_up = stack.is_held()
    if was_up and not (_end_supervisor(stack, signal.SIGTERM) or _end_supervisor(stack, signal.SIGKILL)):
        print(f"The stack in {stack.folder} does not end.", file=sys.stderr)
        return 1
    remainder = _end_remainder(stack)
    print("Stopped." if was_up else "Ended what a crash had left behind." if remainder else "Nothing is up.")
    return 0


def _end_supervisor(stack: Stack, way: signal.Signals) -> bool:
    """Ask the holder of the folder to end; whether it did. One that is only starting is asked once it has a record."""
    asked: int | None = None
    deadline = time.monotonic() + PATIENCE_SECONDS
    while stack.is_held() and time.monotonic() < deadline:
        record = stack.record()
        if record and asked != record.pids["supervisor"]:
            asked = record.pids["supervisor"]
            with suppress(ProcessLookupError):
                os.kill(asked, way)
        time.sleep(POLL_SECONDS)
    return not stack.is_held()


def _end_remainder(stack: Stack) -> bool:
    """After a supervisor that was killed: its server ends by itself, its Postgres does not."""
    record = stack.record()
    if record and "server" in record.pids:
        deadline = time.monotonic() + REMAINDER_SECONDS
        while _lives(record.pids["server"]) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    if stack.postgres.exists():
        from infra.local import postgres

        postgres.stop_folder(stack.postgres)
    stack.remove_record()
    return record is not None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process has the number by now
        return False
    return True

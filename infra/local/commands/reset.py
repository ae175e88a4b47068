"""coincide reset: the data is gone, the migrations are applied, nobody is signed up. Addresses and keys stay."""

import os
import shutil
import signal
import sys
import time

from infra.local.stack import AlreadyUp, Record, Stack

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.02
DONE = "Reset: the data is gone, every migration is applied."


def reset(stack: Stack) -> int:
    """Exit code 0: done. 1: a migration does not apply, or the stack is just starting or stopping."""
    record = stack.record()
    if record and record.state != "starting" and stack.is_held():
        return _ask_supervisor(stack, record)
    try:
        with stack.held():
            return _reset_here(stack)
    except AlreadyUp:
        print("The stack is just starting or stopping; try again in a moment.", file=sys.stderr)
        return 1


def _ask_supervisor(stack: Stack, before: Record) -> int:
    os.kill(before.pids["supervisor"], signal.SIGUSR1)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and stack.is_held():
        record = stack.record()
        if record and record.generation > before.generation:
            print(record.problem or DONE, file=sys.stderr if record.problem else sys.stdout)
            return 1 if record.problem else 0
        time.sleep(POLL_SECONDS)
    print("The stack did not finish its reset.", file=sys.stderr)
    return 1


def _reset_here(stack: Stack) -> int:
    from infra.local import postgres, prepare
    from infra.local.migrate import MigrationError

    stack.wipe_people()
    stack.clock.unlink(missing_ok=True)
    try:
        try:
            server = postgres.start(stack.postgres)
        except postgres.PostgresError:
            # Data that no server of ours can read: made by another version, or broken.
            shutil.rmtree(stack.postgres, ignore_errors=True)
            server = postgres.start(stack.postgres)
        prepare.empty_database(server)
    except (postgres.PostgresError, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        postgres.stop_folder(stack.postgres)
    print(DONE)
    return 0

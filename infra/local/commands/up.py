"""coincide up: in the foreground for a person, as JSON for a program, detached for both."""

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from time import monotonic

from infra.local.listening import PREFERRED_PORT
from infra.local.stack import CHECKOUT, AlreadyUp, Record, Stack


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    port: int | None
    clock: bool
    reload: bool
    detach: bool
    json: bool


def up(stack: Stack, wish: Wish) -> int:
    """Exit code 0: it is, or was, up. 1: it cannot come up."""
    if stack.is_held():
        return _already_up(stack, wish)
    return _detach(stack, wish) if wish.detach else _stay(stack, wish)


def _stay(stack: Stack, wish: Wish) -> int:
    from infra.local.listening import PortTaken
    from infra.local.logs import Log
    from infra.local.supervise import NotUp, Options, Supervisor
    from infra.local.until import Stopped, until_stopped

    log = Log(sys.stderr if wish.json else sys.stdout)
    ports = (wish.port,) if wish.port else (stack.remembered_port() or PREFERRED_PORT, PREFERRED_PORT, 0)
    options = Options(ports, clock=wish.clock, reload=wish.reload, patient=wish.reload and not wish.json)

    async def work() -> int:
        began = monotonic()
        async with Supervisor(stack, options, log=log).up() as record:
            _show(record, wish, seconds=monotonic() - began)
            try:
                await asyncio.Event().wait()
            finally:
                log.say("stopping")
        return 0

    try:
        return until_stopped(work)
    except Stopped:
        log.say(f"stopped; the data stays in {stack.folder}")
        return 0
    except AlreadyUp:
        return _already_up(stack, wish)
    except (NotUp, PortTaken) as error:
        log.complain(str(error))
        return 1


def _detach(stack: Stack, wish: Wish) -> int:
    argv = [sys.executable, "-P", "-m", "infra.local.cli", "up", "--json", "--state", str(stack.folder)]
    argv += ["--clock"] if wish.clock else []
    argv += [] if wish.reload else ["--no-reload"]
    argv += ["--port", str(wish.port)] if wish.port else []
    stack.logs.mkdir(parents=True, exist_ok=True)
    began = monotonic()
    with (stack.logs / "up.log").open("w+") as log:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=_environment(),
            start_new_session=True,
        )
        assert process.stdout  # noqa: S101 (asked for above)
        answer = process.stdout.readline()
        if not answer:
            log.seek(0)
            sys.stderr.write(log.read())
            return process.wait() or 1
    _show(Record(**json.loads(answer)), wish, seconds=monotonic() - began)
    return 0


def _environment() -> dict[str, str]:
    import os

    return os.environ | {"PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1"}


def _show(record: Record, wish: Wish, *, seconds: float) -> None:
    if wish.json:
        print(json.dumps(asdict(record)), flush=True)
        return
    from infra.local.show import show_stack

    show_stack(record, f"ready in {seconds:.1f} s")
    if not wish.detach:
        print(
            f"{'Watching for edits. ' if record.reload else ''}Ctrl-C stops everything; the data stays.\n", flush=True
        )


def _already_up(stack: Stack, wish: Wish) -> int:
    record = stack.record()
    if record is None or record.state == "starting":
        print("This checkout's stack is just starting or stopping; try again in a moment.", file=sys.stderr)
        return 1
    if wish.clock and not record.clock:
        print("It is already up, without the settable clock: `coincide down` first.", file=sys.stderr)
        return 1
    if wish.json:
        print(json.dumps(asdict(record)), flush=True)
        return 0
    from infra.local.show import show_stack

    show_stack(record, "already up")
    return 0

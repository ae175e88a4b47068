"""coincide demo: a stack of its own, fresh; the story over real HTTP; everything stopped; 0 if it went as it must."""

import os
import shutil
import sys
import time

import httpx
from rich.console import Console

from infra.local import postgres
from infra.local.demo.people import Unexpected
from infra.local.demo.story import Story
from infra.local.demo.teller import Teller
from infra.local.logs import Log
from infra.local.stack import AlreadyUp, Record, Stack
from infra.local.supervise import NotUp, Options, Supervisor
from infra.local.until import Stopped, until_stopped

NEXT = "Next: `make dev` keeps a stack up and reloads your edits; README.md has the map."


def demo(stack: Stack) -> int:
    """Exit code 0: as the story expects. 1: something was different; it says what."""
    console = Console(highlight=False)

    async def work() -> int:
        began = time.monotonic()
        _wipe(stack)
        with open(os.devnull, "w") as nowhere:  # noqa: ASYNC230 (the raw log is kept in logs/server.log)
            async with Supervisor(stack, Options(reload=False), log=Log(nowhere)).up() as record:
                return await _play(record, Teller(console), began=began)

    try:
        return until_stopped(work)
    except Stopped as stopped:
        return 128 + stopped.number
    except AlreadyUp:
        print(f"A demo is running in {stack.folder} already.", file=sys.stderr)
    except NotUp as error:
        print(error, file=sys.stderr)
    return 1


async def _play(record: Record, teller: Teller, *, began: float) -> int:
    teller.title("Coincide: say what you are doing, learn who else is.")
    ready = time.monotonic() - began
    teller.note(f"Postgres, identity and {', '.join(record.functions)} are up on this machine after {ready:.1f} s.")
    async with httpx.AsyncClient(base_url=record.urls["base"], trust_env=False, timeout=10) as http:
        story = Story(record, http, teller)
        try:
            await story.play()
        except (Unexpected, KeyError) as error:
            story.deviations.append(str(error))
    if story.deviations:
        teller.wrong(story.deviations)
        return 1
    seconds = time.monotonic() - began
    teller.end(
        f"{len(story.times)} posts, half of them answered within {story.p50:.1f} ms; {seconds:.1f} s in all.", NEXT
    )
    return 0


def _wipe(stack: Stack) -> None:
    """What an earlier demo left; only what a stack makes, whatever else may lie in the folder."""
    if stack.is_held():
        raise AlreadyUp
    postgres.stop_folder(stack.postgres)
    for part in (stack.postgres, stack.identity, stack.logs):
        shutil.rmtree(part, ignore_errors=True)

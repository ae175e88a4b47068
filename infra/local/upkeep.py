"""What a supervisor does while its stack is up: follow edits, reset, keep Postgres and its partitions there."""

import asyncio
import os
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from infra.local import postgres, prepare
from infra.local.clock import Clock
from infra.local.logs import GREEN
from infra.local.running import DATABASE_ERRORS, Running, in_thread
from infra.local.watch import Edit, edits

PARTITIONS_EVERY_S = 3600.0  # a laptop sleeps, so more often than the partitions need
LOOK_EVERY_S = 1.0


async def follow_edits(running: Running) -> None:
    """Bring in what is saved, as it is saved."""
    async with aclosing(edits()) as saved:
        async for edit in saved:
            began = monotonic()
            problem = await _bring_in(running, edit)
            if problem is None:
                running.log.say(f"reloaded in {monotonic() - began:.2f} s  {edit}", style=GREEN)
            else:
                running.log.complain(f"{problem}\nWhat was there before this edit goes on serving.")
            if edit.needs_restart:
                running.log.say(f"{', '.join(edit.needs_restart)} takes effect when the stack is started again.")
            running.note(problem)


async def _bring_in(running: Running, edit: Edit) -> str | None:
    if edit.migrations:
        try:
            for name in await in_thread(prepare.bring_up_to_date, running.addresses.server):
                running.log.say(f"applied {name}", style=GREEN)
        except DATABASE_ERRORS as error:
            return str(error)
    problem = await running.serving.load()
    return str(problem) if problem else None


async def reset(running: Running) -> None:
    """All data gone, everything else as it was. Requests wait meanwhile."""
    problem: str | None = None
    async with running.serving.paused():
        try:
            await in_thread(prepare.empty_database, running.addresses.server)
        except DATABASE_ERRORS as error:
            problem = str(error)
        running.stack.wipe_people()
        if running.addresses.clock:
            Clock(running.stack.clock).reset()
    if problem:
        running.log.complain(problem)
    else:
        running.log.say("reset: the data is gone, every migration is applied", style=GREEN)
    running.note(problem, generation=running.record.generation + 1)


async def mind_postgres(running: Running) -> None:
    """Start Postgres again when it ended although nobody asked it to."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if _lives(running.addresses.server.pid):
            continue
        running.log.complain("Postgres ended by itself; starting it again.")
        try:
            async with running.serving.paused():  # the address may be another one
                server = await in_thread(prepare.start_database, running.stack)
                running.addresses = replace(running.addresses, server=server)
            running.note()
        except DATABASE_ERRORS as error:
            running.log.complain(str(error))


async def keep_partitions(running: Running) -> None:
    """Realtime's partitions of the coming days, made before they are needed."""
    while True:
        await asyncio.sleep(PARTITIONS_EVERY_S)
        try:
            url = prepare.admin_url(running.addresses.server)
            await in_thread(postgres.ensure_partitions, url, datetime.now(UTC).date())
        except DATABASE_ERRORS as error:
            running.log.complain(f"Realtime's partitions could not be made: {error}")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs as another user
        return True
    return True

"""coincide exec: a program with the stack's variables around it; a stack of its own when none is up."""

import asyncio
import os
import signal
import sys

from infra.local.stack import AlreadyUp, Record, Stack

NOT_FOUND = 127


def execute(stack: Stack, program: list[str]) -> int:
    """Exit code: the program's own; 128 and the signal when a signal ended it; 127 when it is not there."""
    program = program[1:] if program[:1] == ["--"] else program
    if not program:
        print("usage: coincide exec -- PROGRAM ...", file=sys.stderr)
        return 2
    record = stack.record()
    if record and record.state == "up" and stack.is_held():
        try:
            os.execvpe(program[0], program, _environment(record))  # noqa: S606 (what exec is for)
        except OSError as error:
            return _not_started(program, error)
    return _with_own_stack(stack, program)


def _with_own_stack(stack: Stack, program: list[str]) -> int:
    from infra.local.listening import PREFERRED_PORT
    from infra.local.logs import Log
    from infra.local.supervise import NotUp, Options, Supervisor
    from infra.local.until import Stopped, until_stopped

    options = Options((stack.remembered_port() or PREFERRED_PORT, 0), reload=False)

    async def work() -> int:
        # What the stack says would be in the way of what the program says; logs/server.log has it all the same.
        with open(os.devnull, "w") as nowhere:  # noqa: ASYNC230
            async with Supervisor(stack, options, log=Log(nowhere)).up() as record:
                return await _run(program, record)

    try:
        # Ctrl-C reaches the program from the terminal; what it means is the program's to decide.
        return until_stopped(work, stopping=(signal.SIGTERM, signal.SIGHUP))
    except Stopped as stopped:
        return 128 + stopped.number
    except AlreadyUp:
        print("The stack is just starting or stopping; try again in a moment.", file=sys.stderr)
    except (NotUp, OSError) as error:
        print(error, file=sys.stderr)
    return 1


async def _run(program: list[str], record: Record) -> int:
    try:
        process = await asyncio.create_subprocess_exec(*program, env=_environment(record))
    except OSError as error:
        return _not_started(program, error)
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    return code if code >= 0 else 128 - code


def _environment(record: Record) -> dict[str, str]:
    """The caller's variables and the stack's; last in the path, psql and its kin from the wheel."""
    from infra.local.postgres import binary

    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(binary("psql").parent)])
    return os.environ | record.environment | {"PATH": path}


def _not_started(program: list[str], error: OSError) -> int:
    print(f"{program[0]}: {error.strerror}", file=sys.stderr)
    return NOT_FOUND

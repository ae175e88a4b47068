"""The command line: coincide up, down, status, reset, exec, demo. Only the grammar; the work is imported when needed.

Exit codes: 0 done, 1 failed, 2 not understood, 3 nothing is up (status only); exec answers its program's own.
"""

import argparse
import io
import os
import sys
from pathlib import Path

from infra.local.stack import CHECKOUT, Stack

EPILOG = "Exit codes: 0 done, 1 failed, 2 not understood, 3 nothing is up (status); exec answers its program's own."


def main() -> None:
    arguments = _parser().parse_args()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no ◆ shows a ?
    try:
        sys.exit(_run(arguments, Stack(_folder(arguments))))
    except KeyboardInterrupt:
        sys.exit(130)
    except PermissionError as error:
        sys.exit(f"coincide: {error.filename} belongs to another user: remove it, or run as that user.")


def _run(arguments: argparse.Namespace, stack: Stack) -> int:
    match arguments.command:
        case "up":
            from infra.local.commands.up import Wish, up

            wish = Wish(arguments.port, arguments.clock, arguments.reload, arguments.detach, arguments.json)
            return up(stack, wish)
        case "down":
            from infra.local.commands.down import down

            return down(stack)
        case "status":
            from infra.local.commands.status import status

            return status(stack, as_json=arguments.json)
        case "reset":
            from infra.local.commands.reset import reset

            return reset(stack)
        case "exec":
            from infra.local.commands.execute import execute

            return execute(stack, arguments.program)
        case _:
            from infra.local.demo.play import demo

            return demo(stack)


def _folder(arguments: argparse.Namespace) -> Path:
    """The stack's folder. The demo, which begins by wiping it, takes it from nowhere but its own option."""
    if arguments.state:
        return Path(arguments.state).expanduser().absolute()
    if arguments.command == "demo":
        return CHECKOUT / ".coincide" / "demo"
    return Path(os.environ.get("COINCIDE_STATE") or CHECKOUT / ".coincide" / "dev").absolute()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coincide", description="The whole backend of Coincide on this machine.", epilog=EPILOG
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, purpose: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=purpose, description=purpose)
        added.add_argument(
            "--state", metavar="DIR", help="the stack's folder (default: $COINCIDE_STATE, or .coincide/dev)"
        )
        return added

    up = command("up", "Start the stack and stay: logs here, reloads on change, Ctrl-C stops everything.")
    up.add_argument("--detach", action="store_true", help="return when it is ready; `coincide down` stops it")
    up.add_argument("--json", action="store_true", help="for programs: one JSON object when ready, logs to stderr")
    up.add_argument("--clock", action="store_true", help="let POST /local/clock move the time")
    up.add_argument("--no-reload", dest="reload", action="store_false", help="do not watch the files")
    up.add_argument("--port", type=int, help="exactly this port (default: the last one, 8420, or a free one)")
    command("down", "Stop what runs for this checkout, also what a crash left behind. The data stays.")
    status = command("status", "Ask every part how it is. Exit code 0: up and well, 1: up but not well, 3: down.")
    status.add_argument("--json", action="store_true", help="every URL, key, port and pid, for programs")
    command("reset", "Forget all data: a fresh, migrated database and nobody signed up. Works up and down.")
    execute = command("exec", "Run a program with the stack's variables; starts a stack for it if none is up.")
    execute.add_argument("program", nargs=argparse.REMAINDER, metavar="-- PROGRAM ...")
    demo = command("demo", "Play a story through the real backend, on a stack of its own that is wiped first.")
    demo.set_defaults(state=None)
    return parser


if __name__ == "__main__":
    main()

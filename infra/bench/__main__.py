"""`python -m infra.bench [posts|scale|cold|feed ...] [--seconds N]`: measures, prints, and keeps a whole run."""

import argparse
import signal
import sys
import time

from rich.console import Console

from infra.bench import cold, feed, posts, results, scale
from infra.bench.ground import open_ground
from infra.bench.measure import Effort
from infra.bench.report import print_section
from infra.bench.serving import CHECKOUT, BenchError

PARTS = {"posts": posts.measure, "scale": scale.measure, "feed": feed.measure, "cold": cold.measure}


def main() -> int:
    arguments = _arguments()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    console = Console(width=None if sys.stdout.isatty() else 120)
    began = time.monotonic()

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s  {what}[/]", highlight=False)

    effort = Effort(seconds=arguments.seconds, warm_up=min(1.0, arguments.seconds / 3), say=say)
    try:
        with open_ground() as ground:
            machine = results.look_around(ground)
            sections = []
            for part in arguments.parts or PARTS:
                sections.append(PARTS[part](ground, effort))
                print_section(console, sections[-1])
    except KeyboardInterrupt:
        console.print("Stopped; everything is ended and removed.")
        return 130
    except BenchError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    if not arguments.parts:
        results.write(machine, sections, seconds=time.monotonic() - began)
        console.print(f"Kept in {results.FILE.relative_to(CHECKOUT)}.")
    return 0


def _stop(*_: object) -> None:
    """Once: who presses Ctrl-C twice would else interrupt the ending and leave processes behind."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="what to measure; all of it if nothing is named")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement (4)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

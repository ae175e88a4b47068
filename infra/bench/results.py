"""RESULTS.md: what a whole run measured, on which machine, and in plain words what is reached and what falls short."""

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg

from infra.bench.ground import Ground
from infra.bench.measure import CORES
from infra.bench.report import NOISY, Section, markdown, markdown_goals
from infra.bench.serving import CHECKOUT

FILE = Path(__file__).with_name("RESULTS.md")
NOTES = Path(__file__).with_name("NOTES.md")


@dataclass(frozen=True)
class Machine:
    """What the figures were measured on."""

    cpu: str
    memory_gb: int
    system: str
    postgres: str
    busy: float
    """The share of it that was in use before anything began."""


def look_around(ground: Ground) -> Machine:
    """Takes a second, in which nothing else may be started."""
    with psycopg.connect(ground.server.url("postgres")) as connection:
        row = connection.execute("select current_setting('server_version')").fetchone()
    return Machine(
        cpu=_cpu_model(),
        memory_gb=round(psutil.virtual_memory().total / 2**30),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        postgres=str(row[0]) if row else "unknown",
        busy=psutil.cpu_percent(interval=1) / 100,
    )


def write(machine: Machine, sections: Sequence[Section], *, seconds: float) -> None:
    """Replace RESULTS.md; NOTES.md, which people write, is taken in at the end."""
    goals = [goal for section in sections for goal in section.goals]
    missed = [goal for goal in goals if not goal.reached]
    parts = [
        "# Results of the benchmark",
        "Written by `make bench`; [README.md](README.md) says what is measured and how to read it. What people have "
        "to say about it is in [NOTES.md](NOTES.md), repeated at the end.",
        _when_and_where(machine, sections, seconds=seconds),
        "## In short",
        markdown_goals(goals),
        *(f"Falls short: {goal.what}: {goal.measured}; the aim is {goal.target}." for goal in missed),
        *([] if missed else ["Every figure that the issue names is reached."]),
        *(markdown(section) for section in sections),
        NOTES.read_text().strip(),
    ]
    FILE.write_text("\n\n".join(parts) + "\n")


def _when_and_where(machine: Machine, sections: Sequence[Section], *, seconds: float) -> str:
    foreign = max(section.foreign for section in sections)
    noise = "too much to trust the figures: run it again on a quiet machine" if foreign > NOISY else "little enough"
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {_commit()}, {seconds:.0f} s in all",
        f"{machine.cpu}, {CORES} cores, {machine.memory_gb} GB, {machine.system}",
        f"Python {platform.python_version()}, Postgres {machine.postgres}, fsync on; database, functions and load "
        "share the cores",
        f"Before the run {machine.busy:.0%} of the machine was in use; during a measurement other processes had up to "
        f"{foreign:.0%} of it, {noise}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _commit() -> str:
    def git(*arguments: str) -> str:
        run = subprocess.run(["git", "-C", str(CHECKOUT), *arguments], capture_output=True, text=True)
        return run.stdout.strip()

    commit = git("rev-parse", "--short=10", "HEAD") or "unknown"
    measured = ("functions", "shared", "supabase", "infra", ":!infra/bench/*.md")
    return f"{commit} with changes on top" if git("status", "--porcelain", "--", *measured) else commit


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()

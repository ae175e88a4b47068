"""What a measurement says: tables, and goals with their verdict; for a terminal and for RESULTS.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable

from infra.bench.measure import Measured

FIGURES = ("per s", "p50 ms", "p95 ms", "p99 ms", "app µs", "Postgres µs", "load µs", "others", "errors")
NOISY = 0.10
"""The share of the machine in other hands from which on figures are said to be noisy."""


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    labels: int = 1
    """So many columns from the left are text, the others numbers."""


@dataclass(frozen=True)
class Goal:
    """A target of the issue, what was measured, and whether it is reached."""

    what: str
    target: str
    measured: str
    reached: bool

    @property
    def verdict(self) -> str:
        return "reached" if self.reached else "falls short"


@dataclass(frozen=True)
class Section:
    """One part of the benchmark."""

    title: str
    how: str
    tables: Sequence[Table]
    goals: Sequence[Goal] = ()
    foreign: float = 0.0
    """The largest share of the machine that others had during a measurement."""


def at_most(what: str, value: float, *, limit: float, unit: str = "") -> Goal:
    """The goal that a figure is not above the limit."""
    return Goal(what, f"at most {limit:g}{unit}", f"{value:.2f}{unit}", value <= limit)


def at_least(what: str, value: float, *, limit: float, unit: str = "") -> Goal:
    """The goal that a figure is not below the limit."""
    return Goal(what, f"at least {limit:g}{unit}", f"{value:.2f}{unit}", value >= limit)


def figures(measured: Measured) -> list[str]:
    """The cells of FIGURES."""
    used = [f"{measured.cpu[name]:.0f}" if name in measured.cpu else "–" for name in ("app", "postgres", "load")]
    return [
        f"{measured.rate:,.0f}",
        f"{measured.p50:.1f}",
        f"{measured.p95:.1f}",
        f"{measured.p99:.1f}",
        *used,
        f"{measured.foreign:.0%}",
        ", ".join(f"{number} x {name}" for name, number in sorted(measured.errors.items())) or "none",
    ]


def print_section(console: Console, section: Section) -> None:
    console.rule(f"[bold]{section.title}")
    console.print(section.how, highlight=False, markup=False)
    for table in section.tables:
        shown = RichTable(title=table.title, title_justify="left", title_style="bold")
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="left" if number < table.labels else "right", no_wrap=number > 0)
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
    for goal in section.goals:
        style = "green" if goal.reached else "red"
        console.print(f"[{style}]{goal.verdict}[/]: {goal.what}: {goal.measured} ({goal.target})", highlight=False)


def markdown(section: Section) -> str:
    parts = [f"## {section.title}", section.how]
    parts += [f"**{table.title}**\n\n{_markdown_table(table)}" for table in section.tables]
    return "\n\n".join(parts)


def markdown_goals(goals: Sequence[Goal]) -> str:
    rows = [[goal.what, goal.target, goal.measured, _emphasis(goal)] for goal in goals]
    return _markdown_table(Table("", ("figure", "target", "measured", ""), rows, labels=4))


def _emphasis(goal: Goal) -> str:
    return goal.verdict if goal.reached else f"**{goal.verdict}**"


def _markdown_table(table: Table) -> str:
    marks = ["---" if number < table.labels else "---:" for number in range(len(table.columns))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (table.columns, marks, *table.rows))

"""A stack as a person sees it: where everything is in a box, and below it lines that can be copied into a .env file."""

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from infra.local.health import Health
from infra.local.stack import Record

# What a person copies; `coincide status --json` has all of it.
COPIED = (
    "COINCIDE_URL",
    "DATABASE_URL",
    "OWNER_DATABASE_URL",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "FIREBASE_API_KEY",
    "GCLOUD_PROJECT",
)
WIDTH = 78


def show_stack(record: Record, remark: str, *, health: dict[str, Health] | None = None) -> None:
    """Print it to standard output."""
    console = Console(highlight=False)
    rows = Table.grid(padding=(0, 2))
    for name, address in _rows(record):
        rows.add_row(Text(name, style="bold"), Text(address, style="cyan"), *([_state(health, name)] if health else []))
    title = Text.assemble(("Coincide", "bold"), f" is {remark}" if remark != "already up" else " is already up")
    console.print()
    console.print(Panel(rows, title=title, title_align="left", box=box.ROUNDED, width=min(WIDTH, console.width)))
    if record.problem:
        console.print(Text(record.problem, style="bold red"))
    console.print()
    for name in COPIED:
        console.print(f"{name}={record.environment[name]}", soft_wrap=True)
    console.print()
    for name, answer in (health or {}).items():
        if answer.problem:
            console.print(Text(f"{name}: {answer.problem}", style="bold red"), soft_wrap=True)


def _rows(record: Record) -> list[tuple[str, str]]:
    rows = [("gateway", record.urls["base"])]
    rows += [(name, addresses["docs"]) for name, addresses in record.functions.items()]
    rows.append(("identity", f"{record.urls['base']} (as the Auth emulator)"))
    rows.append(("postgres", f"127.0.0.1:{record.ports['postgres']}, database coincide"))
    if record.clock:
        rows.append(("clock", record.urls["clock"]))
    return rows


def _state(health: dict[str, Health], name: str) -> Text:
    answer = health.get(name)
    if answer is None:
        return Text("")
    return Text(f"well, {answer.ms:.0f} ms", style="green") if answer.well else Text("not well", style="bold red")

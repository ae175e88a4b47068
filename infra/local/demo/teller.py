"""How the demo looks: one line for what a person says, one for what they hear back. Reads the same without colour."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.text import Text

WIDTH = 80
INDENT = 12
LOOKS = {
    "only_one": ("◆", "bold magenta"),
    "few": ("●", "cyan"),
    "many": ("●", "bold cyan"),
    "unknown": ("○", "dim"),
}


class Teller:
    """Prints the story as it happens."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(WIDTH, console.width)

    def title(self, text: str) -> None:
        self._console.print(Text(f"\n{text}", style="bold"))

    def scene(self, text: str, ms: float | None = None) -> None:
        self._console.print()
        self._line(Text(text, style="bold"), ms)

    def note(self, text: str) -> None:
        self._console.print(f"  {text}")

    def arrived(self, name: str, how: str, *, ms: float) -> None:
        self._line(Text.assemble("  ", (f"{name:<{INDENT - 2}}", "bold"), (how, "dim")), ms)

    def said(self, name: str, content: str, *, ms: float, remark: str = "") -> None:
        said = Text.assemble("  ", (f"{name:<{INDENT - 2}}", "bold"), content)
        self._line(said + Text(f"  {remark}" if remark else "", style="yellow"), ms)

    def verdict(self, verdict: dict[str, Any]) -> None:
        mark, style = LOOKS[verdict["kind"]]
        self.heard(f"{mark} {verdict['headline']}", style)

    def heard(self, text: str, style: str) -> None:
        for row in Text(text, style=style).wrap(self._console, self._width - INDENT):
            self._console.print(Text(" " * INDENT) + row)

    def feed(self, items: Iterable[dict[str, Any]]) -> None:
        for item in items:
            about = item["category"] or ""
            reactions = "".join(f"   {emoji} {count}" for emoji, count in item["reactions"].items())
            line = Text.assemble("  ", (f"{about:<{INDENT - 2}}", "dim"), item["content"], reactions)
            self._console.print(line)

    def wrong(self, deviations: list[str]) -> None:
        self._console.print(Text("\nNot as the story expects:", style="bold red"))
        for deviation in deviations:
            self._console.print(Text(f"  {deviation}", style="red"))

    def end(self, summary: str, next_steps: str) -> None:
        self._console.print(Text(f"\n{summary}", style="bold"))
        self._console.print(Text(next_steps))

    def _line(self, left: Text, ms: float | None) -> None:
        right = f"{ms:.1f} ms" if ms is not None else ""
        space = self._width - left.cell_len - len(right)
        self._console.print(left + Text(" " * max(2, space)) + Text(right, style="dim") if right else left)

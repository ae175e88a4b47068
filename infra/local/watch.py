"""Which edits reach the running stack, and what each of them asks for."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from infra.local.stack import CHECKOUT

HOSTING = "firebase.json"
WATCHED = ("functions", "shared", "infra/local", "supabase/migrations", HOSTING)
SUFFIXES = (".py", ".sql", ".json", ".html")
DEBOUNCE_MS = 80
STEP_MS = 20
# The only files of infra/local, beside identity, that a server child imports after it was told to load. Everything else
# there belongs to the supervisor, where a reload cannot bring it in.
RELOADED = {f"infra/local/{name}.py" for name in ("assemble", "gateway", "pages", "clock", "hosting")}


@dataclass(frozen=True)
class Edit:
    """Files that changed together, as paths in the checkout."""

    files: tuple[str, ...]

    @property
    def migrations(self) -> bool:
        return any(file.startswith("supabase/migrations/") for file in self.files)

    @property
    def needs_restart(self) -> list[str]:
        ours = (file for file in self.files if file.startswith("infra/local/") and file not in RELOADED)
        return [file for file in ours if not file.startswith("infra/local/identity/")]

    def __str__(self) -> str:
        first, *others = self.files
        return f"{first} and {len(others)} more" if others else first


async def edits() -> AsyncGenerator[Edit, None]:
    """Edits as they are saved; those saved while the last one was dealt with come as one."""
    from watchfiles import awatch

    while True:
        there = [CHECKOUT / name for name in WATCHED if (CHECKOUT / name).exists()]
        async with aclosing(awatch(*there, debounce=DEBOUNCE_MS, step=STEP_MS, rust_timeout=1000)) as batches:
            async for changes in batches:
                if files := _of_interest(path for _, path in changes):
                    yield Edit(files)
                if HOSTING in files:
                    break  # an editor may have put another file in its place: watch that one


def _of_interest(paths: Iterable[str]) -> tuple[str, ...]:
    relative = sorted({str(Path(path).relative_to(CHECKOUT)) for path in paths})
    return tuple(path for path in relative if path.endswith(SUFFIXES) and "__pycache__" not in path)

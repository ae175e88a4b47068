"""The gateway of a stack, put together: clock, identity, every function, the pages of the stack itself."""

from pathlib import Path

from infra.local.addresses import HOSTING
from infra.local.clock import Clock
from infra.local.gateway import Gateway, load_functions
from infra.local.hosting import read_rewrites
from infra.local.identity import create_identity
from infra.local.pages import create_pages
from infra.local.stack import CHECKOUT, PROJECT, Stack
from shared.platform import clock


def assemble(folder: Path, settable: bool) -> Gateway:
    """Everything that one origin serves for the stack in `folder`; with `settable`, in the stack's own time."""
    stack = Stack(folder)
    ours = Clock(stack.clock) if settable else None
    if ours:
        clock.set_source(ours.now)
    identity = create_identity(stack.identity, project=PROJECT, now=clock.now)
    functions = load_functions(CHECKOUT / "functions")
    rewrites = read_rewrites(HOSTING)
    return Gateway(functions, rewrites, identity=identity, pages=create_pages(rewrites, ours))

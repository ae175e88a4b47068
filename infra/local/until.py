"""Runs a stack's work until it is done or until a signal says stop, and lets it clean up once, uninterrupted."""

import asyncio
import signal
from collections.abc import Callable, Coroutine

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A signal came first; everything has been cleaned up."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number


def until_stopped(
    work: Callable[[], Coroutine[None, None, int]], *, stopping: tuple[signal.Signals, ...] = STOPPING
) -> int:
    """Answer what `work` answers, or raise Stopped. Signals that are not in `stopping` but in STOPPING are ignored."""
    return asyncio.run(_run(work, stopping))


async def _run(work: Callable[[], Coroutine[None, None, int]], stopping: tuple[signal.Signals, ...]) -> int:
    task = asyncio.create_task(work())
    received: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        # Once: a second Ctrl-C would cancel the cleaning up.
        if number in stopping and not received:
            received.append(number)
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if received:
            raise Stopped(received[0]) from None
        raise

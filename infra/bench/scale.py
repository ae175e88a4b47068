"""Whether a post gets dearer with what is there already: 10 thousand posts and a million, many keys and one for all."""

import statistics
from contextlib import ExitStack
from dataclasses import dataclass, replace

from infra.bench.fill import FEW, FEW_OF_ONE_KEY, MANY, MANY_OF_ONE_KEY, Filling, provide
from infra.bench.ground import Ground
from infra.bench.load import Order
from infra.bench.measure import Effort, Measured, median, post_order, run_load
from infra.bench.report import FIGURES, Goal, Section, Table, at_most, figures
from infra.bench.serving import Service

CONNECTIONS = (8, 32)
ROUNDS = 3
GROWTH = 1.2
WARM_UP_S = 6.0
"""Enough to change most of the pages that posts change, once: see `_after_checkpoint`."""

FILLINGS = (FEW, MANY, FEW_OF_ONE_KEY, MANY_OF_ONE_KEY)


@dataclass(frozen=True)
class Comparison:
    """The p95 with the `larger` filling in place over that with the `smaller`, in each round."""

    what: str
    larger: Filling
    smaller: Filling


COMPARISONS = (
    Comparison("many keys, 1 million over 10 thousand", MANY, FEW),
    Comparison("one key, 1 million over 10 thousand", MANY_OF_ONE_KEY, FEW_OF_ONE_KEY),
    Comparison("one key with 1 million over many keys with 10 thousand", MANY_OF_ONE_KEY, FEW),
)

Rounds = dict[Filling, list[Measured]]


def measure(ground: Ground, effort: Effort) -> Section:
    """Four functions on four databases of one server, in turns, so that noise hits all of them."""
    provide(ground, effort, fillings=FILLINGS)
    with ExitStack() as stack:
        services = {filling: stack.enter_context(ground.posting(filling.database)) for filling in FILLINGS}
        ground.execute("postgres", "checkpoint")
        effort.say("scale, before anything is counted")
        for target in services.items():
            run_load(replace(_order(ground, effort, target=target, connections=32), warm_up=WARM_UP_S))
        rounds = {n: _measure_in_turns(ground, effort, services=services, connections=n) for n in CONNECTIONS}
        after_checkpoint = _after_checkpoint(ground, effort, services=services)
    goals = [goal for n in CONNECTIONS for goal in _goals(rounds[n], n)]
    return Section(
        "Posts when many are there",
        f"The same load with 10 thousand and with 1 million posts of the last 24 hours in place, of "
        f"{FEW.people:,} and {MANY.people:,} people; and with one key that holds all of them, to which every "
        f"post goes, each by another of {FEW_OF_ONE_KEY.people:,} and {MANY_OF_ONE_KEY.people:,} people. "
        f"In turns, {ROUNDS} rounds, {effort.seconds:g} s each. The load adds to what is there, so 10 thousand "
        f"grow to some ten thousands.",
        [_medians(rounds), _ratios(rounds), after_checkpoint],
        goals,
        foreign=max(run.foreign for each in rounds.values() for runs in each.values() for run in runs),
    )


def _order(ground: Ground, effort: Effort, *, target: tuple[Filling, Service], connections: int) -> Order:
    filling, service = target
    return replace(post_order(ground, effort, service=service, connections=connections), hot=filling.one_key)


def _measure_in_turns(ground: Ground, effort: Effort, *, services: dict[Filling, Service], connections: int) -> Rounds:
    rounds: Rounds = {filling: [] for filling in services}
    for number in range(ROUNDS):
        effort.say(f"scale, {connections} connections, round {number + 1} of {ROUNDS}")
        for target in services.items():
            rounds[target[0]].append(run_load(_order(ground, effort, target=target, connections=connections)))
        effort.say("    p95 " + ", ".join(f"{filling.name} {runs[-1].p95:.1f}" for filling, runs in rounds.items()))
    return rounds


def _after_checkpoint(ground: Ground, effort: Effort, *, services: dict[Filling, Service]) -> Table:
    """What the rounds leave out: the first seconds after a checkpoint, when each page is written in full once."""
    rows = []
    for filling in (FEW, MANY):
        effort.say(f"scale, right after a checkpoint, {filling.name}")
        order = replace(_order(ground, effort, target=(filling, services[filling]), connections=32), warm_up=0.2)
        ground.execute("postgres", "checkpoint")
        rows.append(["32", filling.name, *figures(run_load(order))])
    return Table("The same right after a checkpoint, one run", ("conn.", "in place", *FIGURES), rows, labels=2)


def _medians(rounds: dict[int, Rounds]) -> Table:
    rows = [
        [str(connections), filling.name, *figures(median(runs))]
        for connections, each in rounds.items()
        for filling, runs in each.items()
    ]
    return Table(f"Posts over HTTP (medians of {ROUNDS} rounds)", ("conn.", "in place", *FIGURES), rows, labels=2)


def _ratios(rounds: dict[int, Rounds]) -> Table:
    rows = []
    for connections, each in rounds.items():
        for comparison in COMPARISONS:
            ratios = _compare(each, comparison)
            shown = [*(f"{ratio:.2f}" for ratio in ratios), f"{statistics.median(ratios):.2f}"]
            rows.append([str(connections), comparison.what, *shown])
    columns = ("conn.", "p95", *(f"round {number + 1}" for number in range(ROUNDS)), "median")
    return Table("How much longer a post takes, by its p95", columns, rows, labels=2)


def _goals(rounds: Rounds, connections: int) -> list[Goal]:
    return [
        at_most(
            f"p95 at {connections} connections: {comparison.what}",
            statistics.median(_compare(rounds, comparison)),
            limit=GROWTH,
        )
        for comparison in COMPARISONS
    ]


def _compare(rounds: Rounds, comparison: Comparison) -> list[float]:
    pairs = zip(rounds[comparison.larger], rounds[comparison.smaller], strict=True)
    return [larger.p95 / smaller.p95 for larger, smaller in pairs]

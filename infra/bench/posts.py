"""Posts a second over HTTP: ours next to the bare sketch, in turns, above the floor of the database alone."""

import statistics
from dataclasses import dataclass, replace

from infra.bench import floor
from infra.bench.ground import Ground
from infra.bench.load import Order
from infra.bench.measure import Effort, Measured, median, post_order, run_load
from infra.bench.report import FIGURES, Goal, Section, Table, at_least, at_most, figures
from infra.bench.serving import Service

CONNECTIONS = (1, 8, 32)
PAIRS = 3
SHARE_OF_SKETCH = 0.8
P95_AT_8_MS = 10.0


@dataclass(frozen=True)
class Call:
    """What pgbench calls, and how many posts one call is."""

    what: str
    database: str
    script: str
    posts: int = 1


CALLS = (
    Call("posts, 1 a call", "posting", floor.ours(1)),
    Call("posts, 8 a call", "posting", floor.ours(8), posts=8),
    Call("the sketch's function", "sketch", floor.sketch()),
)
Calls = dict[tuple[Call, int], Measured]


@dataclass(frozen=True)
class Pair:
    """Ours and the sketch, one right after the other."""

    ours: Measured
    sketch: Measured

    @property
    def ratio(self) -> float:
        return self.ours.rate / self.sketch.rate if self.sketch.rate else 0.0


def measure(ground: Ground, effort: Effort) -> Section:
    """Both servers are up all the time; the one that is not asked costs nothing."""
    with ground.posting("posting") as ours, ground.sketch() as sketch:
        effort.say("posts, before anything is counted")
        run_load(post_order(ground, effort, service=ours, connections=32))
        run_load(_sketch_order(ground, effort, service=sketch, connections=32))
        ground.execute("postgres", "checkpoint")
        pairs = {n: _pairs(ground, effort, services=(ours, sketch), connections=n) for n in CONNECTIONS}
    calls = {(call, n): _call(ground, effort, call=call, clients=n) for call in CALLS for n in CONNECTIONS}
    runs = [run for each in pairs.values() for pair in each for run in (pair.ours, pair.sketch)]
    return Section(
        "Posts",
        "The function and the bare sketch, each under uvicorn with 2 workers, on one durable Postgres, in turns; "
        f"{effort.seconds:g} s each after {effort.warm_up:g} s of warm-up. Ours checks tokens, takes idempotency keys "
        "and tokens of two buckets, counts, broadcasts and leaves an event; the sketch inserts and counts.",
        [_medians(pairs), _ratios(pairs, calls), _floor(calls)],
        _goals(pairs),
        foreign=max(run.foreign for run in [*runs, *calls.values()]),
    )


def _sketch_order(ground: Ground, effort: Effort, *, service: Service, connections: int) -> Order:
    return replace(post_order(ground, effort, service=service, connections=connections), kind="sketch")


def _pairs(ground: Ground, effort: Effort, *, services: tuple[Service, Service], connections: int) -> list[Pair]:
    ours, sketch = services
    pairs = []
    for number in range(PAIRS):
        effort.say(f"posts, {connections} connections, pair {number + 1} of {PAIRS}")
        pair = Pair(
            ours=run_load(post_order(ground, effort, service=ours, connections=connections)),
            sketch=run_load(_sketch_order(ground, effort, service=sketch, connections=connections)),
        )
        effort.say(f"    {pair.ours.rate:,.0f}/s, sketch {pair.sketch.rate:,.0f}/s: {pair.ratio:.2f}")
        pairs.append(pair)
    return pairs


def _medians(pairs: dict[int, list[Pair]]) -> Table:
    rows = []
    for connections, runs in pairs.items():
        for name, measured in (("ours", [pair.ours for pair in runs]), ("sketch", [pair.sketch for pair in runs])):
            rows.append([str(connections), name, *figures(median(measured))])
    return Table(f"Over HTTP (medians of {PAIRS} runs)", ("conn.", "server", *FIGURES), rows, labels=2)


def _ratios(pairs: dict[int, list[Pair]], calls: Calls) -> Table:
    columns = ("conn.", *(f"pair {number + 1}" for number in range(PAIRS)), "median", "share of the floor")
    rows = []
    for connections, runs in pairs.items():
        of_floor = median([pair.ours for pair in runs]).rate / calls[CALLS[0], connections].rate
        ratios = [*(f"{pair.ratio:.2f}" for pair in runs), f"{_ratio(runs):.2f}"]
        rows.append([str(connections), *ratios, f"{of_floor:.2f}"])
    return Table("Posts/s of ours as a share of the sketch's, pair by pair; and of the floor below", columns, rows)


def _ratio(runs: list[Pair]) -> float:
    return statistics.median(pair.ratio for pair in runs)


def _call(ground: Ground, effort: Effort, *, call: Call, clients: int) -> Measured:
    effort.say(f"floor, {call.what}, {clients} clients")
    return floor.run_pgbench(ground, effort, database=call.database, script=call.script, clients=clients)


def _floor(calls: Calls) -> Table:
    rows = []
    for (call, clients), measured in calls.items():
        used = [f"{measured.cpu.get(name, 0) / call.posts:.0f}" for name in ("postgres", "load")]
        times = [f"{measured.p50:.1f}", f"{measured.p95:.1f}", f"{measured.p99:.1f}"]
        rate = f"{measured.rate * call.posts:,.0f}"
        rows.append([call.what, str(clients), rate, *times, *used, f"{measured.foreign:.0%}"])
    columns = ("call", "clients", "posts/s", "p50 ms", "p95 ms", "p99 ms", "Postgres µs", "pgbench µs", "others")
    return Table("The floor: pgbench, no HTTP (times are of a call, CPU is of a post)", columns, rows, labels=1)


def _goals(pairs: dict[int, list[Pair]]) -> list[Goal]:
    at_8 = median([pair.ours for pair in pairs[8]])
    errors = sum(sum(pair.ours.errors.values()) for runs in pairs.values() for pair in runs)
    return [
        at_least("Posts/s at 32 connections, share of the sketch's", _ratio(pairs[32]), limit=SHARE_OF_SKETCH),
        at_most("p95 of a post at 8 connections", at_8.p95, limit=P95_AT_8_MS, unit=" ms"),
        Goal("Answers to a post other than 201", "none", str(errors or "none"), errors == 0),
    ]

"""One measurement: load on a server, and the figures of it."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import psutil

from infra.bench.ground import Ground
from infra.bench.load import Order, Outcome
from infra.bench.serving import BenchError, Service

CORES = int(psutil.cpu_count() or 1)


@dataclass(frozen=True)
class Effort:
    """How long each measurement lasts, in seconds; `say` tells a person how far it is."""

    seconds: float
    warm_up: float
    say: Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """Latencies in milliseconds, CPU in microseconds a request."""

    rate: float
    p50: float
    p95: float
    p99: float
    requests: int
    errors: dict[str, int] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    foreign: float = 0.0
    """The share of the machine that processes had which have nothing to do with the measurement."""


def post_order(ground: Ground, effort: Effort, *, service: Service, connections: int) -> Order:
    """Posts to a server that runs our function, its CPU and that of Postgres watched."""
    return Order(
        kind="post",
        port=service.port,
        connections=connections,
        seconds=effort.seconds,
        warm_up=effort.warm_up,
        traffic=str(ground.traffic),
        watched={"app": [service.pid], "postgres": [ground.server.pid]},
    )


def run_load(order: Order) -> Measured:
    """Carry out the order in a process of its own."""
    argv = [sys.executable, "-m", "infra.bench.load"]
    # Unbuffered, Python may write only a part of a long line.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    run = subprocess.run(argv, input=json.dumps(asdict(order)), capture_output=True, text=True, env=environment)
    if run.returncode != 0 or run.stderr:
        raise BenchError(f"The load generator failed:\n{run.stderr[-2000:]}")
    measured = summarise(Outcome(**json.loads(run.stdout)))
    if not measured.requests:
        raise BenchError(f"No request was answered as it should be: {measured.errors}")
    return measured


def summarise(outcome: Outcome) -> Measured:
    """Every figure of what happened."""
    times, requests = outcome.latencies, len(outcome.latencies)
    ours = {name: used for name, used in outcome.cpu.items() if name != "machine"}
    foreign = (outcome.cpu["machine"] - sum(ours.values())) / (outcome.seconds * CORES)
    return Measured(
        rate=requests / outcome.seconds,
        p50=percentile(times, 0.50),
        p95=percentile(times, 0.95),
        p99=percentile(times, 0.99),
        requests=requests,
        errors=outcome.errors,
        cpu={name: used / requests * 1e6 for name, used in ours.items()} if requests else {},
        foreign=max(0.0, foreign),
    )


def percentile(ascending: Sequence[float], share: float) -> float:
    """In milliseconds, of seconds."""
    return ascending[min(int(len(ascending) * share), len(ascending) - 1)] * 1000 if ascending else 0.0


def median(runs: Sequence[Measured]) -> Measured:
    """Each figure's median over the runs; errors and requests of all of them together."""

    def middle(name: str) -> float:
        return float(statistics.median(getattr(run, name) for run in runs))

    errors: dict[str, int] = {}
    for run in runs:
        for name, number in run.errors.items():
            errors[name] = errors.get(name, 0) + number
    names = [name for name in runs[0].cpu if all(name in run.cpu for run in runs)]
    return Measured(
        rate=middle("rate"),
        p50=middle("p50"),
        p95=middle("p95"),
        p99=middle("p99"),
        requests=sum(run.requests for run in runs),
        errors=errors,
        cpu={name: statistics.median(run.cpu[name] for run in runs) for name in names},
        foreign=middle("foreign"),
    )

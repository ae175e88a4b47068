"""The floor: pgbench calling the SQL function that `posting` calls, on the same server. No HTTP, no Python."""

import math
import time
from datetime import timedelta
from pathlib import Path

from infra.bench import cpu, traffic
from infra.bench.ground import THROTTLE, Ground
from infra.bench.load import Outcome
from infra.bench.measure import Effort, Measured, summarise
from infra.bench.serving import BenchError, spawned
from infra.local.postgres import binary
from shared.models.throttle import parse_rate
from shared.platform import queries
from shared.rules import idempotency, verdict

_statements = queries.load("functions.posting")

# pgbench puts a number wherever it finds :name, in a string too: so the server gets text that is ready, as from the
# function. Popularity is that of the load: the n-th key 1/n as often as the first.
_NUMBERS = r"""\set person{n} random(1, {people})
\set key{n} 10000000 + int(exp(ln({sayings}) * random(0, 1000000) / 1000000.0))
\set address{n} random(1, 60000)
\set low{n} random(10000000, 99999999)
\set high{n} random(100000000000, 999999999999)
"""
_POST = (
    '{"id":":low@-0000-7000-8000-:high@","person_id":"bench-:person@","content":"Listening to Lover by Taylor Swift",'
    '"language":null,"visibility":"public","activity":"listening","category":"music","subject":"taylor swift",'
    '"item":"lover","key":"music:taylorswift:lover:key@","fingerprint":"\\\\x000000000000000000000000:key@",'
    '"now":"now","person_bucket":"post:person:bench-:person@","address_bucket":"post:address:anybody-:address@",'
    '"idempotency_key":"1f0c86e7-94f5-4a51-8f0a-2b5f6f1b7f0e-:low@-:high@","body_hash":"\\\\x' + "ab" * 32 + '"}'
)

_SKETCH = r"""\set p random(1, {people})
\set k int(exp(ln({sayings}) * random(0, 1000000) / 1000000.0))
select public.sketch_post('bench-:p', 'Listening to Lover by Taylor Swift :k');
"""


def ours(posts: int) -> str:
    """A pgbench script that sends the function's own statement, with so many posts in it."""
    rate = parse_rate(THROTTLE)
    numbers = "".join(_NUMBERS.format(n=n, people=traffic.PEOPLE, sayings=traffic.SAYINGS) for n in range(1, posts + 1))
    items = ",".join(_POST.replace("@", str(n)) for n in range(1, posts + 1))
    statement = _statements.accept_posts % {
        "items": f"'[{items}]'",
        "window": _interval(verdict.WINDOW),
        "exact_up_to": verdict.EXACT_UP_TO,
        "person_interval": _interval(rate.interval),
        "person_fill": _interval(rate.fill),
        "address_interval": _interval(rate.interval),
        "address_fill": _interval(rate.fill),
        "idempotency_ttl": _interval(idempotency.KEPT),
    }
    return f"{numbers}{statement};\n"


def sketch() -> str:
    """A pgbench script that calls sketch_post."""
    return _SKETCH.format(people=traffic.PEOPLE, sayings=traffic.SAYINGS)


def _interval(length: timedelta) -> str:
    return f"'{length.total_seconds()} s'"


def run_pgbench(ground: Ground, effort: Effort, *, database: str, script: str, clients: int) -> Measured:
    """Figures of calls, whatever number of posts each takes; the warm-up is not counted."""
    file, log, output = (ground.folder / name for name in ("pgbench.sql", "pgbench-log", "pgbench.txt"))
    file.write_text(script)
    user = "postgres" if database == "sketch" else "backend"
    lasts = str(math.ceil(effort.warm_up + effort.seconds + 1))
    argv = [str(binary("pgbench")), "-h", "127.0.0.1", "-p", str(ground.server.port), "-U", user, "-n", "-f", str(file)]
    argv += ["-c", str(clients), "-T", lasts, "-l", "--log-prefix", str(log), database]
    with spawned(argv, {"PGPASSWORD": ground.server.password}, log=output) as process:
        time.sleep(effort.warm_up)
        before, began = _cpu(ground, process.pid), time.time()
        time.sleep(effort.seconds)
        after, ended = _cpu(ground, process.pid), time.time()
        if process.wait() != 0:
            raise BenchError(f"pgbench failed:\n{output.read_text()[-2000:]}")
    used = {name: after[name] - before[name] for name in after}
    return summarise(Outcome(ended - began, _latencies(log, began=began, ended=ended), errors={}, cpu=used))


def _latencies(log: Path, *, began: float, ended: float) -> list[float]:
    """Of the calls that ended within, in seconds, ascending. The log is removed."""
    found = []
    for file in log.parent.glob(f"{log.name}.*"):
        for line in file.read_text().splitlines():
            _, _, microseconds, _, second, fraction = line.split(" ")
            if began <= int(second) + int(fraction) / 1e6 < ended:
                found.append(int(microseconds) / 1e6)
        file.unlink()
    return sorted(found)


def _cpu(ground: Ground, pgbench: int) -> dict[str, float]:
    return {
        "postgres": cpu.of_processes([ground.server.pid]),
        "load": cpu.of_processes([pgbench]),
        "machine": cpu.of_machine(),
    }

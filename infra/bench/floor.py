"""The floor: pgbench calling the SQL function that `posting` calls, on the same server. No HTTP, no Python."""

import os
import subprocess
import time
from pathlib import Path

from infra.bench import cpu, traffic
from infra.bench.ground import THROTTLE, Ground
from infra.bench.load import Outcome
from infra.bench.measure import Measured, summarise
from infra.bench.serving import BenchError
from infra.local.postgres import binary
from shared.models.throttle import parse_rate
from shared.rules import idempotency, verdict

# One post as the function sends it, with the popularity that the load has. The server puts the text of it together, at
# a few microseconds each.
_ITEM = r"""format(
    '{{"id":"%s","person_id":"bench-%s","content":"Listening to Lover by Taylor Swift","language":null,'
    '"visibility":"public","activity":"listening","category":"music","subject":"taylor swift","item":"lover",'
    '"key":"music:taylorswift:%s","fingerprint":"\\x%s","now":"%s","person_bucket":"post:person:bench-%s",'
    '"address_bucket":"post:address:%s","idempotency_key":"pgbench-%s","body_hash":"\\x%s"}}',
    gen_random_uuid(), (:p + i * 7) % {people}, (:k + i) % {sayings}, md5(((:k + i) % {sayings})::text), now(),
    (:p + i * 7) % {people}, (:a + i) % 60000, :r + i, encode(sha256('x'), 'hex'))"""

_CALL = r"""\set p random(1, {people})
\set k int(exp(ln({sayings}) * random(0, 1000000) / 1000000.0))
\set a random(1, 60000)
\set r random(1, 1000000000000000)
select outcome, post_id, others, exact, retry_after from private.accept_posts_v1(
  p_posts => (select '[' || string_agg(@item, ',') || ']' from generate_series(1, {posts}) i)::jsonb,
  p_window => '{window} s', p_exact_up_to => {exact_up_to}, p_person_interval => '{interval} s',
  p_person_fill => '{fill} s', p_address_interval => '{interval} s', p_address_fill => '{fill} s',
  p_idempotency_ttl => '{ttl} s');
"""

_SKETCH = r"""\set p random(1, {people})
\set k int(exp(ln({sayings}) * random(0, 1000000) / 1000000.0))
select public.sketch_post('bench-' || :p, 'Listening to Lover by Taylor Swift ' || :k);
"""


def ours(posts: int) -> str:
    """A pgbench script that calls accept_posts_v1 with so many posts."""
    rate = parse_rate(THROTTLE)
    return _CALL.replace("@item", _ITEM).format(
        posts=posts,
        people=traffic.PEOPLE,
        sayings=traffic.SAYINGS,
        window=verdict.WINDOW.total_seconds(),
        exact_up_to=verdict.EXACT_UP_TO,
        interval=rate.interval.total_seconds(),
        fill=rate.fill.total_seconds(),
        ttl=idempotency.KEPT.total_seconds(),
    )


def sketch() -> str:
    """A pgbench script that calls sketch_post."""
    return _SKETCH.format(people=traffic.PEOPLE, sayings=traffic.SAYINGS)


def run_pgbench(ground: Ground, database: str, script: str, *, clients: int, seconds: float) -> Measured:
    """Figures of calls, whatever number of posts each takes."""
    file, log = ground.folder / "pgbench.sql", ground.folder / "pgbench-log"
    file.write_text(script)
    user = "postgres" if database == "sketch" else "backend"
    argv = [str(binary("pgbench")), "-h", "127.0.0.1", "-p", str(ground.server.port), "-U", user, "-n", "-f", str(file)]
    argv += ["-c", str(clients), "-T", str(max(1, round(seconds))), "-l", "--log-prefix", str(log), database]
    before, began = _cpu(ground), time.perf_counter()
    run = subprocess.run(argv, capture_output=True, text=True, env=os.environ | {"PGPASSWORD": ground.server.password})
    elapsed, after = time.perf_counter() - began, _cpu(ground)
    if run.returncode != 0:
        raise BenchError(f"pgbench failed:\n{run.stderr[-2000:]}")
    return summarise(
        Outcome(elapsed, _latencies(log), errors={}, cpu={name: after[name] - before[name] for name in after})
    )


def _latencies(log: Path) -> list[float]:
    """From the logs of its threads, which are removed. The third column is microseconds."""
    found = []
    for file in log.parent.glob(f"{log.name}.*"):
        found += [int(line.split(" ", 3)[2]) / 1e6 for line in file.read_text().splitlines()]
        file.unlink()
    return sorted(found)


def _cpu(ground: Ground) -> dict[str, float]:
    postgres = cpu.of_processes([ground.server.pid])
    return {"postgres": postgres, "load": cpu.of_ended_children(), "machine": cpu.of_machine()}

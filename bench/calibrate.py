"""The calibration: pgbench on the same database server, in the same run."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

# A row like the one that a heartbeat writes, one a transaction, in a table with nothing else to it: no policies, no
# triggers, no second index. So the comparison is hard on us.
TABLE = """
drop table if exists public.bench_upsert;
create table public.bench_upsert (
    id integer primary key, watched int4multirange not null default '{}', watched_seconds integer not null default 0,
    position integer not null default 0, updated_at timestamptz not null default now()
) with (fillfactor = 60);
insert into public.bench_upsert (id) select generate_series(0, 255);
"""
UPSERT = """\\set n random(0, 255)
insert into public.bench_upsert as a (id, watched, watched_seconds, position, updated_at)
values (:n, '{[5,6)}', 1, 5, now())
on conflict (id) do update set
    watched = a.watched + excluded.watched, watched_seconds = a.watched_seconds + 1,
    position = excluded.position, updated_at = excluded.updated_at;
"""


def upserts_a_second(bin_dir: Path, dsn: str, *, seconds: int, clients: int = 16, prepared: bool = False) -> float:
    """Durable single-row upserts a second by pgbench (simple protocol unless ``prepared``)."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(UPSERT)
        script.flush()
        subprocess.run([str(bin_dir / "psql"), "-qX", "-c", TABLE, dsn], capture_output=True, check=True)
        command = [str(bin_dir / "pgbench"), "-n", "-f", script.name, "-c", str(clients), "-j", "2", "-T", str(seconds)]
        if prepared:
            command += ["-M", "prepared"]
        done = subprocess.run([*command, dsn], capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if not found:
        raise RuntimeError(f"pgbench said nothing of its rate: {done.stdout}")
    return float(found[1])

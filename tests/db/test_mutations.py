"""The matrix is worth something only if it notices: each policy is taken away, and each is opened wide."""

from __future__ import annotations

from collections.abc import Iterator

from collegium.access import MATRIX, MOVES, PROBES, SECOND_LINES, table_of
from collegium.access.stage import ACTORS, Stage

COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete"}
POLICIES = """
select c.relname, p.polname, p.polcmd::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
from pg_policy p join pg_class c on c.oid = p.polrelid
where c.relnamespace = 'public'::regnamespace order by 1, 2
"""


def noticed(stage: Stage, table: str, verb: str) -> bool:
    """Whether some actor gets something else than the matrix declares."""
    for case in MATRIX:
        if table_of(case) == table:
            for who, answer in zip(ACTORS, MATRIX[case][verb].split(), strict=True):
                try:
                    if PROBES[case].attempt(stage, table, who, verb) != answer:
                        return True
                except AssertionError:
                    return True
    return False


def moved(stage: Stage, table: str) -> bool:
    """Whether the instructor can push a row over to somebody else."""
    if table not in MOVES:
        return False
    where, change = MOVES[table]
    with stage.undone():
        return stage.attempt("instructor", f"update public.{table} set {change} where {where}").state is None


def mutations(table: str, policy: str, using: str | None, check: str | None) -> Iterator[str]:
    """Statements that make a policy stricter or looser."""
    yield f'drop policy "{policy}" on public.{table}'
    if using not in (None, "true"):
        yield f'alter policy "{policy}" on public.{table} using (true)'
    if check not in (None, "true") and table not in SECOND_LINES:
        yield f'alter policy "{policy}" on public.{table} with check (true)'


def test_each_policy_matters(stage: Stage) -> None:
    unnoticed: list[str] = []
    for table, policy, command, using, check in stage.owner(POLICIES):
        for mutation in mutations(table, policy, using, check):
            with stage.undone():
                stage.owner(mutation)
                if not noticed(stage, table, COMMANDS[command]) and not moved(stage, table):
                    unnoticed.append(mutation)
    assert not unnoticed, "\n".join(unnoticed)

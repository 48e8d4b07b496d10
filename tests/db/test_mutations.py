"""The matrix is worth something only if it notices: each policy is taken away and opened wide, each grant is revoked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collegium.access import AREAS, MATRIX, MOVES, PROBES, SECOND_LINES, rights, table_of
from collegium.access.stage import ACTORS, Stage, role_of

COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete"}
POLICIES = """
select c.relname, p.polname, p.polcmd::text, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
from pg_policy p join pg_class c on c.oid = p.polrelid
where c.relnamespace = 'public'::regnamespace and c.relname = any (%(tables)s) order by 1, 2
"""
GRANTS = """
select c.relname, a.grantee::regrole::text, lower(a.privilege_type), null::text
from pg_class c cross join aclexplode(c.relacl) a
where c.relnamespace = 'public'::regnamespace and c.relname = any (%(tables)s) and a.grantee <> c.relowner
union all
select c.relname, a.grantee::regrole::text, lower(a.privilege_type), t.attname
from pg_class c join pg_attribute t on t.attrelid = c.oid cross join aclexplode(t.attacl) a
where c.relnamespace = 'public'::regnamespace and c.relname = any (%(tables)s)
order by 1, 2, 3, 4
"""
CALLS = """
select p.oid::regprocedure::text, a.grantee::regrole::text from pg_proc p cross join aclexplode(p.proacl) a
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and a.grantee <> p.proowner order by 1, 2
"""


def noticed(stage: Stage, table: str, verb: str, role: str | None = None) -> bool:
    """Whether some actor, or some actor of a role, gets something else than the matrix declares."""
    for case in MATRIX:
        if table_of(case) == table:
            for who, answer in zip(ACTORS, MATRIX[case][verb].split(), strict=True):
                if role not in (None, role_of(who)):
                    continue
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


def tables_of(area: str) -> list[str]:
    """The tables and views that an area declares."""
    return sorted({table_of(case) for case in AREAS[area].matrix})


@pytest.mark.parametrize("area", AREAS)
def test_each_policy_matters(stage: Stage, area: str) -> None:
    unnoticed: list[str] = []
    for table, policy, command, using, check in stage.owner(POLICIES, tables=tables_of(area)):
        for mutation in mutations(table, policy, using, check):
            with stage.undone():
                stage.owner(mutation)
                if not noticed(stage, table, COMMANDS[command]) and not moved(stage, table):
                    unnoticed.append(mutation)
    assert not unnoticed, "\n".join(unnoticed)


@pytest.mark.parametrize("area", AREAS)
def test_each_grant_on_a_table_matters(stage: Stage, area: str) -> None:
    unnoticed: list[str] = []
    for table, role, verb, column in stage.owner(GRANTS, tables=tables_of(area)):
        revoke = f"revoke {verb}{f' ({column})' if column else ''} on public.{table} from {role}"
        with stage.undone():
            stage.owner(revoke)
            # Columns are compared with a list, which is quicker than to try.
            lists = (rights.writable_columns, rights.unreadable_columns, rights.shown_columns) if column else ()
            listed = any(differences(stage) for differences in lists)
            if not listed and not noticed(stage, table, verb, role):
                unnoticed.append(revoke)
    assert not unnoticed, "\n".join(unnoticed)


def test_each_grant_on_a_function_matters(stage: Stage) -> None:
    for signature, role in stage.owner(CALLS):
        with stage.undone():
            stage.owner(f"revoke execute on function {signature} from {role}")
            assert rights.functions(stage), signature

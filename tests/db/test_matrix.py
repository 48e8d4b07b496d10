"""Every actor tries every verb on every table and view: allowed, hidden or refused, as declared in matrix.py."""

from __future__ import annotations

import pytest

from collegium.access import FUNCTIONS, MATRIX, MOVES, PROBES, UNREADABLE, VERBS, WHOLLY_WRITABLE, WRITABLE, table_of
from collegium.access.stage import ACTORS, Stage
from tests.db import access_page

RELATIONS = """
select relname, relispartition and relname ~ '_\\d{4}_\\d{2}$' from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
"""
RIGHTS = """
select c.relname, p.right_name, a.attname
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join (values ('select'), ('insert'), ('update'), ('references')) as p (right_name)
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
  and has_column_privilege(%(role)s, c.oid, a.attname, p.right_name) = %(has)s
"""


def expected(case: str, verb: str) -> dict[str, str]:
    """What each actor is to get."""
    return dict(zip(ACTORS, MATRIX[case][verb].split(), strict=True))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("case", MATRIX)
def test_matrix(stage: Stage, case: str, verb: str) -> None:
    table = table_of(case)
    assert {who: PROBES[case].attempt(stage, table, who, verb) for who in ACTORS} == expected(case, verb)


@pytest.mark.parametrize("table", MOVES)
def test_an_instructor_cannot_push_a_row_over_to_somebody_else(stage: Stage, table: str) -> None:
    where, change = MOVES[table]
    assert stage.act("instructor", f"select 1 from public.{table} where {where}").count == 1
    assert stage.attempt("instructor", f"update public.{table} set {change} where {where}").state == "42501"


def test_every_table_and_view_is_declared(stage: Stage) -> None:
    rows = stage.owner(RELATIONS)
    assert {name for name, monthly in rows if not monthly} == {table_of(case) for case in MATRIX}
    assert list(MATRIX) == list(PROBES)
    for case, verbs in MATRIX.items():
        assert tuple(verbs) == VERBS, case
        for verb in VERBS:
            assert len(verbs[verb].split()) == len(ACTORS), (case, verb)


def test_no_role_has_a_right_to_a_partition(stage: Stage) -> None:
    partitions = stage.owner(
        "select c.relname, c.relacl::text, c.relrowsecurity from pg_class c"
        " where c.relnamespace = 'public'::regnamespace and c.relispartition and c.relkind = 'r'"
    )
    assert len(partitions) > 12
    for name, acl, secured in partitions:
        assert secured, name
        assert acl == "{collegium_owner=arwdDxtm/collegium_owner}", name


def test_columns_that_people_may_write(stage: Stage) -> None:
    found: dict[tuple[str, str], list[str]] = {}
    for table, right, column in stage.owner(RIGHTS, role="authenticated", has=True):
        found.setdefault((table, right), []).append(column)
    assert not [entry for entry in found if entry[1] == "references"]
    everything = {table: columns for (table, right), columns in found.items() if right == "select"}
    written = {entry: columns for entry, columns in found.items() if entry[1] in ("insert", "update")}
    partly = {entry: " ".join(columns) for entry, columns in written.items() if columns != everything[entry[0]]}
    assert partly == WRITABLE
    assert set(written) - set(WRITABLE) == {(table, verb) for table in WHOLLY_WRITABLE for verb in ("insert", "update")}


def test_columns_that_people_may_not_read(stage: Stage) -> None:
    hidden: dict[str, list[str]] = {}
    readable = {table for table, right, _ in stage.owner(RIGHTS, role="authenticated", has=True) if right == "select"}
    for table, right, column in stage.owner(RIGHTS, role="authenticated", has=False):
        if right == "select" and table in readable:
            hidden.setdefault(table, []).append(column)
    assert {table: " ".join(columns) for table, columns in hidden.items()} == UNREADABLE


def test_visitors_have_no_right_but_select(stage: Stage) -> None:
    assert {right for _, right, _ in stage.owner(RIGHTS, role="anon", has=True)} == {"select"}


def test_nobody_may_truncate_or_attach_triggers(stage: Stage) -> None:
    assert not stage.owner(
        "select c.relname, r.rolname from pg_class c cross join pg_roles r"
        " where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v')"
        " and r.rolname in ('anon', 'authenticated', 'service_role', 'collegium_web')"
        " and (has_table_privilege(r.oid, c.oid, 'truncate') or has_table_privilege(r.oid, c.oid, 'trigger'))"
    )


def test_who_may_call_which_function(stage: Stage) -> None:
    called: dict[str, str] = {}
    for name, roles in stage.owner(
        "select p.pronamespace::regnamespace || '.' || p.proname,"
        " string_agg(r.rolname, ' ' order by r.rolname) from pg_proc p cross join pg_roles r"
        " where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)"
        " and r.rolname in ('anon', 'authenticated', 'service_role')"
        " and has_function_privilege(r.oid, p.oid, 'execute')"
        " group by p.oid, 1 order by 1"
    ):
        assert name not in called, f"{name} stands twice: name its arguments in the list"
        called[name] = roles
    assert called == FUNCTIONS


def test_nothing_else_is_open(stage: Stage) -> None:
    """No right of PUBLIC to what is ours, and nothing to read or make in any other schema."""
    assert not stage.owner(
        "select p.oid::regprocedure from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        " where p.pronamespace::regnamespace::text in ('public', 'private', 'auth') and a.grantee = 0"
    )
    assert not stage.owner(
        "select c.oid::regclass, r.rolname from pg_class c"
        " cross join (values ('anon'), ('authenticated'), ('collegium_web')) as r (rolname)"
        " where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')"
        " and c.relnamespace::regnamespace::text not in ('public', 'pg_catalog', 'information_schema')"
        " and has_schema_privilege(r.rolname, c.relnamespace, 'usage')"
        " and has_table_privilege(r.rolname, c.oid, 'select')"
    )
    assert not stage.owner(
        "select n.nspname, r.rolname from pg_namespace n"
        " cross join (values ('anon'), ('authenticated'), ('service_role'), ('collegium_web')) as r (rolname)"
        " where has_schema_privilege(r.rolname, n.oid, 'create')"
    )


def test_the_page_says_what_the_matrix_says() -> None:
    assert access_page.PAGE.read_text(encoding="utf-8") == access_page.render()

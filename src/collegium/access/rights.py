"""What the catalogue of a database says of its rights, held against what is declared. Each function answers differences."""

from __future__ import annotations

from collections.abc import Callable

from collegium.access import FUNCTIONS, MATRIX, SHOWN, UNREADABLE, WHOLLY_WRITABLE, WRITABLE, table_of
from collegium.access.stage import Stage

RELATIONS = """
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
  and not (relispartition and relname ~ '_\\d{4}_\\d{2}$')
"""
PARTITIONS = """
select c.relname, c.relrowsecurity,
    exists (select 1 from aclexplode(c.relacl) a where a.grantee <> c.relowner) or exists (
        select 1 from pg_attribute t where t.attrelid = c.oid and t.attacl is not null
    )
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relispartition and c.relkind = 'r'
"""
RIGHTS = """
select c.relname, p.right_name, a.attname
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join (values ('select'), ('insert'), ('update'), ('references')) as p (right_name)
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
  and has_column_privilege(%(role)s, c.oid, a.attname, p.right_name) = %(has)s
order by c.relname, p.right_name, a.attnum
"""
CALLS = """
select p.pronamespace::regnamespace || '.' || p.proname, string_agg(r.rolname, ' ' order by r.rolname)
from pg_proc p cross join pg_roles r
where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and r.rolname in ('anon', 'authenticated', 'service_role') and has_function_privilege(r.oid, p.oid, 'execute')
group by p.oid, 1 order by 1
"""
MIGHTY = """
select c.relname, r.rolname from pg_class c cross join pg_roles r
where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v')
  and r.rolname in ('anon', 'authenticated', 'service_role', 'collegium_web')
  and (has_table_privilege(r.oid, c.oid, 'truncate') or has_table_privilege(r.oid, c.oid, 'trigger'))
"""
PUBLIC_CALLS = """
select p.oid::regprocedure::text from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
where p.pronamespace::regnamespace::text in ('public', 'private', 'auth') and a.grantee = 0
  -- Supabase's schema auth is not ours.
  and p.proowner = (select relowner from pg_class where oid = 'public.profiles'::regclass)
"""
READABLE_ELSEWHERE = """
select c.oid::regclass::text, r.rolname from pg_class c
cross join (values ('anon'), ('authenticated'), ('collegium_web')) as r (rolname)
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and c.relnamespace::regnamespace::text not in ('public', 'pg_catalog', 'information_schema')
  and exists (select 1 from pg_roles k where k.rolname = r.rolname)
  and has_schema_privilege(r.rolname, c.relnamespace, 'usage') and has_table_privilege(r.rolname, c.oid, 'select')
"""
MAKERS = """
select n.nspname, r.rolname from pg_namespace n
cross join (values ('anon'), ('authenticated'), ('service_role'), ('collegium_web')) as r (rolname)
where exists (select 1 from pg_roles k where k.rolname = r.rolname) and has_schema_privilege(r.rolname, n.oid, 'create')
"""


def undeclared_tables(stage: Stage) -> list[str]:
    """Tables and views without lines in the matrix, and lines without a table."""
    found = {name for (name,) in stage.owner(RELATIONS.replace("%", "%%"))}
    declared = {table_of(case) for case in MATRIX}
    return [f"{name} is not declared" for name in sorted(found - declared)] + [
        f"{name} is declared and not there" for name in sorted(declared - found)
    ]


def partitions(stage: Stage) -> list[str]:
    """Partitions to which somebody has a right, or without row-level security: they are reached through their parent."""
    found = stage.owner(PARTITIONS)
    return [f"partition {name} has no row-level security" for name, secured, _ in found if not secured] + [
        f"somebody has a right to partition {name}" for name, _, granted in found if granted
    ]


def writable_columns(stage: Stage) -> list[str]:
    """Columns that people who are signed in may write and that are not declared, or the other way round."""
    found: dict[tuple[str, str], list[str]] = {}
    for table, right, column in stage.owner(RIGHTS, role="authenticated", has=True):
        found.setdefault((table, right), []).append(column)
    everything = {table: columns for (table, right), columns in found.items() if right == "select"}
    written = {entry: columns for entry, columns in found.items() if entry[1] in ("insert", "update")}
    partly = {entry: " ".join(columns) for entry, columns in written.items() if columns != everything.get(entry[0])}
    wholly = set(written) - set(partly)
    declared = {(table, verb) for table in WHOLLY_WRITABLE for verb in ("insert", "update")}
    differences = [f"{table}: a foreign key may refer to it" for table, right in found if right == "references"]
    for table, verb in sorted(set(partly) | set(WRITABLE)):
        if partly.get((table, verb)) != WRITABLE.get((table, verb)):
            differences.append(
                f"{table}, {verb}: columns {partly.get((table, verb))}, declared {WRITABLE.get((table, verb))}"
            )
    for table, verb in sorted(wholly ^ (declared - set(WRITABLE))):
        state = "not declared" if (table, verb) in wholly else "declared and not so"
        differences.append(f"{table}, {verb}: all columns, which is {state}")
    return differences


def unreadable_columns(stage: Stage) -> list[str]:
    """Columns hidden from people who may read others of the table, where that differs from what is declared."""
    hidden: dict[str, list[str]] = {}
    readable = {table for table, right, _ in stage.owner(RIGHTS, role="authenticated", has=True) if right == "select"}
    for table, right, column in stage.owner(RIGHTS, role="authenticated", has=False):
        if right == "select" and table in readable:
            hidden.setdefault(table, []).append(column)
    found = {table: " ".join(columns) for table, columns in hidden.items()}
    return [
        f"{table}: hidden {found.get(table)}, declared {UNREADABLE.get(table)}"
        for table in sorted(set(found) | set(UNREADABLE))
        if found.get(table) != UNREADABLE.get(table)
    ]


def shown_columns(stage: Stage) -> list[str]:
    """Columns that visitors may read of tables that they may not read whole, where that differs from what is declared."""
    read: dict[str, list[str]] = {}
    for table, right, column in stage.owner(RIGHTS, role="anon", has=True):
        if right == "select":
            read.setdefault(table, []).append(column)
    partly = {table for table, right, _ in stage.owner(RIGHTS, role="anon", has=False) if right == "select"}
    found = {table: " ".join(columns) for table, columns in read.items() if table in partly}
    return [
        f"{table}: visitors read {found.get(table)}, declared {SHOWN.get(table)}"
        for table in sorted(set(found) | set(SHOWN))
        if found.get(table) != SHOWN.get(table)
    ]


def visitors(stage: Stage) -> list[str]:
    """Rights of visitors that are more than reading."""
    found = {(table, right) for table, right, _ in stage.owner(RIGHTS, role="anon", has=True)}
    return [f"visitors may {right} {table}" for table, right in sorted(found) if right != "select"]


def functions(stage: Stage) -> list[str]:
    """Functions that somebody may call, where that differs from what is declared."""
    called: dict[str, str] = {}
    differences: list[str] = []
    for name, roles in stage.owner(CALLS):
        if name in called:
            differences.append(f"{name} stands twice: name its arguments in the list")
        called[name] = roles
    return differences + [
        f"{name}: called by {called.get(name, 'nobody')}, declared {FUNCTIONS.get(name, 'nobody')}"
        for name in sorted(set(called) | set(FUNCTIONS))
        if called.get(name) != FUNCTIONS.get(name)
    ]


def nothing_else(stage: Stage) -> list[str]:
    """Rights that no list could hold: to truncate, to attach triggers, of everybody, in other schemas."""
    return [
        *(f"{role} may truncate or attach triggers to {table}" for table, role in stage.owner(MIGHTY)),
        *(f"everybody may call {name}" for (name,) in stage.owner(PUBLIC_CALLS)),
        *(f"{role} may read {name}" for name, role in stage.owner(READABLE_ELSEWHERE)),
        *(f"{role} may make things in schema {schema}" for schema, role in stage.owner(MAKERS)),
    ]


CHECKS: dict[str, Callable[[Stage], list[str]]] = {
    "every table is declared": undeclared_tables,
    "nobody has a right to a partition": partitions,
    "columns that people may write": writable_columns,
    "columns that people may not read": unreadable_columns,
    "columns that visitors may read": shown_columns,
    "visitors only read": visitors,
    "who may call which function": functions,
    "nothing else is open": nothing_else,
}


def differences(stage: Stage) -> list[str]:
    """All of them."""
    return [difference for check in CHECKS.values() for difference in check(stage)]

"""Every named query can run on the schema as it is, as the role that it declares, and somebody uses it."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest

import collegium.features
from collegium.access.stage import opening
from collegium.kit import queries
from tests.support.database import Database

FEATURES = Path(collegium.features.__file__).parent
NAMED = {
    f"{path.parent.name}.{name}": (role, purpose, sql)
    for path in sorted(FEATURES.glob("*/queries.sql"))
    for name, role, purpose, sql in queries.load(f"collegium.features.{path.parent.name}")
}
WHO = {"authenticated": "stranger"}


@lru_cache
def attributes(feature: str) -> frozenset[str]:
    """Every name after a dot in a feature's code."""
    found: set[str] = set()
    for path in (FEATURES / feature).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return frozenset(found)


def explain(database: Database, role: str, sql: str) -> None:
    """Has PostgreSQL prepare a query and check each right that it needs, without running it. Raises psycopg.Error."""
    with psycopg.connect(database.dsn_web) as connection:
        connection.execute(opening(WHO.get(role, role)))
        connection.execute(b"explain (generic_plan) " + sql.encode())
        connection.rollback()


@pytest.mark.parametrize("name", NAMED)
def test_it_can_run(guild: Database, name: str) -> None:
    role, _, sql = NAMED[name]
    explain(guild, role, sql)


@pytest.mark.parametrize("name", NAMED)
def test_it_says_what_for(name: str) -> None:
    purpose = NAMED[name][1]
    assert purpose, "a comment line after its name"
    assert purpose[0].isupper(), purpose
    assert purpose.endswith("."), purpose


@pytest.mark.parametrize("name", NAMED)
def test_it_is_used(name: str) -> None:
    feature, query = name.split(".")
    assert query in attributes(feature), f"{query} stands in queries.sql and nowhere in the code of {feature}"


@pytest.mark.parametrize(
    ("role", "sql"),
    [
        ("anon", "select 1 from public.enrollments"),
        ("anon", "select private.is_admin()"),
        ("authenticated", "select token_hash from public.web_sessions"),
        ("authenticated", "update public.enrollments set status = $1"),
        ("service_role", "delete from public.certificates"),
        ("service_role", "select no_such_column from public.courses where id = $1"),
        ("service_role", "select $1::integer + title from public.courses"),
    ],
)
def test_a_query_that_cannot_run_is_noticed(guild: Database, role: str, sql: str) -> None:
    with pytest.raises(psycopg.Error):
        explain(guild, role, sql)


def test_every_feature_that_loads_queries_has_some() -> None:
    loads = {
        path.parent.name for path in FEATURES.glob("*/*.py") if "queries.load(" in path.read_text(encoding="utf-8")
    }
    assert loads == {name.split(".")[0] for name in NAMED}

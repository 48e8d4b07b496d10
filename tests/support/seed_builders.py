"""Databases made of the SQL of the documents L and S as it stands, and a way to act there."""

from __future__ import annotations

import re
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg

from tests.support import seeds

Connection = psycopg.Connection[tuple[Any, ...]]
THINGS = (*("one", "two", "teacher", "course", "module", "lesson", "quiz", "question", "attempt", "session"),)
_BEFORE = "create schema auth; create function auth.uid() returns uuid language sql stable as $$ select nullif(current_setting('seed.user', true), '')::uuid $$;"
# What the diagram of L calls its types.
_TYPES = {"timestamp": "timestamptz default now()"}


class Seed:
    """One transaction on a document's database, in which statements run as somebody: a thing's name, or a role."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @staticmethod
    def key(name: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"seed:{name}")

    def all(self, statement: str, **given: Any) -> list[tuple[Any, ...]]:
        """A statement of the tables' owner."""
        with psycopg.ClientCursor(self.connection) as cursor:
            keys: dict[str, Any] = {name: self.key(name) for name in THINGS}
            # A document's own statement may have a percent sign in it.
            bare = re.sub(r"%(?!\()", "%%", statement)
            cursor.execute(bare.encode(), keys | given)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, **given: Any) -> Any:
        """The first column of its first row."""
        return self.all(statement, **given)[0][0]

    def act(self, who: str, statement: str, **given: Any) -> list[tuple[Any, ...]]:
        """A statement as a member (by the name of the key), as anon, or as postgres."""
        with self.connection.transaction():
            if who != "postgres":
                self.connection.execute(f"set local role {'anon' if who == 'anon' else 'authenticated'}".encode())
            self.connection.execute(
                "select set_config('seed.user', %s, true)", ["" if who == "anon" else str(self.key(who))]
            )
            rows = self.all(statement, **given)
            self.connection.execute("reset role")
        return rows

    def refusal(self, who: str, statement: str, **given: Any) -> str | None:
        """The SQLSTATE with which a statement is refused."""
        try:
            self.act(who, statement, **given)
        except psycopg.Error as error:
            return error.sqlstate
        return None


def grant_as_supabase_does(connection: Connection) -> None:
    """A new project of Supabase lets its roles at every table of public and leaves the rest to the policies."""
    connection.execute("grant usage on schema public, auth to anon, authenticated")
    connection.execute("grant all on all tables in schema public to anon, authenticated")


def build_s(connection: Connection) -> list[str]:
    """S in an empty database, whole."""
    connection.execute(_BEFORE.encode())
    connection.execute(seeds.block("S", "CREATE TABLE").encode())
    return []


def build_l(connection: Connection) -> list[str]:
    """L in an empty database: its types, the tables of its diagram, its policies."""
    connection.execute(_BEFORE.encode())
    connection.execute(seeds.block("L", "CREATE TYPE").encode())
    for table, body in re.findall(r"^    (\w+) \{\n(.*?)^    \}", seeds.text("L"), re.DOTALL | re.MULTILINE):
        columns = [
            f"{name} {_TYPES.get(kind, kind)}{' primary key' if rest == 'PK' else ''}"
            for kind, name, rest in re.findall(r"^\s+(\S+) (\w+) ?(\w*)$", body, re.MULTILINE)
        ]
        connection.execute(f"create table {table} ({', '.join(columns)})".encode())
    for block in seeds.blocks("L"):
        if "CREATE POLICY" in block:
            for table in dict.fromkeys(re.findall(r'" ON (\w+)', block)):
                connection.execute(f"alter table {table} enable row level security".encode())
            connection.execute(block.encode())
    return []

"""A small guild with everybody in it, and a stage on which each of them speaks SQL.

Identities are the same in every database: `key("owner")`. In statements they stand as `%(owner)s`.

    owner             the learner whose rows are looked at
    learner           somebody else who takes the same course
    stranger          signed in, takes nothing
    instructor        teaches the course
    other_instructor  teaches another one
    manager           manages the organisation that the owner belongs to
    anon, admin, super_admin, service_role
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from psycopg import sql

PEOPLE = {
    "owner": "student",
    "learner": "student",
    "stranger": "student",
    "instructor": "instructor",
    "other_instructor": "instructor",
    "manager": "student",
    "admin": "admin",
    "super_admin": "super_admin",
}
ACTORS = (
    "owner",
    "learner",
    "stranger",
    "instructor",
    "other_instructor",
    "manager",
    "anon",
    "admin",
    "super_admin",
    "service_role",
)
SESSIONS = {"owner": "session", "learner": "learner_session"}


def key(name: str) -> UUID:
    """The identity of a person or thing of the guild."""
    return uuid5(NAMESPACE_URL, f"guild:{name}")


# What statements may name; the areas add their things when they are put together.
KEYS: dict[str, Any] = {name: key(name) for name in PEOPLE}


@dataclass(frozen=True)
class Outcome:
    """What became of a statement: rows, or the refusal's SQLSTATE, code (DETAIL) and words."""

    rows: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    count: int = 0
    state: str | None = None
    code: str | None = None
    words: str = ""


class Stage:
    """One transaction on a database of the guild, in which statements run as somebody."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.connection = connection

    def owner(self, statement: str, **given: Any) -> list[tuple[Any, ...]]:
        """A statement of the tables' owner, whom row-level security does not hold."""
        with psycopg.ClientCursor(self.connection) as cursor:
            cursor.execute(statement.encode(), KEYS | given)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, **given: Any) -> Any:
        """The first column of the owner's first row; None without rows."""
        rows = self.owner(statement, **given)
        return rows[0][0] if rows else None

    def act(self, who: str, statement: str, **given: Any) -> Outcome:
        """A statement as somebody, whose words go through any refusal: raises psycopg.Error, changes nothing then."""
        with self.connection.transaction(), psycopg.ClientCursor(self.connection) as cursor:
            cursor.execute(self.opening(who))
            cursor.execute(statement.encode(), KEYS | given)
            while cursor.nextset():
                pass  # Of several statements the last one answers.
            rows = cursor.fetchall() if cursor.description else []
            count = cursor.rowcount
            cursor.execute("select set_config('request.jwt.claims', '', true)")
            cursor.execute("reset role")
        return Outcome(rows, count)

    def attempt(self, who: str, statement: str, **given: Any) -> Outcome:
        """The same, with a refusal as its answer."""
        try:
            return self.act(who, statement, **given)
        except psycopg.Error as error:
            return Outcome(state=error.sqlstate, code=error.diag.message_detail, words=error.diag.message_primary or "")

    def opening(self, who: str) -> sql.Composed:
        """What makes the rest of a transaction somebody's."""
        return opening(who)

    @contextmanager
    def undone(self) -> Generator[None]:
        """What happens inside is rolled back at the end."""
        with self.connection.transaction(force_rollback=True):
            yield


def role_of(who: str) -> str:
    """The database role that somebody's transactions take."""
    return who if who in ("anon", "service_role") else "authenticated"


def opening(who: str) -> sql.Composed:
    """Takes the role and the claims of somebody for the rest of the transaction."""
    claims: dict[str, str] = {"role": role_of(who)}
    if role_of(who) == "authenticated":
        claims |= {"sub": str(key(who)), "session_id": str(key(SESSIONS.get(who, "no session")))}
    return sql.SQL("set local role {}; select set_config('request.jwt.claims', {}, true)").format(
        sql.Identifier(role_of(who)), json.dumps(claims)
    )

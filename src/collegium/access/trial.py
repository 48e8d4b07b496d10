"""Tries what is declared on a live database: every actor, every verb, every table. Nothing of it stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from collegium.access import MATRIX, PROBES, VERBS, found, rights, table_of
from collegium.access.area import ProbeFailed
from collegium.access.stage import ACTORS, Stage

# A site at work is not kept waiting: a trial holds its locks for moments only, and gives up where it meets another's.
MOMENT_S = 1.0
PATIENCE = "set local lock_timeout = '3s'; set local statement_timeout = '20s'; set local idle_in_transaction_session_timeout = '30s'"


@dataclass(frozen=True)
class Tried:
    """What the actors got for one verb on one case of a table, in the order of `ACTORS`, beside what is declared."""

    case: str
    verb: str
    declared: tuple[str, ...]
    found: tuple[str, ...]

    @property
    def differences(self) -> list[str]:
        """In words, one for each actor who got something else."""
        return [
            f"{self.case}: {who} may {self.verb}: {got}, declared {meant}"
            for who, meant, got in zip(ACTORS, self.declared, self.found, strict=True)
            if meant != got
        ]


def tables() -> list[str]:
    """Every table and view that is declared, once."""
    return list(dict.fromkeys(table_of(case) for case in MATRIX))


def try_tables(
    connection: psycopg.Connection[tuple[object, ...]], wanted: list[str] | None = None
) -> Iterator[tuple[str, list[Tried] | psycopg.Error]]:
    """Every verb of every actor on each table, or the error for which a table could not be tried.

    The people and things of the trial stand in transactions that are rolled back after about `MOMENT_S` seconds.
    """
    left = list(wanted or tables())
    while left:
        try:
            with connection.transaction(force_rollback=True):
                connection.execute(PATIENCE)
                stage = Stage(connection)
                found(stage)
                began = time.monotonic()
                while left and time.monotonic() - began < MOMENT_S:
                    tried = _try(stage, left[0])
                    yield left.pop(0), tried
        except psycopg.Error as error:
            yield left.pop(0), error


def _try(stage: Stage, table: str) -> list[Tried]:
    return [
        Tried(case, verb, tuple(MATRIX[case][verb].split()), tuple(_attempt(stage, case, verb, who) for who in ACTORS))
        for case in MATRIX
        if table_of(case) == table
        for verb in VERBS
    ]


def _attempt(stage: Stage, case: str, verb: str, who: str) -> str:
    try:
        return PROBES[case].attempt(stage, table_of(case), who, verb)
    except ProbeFailed:
        return "other"


def differences_in_rights(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """What the catalogue says of tables, columns and functions, where it is not as declared."""
    with connection.transaction(force_rollback=True):
        return rights.differences(Stage(connection))

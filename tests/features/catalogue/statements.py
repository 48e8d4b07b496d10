"""Counts what a page asks the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from collegium.kit import db

ASKING = ("fetch", "fetchrow", "fetchval", "execute")


class _Listening:
    """A connection that notes each statement given to it by a transaction."""

    def __init__(self, connection: Any, heard: list[str]) -> None:
        self._connection = connection
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in ASKING:
            return found

        def note(sql: str, *args: object) -> Any:
            self._heard.append(sql)
            return found(sql, *args)

        return note


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement inside of transactions from now on; clear it before what is to be counted."""
    heard: list[str] = []
    begin: Callable[[db.Transaction, Any], None] = db.Transaction.__init__

    def listen(self: db.Transaction, connection: Any) -> None:
        begin(self, _Listening(connection, heard))

    monkeypatch.setattr(db.Transaction, "__init__", listen)
    return heard

"""What must hold in every database at every moment: it does, and each check notices when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from collegium.access.stage import Stage
from tests.db.invariants import INVARIANTS, offending
from tests.support.database import Database

# The least that breaks each rule, in a file of the rule's name.
BREAK = {path.stem: path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "breaks").glob("*.sql")}
AS_SUPERUSER = {name for name, statements in BREAK.items() if statements.startswith("-- As a superuser.")}


def broken(stage: Stage) -> set[str]:
    """The rules that do not hold on the stage."""
    return {name for name, rule in INVARIANTS.items() if stage.owner(rule.sql.replace("%", "%%"))}


def test_each_has_a_rule_and_a_way_to_break_it() -> None:
    assert set(BREAK) == set(INVARIANTS)
    for invariant in INVARIANTS.values():
        assert invariant.rule[0].isupper(), invariant.name
        assert invariant.rule.endswith("."), invariant.name
        assert ";" not in invariant.sql, invariant.name


async def test_all_hold_in_an_empty_database(database: Database) -> None:
    assert await offending(database) == {}


def test_all_hold_in_a_filled_database(stage: Stage) -> None:
    stage.owner("delete from auth.users where id = %(nobody)s")
    assert broken(stage) == set()


@pytest.mark.parametrize("name", sorted(BREAK.keys() - AS_SUPERUSER))
def test_each_notices(stage: Stage, name: str) -> None:
    stage.owner("delete from auth.users where id = %(nobody)s")
    stage.owner(BREAK[name])
    assert name in broken(stage)


async def test_ownership_is_noticed(database: Database) -> None:
    async with database.connect("super") as session:
        for name in AS_SUPERUSER:
            await session.execute(BREAK[name])
    assert set(await offending(database)) == AS_SUPERUSER

"""What an area of the schema declares: who may do what on its tables, and how each right is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from collegium.access.stage import Outcome, Stage

VERBS = ("select", "insert", "update", "delete")


class ProbeFailed(AssertionError):
    """A statement did something else than it said: the probe, or the database, is wrong."""


def must(held: bool, words: str) -> None:
    """Raises ProbeFailed unless something holds."""
    if not held:
        raise ProbeFailed(f"It does not hold that {words}.")


@dataclass(frozen=True)
class Probe:
    """One case.

    `where` finds exactly one row. `insert` is the columns and values of a new one, which `inserted` finds. `update` is
    a column and its new value. `delete` finds a row that nothing refers to, where `where` does not.
    `first` is a column that everybody who sees a row may see.
    """

    row: str
    where: str
    insert: str
    inserted: str
    update: tuple[str, str]
    delete: str = ""
    first: str = "id"

    def attempt(self, stage: Stage, table: str, who: str, verb: str) -> str:
        """What somebody gets, in the words of the matrix. Everything is undone."""
        with stage.undone():
            if verb == "select":
                return self._seen(stage.attempt(who, f"select {self.first} from public.{table} where {self.where}"))
            if verb == "insert":
                return self._insert(stage, table, who)
            if verb == "update":
                return self._update(stage, table, who)
            return self._delete(stage, table, who)

    def _seen(self, outcome: Outcome) -> str:
        must(len(outcome.rows) <= 1, f"{self.where} finds {len(outcome.rows)} rows")
        return outcome.state or ("yes" if outcome.rows else "-")

    def _insert(self, stage: Stage, table: str, who: str) -> str:
        statement = f"insert into public.{table} {self.insert}"
        outcome = stage.attempt(who, f"{statement} returning {self.first}")
        answer = "yes"
        if outcome.state == "42501":
            outcome, answer = stage.attempt(who, statement), "blind"
        if outcome.state:
            return outcome.state
        must(outcome.count == 1, "one row was added")
        must(
            stage.value(f"select count(*) from public.{table} where {self.inserted}") == 1,
            f"{self.inserted} finds the new row",
        )
        return answer

    def _update(self, stage: Stage, table: str, who: str) -> str:
        column, value = self.update
        find = f"select count(*) from public.{table} where {self.where} and {column} is not distinct from {value}"
        before = stage.value(find)
        outcome = stage.attempt(
            who, f"update public.{table} set {column} = {value} where {self.where} returning {self.first}"
        )
        if outcome.state or outcome.count == 0:
            must(stage.value(find) == before, f"a refusal leaves {table} as it was")
            return outcome.state or "-"
        must((before, outcome.count, stage.value(find)) == (0, 1, 1), f"{self.where} is changed, once")
        return "yes"

    def _delete(self, stage: Stage, table: str, who: str) -> str:
        where = self.delete or self.where
        find = f"select count(*) from public.{table} where {where}"
        before = stage.value(find)
        outcome = stage.attempt(who, f"delete from public.{table} where {where} returning {self.first}")
        if outcome.state or outcome.count == 0:
            must(stage.value(find) == before, f"a refusal leaves {table} as it was")
            return outcome.state or "-"
        must((before, outcome.count, stage.value(find)) == (1, 1, 0), f"{where} is removed")
        return "yes"


def table_of(case: str) -> str:
    """The table or view of a case."""
    return case.split(":")[0]


@dataclass(frozen=True)
class Area:
    """The declarations of one area; `collegium.access` puts all areas together.

    `things` are names that its statements use, `found` puts rows of its tables into the guild. In `matrix` each line
    has one word for each actor of `ACTORS`:

        yes      the row is seen, added, changed, removed, and comes back with `returning`
        blind    the row is added, but may not be read back
        -        the row is hidden: nothing is found, nothing happens
        SQLSTATE refused: 42501 by rights or a policy, CGnnn by a rule with words, 55000 for a view that is not written

    `moves`: what the instructor may change but not push over to somebody else (a row, and the change that is refused).
    `second_lines`: tables with a policy whose check nothing can reach, and why it stands there all the same.
    `wholly_writable`: tables of which people who are signed in may write all columns; `writable`: those of which they
    may write some; `unreadable`: what people who see a row may not read of it; `shown`: of what visitors
    read in part, that part. `functions`: who may call which
    function; what is not named is called by triggers and by other functions only.
    """

    things: tuple[str, ...]
    found: Callable[[Stage], None]
    matrix: dict[str, dict[str, str]]
    probes: dict[str, Probe]
    moves: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    second_lines: dict[str, str] = field(default_factory=dict[str, str])
    writable: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    wholly_writable: tuple[str, ...] = ()
    unreadable: dict[str, str] = field(default_factory=dict[str, str])
    shown: dict[str, str] = field(default_factory=dict[str, str])
    functions: dict[str, str] = field(default_factory=dict[str, str])

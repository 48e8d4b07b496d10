"""What the gradebook shows and takes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec

Source = Literal["quiz", "assignment", "own"]
State = Literal["counts", "missing", "dropped", "excused", "hidden", "apart", "waiting", "nothing"]
STATES: tuple[State, ...] = ("nothing", "counts", "missing", "dropped", "excused", "hidden", "apart", "waiting")
Outcome = Literal["saved", "same", "conflict"]


class Column(msgspec.Struct, frozen=True):
    """An item of the course; ``max_points`` is what its points are out of."""

    id: UUID
    category_id: UUID
    source: Source
    quiz_id: UUID | None
    assignment_id: UUID | None
    title: str
    max_points: Decimal
    weight: Decimal
    due_at: datetime | None
    counts: bool
    is_hidden: bool
    is_draft: bool
    place: int
    category_name: str
    category_weight: Decimal
    drop_lowest: int
    weighting: str


class Person(msgspec.Struct, frozen=True):
    """A learner's line, and what the list is sorted by."""

    enrollment_id: UUID
    first_name: str
    last_name: str
    email: str
    cohort_name: str | None
    status: str
    final_grade: Decimal | None
    sort_name: str
    sort_value: Decimal

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Cell(msgspec.Struct, frozen=True):
    """What a learner has in an item: ``percent`` is what the rule takes, ``points`` that of the item's points."""

    enrollment_id: UUID
    item_id: UUID
    percent: Decimal | None
    state: State
    points: Decimal | None
    overridden: bool
    source_percent: Decimal | None
    waiting: bool
    comment: str | None
    reason: str | None
    revision: int


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """A cell for the grid: points, its state's place in `STATES`, revision, overridden, waiting, has a comment."""

    points: float | None
    state: int
    revision: int
    overridden: bool
    waiting: bool
    commented: bool


class Line(msgspec.Struct, frozen=True):
    """A learner with his cells in the order of the columns; null where there is nothing."""

    id: UUID
    name: str
    email: str
    cohort: str | None
    final: float | None
    cells: list[Shown | None]


class ColumnHead(msgspec.Struct, frozen=True):
    """A column as the grid shows it."""

    id: UUID
    title: str
    source: Source
    max_points: float
    category_id: UUID
    category: str
    counts: bool
    hidden: bool
    due_at: datetime | None


class Grid(msgspec.Struct, frozen=True):
    """The frame of a gradebook. ``marks``: after which place each further window of ``size`` learners begins."""

    total: int
    size: int
    marks: list[str]
    columns: list[ColumnHead]
    states: tuple[State, ...]


class Window(msgspec.Struct, frozen=True):
    """Some learners one after the other, and the place where the next ones begin; null at the end."""

    rows: list[Line]
    next: str | None


class GradeCell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A grade to be written: the cell, its points or null, and the revision that the writer saw.

    A ``comment`` of null leaves the comment as it is; an empty one takes it away.
    """

    enrollment_id: UUID
    item_id: UUID
    points: float | None = None
    excused: bool = False
    comment: str | None = None
    revision: int = 0


class SaveGrades(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cells to be written together, and why. A reason is needed where a score comes from the work itself."""

    cells: list[GradeCell]
    reason: str | None = None


class SavedCell(msgspec.Struct, frozen=True):
    """What became of a cell, and how it stands now. ``conflict``: somebody changed it meanwhile, and it stays so."""

    enrollment_id: UUID
    item_id: UUID
    outcome: Outcome
    cell: Shown | None


class SavedGrades(msgspec.Struct, frozen=True):
    """What became of each cell, and the final grades of their learners as they are now."""

    cells: list[SavedCell]
    finals: dict[str, float | None]


class Averages(msgspec.Struct, frozen=True):
    """Averages in percent by the identity of an item or category; ``course``: of the final grades."""

    items: dict[str, float]
    categories: dict[str, float]
    course: float | None


class Change(msgspec.Struct, frozen=True):
    """A line of a cell's history."""

    at: datetime
    who: str | None
    what: str
    before: str
    after: str
    reason: str | None


class Work(msgspec.Struct, frozen=True):
    """An attempt or a submission that a cell's score comes from."""

    id: UUID
    number: int
    status: str
    score: Decimal | None
    at: datetime | None


class History(msgspec.Struct, frozen=True):
    """A cell with all that is known of it."""

    learner: str
    title: str
    source: Source
    max_points: float
    points: float | None
    state: State
    source_points: float | None
    overridden: bool
    excused: bool
    comment: str | None
    reason: str | None
    revision: int
    changes: list[Change]
    work: list[dict[str, Any]]


class MyCategory(msgspec.Struct, frozen=True):
    """A kind of work and the learner's grade in it."""

    id: UUID
    name: str
    weight: float
    drop_lowest: int
    weighting: str
    grade: float | None


class MyItem(msgspec.Struct, frozen=True):
    """An item as its learner sees it."""

    id: UUID
    category_id: UUID
    title: str
    source: Source
    quiz_id: UUID | None
    assignment_id: UUID | None
    max_points: float
    due_at: datetime | None
    weight: float
    percent: float | None
    points: float | None
    state: State
    share: float
    overridden: bool
    waiting: bool
    comment: str | None


class MyGrades(msgspec.Struct, frozen=True):
    """A learner's grades in a course."""

    enrollment_id: UUID
    final_grade: float | None
    missing_work: str
    categories: list[MyCategory]
    items: list[MyItem]

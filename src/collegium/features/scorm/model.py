"""What a player and the site say to each other; ``frontend/runtime/scorm/types.ts`` says the same."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

Mode = Literal["normal", "browse", "review"]
Reason = Literal["offline", "expired", "stale", "signed_out", "refused", "full"]
LARGEST_STATE = 800_000
"""Bytes of what a sequencer remembers."""
NO_STATE = msgspec.Raw(b"null")
"""A commit that brings no state of the sequencer: what is kept stays. Raw JSON never equals bytes."""
MOST_CALLS = 5_000
MOST_SHARED = 10_000
"""Global objectives, or stores of data, that one commit changes."""
LONGEST_ARGUMENT = 1_000
"""Characters of an argument or an answer in the flight recorder; what was set stands whole in the tracking."""
LONGEST_VISIT = 10_000_000_000
"""Milliseconds since the launch that a call may say of itself, four months."""


class Launch(msgspec.Struct, frozen=True):
    """An opened player: ``url`` is what the lesson's page frames; the token is good until ``expires_at``."""

    url: str
    origin: str
    token: str
    expires_at: datetime
    registration_id: UUID
    attempt_number: int
    mode: Mode
    status: str
    score: float | None
    progress: float


class Renewed(msgspec.Struct, frozen=True):
    """A token that follows another one."""

    token: str
    expires_at: datetime


class Call(msgspec.Struct, omit_defaults=True):
    """One call of the API; ``t``: milliseconds since the SCO was launched; ``cut``: the lengths before it was cut."""

    fn: Annotated[str, msgspec.Meta(max_length=40)]
    t: float = 0
    args: Annotated[list[str], msgspec.Meta(max_length=4)] = []
    answer: str = ""
    error: Annotated[str, msgspec.Meta(max_length=20)] = ""
    cut: list[int] = []

    def short(self) -> Call:
        """The same with nothing longer than the flight recorder keeps."""
        longer = len(self.answer) > LONGEST_ARGUMENT or any(len(each) > LONGEST_ARGUMENT for each in self.args)
        if not longer and not self.cut and 0 <= self.t <= LONGEST_VISIT:
            return self
        return Call(
            fn=self.fn,
            t=min(max(self.t, 0), LONGEST_VISIT),
            args=[each[:LONGEST_ARGUMENT] for each in self.args],
            answer=self.answer[:LONGEST_ARGUMENT],
            error=self.error,
            cut=[*map(len, self.args), len(self.answer)] if longer else [],
        )


class Objective(msgspec.Struct, omit_defaults=True, rename="camel"):
    """A global objective as far as it is known; ``measure`` is scaled, -1 to 1, and ``progress_measure`` 0 to 1."""

    satisfied: bool | None = None
    measure: float | None = None
    raw: float | None = None
    min: float | None = None
    max: float | None = None
    completed: bool | None = None
    progress_measure: float | None = None


Target = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Store = Annotated[str, msgspec.Meta(max_length=64_000)]
_SOME = msgspec.Meta(max_length=MOST_SHARED)


class Shared(msgspec.Struct):
    """What a package hands on to the learner's other packages: global objectives and stores of data by their names."""

    objectives: Annotated[dict[Target, Objective], msgspec.Meta(max_length=MOST_SHARED)] = {}
    data: Annotated[dict[Target, Store], _SOME] = {}


class Commit(msgspec.Struct):
    """What a player wants stored, under the number after the last one that was."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=2_147_483_647)]
    sco: Annotated[str, msgspec.Meta(max_length=255)] = ""
    elements: dict[str, str] = {}
    terminate: bool = False
    calls: Annotated[list[Call], msgspec.Meta(max_length=MOST_CALLS)] = []
    state: msgspec.Raw = NO_STATE
    summary: dict[str, str] | None = None
    shared: Shared | None = None


class Saved(msgspec.Struct, frozen=True):
    """The truth about a commit that is stored: where the attempt stands. ``repeated``: it had been stored before."""

    seq: int
    completion_status: str
    success_status: str
    score: float | None
    progress: float
    total_time_seconds: float
    criterion_met: bool
    repeated: bool = False
    saved: Literal[True] = True


class NotSaved(msgspec.Struct, frozen=True):
    """Why a commit is not stored, for the player (``reason``, ``code``) and for the learner (``words``)."""

    reason: Reason
    code: str
    words: str
    seq: int | None = None
    """The last commit that is stored, where that is what the player must know."""
    saved: Literal[False] = False


class Player(msgspec.Struct, frozen=True):
    """The player of a token, as the database knows it."""

    current: bool
    fresh: bool
    signed_in: bool
    enrolled: bool
    package_id: UUID
    dispatched: bool
    """Whether a partner's learner plays it."""


class File(msgspec.Struct, frozen=True):
    """A file of a package: its path there, where it is stored, what it is."""

    path: str
    storage_key: str
    media_type: str


class Position(msgspec.Struct, frozen=True, rename="camel"):
    """What a player begins with. ``saved`` and ``total_seconds`` are by SCO; ``state`` is the sequencer's own."""

    attempt_id: UUID
    attempt_number: int
    learner_id: UUID
    learner_name: str
    mode: Mode
    credit: Literal["credit", "no-credit"]
    entry: Literal["ab-initio", "resume", ""]
    seq: int
    saved: dict[str, dict[str, str]]
    total_seconds: dict[str, float]
    limits: dict[str, int]
    status: str
    score: float | None
    progress: float
    title: str
    max_attempts: int | None
    attempts: int
    state: Any = None
    shared: Any = None
    """The global objectives and stores of data that the learner's packages share, as far as this one names them."""


class Definition(msgspec.Struct, frozen=True, rename="camel"):
    """All that a player needs: the package, where its learner stands, and whom it may talk to."""

    package: Any
    session: Position
    expires_at: datetime
    site_origins: list[str]
    lesson_url: str | None = None

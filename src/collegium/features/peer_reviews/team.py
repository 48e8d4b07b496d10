"""The instructor's side of peer review: settings, figures, who is stuck, samples, reviews, grades."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

import msgspec

from collegium.features.peer_reviews.model import (
    Calibrated,
    Figures,
    Given,
    HandedIn,
    Sample,
    Settings,
    StuckLine,
    WorkLine,
    WorkPage,
    WorkReview,
)
from collegium.features.peer_reviews.service import Q
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound, Problem

PAGE_SIZE = 50
CALIBRATED = 200
STATES = ("waiting", "complete", "fallback")
NO_SUCH_WORK = "There is no such work in the peer review of this assignment."
# What keeps one work from being confirmed and says nothing about the others.
NOT_YET = ("reviews_under_way", "no_reviews", "grade_first", "own_work")


class WorkPlace(msgspec.Struct, frozen=True):
    """Where a page of works ends."""

    author: str
    submission_id: UUID


class Works(msgspec.Struct, frozen=True):
    """A page of works by name, and where the next begins."""

    works: list[WorkLine]
    next: WorkPlace | None


async def settings(tx: Transaction, assignment_id: UUID) -> Settings:
    """How peers review in an assignment. Raises NotFound where peer review was never switched on."""
    found = await tx.maybe(Settings, Q.settings, assignment_id)
    if found is None:
        raise NotFound("Peers do not review this assignment. Switch it on in the settings.", code="no_peer_review")
    return found


async def save_settings(tx: Transaction, assignment_id: UUID, given: Mapping[str, int], *, calibration: bool) -> None:
    """Changes how peers review; what was given already keeps its deadline. Raises NotFound."""
    saved = await tx.fetchval(
        Q.save_settings, assignment_id, given["wait_hours"], given["review_days"], given["passes"], given["pass_days"],
        given["extra_reviews"], given["grade_share"], calibration,
    )  # fmt: skip
    if saved is None:
        raise NotFound("There is no such assignment in a course that you teach.", code="no_such_assignment")
    await tx.execute(Q.save_required, assignment_id, given["required"])


async def figures(tx: Transaction, assignment_id: UUID) -> Figures:
    """How far peer review is."""
    return await tx.one(Figures, Q.figures, assignment_id)


async def works(
    tx: Transaction, assignment_id: UUID, state: str = "", words: str = "", after: WorkPlace | None = None,
    *, size: int = PAGE_SIZE,
) -> Works:  # fmt: skip
    """Works by name, of a state and with the words, a page at a time."""
    place = (after.author, after.submission_id) if after else (None, None)
    found = await tx.all(WorkLine, Q.works, assignment_id, state, words, *place, size + 1)
    shown = found[:size]
    return Works(shown, WorkPlace(shown[-1].author, shown[-1].submission_id) if len(found) > size else None)


async def stuck(tx: Transaction, assignment_id: UUID) -> list[StuckLine]:
    """Who has not written a review that he was given, the soonest deadline first."""
    return await tx.all(StuckLine, Q.stuck, assignment_id)


async def work(tx: Transaction, assignment_id: UUID, submission_id: UUID) -> WorkPage:
    """One work in peer review. Raises NotFound."""
    found = await tx.maybe(WorkPage, Q.work, assignment_id, submission_id)
    if found is None:
        raise NotFound(NO_SUCH_WORK, code="no_such_work")
    return found


async def reviews(tx: Transaction, submission_id: UUID) -> list[WorkReview]:
    """Every peer's review of a work, with who wrote it."""
    return await tx.all(WorkReview, Q.reviews_of_work, submission_id)


async def units(tx: Transaction, assignment_id: UUID) -> int:
    """How many works were handed in: one of each person or group, however often it was."""
    found: int = await tx.fetchval(Q.units, assignment_id)
    return found


async def allot(tx: Transaction, assignment_id: UUID) -> int:
    """Begins peer review now, or gives what is missing; answers how many reviews it gave. Raises NotFound, Conflict."""
    made: int = await tx.fetchval(Q.allot, assignment_id)
    return made


async def _here(tx: Transaction, assignment_id: UUID, review_id: UUID) -> None:
    if await tx.fetchval(Q.review_here, assignment_id, review_id) is None:
        raise NotFound("There is no such review in this assignment.", code="no_such_review")


async def remind(tx: Transaction, assignment_id: UUID, review_id: UUID) -> None:
    """Reminds the author of a review, at most once an hour. Raises NotFound, Conflict."""
    await _here(tx, assignment_id, review_id)
    await tx.execute(Q.remind, review_id)


async def take_away(tx: Transaction, assignment_id: UUID, review_id: UUID) -> None:
    """Takes a review from somebody and passes it on. Raises NotFound, Conflict."""
    await _here(tx, assignment_id, review_id)
    await tx.execute(Q.withdraw, review_id)


async def leave_out(tx: Transaction, assignment_id: UUID, review_id: UUID, reason: str) -> None:
    """Leaves an unfair review out. Raises NotFound, Conflict, and Invalid without a reason."""
    await _here(tx, assignment_id, review_id)
    await tx.execute(Q.leave_out, review_id, reason)


async def put_back(tx: Transaction, assignment_id: UUID, review_id: UUID) -> None:
    """Counts a review again. Raises NotFound, Conflict."""
    await _here(tx, assignment_id, review_id)
    await tx.execute(Q.put_back, review_id)


async def confirm(tx: Transaction, assignment_id: UUID, submission_id: UUID) -> Decimal:
    """Makes the peers' mean its share of a grade; answers the points. Raises NotFound, Conflict."""
    await work(tx, assignment_id, submission_id)
    points: Decimal = await tx.fetchval(Q.confirm, submission_id)
    return points


async def to_confirm(tx: Transaction, assignment_id: UUID) -> list[UUID]:
    """Works whose peers' mean can become its share of the grade."""
    return [row["submission_id"] for row in await tx.fetch(Q.to_confirm, assignment_id)]


def is_not_yet(problem: Problem) -> bool:
    """Whether a refusal is about one work only, so that others can still be confirmed."""
    return problem.code in NOT_YET


async def samples(tx: Transaction, assignment_id: UUID) -> list[Sample]:
    """The samples with the instructor's marks."""
    return await tx.all(Sample, Q.samples, assignment_id)


async def add_sample(tx: Transaction, assignment_id: UUID, submission_id: UUID | None, text: str, given: Given) -> None:
    """Adds a sample: a work that was handed in, or a text. Raises NotFound, Conflict, Invalid."""
    scores = None if given.scores is None else {name: float(points) for name, points in given.scores.items()}
    points = None if scores else given.points
    await tx.execute(Q.add_sample, assignment_id, submission_id, text or None, scores, points, given.feedback[:5000])


async def remove_sample(tx: Transaction, assignment_id: UUID, sample_id: UUID) -> None:
    """Takes a sample back that nobody has marked. Raises NotFound, Conflict."""
    if all(one.id != sample_id for one in await samples(tx, assignment_id)):
        raise NotFound("There is no such sample.", code="no_such_sample")
    await tx.execute(Q.remove_sample, sample_id)


async def calibrated(tx: Transaction, assignment_id: UUID, page: int = 0) -> list[Calibrated]:
    """Reviewers by how far they were off, the farthest first, a page at a time."""
    return await tx.all(Calibrated, Q.calibrated, assignment_id, page * CALIBRATED)


async def handed_in(tx: Transaction, assignment_id: UUID) -> list[HandedIn]:
    """Works to choose as a sample."""
    return await tx.all(HandedIn, Q.handed_in, assignment_id)

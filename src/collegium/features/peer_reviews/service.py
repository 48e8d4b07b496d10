"""The front door of peer review for reviewers, authors and the clock. The database decides who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any
from uuid import UUID

import msgspec

from collegium.features.assignments import service as assignments
from collegium.features.authoring import service as authoring
from collegium.features.marking import service as marking
from collegium.features.peer_reviews.model import (
    Given,
    OwnWork,
    Received,
    ReviewPage,
    SamplePage,
    Task,
    Work,
)
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import NotFound
from collegium.kit.site import Site
from collegium.kit.storage import Served

Q = queries.load("collegium.features.peer_reviews")
NO_SUCH_REVIEW = "There is no such review for you to write. It may have been passed on to somebody else."


async def tasks(tx: Transaction) -> list[Task]:
    """What the actor was given to review: what waits first, the soonest deadline on top."""
    return await tx.all(Task, Q.my_reviews)


async def own_works(tx: Transaction) -> list[OwnWork]:
    """How the actor's own works stand."""
    return await tx.all(OwnWork, Q.my_works)


async def received(tx: Transaction, submission_id: UUID) -> list[Received]:
    """What peers wrote of a work of the actor. Raises Conflict until his own reviews are written, NotFound."""
    found = await tx.all(Received, Q.received, submission_id)
    return [msgspec.structs.replace(one, feedback_html=authoring.clean_html(one.feedback_html or "")) for one in found]


async def review(tx: Transaction, review_id: UUID) -> ReviewPage:
    """A review with its work. Raises NotFound, and Conflict ``calibrate_first`` while samples wait."""
    found: dict[str, Any] | None = await tx.fetchval(Q.view, review_id)
    if found is None:
        raise NotFound(NO_SUCH_REVIEW, code="no_such_review")
    kept: dict[str, Any] = found["draft"] or {}
    source = found if found["status"] == "completed" else kept
    return ReviewPage(
        work=_work(found, f"/peer-reviews/{review_id}/files"),
        status=found["status"],
        due_at=_moment(found["due_at"]),
        completed_at=_moment(found["completed_at"]),
        points=_figure(source.get("points")),
        scores=source.get("rubric_scores") or {},
        feedback=str(kept.get("feedback") or ""),
        feedback_html=authoring.clean_html(str(found["feedback_html"] or "")),
        saved_at=_moment(kept.get("saved_at")),
    )


async def save_draft(tx: Transaction, review_id: UUID, given: Given) -> datetime:
    """Keeps a draft; answers when. Raises NotFound and Conflict."""
    moment: datetime = await tx.fetchval(Q.save_draft, review_id, _scores(given), given.points, given.feedback)
    return moment


async def submit(tx: Transaction, review_id: UUID, given: Given) -> None:
    """Hands a review in, for good. Raises NotFound, Conflict and Invalid."""
    points = None if given.scores else given.points
    await tx.execute(Q.submit, review_id, _scores(given), points, _feedback(given.feedback))


async def samples(tx: Transaction, assignment_id: UUID) -> list[SamplePage]:
    """The samples that the actor marks before he reviews, and those that he has marked with the instructor's mark."""
    found: list[dict[str, Any]] = await tx.fetchval(Q.my_samples, assignment_id) or []
    return [
        SamplePage(
            work=_work(one, f"/peer-reviews/{one['id']}/files"),
            position=one["position"],
            mine=one["mine"],
            theirs=one["theirs"],
        )
        for one in found
    ]


async def mark_sample(tx: Transaction, sample_id: UUID, given: Given) -> Decimal:
    """Marks a sample; how far off it is, as a share of the points. Raises NotFound, Conflict and Invalid."""
    off: Decimal = await tx.fetchval(Q.mark_sample, sample_id, _scores(given), None if given.scores else given.points)
    return off


async def file(
    site: Site, member_id: UUID, review_id: UUID, number: int, *, method: str, headers: Mapping[str, str]
) -> Served:
    """A file of the work that a member reviews, under a name that tells nothing. Raises NotFound."""
    # As the system: a reviewer may have the file, and never its key or its name, which tell whose it is.
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        found: dict[str, Any] | None = await tx.fetchval(Q.file, member_id, review_id, number)
    if not found:
        raise NotFound("There is no such file among the works that you review.", code="no_such_file")
    stored = marking.stored_file([found], 1, named=False)
    kind = stored.name.rpartition(".")[2] if "." in stored.name else "bin"
    named = msgspec.structs.replace(stored, name=f"File {number}.{kind}")
    return await marking.serve_file(site.storage, named, method, headers)


async def due(tx: Transaction) -> list[UUID]:
    """Assignments in whose peer review the clock has something to do; as the system."""
    return [row["assignment_id"] for row in await tx.fetch(Q.due)]


async def step(tx: Transaction, assignment_id: UUID) -> int:
    """Brings an assignment's peer review up to now: takes back, gives, reminds, ends; answers how many it gave."""
    made: int = await tx.fetchval(Q.step, assignment_id)
    return made


def _feedback(kept: str) -> str | None:
    """What an author will read: rich text by the rule of handed-in texts, words as paragraphs; None for nothing."""
    said = assignments.written(kept)
    return said.html or as_html(said.text)


def as_html(text: str) -> str | None:
    """Plain words as paragraphs; None for nothing."""
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    return "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in parts) or None


def _scores(given: Given) -> dict[str, float] | None:
    return None if given.scores is None else {name: float(points) for name, points in given.scores.items()}


def _figure(value: Any) -> str:
    return "" if value is None else f"{Decimal(str(value)).normalize():f}"


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _work(found: Mapping[str, Any], files_at: str) -> Work:
    return Work(
        id=UUID(found["id"]),
        title=found["title"],
        course_title=found["course_title"],
        description=found["description"] or "",
        instructions_html=authoring.clean_html(str(found["instructions_html"] or "")),
        rubric=found["rubric"] or [],
        max_points=Decimal(str(found["max_points"])),
        shown=marking.shown_work(found["submission_text"], found["submission_html"], found["submission_url"]),
        files=marking.shown_files(found["files"], files_at, named=False),
    )

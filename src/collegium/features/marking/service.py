"""Marking: what was handed in, what is said of it, and what it is worth. The feature's front door.

The database decides who sees work and who marks it; here is how it is asked, shown and told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from collegium.features.assignments import service as assignments
from collegium.features.authoring import service as authoring
from collegium.features.documents import service as documents
from collegium.features.marking.model import (
    Annotation,
    Author,
    Change,
    Counts,
    Earlier,
    Grade,
    Line,
    LinePlace,
    Page,
    Remark,
    Standing,
    Submission,
    Waiting,
    Wanted,
    Work,
    WorkFile,
)
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Actor, Database, Transaction
from collegium.kit.errors import Invalid, NotFound
from collegium.kit.site import Site
from collegium.kit.storage import InvalidKey, Missing, Served, Storage, content_type, serve

Q = queries.load("collegium.features.marking")
PAGE = 50
LONGEST_COMMENT = 5000
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif")
PDF = "application/pdf"
NO_WORK = "This work is not here, or it is not for you."


# What was handed in ------------------------------------------------------------------------------------------------


async def handed_in(
    tx: Transaction,
    course_id: UUID,
    assignment_id: UUID,
    wanted: Wanted,
    *,
    after: LinePlace | None = None,
    size: int = PAGE,
) -> Page:
    """A page of the list: everybody who takes the course with his newest work, a group as one line, by name."""
    words = " ".join(wanted.words.split())[:100]
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%" if words else ""
    place = (after.place, after.key) if after else (None, None)
    found = await tx.all(
        Line, Q.handed_in, course_id, assignment_id, wanted.state, wanted.late, pattern, *place, size + 1
    )
    lines = found[:size]
    return Page(lines, LinePlace(lines[-1].place, lines[-1].key) if len(found) > size else None)


async def counts(tx: Transaction, course_id: UUID, assignment_id: UUID) -> Counts:
    """How many lines the list has in each state."""
    return await tx.one(Counts, Q.handed_in_counts, course_id, assignment_id)


async def every_line(
    db: Database, actor: Actor, course_id: UUID, assignment_id: UUID, wanted: Wanted, *, size: int = 500
) -> AsyncIterator[list[Line]]:
    """The whole list in pages, each read in a transaction of its own: a slow reader holds nothing open."""
    after: LinePlace | None = None
    while True:
        async with db.transaction(actor, read_only=True) as tx:
            page = await handed_in(tx, course_id, assignment_id, wanted, after=after, size=size)
        yield page.lines
        after = page.next
        if after is None:
            return


async def waiting(tx: Transaction) -> list[Waiting]:
    """Assignments of the actor's courses in which work waits for a grade, the longest wait first."""
    return await tx.all(Waiting, Q.waiting)


async def neighbour(
    tx: Transaction, assignment_id: UUID, here: Submission | None, step: Literal[1, -1] = 1
) -> UUID | None:
    """The work that waits after or before some, by when it was handed in; without ``here`` the first that waits."""
    place = (here.submitted_at, here.id) if here else (None, None)
    return await tx.fetchval(Q.neighbour, assignment_id, *place, step)


async def submission(tx: Transaction, submission_id: UUID) -> Submission:
    """Work that the actor may see: his own, or of a course that he teaches. Raises NotFound."""
    found = await tx.maybe(Submission, Q.submission, submission_id)
    if found is None:
        raise NotFound(NO_WORK, code="no_such_submission")
    return found


async def authors(tx: Transaction, submission_id: UUID) -> tuple[str | None, list[Author]]:
    """The group's name, where a group handed in, and whose work it is."""
    return await tx.fetchval(Q.group_name, submission_id), await tx.all(Author, Q.people, submission_id)


async def earlier(tx: Transaction, submission_id: UUID) -> list[Earlier]:
    """Every time that the same person handed in, the newest first; from work without a name never one with it."""
    return await tx.all(Earlier, Q.earlier, submission_id)


async def changes(tx: Transaction, submission_id: UUID) -> list[Change]:
    """Each grading of work, the latest first; nothing for whoever does not teach the course."""
    return await tx.all(Change, Q.changes, submission_id)


# The work as it is shown -------------------------------------------------------------------------------------------


def shown_work(text: str | None, html: str | None, url: str | None) -> Work:
    """What was written, safe to show; an address only where it leads to the web."""
    safe = url if url and urlsplit(url).scheme in ("http", "https") else None
    return Work(authoring.clean_html(html) if html else "", text or "", safe)


def _kind(name: str) -> Literal["pdf", "picture", "other"]:
    found = content_type(name)
    return "pdf" if found == PDF else "picture" if found in PICTURES else "other"


def shown_files(files: Sequence[Mapping[str, Any]], base: str, *, named: bool = True) -> list[WorkFile]:
    """Files of work with their addresses below ``base``, from 1; without ``named`` a number stands for each name."""
    found: list[WorkFile] = []
    for number, one in enumerate(files, 1):
        name = documents.safe_name(str(one.get("file_name") or ""))
        if not named:
            ending = str(one.get("file_type") or name.rpartition(".")[2]).lower()
            name = f"File {number}.{ending}" if ending.isalnum() else f"File {number}"
        size = one.get("file_size")
        found.append(
            WorkFile(number, name, documents.size_words(int(size) if size else None), _kind(name), f"{base}/{number}")
        )
    return found


def stored_file(files: Sequence[Mapping[str, Any]], number: int, *, named: bool = True) -> documents.Stored:
    """Where a file of the work lies, with a name to download it by. Raises NotFound."""
    if not 1 <= number <= len(files):
        raise NotFound("The work has no such file.", code="no_such_file")
    shown = shown_files(files, "", named=named)[number - 1]
    kind = content_type(shown.name)
    return documents.Stored(str(files[number - 1]["file_key"]), shown.name, kind)


async def file_to_send(site: Site, work: Submission, number: int) -> documents.Stored:
    """One of the files of work that the actor sees (`submission`), with its place in the store. Raises NotFound."""
    if work.mine or not work.hidden:
        return stored_file(work.file_attachments, number)
    # As the system: who marks without names may have the file, and never its key, which tells whose it is.
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        files: list[dict[str, Any]] = await tx.fetchval(Q.files, work.id)
    return stored_file(files, number, named=False)


async def serve_file(storage: Storage, stored: documents.Stored, method: str, headers: Mapping[str, str]) -> Served:
    """A file of the work as an answer: whole, a range, or unchanged. Raises NotFound when it lies nowhere.

    Pictures may be shown in place; anything else is a download. Nothing in it can run: its type is the one that its
    name stands for, no browser guesses another, and it lives in a sandbox.
    """
    try:
        served = await serve(storage, stored.key, headers, method=method, download_as=stored.name)
    except (Missing, InvalidKey):
        raise NotFound(
            "This file is not there any more. Ask for it to be handed in again.", code="no_such_file"
        ) from None
    answer = dict(served.headers)
    # Who loses the right to it is asked anew each time.
    answer["cache-control"] = "private, no-cache"
    answer["content-security-policy"] = "sandbox; default-src 'none'"
    if "content-type" in answer:
        inline = stored.mime_type in PICTURES
        answer["content-type"] = stored.mime_type if inline or stored.mime_type == PDF else "application/octet-stream"
        answer["content-disposition"] = documents.disposition(stored.name, inline=inline)
    return Served(served.status, answer, served.body)


# What is said on it ------------------------------------------------------------------------------------------------


async def remarks(tx: Transaction, submission_id: UUID) -> list[Annotation]:
    """What is said on work, as far as the actor may read it, in the order of the work."""
    return await tx.all(Annotation, Q.annotations, submission_id)


async def annotate(tx: Transaction, submission_id: UUID, remark: Remark) -> UUID:
    """Says something on work; without words the passage is marked. Raises Invalid, NotFound, Conflict, Forbidden."""
    body = _body(remark.body)
    rects = None if remark.rects is None else [[round(n, 4) for n in rect] for rect in remark.rects]
    on_page = remark.file is not None and remark.page is not None and rects is not None
    in_text = remark.start is not None and remark.end is not None and 0 <= remark.start < remark.end <= 400_000
    if on_page == in_text or not all(0 <= n <= 1 for rect in rects or () for n in rect) or len(rects or ()) > 60:
        raise Invalid("Say where the comment stands: on a page, or in the text.", code="no_place")
    if on_page and not (1 <= (remark.file or 0) <= 20 and 1 <= (remark.page or 0) <= 5000):
        raise Invalid("There is no such page.", code="no_place")
    if not body and (not remark.quote.strip()):
        raise Invalid("Write a comment.", fields={"body": "Write a comment."}, code="empty_comment")
    made: UUID = await tx.fetchval(
        Q.annotate,
        submission_id,
        "comment" if body else "highlight",
        remark.file if on_page else None,
        remark.page if on_page else None,
        rects if on_page else None,
        remark.start if in_text else None,
        remark.end if in_text else None,
        _clean(remark.quote)[:2000],
        body,
    )
    return made


async def change_annotation(tx: Transaction, submission_id: UUID, annotation_id: UUID, body: str) -> None:
    """Changes what one said oneself. Raises NotFound, or Conflict once the learner has it."""
    if await tx.fetchval(Q.change_annotation, submission_id, annotation_id, _body(body)) is None:
        raise NotFound("There is no such comment of yours.", code="no_such_comment")


async def remove_annotation(tx: Transaction, submission_id: UUID, annotation_id: UUID) -> None:
    """Takes back what one said oneself. Raises NotFound, or Conflict once the learner has it."""
    if await tx.fetchval(Q.remove_annotation, submission_id, annotation_id) is None:
        raise NotFound("There is no such comment of yours.", code="no_such_comment")


def _clean(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "ignore").decode().strip()


def _body(text: str) -> str:
    body = _clean(text)
    if len(body) > LONGEST_COMMENT:
        words = f"A comment has at most {LONGEST_COMMENT} characters; this has {len(body)}."
        raise Invalid(words, fields={"body": words}, code="too_long")
    return body


def shown_feedback(work: Submission) -> str:
    """The feedback, safe to show; empty until the work is marked."""
    return (
        authoring.clean_html(work.instructor_feedback_html) if work.is_marked and work.instructor_feedback_html else ""
    )


def deduction(work: Submission) -> str:
    """What being late costs, in words; empty for what came in time."""
    days = work.penalty_days if work.penalty_days is not None else work.late_days or 0
    return assignments.late_words(days, work.penalty_per_day, work.late_penalty_applied, work.penalty_from)


# What it is worth --------------------------------------------------------------------------------------------------


async def mark(tx: Transaction, submission_id: UUID, grade: Grade) -> Standing:
    """Grades, returns or asks again. Raises Conflict when somebody else did meanwhile, Invalid when a change of a
    grade has no reason or the points do not fit, Forbidden for one's own work, NotFound."""
    return await tx.one(
        Standing,
        Q.mark,
        submission_id,
        grade.points,
        grade.scores,
        grade.comments or None,
        authoring.clean_html(grade.feedback) if grade.feedback.strip() else "",
        grade.decision,
        grade.reason or None,
        grade.seen,
    )


__all__ = [
    "Annotation",
    "Grade",
    "Remark",
    "Submission",
    "Waiting",
    "Wanted",
    "Work",
    "WorkFile",
    "annotate",
    "authors",
    "change_annotation",
    "changes",
    "counts",
    "deduction",
    "earlier",
    "every_line",
    "file_to_send",
    "handed_in",
    "mark",
    "neighbour",
    "remarks",
    "remove_annotation",
    "serve_file",
    "shown_feedback",
    "shown_files",
    "shown_work",
    "stored_file",
    "submission",
    "waiting",
]

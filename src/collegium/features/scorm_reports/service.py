"""Reports on packages: who takes one and how far he came, what a package said, and each call that it made.

Everything is read with the rights of whoever asks: instructors see people in courses that they teach, managers theirs,
administrators everybody, and each his own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from collegium.features.scorm_reports.hints import Call, Hint, hints
from collegium.features.scorm_reports.model import (
    Attempt,
    Before,
    Calls,
    CallsWanted,
    Course,
    Given,
    Learner,
    LearnerPlace,
    Line,
    LinePlace,
    ObjectiveFigures,
    Page,
    Part,
    Question,
    Registration,
    Result,
    Said,
    Summary,
    Wanted,
)
from collegium.features.scorm_reports.work import Q, like
from collegium.kit.db import Actor, Database, Transaction
from collegium.kit.errors import NotFound

PAGE = 50
CALLS = 200
FUNCTIONS = {
    "set": ["LMSSetValue", "SetValue"],
    "get": ["LMSGetValue", "GetValue"],
    "commit": ["LMSCommit", "Commit"],
    "session": ["LMSInitialize", "Initialize", "LMSFinish", "Terminate"],
    "error": [
        "LMSGetLastError",
        "GetLastError",
        "LMSGetErrorString",
        "GetErrorString",
        "LMSGetDiagnostic",
        "GetDiagnostic",
    ],
}
"""The functions of both standards, by what they are for."""


async def summary(tx: Transaction, package_id: UUID) -> Summary:
    """How far those have come who take a package, of whom the actor may see something."""
    return await tx.maybe(Summary, Q.summary, package_id) or Summary()


async def parts(tx: Transaction, package_id: UUID) -> list[Part]:
    """Each SCO of a package, in its order."""
    return await tx.all(Part, Q.parts, package_id)


async def courses(tx: Transaction, package_id: UUID) -> list[Course]:
    """The courses in which a package is taken."""
    return await tx.all(Course, Q.courses, package_id)


async def learners(
    tx: Transaction, package_id: UUID, wanted: Wanted, after: LearnerPlace | None = None, size: int = PAGE
) -> Page:
    """A page of those who take a package, by name."""
    place = (after.place, after.id) if after else (None, None)
    found = await tx.all(
        Learner, Q.learners, package_id, wanted.status, wanted.course, like(wanted.words), *place, size + 1
    )
    shown = found[:size]
    return Page(shown, LearnerPlace(shown[-1].place, shown[-1].id) if len(found) > size else None)


async def every_learner(
    db: Database, actor: Actor, package_id: UUID, wanted: Wanted, size: int = 500
) -> AsyncIterator[list[Learner]]:
    """The whole list in pages, each read in a transaction of its own: a slow reader holds nothing open."""
    after: LearnerPlace | None = None
    while True:
        async with db.transaction(actor, read_only=True) as tx:
            page = await learners(tx, package_id, wanted, after, size)
        yield page.learners
        after = page.next
        if after is None:
            return


async def registration(tx: Transaction, registration_id: UUID) -> Registration:
    """One person with one package. Raises NotFound."""
    found = await tx.maybe(Registration, Q.registration, registration_id)
    if found is None:
        raise NotFound(
            "There is no such record, or it is of somebody whose records you may not see.", code="no_such_record"
        )
    return found


async def attempts(tx: Transaction, registration_id: UUID) -> list[Attempt]:
    """The attempts of a registration, the last first."""
    return await tx.all(Attempt, Q.attempts, registration_id)


async def results(tx: Transaction, attempt_id: UUID) -> list[Result]:
    """How an attempt stands in each SCO."""
    return await tx.all(Result, Q.results, attempt_id)


async def said(tx: Transaction, attempt_id: UUID) -> Said:
    """What the package left behind in an attempt: SCO to element to value."""
    return await tx.fetchval(Q.said, attempt_id) or {}


async def calls(
    tx: Transaction,
    registration_id: UUID,
    attempt_id: UUID,
    wanted: CallsWanted,
    after: LinePlace | None = None,
    size: int = CALLS,
) -> Calls:
    """A page of what the flight recorder has of an attempt."""
    place = (after.commit_seq, after.place) if after else (None, None)
    found = await tx.all(
        Line,
        Q.calls,
        registration_id,
        attempt_id,
        FUNCTIONS[wanted.kind] if wanted.kind else None,
        wanted.errors,
        wanted.sco,
        like(wanted.words),
        *place,
        size + 1,
    )
    shown = found[:size]
    return Calls(shown, LinePlace(shown[-1].commit_seq, shown[-1].place) if len(found) > size else None)


async def every_call(
    db: Database, actor: Actor, registration_id: UUID, attempt_id: UUID, wanted: CallsWanted, size: int = 1000
) -> AsyncIterator[list[Line]]:
    """All calls in pages, each read in a transaction of its own."""
    after: LinePlace | None = None
    while True:
        async with db.transaction(actor, read_only=True) as tx:
            page = await calls(tx, registration_id, attempt_id, wanted, after, size)
        yield page.lines
        after = page.next
        if after is None:
            return


async def before(tx: Transaction, registration_id: UUID, attempt_id: UUID, commit_seq: int) -> list[Before]:
    """The elements of an attempt as they stood before a commit: where a replay begins."""
    return await tx.all(Before, Q.said_before, registration_id, attempt_id, commit_seq)


async def hints_of(tx: Transaction, registration: Registration, attempt_id: UUID) -> list[Hint]:
    """What stands out in the calls of an attempt, the serious first."""
    rows = await tx.fetch(Q.first_calls, registration.id, attempt_id)
    recorded = [
        Call(t=row["t"] or 0, fn=row["fn"] or "", args=row["args"], answer=row["answer"], error=row["error"],
             sco=row["sco"], cut=row["cut"])
        for row in rows
    ]  # fmt: skip
    return hints(recorded, registration.standard)


async def questions(tx: Transaction, package_id: UUID) -> list[Question]:
    """Each question of a package with its answers, the commonest first."""
    found: list[Question] = []
    for row in await tx.fetch(Q.questions, package_id):
        if row["is_total"]:
            found.append(
                Question(
                    sco=row["sco"],
                    identifier=row["identifier"],
                    type=row["type"] or "",
                    description=row["description"] or "",
                    answers=row["answers"],
                    right_answers=row["right_answers"],
                    wrong_answers=row["wrong_answers"],
                    median_seconds=row["median_seconds"],
                    given=[],
                )
            )
        elif found:
            found[-1].given.append(Given(row["response"], row["answers"], row["right_answers"] > row["wrong_answers"]))
    return found


async def objectives(tx: Transaction, package_id: UUID) -> list[ObjectiveFigures]:
    """Each objective of a package."""
    return await tx.all(ObjectiveFigures, Q.objectives, package_id)

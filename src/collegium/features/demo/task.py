"""The demonstration's assignment: a letter that members write, and what their teacher says of it."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from collegium.features.assignments import service as assignments
from collegium.features.marking import service as marking
from collegium.kit import queries
from collegium.kit.db import person
from collegium.kit.site import Site

Q = queries.load("collegium.features.demo")
TITLE = "A letter to the Harmons"
DESCRIPTION = "One page that says what they need, and why."
INSTRUCTIONS = (
    "<p>Write to the Harmons in plain words, not more than 300 of them. Say how much is missing, how you counted it,"
    " and what you propose. They read it at the kitchen table, without you.</p>"
)
RUBRIC = [
    {"criterion": "The sum and how it was counted", "points": 10},
    {"criterion": "What is proposed, and what else there is", "points": 6},
    {"criterion": "Plain words", "points": 4, "description": "No term without its meaning."},
]
LETTERS = (
    "Dear Mr and Mrs Harmon,\n\nIf one of you died, the other would be short of 18,000 a year until Tom is eighteen."
    " That is eleven years. After what you have saved there is a gap of about 160,000.\n\nI propose term insurance of"
    " 160,000 for eleven years on each of you. It pays if one of you dies in that time, and ends when it is no longer"
    " needed. You could also take a longer term; it costs about a third more.\n\nPlease ask me whatever is not clear.",
    "Dear clients, you need 160,000 of cover. I recommend our whole life product because it builds value.",
    "Dear Ann and Joe,\n\nwe counted what the family spends (4,200 a month) and what one of you earns alone (2,700)."
    " The rest is what is missing: 1,500 a month. Insurance through work covers two of the eleven years.",
)
SAID = "Good. You say what the gap is before you say what to buy."


async def fill(site: Site, teacher: UUID, course: UUID, members: list[UUID]) -> None:
    """Makes the assignment as its teacher would; members hand in, the first one reads a grade, the others wait."""
    async with site.db.transaction(person(teacher)) as tx:
        points = sum(one["points"] for one in RUBRIC if isinstance(one["points"], int))
        task: UUID = await tx.fetchval(Q.add_task, course, TITLE, DESCRIPTION, INSTRUCTIONS, Decimal(points), RUBRIC)
    handed: list[UUID] = []
    for member, letter in zip(members, LETTERS, strict=False):
        async with site.db.transaction(person(member)) as tx:
            handed.append((await assignments.hand_in(tx, task, assignments.Work(text=letter))).id)
    async with site.db.transaction(person(teacher)) as tx:
        remark = "short of 18,000 a year"
        at = LETTERS[0].index(remark)
        said = marking.Remark(body="The one figure they will remember.", quote=remark, start=at, end=at + len(remark))
        await marking.annotate(tx, handed[0], said)
        scores = dict(zip((str(one["criterion"]) for one in RUBRIC), (9.0, 5.0, 4.0), strict=True))
        grade = marking.Grade("graded", None, scores, {}, f"<p>{SAID}</p>", "", None)
        await marking.mark(tx, handed[0], grade)

"""Enrolling, leaving, and one's own learning. The database decides who may; see public.enrol()."""

from __future__ import annotations

import re

import msgspec

from collegium.features.enrolments.model import Enrol, Enrolment, Learning, Leave, MyCourse, NextLesson
from collegium.kit import queries
from collegium.kit.db import Actor, Transaction
from collegium.kit.errors import Conflict, NotFound, SignInNeeded

Q = queries.load("collegium.features.enrolments")

NOTHING_TO_LEAVE = "You can leave only a course that you take and have not completed."
_SLUG = re.compile(r"[a-z0-9-]{1,120}")


async def enrol(tx: Transaction, actor: Actor, command: Enrol) -> Enrolment:
    """Enrols the actor, or answers the place that he holds already: asking twice does no harm.

    Raises NotFound, and with the database's words Forbidden (members_only, payment_required) or Conflict
    (enrollment_closed, enrollment_not_open, enrollment_ended, course_full, enrollment_suspended and its like).
    """
    _need_person(actor)
    found = await tx.maybe(Enrolment, Q.enrol, command.slug) if _SLUG.fullmatch(command.slug) else None
    if found is None:
        raise NotFound("There is no such course, or it is not open to you.", code="no_such_course")
    return found


async def place_to_leave(tx: Transaction, actor: Actor, command: Leave) -> str:
    """The title of a course that the actor may leave. Raises Conflict when there is nothing to leave."""
    _need_person(actor)
    title: str | None = await tx.fetchval(Q.place_to_leave, command.slug) if _SLUG.fullmatch(command.slug) else None
    if title is None:
        raise Conflict(NOTHING_TO_LEAVE, code="cannot_leave")
    return title


async def leave(tx: Transaction, actor: Actor, command: Leave) -> str:
    """Leaves a course and answers its title; progress is kept. Raises Conflict when there is nothing to leave."""
    _need_person(actor)
    title: str | None = await tx.fetchval(Q.leave, command.slug) if _SLUG.fullmatch(command.slug) else None
    if title is None:
        raise Conflict(NOTHING_TO_LEAVE, code="cannot_leave")
    return title


async def courses(tx: Transaction, actor: Actor) -> list[MyCourse]:
    """Every course that the actor has taken, the one used last first, in one statement."""
    _need_person(actor)
    found: list[MyCourse] = []
    for row in await tx.fetch(Q.my_learning):
        columns = dict(row)
        columns["next"] = msgspec.convert(columns["next"], NextLesson | None)
        found.append(MyCourse(**columns))
    return found


def learning(taken: list[MyCourse]) -> Learning:
    """One's courses by what there is to do about them."""
    under_way = [course for course in taken if course.status == "in_progress"]
    return Learning(
        current=under_way[0] if under_way else None,
        under_way=under_way[1:],
        not_started=[course for course in taken if course.status == "enrolled"],
        completed=sorted(
            (course for course in taken if course.status == "completed"),
            key=lambda course: course.completed_at or course.enrolled_at,
            reverse=True,
        ),
        others=[course for course in taken if course.status not in ("enrolled", "in_progress", "completed")],
    )


def _need_person(actor: Actor) -> None:
    if actor.user_id is None:
        raise SignInNeeded("Sign in, and you come back to this page.")

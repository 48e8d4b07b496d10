"""Enrolling, leaving, and one's own learning. The database decides who may; see public.enrol()."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from uuid import UUID

from collegium.features.catalogue import service as catalogue
from collegium.features.catalogue.service import CoursePath, Lock, Step
from collegium.features.enrolments.model import Enrol, Enrolment, Learning, Leave, MyCourse, NextLesson, Taken
from collegium.kit import queries
from collegium.kit.cache import Cache
from collegium.kit.db import Actor, Transaction
from collegium.kit.errors import Conflict, NotFound, SignInNeeded

Q = queries.load("collegium.features.enrolments")

NOTHING_TO_LEAVE = "You can leave only a course that you take and have not completed."
_SLUG = re.compile(r"[a-z0-9-]{1,120}")


async def enrol(tx: Transaction, actor: Actor, command: Enrol) -> Enrolment:
    """Enrols the actor, or answers the place that he holds already: asking twice does no harm.

    Raises NotFound, and with the database's words Forbidden (members_only, payment_required) or Conflict
    (enrollment_closed, enrollment_not_open, enrollment_ended, course_full, enrollment_suspended and its like;
    with cohorts also choose_cohort, takes_it_already, cohort_not_open, cohort_closed, cohort_full).
    """
    _need_person(actor)
    found = None
    if _SLUG.fullmatch(command.slug) and command.cohort is not None:
        found = await tx.maybe(Enrolment, Q.enrol_in_cohort, command.slug, command.cohort)
    elif _SLUG.fullmatch(command.slug):
        found = await tx.maybe(Enrolment, Q.enrol, command.slug)
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


class Paths:
    """One site's memory of the ways through its courses, which are the same for everybody."""

    def __init__(self) -> None:
        # The version is part of the key, so what is old is not asked for again and makes room in time.
        self._kept: Cache[CoursePath] = Cache(most=2000, ttl=600)

    async def get(self, tx: Transaction, version: int, course_ids: Collection[UUID]) -> dict[UUID, CoursePath]:
        """The ways through some courses in a version of the catalogue; those not known come in one statement."""
        found = {course_id: self._kept.peek((version, course_id)) for course_id in course_ids}
        missing = [course_id for course_id, path in found.items() if path is None]
        if missing:
            for course_id, path in (await catalogue.paths(tx, missing)).items():
                self._kept.put((version, course_id), path)
                found[course_id] = path
        return {course_id: path for course_id, path in found.items() if path is not None}


async def courses(tx: Transaction, actor: Actor, paths: Paths) -> list[MyCourse]:
    """Every course that the actor has taken, the one used last first: one statement, and one more for locks if any."""
    _need_person(actor)
    taken = await tx.all(Taken, Q.my_learning)
    active = [one.course_id for one in taken if one.is_active]
    ways = await paths.get(tx, taken[0].version, active) if active else {}
    now = datetime.now(UTC)
    waiting = {one.course_id for one in taken if one.waits(now)}
    ruled = [course_id for course_id in set(active) if ways[course_id].has_rules or course_id in waiting]
    locks = await catalogue.locks(tx, ruled) if ruled else {}
    return [_my_course(one, ways.get(one.course_id), locks.get(one.course_id, {})) for one in taken]


def _my_course(taken: Taken, way: CoursePath | None, locks: Mapping[UUID, Lock]) -> MyCourse:
    fields = {name: getattr(taken, name) for name in MyCourse.__struct_fields__ if name != "next"}
    return MyCourse(**fields, next=next_lesson(taken, way, locks) if way else None)


def next_lesson(taken: Taken, way: CoursePath, locks: Mapping[UUID, Lock]) -> NextLesson | None:
    """The lesson to go on with: the one left open, else the first that is open and not done, else the first to open."""
    done = set(taken.done)
    left = [step for step in way.steps if step.id not in done]
    if not left:
        return None
    latest = datetime.max.replace(tzinfo=UTC)

    def rank(step: Step) -> tuple[bool, bool, datetime]:
        lock = locks.get(step.id)
        return lock is not None, step.id != taken.current_lesson_id, (lock.opens_at if lock else None) or latest

    # min() takes the first of equals, and steps stand in the course's order.
    step = min(left, key=rank)
    return NextLesson(step.id, step.title, step.lesson_type, step.estimated_duration_minutes, locks.get(step.id))


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

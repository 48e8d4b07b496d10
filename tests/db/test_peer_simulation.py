"""Peer review always ends: whoever vanishes, comes late or is left out, each work has its reviews or a stated fall-back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage
from tests.db.test_peer_reviews import GIVEN, crowd

START = datetime(2030, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
# Each of these people writes what waits for him, by the function that he calls himself, at the moment of the simulation.
WRITE = """
select count((public.submit_peer_review(x.id, null, x.points)).id) from (
    select r.id, (random() * 100)::integer as points, set_config('request.jwt.claims', json_build_object('sub', r.reviewer_id)::text, true) as c
    from public.assignment_reviews r join public.peer_review_states s on s.submission_id = r.submission_id
    where s.assignment_id = %(a)s and r.status = 'assigned' and r.review_type = 'peer' and r.reviewer_id = any (%(who)s)
) x where x.c is not null
"""
DATED = """
select set_config('request.jwt.claims', '', true);
update public.assignment_reviews r set completed_at = %(t)s from public.peer_review_states s
where s.submission_id = r.submission_id and s.assignment_id = %(a)s and r.status = 'completed' and r.completed_at < %(start)s;
"""
LATE = """
insert into public.assignment_submissions
    (assignment_id, enrollment_id, course_id, member_id, submission_number, submitted_at, submission_text, max_points)
select %(a)s, id, course_id, member_id, 1, %(t)s, 'Late.', 100 from public.enrollments where id = %(e)s
"""
UNFAIR = """
update public.assignment_reviews set left_out_at = %(t)s, left_out_reason = 'Unfair.' where id = (
    select r.id from public.assignment_reviews r join public.peer_review_states s on s.submission_id = r.submission_id
    where s.assignment_id = %(a)s and r.status = 'completed' and r.left_out_at is null order by random() limit 1)
"""
STEP = "select private.step_peer_reviews(%(a)s, %(t)s)"
END = """
select count(*) filter (where s.state = 'waiting'), count(*) filter (where s.state = 'complete'),
    count(*) filter (where s.state = 'fallback' and s.reason <> '' and s.received < s.required), count(*)
from public.peer_review_states s where s.assignment_id = %(a)s
"""
WRONG = """
select count(*) from public.peer_review_states s
join public.assignment_reviews r on r.submission_id = s.submission_id and r.review_type = 'peer'
join public.assignment_submissions w on w.assignment_id = s.assignment_id and w.member_id = r.reviewer_id
where s.assignment_id = %(a)s
  and (coalesce(w.group_id, w.member_id) = s.unit_id or r.status = 'assigned' or r.due_at > (
      select t.ends_at from public.peer_review_settings t where t.assignment_id = s.assignment_id))
"""
MOST = """
select max(n) from (
    select count(*) filter (where r.status <> 'withdrawn') as n from public.peer_review_states s
    join public.assignment_reviews r on r.submission_id = s.submission_id and r.review_type = 'peer'
    where s.assignment_id = %(a)s group by r.reviewer_id
) x
"""


@dataclass
class Story:
    """A peer review that is played by the day, by a die that falls the same each time."""

    stage: Stage
    work: UUID
    die: Random
    people: list[UUID]

    @classmethod
    def of(cls, stage: Stage, number: int, required: int, seed: int) -> Story:
        work = crowd(stage, number, required)
        stage.owner(
            "update public.assignment_submissions set submitted_at = %(t)s where assignment_id = %(a)s;"
            "update public.assignments set due_date = %(t)s where id = %(a)s",
            t=START - DAY,
            a=work,
        )
        people = [
            row[0]
            for row in stage.owner(
                "select member_id from public.assignment_submissions where assignment_id = %(a)s order by 1", a=work
            )
        ]
        stage.owner("select setseed(%(s)s)", s=(seed % 1000) / 1000)
        return cls(stage, work, Random(seed), people)

    def tick(self, moment: datetime) -> None:
        """What the clock does: a step for what is due."""
        due = [row[0] for row in self.stage.owner("select * from private.due_peer_reviews(%(t)s)", t=moment)]
        if self.work in due:
            self.stage.owner(STEP, a=self.work, t=moment)

    def play(self, vanish: float, *, late: list[UUID] | None = None, unfair: int = 0, days: int = 22) -> None:
        """Until everything must be over. Of the people some never write, the others each day perhaps."""
        here = [person for person in self.people if self.die.random() >= vanish]
        for day in range(1, days):
            moment = START + day * DAY
            for enrollment in (late or [])[: self.die.randrange(0, 2)]:
                assert late is not None
                late.remove(enrollment)
                self.stage.owner(LATE, a=self.work, e=enrollment, t=moment)
                here.append(self.stage.value("select member_id from public.enrollments where id = %(e)s", e=enrollment))
            today = [person for person in here if self.die.random() < 0.5]
            self.stage.owner(WRITE, a=self.work, who=today)
            self.stage.owner(DATED, a=self.work, t=moment, start=START)
            if unfair and day % 4 == 0:
                unfair -= 1
                self.stage.owner(UNFAIR, a=self.work, t=moment)
                self.stage.owner(STEP, a=self.work, t=moment)
            self.tick(moment)

    def ended(self) -> tuple[int, int]:
        """How many works are complete and how many fell back; everything is over and nothing is wrong."""
        waiting, complete, fallback, works = self.stage.owner(END, a=self.work)[0]
        assert waiting == 0
        assert complete + fallback == works
        assert self.stage.value(WRONG, a=self.work) == 0
        assert (
            self.stage.owner(
                "select * from private.due_peer_reviews(%(t)s) d where d = %(a)s", a=self.work, t=START + 23 * DAY
            )
            == []
        )
        return complete, fallback


@pytest.mark.parametrize("number", [3, 7])
@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    required=st.integers(1, 4), vanish=st.sampled_from([0.0, 0.3, 0.6, 1.0]), seed=st.integers(0, 999), grouped=st.booleans(),
    late=st.integers(0, 2), unfair=st.integers(0, 2),
)  # fmt: skip
def test_it_ends_with_the_reviews_or_a_stated_fall_back(
    stage: Stage, number: int, required: int, vanish: float, seed: int, grouped: bool, late: int, unfair: int
) -> None:
    with stage.undone():
        story = Story.of(stage, number, required, seed)
        if grouped:
            pair = story.people[:2]
            stage.owner(
                "with g as (insert into public.assignment_groups (assignment_id, course_id, name)"
                " select id, course_id, 'Two' from public.assignments where id = %(a)s returning id)"
                " update public.assignment_submissions s set group_id = g.id from g where s.assignment_id = %(a)s and s.member_id = any (%(p)s)",
                a=story.work,
                p=pair,
            )
        comers = stage.owner(
            "select id from public.enrollments e where course_id = %(course)s and not exists (select 1 from public.assignment_submissions s"
            " where s.assignment_id = %(a)s and s.member_id = e.member_id) order by id limit %(n)s",
            a=story.work,
            n=late,
        )
        story.tick(START)
        if not grouped:  # In a group the members share what the group gives.
            each = min(required, number - 1)
            assert stage.owner(GIVEN, a=story.work) == [(each, each)]
        story.play(vanish, late=[row[0] for row in comers], unfair=unfair)
        complete, _ = story.ended()
        assert stage.value(MOST, a=story.work) <= required + 2
        if vanish == 0 and not grouped and not late and not unfair and required < number:
            assert complete == number


def test_two_hundred_of_whom_every_third_vanishes(stage: Stage) -> None:
    story = Story.of(stage, 200, 3, 7)
    story.tick(START)
    assert stage.owner(GIVEN, a=story.work) == [(3, 3)]
    story.play(0.33)
    complete, _ = story.ended()
    assert complete >= 170
    assert stage.value(MOST, a=story.work) <= 5


def test_everybody_vanishes(stage: Stage) -> None:
    story = Story.of(stage, 7, 2, 1)
    story.tick(START)
    story.play(1.0)
    assert story.ended() == (0, 7)
    told = stage.owner(
        "select kind, count(*) from public.notifications where kind like 'peer_review%%' and link like '/%%' group by 1 order by 1"
    )
    assert dict(told)["peer_review_fallback"] == 7
    assert dict(told)["peer_review_stuck"] == 1
    assert dict(told)["peer_review_reminder"] == 7

"""What lateness costs: a table of cases across time zones, both changes of the clocks, extensions and several submissions."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest

from collegium.access.stage import Stage
from collegium.features.assignments.service import late_words
from tests.db.assessing import assignment, hand_in


class Case(NamedTuple):
    """A deadline by the clock of a place, when work came by that clock, the rule, and what follows."""

    name: str
    zone: str
    due: str
    came: str
    per_day: int
    days: int
    percent: int
    words: str
    until: str = ""
    """A later deadline that was granted, by the same clock."""


IN_TIME = ""
ONE, TWO = "1 day late, 10 % a day: 10 % off", "2 days late, 10 % a day: 20 % off"
# fmt: off
CASES = [
    #    name                              zone                due                 came                  %   days off
    Case("a minute early",                 "UTC",              "2026-06-01 12:00", "2026-06-01 11:59",   10, 0, 0, IN_TIME),
    Case("on the stroke",                  "UTC",              "2026-06-01 12:00", "2026-06-01 12:00",   10, 0, 0, IN_TIME),
    Case("a second after",                 "UTC",              "2026-06-01 12:00", "2026-06-01 12:00:01", 10, 1, 10, ONE),
    Case("a whole day after",              "UTC",              "2026-06-01 12:00", "2026-06-02 12:00",   10, 1, 10, ONE),
    Case("a day and a second after",       "UTC",              "2026-06-01 12:00", "2026-06-02 12:00:01", 10, 2, 20, TWO),
    Case("never more than everything",     "UTC",              "2026-06-01 12:00", "2026-07-01 12:00",   10, 30, 100,
         "30 days late, 10 % a day: 100 % off"),
    Case("late, and it costs nothing",     "UTC",              "2026-06-01 12:00", "2026-06-02 12:00",   0, 1, 0,
         "1 day late, nothing off"),
    # Clocks forward: the night has 23 hours, so the next day at the same time by the clock is only 23 hours later.
    Case("spring, same time next day",     "Europe/Berlin",    "2026-03-28 23:59", "2026-03-29 23:59",   10, 1, 10, ONE),
    Case("spring, 24 hours by the sun",    "Europe/Berlin",    "2026-03-28 23:59", "2026-03-30 00:59",   10, 1, 10, ONE),
    Case("spring, a minute more",          "Europe/Berlin",    "2026-03-28 23:59", "2026-03-30 01:00",   10, 2, 20, TWO),
    Case("spring, in the missing hour",    "Europe/Berlin",    "2026-03-29 02:30", "2026-03-29 03:30",   10, 0, 0, IN_TIME),
    Case("spring in New York",             "America/New_York", "2026-03-07 12:00", "2026-03-08 12:30",   10, 1, 10, ONE),
    Case("spring in New York, on the dot", "America/New_York", "2026-03-07 12:00", "2026-03-08 13:00",   10, 1, 10, ONE),
    # Clocks back: the night has 25 hours, so the next day at the same time by the clock is an hour into the second day.
    Case("autumn, 24 hours",               "Europe/Berlin",    "2026-10-24 23:59", "2026-10-25 22:59",   10, 1, 10, ONE),
    Case("autumn, same time next day",     "Europe/Berlin",    "2026-10-24 23:59", "2026-10-25 23:59",   10, 2, 20, TWO),
    Case("autumn in New York",             "America/New_York", "2026-10-31 12:00", "2026-11-01 11:30",   10, 2, 20, TWO),
    # Far zones: the deadline is one moment for all, whatever day it is where somebody sits.
    Case("in Auckland it is tomorrow",     "Pacific/Auckland", "2026-06-02 00:00", "2026-06-02 00:00",   10, 0, 0, IN_TIME),
    Case("a quarter of an hour off",       "Asia/Kathmandu",   "2026-06-01 12:15", "2026-06-01 12:16",   10, 1, 10, ONE),
    # Extensions: the later deadline holds, and one that is earlier takes nothing away.
    Case("granted a day, in time by it",   "Europe/Berlin",    "2026-03-28 23:59", "2026-03-29 20:00",   10, 0, 0, IN_TIME, "2026-03-29 23:59"),
    Case("granted a day, late by it",      "Europe/Berlin",    "2026-03-28 23:59", "2026-03-30 00:00",   10, 1, 10, ONE, "2026-03-29 23:59"),
    Case("granted less than all have",     "UTC",              "2026-06-02 12:00", "2026-06-02 11:00",   10, 0, 0, IN_TIME, "2026-06-01 12:00"),
]
# fmt: on


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_lateness_costs(stage: Stage, case: Case) -> None:
    work = assignment(stage, f"late_penalty_percentage = {case.per_day}")
    at = "(%(when)s::timestamp at time zone %(zone)s)"
    stage.owner(
        f"update public.assignments set due_date = {at} where id = %(a)s", a=work, when=case.due, zone=case.zone
    )
    if case.until:
        stage.owner(
            "insert into public.assignment_extensions (assignment_id, enrollment_id, due_date, reason)"
            f" values (%(a)s, %(enrollment)s, {at}, 'Was ill.')",
            a=work,
            when=case.until,
            zone=case.zone,
        )
    for clock in ("UTC", "Pacific/Auckland"):
        # The clock of the server's session changes nothing either.
        stage.owner(f"set local time zone '{clock}'")
        days, per_day, percent = stage.owner(
            "select s.penalty_days, s.penalty_per_day, s.penalty from public.assignments a"
            f" cross join lateral private.assignment_standing(a, %(enrollment)s, {at}) s where a.id = %(a)s",
            a=work,
            when=case.came,
            zone=case.zone,
        )[0]
        assert (days, percent) == (case.days, case.percent)
        assert late_words(days, per_day, percent) == case.words


def kept(stage: Stage, submission: object) -> tuple[object, ...]:
    """What a submission says of its deduction."""
    return stage.owner(
        "select penalty_days, penalty_per_day, late_penalty_applied, penalty_from, penalty_due is not null"
        " from public.assignment_submissions where id = %(s)s",
        s=submission,
    )[0]


def test_each_submission_keeps_its_own_rule(stage: Stage) -> None:
    """In time, then late, then late by another rule, then asked for again after the deadline moved: each stays explained."""
    work = assignment(
        stage, "due_date = now() + interval '1 hour', late_penalty_percentage = 10, max_submissions = null"
    )
    change = "update public.assignments set {} where id = %(a)s"
    first = hand_in(stage, work)
    stage.owner(change.format("due_date = now() - interval '25 hours'"), a=work)
    second = hand_in(stage, work)
    stage.owner(change.format("late_penalty_percentage = 25"), a=work)
    third = hand_in(stage, work)
    stage.act("instructor", "select public.grade_submission(%(s)s, 90, p_status => 'resubmission_requested')", s=third)
    stage.owner(change.format("late_submission_allowed = false, due_date = now() - interval '90 days'"), a=work)
    fourth = hand_in(stage, work)
    ten, quarter = Decimal(10), Decimal(25)
    assert kept(stage, first) == (0, ten, 0, None, True)
    assert kept(stage, second) == (2, ten, 20, None, True)
    assert kept(stage, third) == (2, quarter, 50, None, True)
    assert kept(stage, fourth) == (2, quarter, 50, 3, True)
    stage.act("instructor", "select public.grade_submission(%(s)s, 90)", s=fourth)
    assert stage.value("select final_score from public.assignment_submissions where id = %(s)s", s=fourth) == 40
    # What was asked for again was given: the deadline holds again.
    assert stage.attempt("owner", "select public.submit_assignment(%(a)s, 'Once more.')", a=work).code == "too_late"


def test_a_deduction_cannot_be_written_without_its_rule(stage: Stage) -> None:
    submission = hand_in(stage, assignment(stage))
    for change in ("penalty_days = null", "penalty_per_day = -1", "penalty_from = 1", "penalty_days = -1"):
        outcome = stage.attempt(
            "owner", f"update public.assignment_submissions set {change} where id = %(s)s", s=submission
        )
        assert outcome.state == "42501", "nobody but a function"
    assert late_words(3, None, Decimal("12.50")) == "3 days late: 12.5 % off"

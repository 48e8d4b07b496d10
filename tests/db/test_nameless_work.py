"""Marking without names, in SQL: who marks finds out whose work it is by no row and no function until it is returned."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from collegium.access.stage import Stage, key
from tests.db.assessing import SUBMIT_FILES, assignment, file, uploaded

NAMELESS = "anonymous_marking = true, submission_type = 'file_upload', passing_percentage = 50"
MARK = """
select to_jsonb(m) from public.mark_submission(
    %(s)s, 80, null, null, 'Good.', %(to)s, %(why)s, (select max(changed_at) from public.submission_grade_changes where submission_id = %(s)s)
) m
"""
CELLS = """
select c.source_percent, c.waiting from public.gradebook_cells c join public.gradebook_items i on i.id = c.item_id
where i.assignment_id = %(a)s and c.enrollment_id = %(enrollment)s
"""
DONE = "select status from public.lesson_progress where enrollment_id = %(enrollment)s and lesson_id = %(reading)s"


@pytest.fixture
def work(stage: Stage) -> tuple[UUID, UUID]:
    """An assignment that completes its lesson, and what the owner handed in: a file in his own folder."""
    made = assignment(stage, NAMELESS, lesson=True)
    stage.owner("update public.lessons set completion_criteria = 'assignment_passed' where id = %(reading)s")
    uploaded(stage)
    handed = stage.act("owner", SUBMIT_FILES, a=made, files=json.dumps([file()])).rows[0][0]
    return made, handed


def mark(stage: Stage, submission: UUID, to: str, why: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = stage.act("instructor", MARK, s=submission, to=to, why=why).rows[0][0]
    return found


def everything(stage: Stage, made: UUID, handed: UUID) -> str:
    """All that is answered to the instructor of work, by rows and by functions, as one text."""
    asked = (
        "select to_jsonb(s) from public.assignment_submissions s where assignment_id = %(a)s",
        "select to_jsonb(u) from public.media_file_uses u where ref_id = %(s)s",
        "select to_jsonb(f) from public.media_files f where f.assignment_id = %(a)s or storage_key like 'assignment-sub%%'",
        "select to_jsonb(w) from public.work_to_mark(%(s)s) w",
        "select to_jsonb(w) from public.handed_in_work(%(course)s, %(a)s, 'waiting', false, '', null, null, 50) w",
        "select to_jsonb(w) from public.handed_in_work(%(course)s, %(a)s, 'graded', false, '', null, null, 50) w",
        "select to_jsonb(w) from public.earlier_work(%(s)s) w",
        "select to_jsonb(r) from public.assignment_reviews r where submission_id = %(s)s",
        "select to_jsonb(r) from public.submission_grade_changes r where submission_id = %(s)s",
    )
    return json.dumps([stage.act("instructor", sql, a=made, s=handed).rows for sql in asked], default=str)


def telling(stage: Stage) -> list[str]:
    """What would tell that it is the owner's."""
    address = stage.value("select email::text from public.profiles where id = %(owner)s")
    return [str(key("owner")), str(stage.value("select %(enrollment)s::text")), address]


def test_nothing_answers_whose_it_is_until_it_is_returned(stage: Stage, work: tuple[UUID, UUID]) -> None:
    made, handed = work
    before = everything(stage, made, handed)
    assert str(handed) in before
    assert "Learner " in before
    marked = mark(stage, handed, "graded")
    assert (marked["member_id"], marked["enrollment_id"], marked["submitted_by"], marked["file_attachments"]) == (
        None,
        None,
        None,
        [],
    )
    graded = everything(stage, made, handed)
    returned = mark(stage, handed, "returned")
    after = everything(stage, made, handed)
    for word in telling(stage):
        assert word not in before, word
        assert word not in graded, word
        assert word in after, word
    assert returned["member_id"] == str(key("owner"))


def test_the_learner_reads_his_own_and_the_administrator_reads_rows(stage: Stage, work: tuple[UUID, UUID]) -> None:
    made, handed = work
    row = "select 1 from public.assignment_submissions where assignment_id = %(a)s"
    own = "select file_attachments -> 0 ->> 'file_key' from public.work_to_mark(%(s)s)"
    assert stage.act("owner", row, a=made).count == stage.act("admin", row, a=made).count == 1
    assert str(key("owner")) in stage.act("owner", own, s=handed).rows[0][0]
    for who in ("learner", "stranger", "other_instructor", "manager"):
        assert stage.act(who, own, s=handed).rows == [], who
        assert stage.act(who, "select * from public.earlier_work(%(s)s)", s=handed).rows == [], who
        assert (
            stage.act(
                who, "select * from public.handed_in_work(%(course)s, %(a)s, 'all', false, '', null, null, 9)", a=made
            ).rows
            == []
        )
        assert stage.act(who, "select public.neighbouring_work(%(a)s, null, null, 1)", a=made).rows == [(None,)], who
        assert not stage.act(who, "select public.names_wait(%(a)s)", a=made).rows[0][0], who


def test_a_label_is_not_computed_from_an_enrollment(stage: Stage, work: tuple[UUID, UUID]) -> None:
    made, handed = work
    for attempt in (
        "select * from private.label_salt",
        "select private.nameless_key(%(a)s, %(enrollment)s)",
        "select private.nameless_label(%(a)s, %(enrollment)s, null)",
        "select private.without_author(null)",
    ):
        assert stage.attempt("instructor", attempt, a=made).state == "42501", attempt
    label = stage.act("instructor", "select label from public.work_to_mark(%(s)s)", s=handed).rows[0][0]
    plain = stage.value("select upper(left(md5(%(enrollment)s::text || %(a)s::text), 5))", a=made)
    assert label.removeprefix("Learner ") != plain
    assert stage.act(
        "instructor",
        "select who from public.handed_in_work(%(course)s, %(a)s, 'waiting', false, '', null, null, 9)",
        a=made,
    ).rows == [(label,)]


def test_a_grade_counts_when_the_work_is_returned(stage: Stage, work: tuple[UUID, UUID]) -> None:
    made, handed = work
    standing = (
        "select taken, waiting, score from public.assignment_standings(%(enrollment)s) where assignment_id = %(a)s"
    )
    final = "select final_grade from public.enrollments where id = %(enrollment)s"
    was = stage.owner(final)
    for to in (None, "graded", "resubmission_requested"):
        if to:
            mark(stage, handed, to, "Read again.")
        assert stage.act("instructor", CELLS, a=made).rows == [(None, True)], to
        assert stage.act("instructor", standing, a=made).rows == [(0, False, None)], to
        assert stage.owner(final) == was, to
        assert stage.owner(DONE) != [("completed",)], to
    mark(stage, handed, "graded", "After all.")
    assert stage.act("owner", standing, a=made).rows == [(1, True, None)]
    mark(stage, handed, "returned")
    assert stage.act("instructor", CELLS, a=made).rows == [(80, False)]
    assert (
        stage.act("instructor", standing, a=made).rows == stage.act("owner", standing, a=made).rows == [(1, False, 80)]
    )
    assert stage.owner(DONE) == [("completed",)]


def test_whoever_has_names_shown_has_all_of_it(stage: Stage, work: tuple[UUID, UUID]) -> None:
    made, handed = work
    mark(stage, handed, "graded")
    stage.act("instructor", "select public.show_names(%(a)s)", a=made)
    assert stage.owner(DONE) == [("completed",)]
    stage.owner("select private.settle_gradebooks(), private.settle_gradebooks()")
    assert stage.act("instructor", CELLS, a=made).rows == [(80, False)]
    assert all(word in everything(stage, made, handed) for word in telling(stage)[:2])

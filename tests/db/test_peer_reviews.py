"""Peers review each other: everybody gets and gives as many, nobody learns whose work it is."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from collegium.access.stage import Stage, key
from tests.db.assessing import assignment, file, hand_in


def crowd(stage: Stage, number: int, required: int = 2) -> UUID:
    """An assignment reviewed by peers that so many have handed in."""
    work = assignment(stage, f"enable_peer_review = true, peer_reviews_required = {required}")
    stage.owner(
        "with people as (insert into auth.users (email) select 'peer' || n || '-' || %(t)s || '@guild.test' from generate_series(1, %(n)s) n returning id),"
        " e as (select id from people) select 1 from e",
        n=number,
        t=str(work),
    )
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source) select %(course)s, id, 'admin_assignment'"
        " from public.profiles where email like 'peer%%' || %(t)s || '@guild.test';"
        "insert into public.assignment_submissions (assignment_id, enrollment_id, course_id, member_id, submission_number, submission_text, max_points)"
        " select %(a)s, e.id, e.course_id, e.member_id, 1, 'My work.', 100"
        " from public.enrollments e join public.profiles p on p.id = e.member_id where p.email like 'peer%%' || %(t)s || '@guild.test'",
        a=work,
        t=str(work),
    )
    return work


LOADS = """
select count(*) filter (where r.reviewer_id = s.member_id), count(distinct (r.submission_id, r.reviewer_id)) = count(*),
    min(g.n), max(g.n)
from public.assignment_submissions s
join public.assignment_reviews r on r.submission_id = s.id and r.status <> 'withdrawn'
join lateral (
    select count(*) as n from public.assignment_reviews o where o.submission_id = s.id and o.status <> 'withdrawn'
) g on true
where s.assignment_id = %(a)s
"""
GIVEN = """
select min(n), max(n) from (
    select count(*) as n from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id
    where s.assignment_id = %(a)s and r.status <> 'withdrawn' group by r.reviewer_id
) x
"""


@pytest.mark.parametrize(("number", "required", "each"), [(1, 2, 0), (2, 2, 1), (3, 2, 2), (7, 3, 3), (60, 2, 2)])
def test_everybody_gives_and_gets_as_many_reviews(stage: Stage, number: int, required: int, each: int) -> None:
    work = crowd(stage, number, required)
    assert stage.act("instructor", "select public.allot_peer_reviews(%(a)s)", a=work).rows == [(number * each,)]
    if each:
        assert stage.owner(LOADS, a=work) == [(0, True, each, each)]
        assert stage.owner(GIVEN, a=work) == [(each, each)]
    assert stage.act("instructor", "select public.allot_peer_reviews(%(a)s)", a=work).rows == [(0,)], "once"


def test_who_vanishes_is_replaced_and_who_comes_late_is_reviewed(stage: Stage) -> None:
    work = crowd(stage, 5)
    stage.act("instructor", "select public.allot_peer_reviews(%(a)s)", a=work)
    gone = stage.value(
        "select r.reviewer_id from public.assignment_reviews r join public.assignment_submissions s on s.id = r.submission_id"
        " where s.assignment_id = %(a)s limit 1",
        a=work,
    )
    reviews = stage.owner("select id from public.assignment_reviews where reviewer_id = %(p)s", p=gone)
    assert len(reviews) == 2
    stage.owner(
        "update public.assignment_reviews r set status = 'completed', completed_at = now(), points = 50"
        " from public.assignment_submissions s where s.id = r.submission_id and s.assignment_id = %(a)s and r.reviewer_id <> %(p)s",
        a=work,
        p=gone,
    )
    hand_in(stage, work)
    for (review,) in reviews:
        stage.act("instructor", "select public.withdraw_peer_review(%(r)s)", r=review)
    for _ in range(3):  # Who has written his is given what is missing.
        stage.owner(
            "update public.assignment_reviews r set status = 'completed', completed_at = now(), points = 50"
            " from public.assignment_submissions s where s.id = r.submission_id and s.assignment_id = %(a)s and r.status = 'assigned'",
            a=work,
        )
        stage.act("instructor", "select public.allot_peer_reviews(%(a)s)", a=work)
    assert stage.owner(LOADS, a=work)[0][:3] == (0, True, 2)
    assert (
        stage.value(
            "select count(*) from public.peer_review_states where assignment_id = %(a)s and state = 'complete'", a=work
        )
        == 6
    )


def test_a_peer_sees_the_work_and_not_whose_it_is(stage: Stage) -> None:
    stage.owner(
        "update public.assignment_submissions set file_attachments = %(f)s where id = %(submission)s",
        f=json.dumps([file("Owner Guild.pdf")]),
    )
    view = stage.act("learner", "select public.peer_review_view(%(review)s)").rows[0][0]
    assert view["submission_text"] == "A policy."
    assert view["files"] == [{"number": 1, "file_type": "pdf", "file_size": 1000}]
    told = json.dumps(view)
    assert str(key("owner")) not in told
    assert "Owner" not in told
    assert stage.act("learner", "select 1 from public.assignment_submissions where id = %(submission)s").rows == []


def test_reviews_are_seen_after_ones_own_are_written(stage: Stage) -> None:
    work = assignment(stage, "enable_peer_review = true, peer_reviews_required = 1")
    mine, theirs = hand_in(stage, work), hand_in(stage, work, "learner")
    stage.act("instructor", "select public.allot_peer_reviews(%(a)s)", a=work)
    review_of = {
        row[0]: row[1]
        for row in stage.owner(
            "select submission_id, id from public.assignment_reviews where submission_id in (%(x)s, %(y)s)",
            x=mine,
            y=theirs,
        )
    }
    write = "select public.submit_peer_review(%(r)s, null, %(p)s, '<p>Good.</p>')"
    assert stage.attempt("learner", write, r=review_of[mine], p=101).code == "points_out_of_range"
    stage.act("learner", write, r=review_of[mine], p=80)
    assert stage.attempt("learner", write, r=review_of[mine], p=90).code == "review_over"
    read = "select points, feedback_html from public.reviews_of_submission(%(s)s)"
    assert stage.attempt("owner", read, s=mine).code == "review_first"
    stage.act("owner", write, r=review_of[theirs], p=70)
    assert stage.act("owner", read, s=mine).rows == [(80, "<p>Good.</p>")]
    assert stage.value("select points_earned from public.assignment_submissions where id = %(s)s", s=mine) is None

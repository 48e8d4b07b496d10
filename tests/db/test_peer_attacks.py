"""What a reviewer and an author try by SQL: to learn who the other is, to write what is not theirs, to see too early."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from collegium.access.stage import Stage, key
from tests.db.assessing import assignment, file, hand_in

WRITE = "select public.submit_peer_review(%(r)s, null, %(p)s, '<p>Good.</p>')"
REVIEW = "select id from public.assignment_reviews where submission_id = %(s)s and review_type = 'peer'"


@pytest.fixture
def pair(stage: Stage) -> tuple[UUID, UUID, UUID, UUID]:
    """The owner and the learner review each other: the owner's work and its review, the learner's work and its review."""
    work = assignment(stage, "enable_peer_review = true, peer_reviews_required = 1")
    mine, theirs = hand_in(stage, work), hand_in(stage, work, "learner")
    stage.owner(
        "update public.assignment_submissions set file_attachments = %(f)s where id = %(s)s",
        f=json.dumps([file("Owner Guild.pdf")]),
        s=mine,
    )
    stage.act("instructor", "select public.allot_peer_reviews(%(a)s)", a=work)
    return mine, stage.value(REVIEW, s=mine), theirs, stage.value(REVIEW, s=theirs)


def test_no_answer_tells_a_reviewer_who_the_author_is(stage: Stage, pair: tuple[UUID, UUID, UUID, UUID]) -> None:
    mine, of_mine, _, _ = pair
    said = [
        stage.act("learner", statement, r=of_mine, s=mine).rows
        for statement in (
            "select public.peer_review_view(%(r)s)::text",
            "select to_jsonb(r)::text from public.assignment_reviews r",
            "select to_jsonb(m)::text from public.my_peer_reviews() m",
            "select to_jsonb(w)::text from public.my_reviewed_works() w",
            "select to_jsonb(n)::text from public.notifications n",
            "select to_jsonb(s)::text from public.assignment_submissions s where id = %(s)s",
            "select to_jsonb(s)::text from public.peer_review_states s",
            "select to_jsonb(f)::text from public.media_files f",
        )
    ]
    told = json.dumps(said, default=str)
    assert "My work." in told
    for secret in (str(key("owner")), "Owner Guild", "f1.pdf"):
        assert secret not in told, secret
    assert (
        stage.attempt("learner", "select private.peer_file(%(l)s, %(r)s, 1)", l=key("learner"), r=of_mine).state
        == "42501"
    )
    found = stage.act("service_role", "select private.peer_file(%(l)s, %(r)s, 1)", l=key("learner"), r=of_mine).rows[0][
        0
    ]
    assert found["file_name"] == "Owner Guild.pdf"
    for who, number in (("stranger", 1), ("owner", 1), ("learner", 2), ("learner", 0), ("learner", -1)):
        nothing = stage.act(
            "service_role", "select private.peer_file(%(l)s, %(r)s, %(n)s)", l=key(who), r=of_mine, n=number
        )
        assert nothing.rows == [(None,)], (who, number)


def test_nobody_writes_what_was_not_given_to_him(stage: Stage, pair: tuple[UUID, UUID, UUID, UUID]) -> None:
    mine, of_mine, _, of_theirs = pair
    for who, review in (("owner", of_mine), ("stranger", of_mine), ("instructor", of_mine), ("learner", of_theirs)):
        for statement in (
            "select public.submit_peer_review(%(r)s, null, 5, 'x')",
            "select public.save_peer_draft(%(r)s, null, 5, 'x')",
        ):
            assert stage.attempt(who, statement, r=review).code == "no_such_review", (who, statement)
        assert stage.act(who, "select public.peer_review_view(%(r)s)", r=review).rows == [(None,)]
    stage.act("learner", WRITE, r=of_mine, p=80)
    for statement in (
        WRITE,
        "select public.save_peer_draft(%(r)s, null, %(p)s, 'x')",
    ):
        assert stage.attempt("learner", statement, r=of_mine, p=1).code == "review_over"
    for change in (
        "points = 1",
        "status = 'assigned'",
        "weight = 0.9",
        "left_out_at = now()",
        "reviewer_id = %(learner)s",
    ):
        assert (
            stage.attempt("learner", f"update public.assignment_reviews set {change} where id = %(r)s", r=of_mine).state
            == "42501"
        )
    for table in ("peer_review_states", "peer_review_drafts", "peer_samples", "peer_calibrations"):
        assert stage.attempt("learner", f"delete from public.{table}").state == "42501"
        assert stage.attempt("instructor", f"delete from public.{table}").state == "42501"
    for deed in (
        "public.remind_peer_reviewer(%(r)s)", "public.leave_out_peer_review(%(r)s, 'Mine')", "public.put_back_peer_review(%(r)s)",
        "public.withdraw_peer_review(%(r)s)", "public.confirm_peer_grade(%(s)s)", "public.remove_peer_sample(%(r)s)",
        "public.add_peer_sample((select assignment_id from public.assignment_submissions where id = %(s)s), p_text => 'x', p_points => 1)",
    ):  # fmt: skip
        for who in ("owner", "learner", "stranger", "other_instructor", "manager"):
            refused = stage.attempt(who, f"select {deed}", r=of_mine, s=mine)
            assert refused.state == "CG404", (who, deed, refused)
    for call in ("private.step_peer_reviews(%(r)s)", "private.due_peer_reviews()", "private.peer_weight(%(r)s, %(r)s)"):
        assert stage.attempt("learner", f"select {call}", r=of_mine).state == "42501"


def test_what_was_received_is_read_after_ones_own_and_without_names(
    stage: Stage, pair: tuple[UUID, UUID, UUID, UUID]
) -> None:
    mine, of_mine, _, of_theirs = pair
    read = "select to_jsonb(x)::text from public.reviews_of_submission(%(s)s) x"
    stage.act("learner", WRITE, r=of_mine, p=80)
    assert stage.attempt("owner", read, s=mine).code == "review_first"
    assert stage.act("owner", "select 1 from public.assignment_reviews where id = %(r)s", r=of_mine).rows == []
    for who in ("learner", "stranger", "instructor"):
        assert stage.attempt(who, read, s=mine).code == "no_such_submission"
    stage.act("owner", WRITE, r=of_theirs, p=70)
    told = stage.act("owner", read, s=mine).rows[0][0]
    assert '"points": 80' in told
    assert str(key("learner")) not in told
    stage.act("instructor", "select public.leave_out_peer_review(%(r)s, 'Unfair')", r=of_mine)
    assert stage.act("owner", read, s=mine).rows == []
    state = "select state, reason is not null, received from public.peer_review_states where submission_id = %(s)s"
    assert stage.owner(state, s=mine) == [("fallback", True, 0)]
    stage.act("instructor", "select public.put_back_peer_review(%(r)s)", r=of_mine)
    assert stage.owner(state, s=mine) == [("complete", False, 1)]


def test_samples_are_marked_once_by_those_who_handed_in(stage: Stage, pair: tuple[UUID, UUID, UUID, UUID]) -> None:
    mine, of_mine, _, _ = pair
    work = stage.value("select assignment_id from public.assignment_submissions where id = %(s)s", s=mine)
    sample = stage.act(
        "instructor", "select public.add_peer_sample(%(a)s, p_submission => %(s)s, p_points => 60)", a=work, s=mine
    ).rows[0][0]
    stage.owner("update public.peer_review_settings set calibration = true where assignment_id = %(a)s", a=work)
    view = "select public.my_peer_samples(%(a)s)::text"
    assert stage.act("owner", view, a=work).rows == [(None,)], "nobody marks his own work"
    told = stage.act("learner", view, a=work).rows[0][0]
    assert "My work." in told
    for secret in (str(key("owner")), "Owner Guild", '"points": 60', str(mine)):
        assert secret not in told, secret
    assert stage.act("learner", "select 1 from public.peer_samples").rows == []
    assert stage.attempt("learner", "select public.peer_review_view(%(r)s)", r=of_mine).code == "calibrate_first"
    assert stage.attempt("learner", WRITE, r=of_mine, p=80).code == "calibrate_first"
    mark = "select public.mark_peer_sample(%(m)s, null, %(p)s)"
    assert stage.attempt("stranger", mark, m=sample, p=10).code == "no_such_sample"
    assert stage.attempt("owner", mark, m=sample, p=60).code == "marked_already"
    assert stage.attempt("learner", mark, m=sample, p=101).code == "points_out_of_range"
    assert float(stage.act("learner", mark, m=sample, p=40).rows[0][0]) == 0.2
    assert stage.attempt("learner", mark, m=sample, p=60).code == "marked_already"
    stage.act("learner", WRITE, r=of_mine, p=80)
    assert float(stage.value("select weight from public.assignment_reviews where id = %(r)s", r=of_mine)) == 0.6
    assert stage.attempt("instructor", "select public.remove_peer_sample(%(m)s)", m=sample).code == "sample_marked"
    more = "select public.add_peer_sample(%(a)s, p_text => 'x', p_points => 1)"
    assert stage.attempt("instructor", more, a=work).code == "reviewing_began"

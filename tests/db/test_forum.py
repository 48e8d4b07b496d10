"""The forum: reports, answers, search, notices, pace, and pages that follow each other."""

from __future__ import annotations

from typing import Any

import pytest

from collegium.access.stage import Stage, key

REPORT = "select public.report_post(%(post)s, %(why)s)"
SETTLE = "select public.settle_reports(%(answer)s, %(why)s)"
MARK = "select public.mark_answer(%(discussion)s, %(post)s)"
LIST = "select title from public.list_discussions(%(course)s, %(n)s, %(words)s, %(open)s, %(pinned)s, %(at)s, %(id)s)"
NOWHERE: dict[str, Any] = {"n": 100, "words": None, "open": False, "pinned": None, "at": None, "id": None}
REPORTS = "select post_id, author, reported_by, reason, post_state from public.list_reports(%(course)s, {})"
START = "select public.start_discussion(%(course)s, %(title)s, %(body)s)"
REPLY = "select public.post_reply(%(discussion)s, %(body)s, %(parent)s)"
NOTICES = "select kind, title, body, link from public.notifications where member_id = %(who)s order by id"


def listed(stage: Stage, who: str = "owner", **asked: Any) -> list[str]:
    return [row[0] for row in stage.act(who, LIST, **(NOWHERE | asked)).rows]


# Reports ----------------------------------------------------------------------------------------------------------


def test_a_report_goes_to_the_team_and_not_to_the_author(stage: Stage) -> None:
    for who in ("instructor", "admin"):
        assert stage.act(who, REPORTS.format("true")).rows == [
            (key("answer"), "Learner G.", "Owner G.", "It gives the answer away.", "shown")
        ]
    for who in ("owner", "learner", "stranger", "other_instructor"):
        assert not stage.act(who, REPORTS.format("true")).rows
    seen = "select reported, open_reports from public.read_discussion(%(discussion)s) where id = %(answer)s"
    assert stage.act("learner", seen).rows == [(False, 0)]
    assert stage.act("owner", seen).rows == [(True, 0)]
    assert stage.act("instructor", seen).rows == [(False, 1)]


@pytest.mark.parametrize(
    ("who", "post", "why", "code"),
    [
        ("stranger", "answer", "x", "no_forum"),
        ("other_instructor", "answer", "x", "no_forum"),
        ("learner", "answer", "x", "own_post"),
        ("owner", "answer", " ", "reason_needed"),
        ("owner", "answer", "x" * 501, "reason_needed"),
        ("owner", "answer", None, "reason_needed"),
        ("owner", "new", "x", "no_forum"),
    ],
    ids=["stranger", "other team", "own post", "blank", "long", "none", "no such post"],
)
def test_what_cannot_be_reported(stage: Stage, who: str, post: str, why: str | None, code: str) -> None:
    assert stage.attempt(who, REPORT, post=key(post), why=why).code == code


def test_a_report_is_settled_by_hiding_or_by_keeping(stage: Stage) -> None:
    for who in ("owner", "learner"):
        assert stage.attempt(who, SETTLE, why=None).code == "moderators_only"
    assert stage.attempt("other_instructor", SETTLE, why=None).code == "no_forum"
    stage.act("instructor", SETTLE, why=None)
    assert not stage.act("instructor", REPORTS.format("true")).rows
    settled = "select outcome, settled_by from public.post_reports where id = %(report)s"
    assert stage.owner(settled) == [("kept", key("instructor"))]
    stage.act("owner", REPORT, post=key("answer"), why="Again.")
    assert len(stage.act("instructor", REPORTS.format("true")).rows) == 1
    assert stage.attempt("instructor", SETTLE, why=" ").code == "reason_needed"
    stage.act("admin", SETTLE, why="It does.")
    assert stage.owner(settled) == [("hidden", key("admin"))]
    assert stage.act("instructor", REPORTS.format("false")).rows[0][4] == "hidden"
    assert stage.attempt("owner", REPORT, post=key("answer"), why="x").code == "no_forum"


# Answers ----------------------------------------------------------------------------------------------------------


def test_the_team_marks_a_reply_as_the_answer(stage: Stage) -> None:
    read = "select id from public.read_discussion(%(discussion)s) where is_answer"
    for who in ("owner", "learner"):
        assert stage.attempt(who, MARK, post=key("answer")).code == "moderators_only"
    assert stage.attempt("other_instructor", MARK, post=key("answer")).code == "no_forum"
    assert stage.attempt("instructor", MARK, post=key("first_post")).code == "no_such_reply"
    assert stage.attempt("instructor", MARK, post=key("new")).code == "no_such_reply"
    stage.act("instructor", MARK, post=key("answer"))
    assert stage.act("owner", read).rows == [(key("answer"),)]
    stage.act("learner", "select public.delete_post(%(answer)s)")
    assert not stage.act("owner", read).rows, "what was taken back is no answer"
    assert stage.value("select answer_id from public.discussions where id = %(discussion)s") is None


def test_who_began_it_and_the_team_rename_a_discussion(stage: Stage) -> None:
    rename = "select public.rename_discussion(%(discussion)s, %(title)s)"
    assert stage.attempt("learner", rename, title="x").code == "not_your_discussion"
    assert stage.attempt("stranger", rename, title="x").code == "no_forum"
    for title in ("", " ", "x" * 201, None):
        assert stage.attempt("owner", rename, title=title).code == "title_length"
    stage.act("owner", rename, title=" Premiums ")
    stage.act("instructor", "select public.moderate_discussion(%(discussion)s, null, true)")
    assert stage.attempt("owner", rename, title="x").code == "discussion_locked"
    assert listed(stage) == ["Premiums"]


# Finding ----------------------------------------------------------------------------------------------------------


def test_words_are_found_in_titles_and_posts_that_are_shown(stage: Stage) -> None:
    stage.act("owner", START, title="Über Prämien", body="Was kostet <b>das</b>?")
    for words, found in (
        ("premium", ["What is a premium?"]),
        ("uber pram", ["Über Prämien"]),
        ("KOSTET", ["Über Prämien"]),
        ("you do", ["What is a premium?"]),
        ("pays kostet", []),
        ("'; drop table", []),
        ("!!! & | :*", []),
        ("  ", ["Über Prämien", "What is a premium?"]),
    ):
        assert listed(stage, words=words) == found, words
    stage.act("instructor", "select public.hide_post(%(answer)s, 'x')")
    assert listed(stage, words="you do") == []
    assert listed(stage, "instructor", words="you do") == []


def test_what_nobody_has_replied_to(stage: Stage) -> None:
    assert listed(stage, open=True) == []
    stage.act("owner", START, title="Alone", body="b")
    assert listed(stage, open=True) == ["Alone"]
    stage.act("learner", "select public.delete_post(%(answer)s)")
    assert listed(stage, open=True) == ["Alone", "What is a premium?"]


def test_pages_of_discussions_follow_each_other(stage: Stage) -> None:
    stage.owner(
        "insert into public.discussions (course_id, title, is_pinned, last_post_at)"
        " select %(course)s, 'D' || n, n %% 9 = 0, now() - make_interval(hours => (n / 4)::integer)"
        " from generate_series(1, 50) n"
    )
    whole = (
        "select id, is_pinned, last_post_at from"
        " public.list_discussions(%(course)s, %(n)s, null, false, %(pinned)s, %(at)s, %(id)s)"
    )
    everything = stage.act("owner", whole, **NOWHERE).rows
    assert len(everything) == 51
    assert everything == sorted(everything, key=lambda row: (-row[1], -row[2].timestamp(), -row[0].int))
    read: list[Any] = []
    place: dict[str, Any] = NOWHERE | {"n": 8}
    while page := stage.act("owner", whole, **place).rows:
        read += page
        place = {"n": 8} | dict(zip(("id", "pinned", "at"), page[-1], strict=True))
    assert read == everything


def test_pages_of_posts_follow_each_other(stage: Stage) -> None:
    stage.owner(
        "insert into public.discussion_posts (discussion_id, course_id, body, created_at)"
        " select %(discussion)s, %(course)s, 'P' || n, now() + make_interval(mins => (n / 3)::integer) from generate_series(1, 20) n"
    )
    page = "select id, created_at from public.read_discussion(%(discussion)s, %(n)s, %(at)s, %(id)s)"
    whole = stage.act("owner", page, n=100, at=None, id=None).rows
    assert len(whole) == 22
    read: list[Any] = []
    at = post = None
    while rows := stage.act("owner", page, n=5, at=at, id=post).rows:
        read += rows
        post, at = rows[-1]
    assert read == whole


# Notices and pace -------------------------------------------------------------------------------------------------


def test_a_reply_is_told_to_who_began_and_to_who_is_answered(stage: Stage) -> None:
    stage.owner("delete from public.notifications")
    stage.act("owner", REPLY, body="Thank you.", parent=key("answer"))
    ((kind, title, body, link),) = stage.owner(NOTICES, who=key("learner"))
    assert (kind, title, body) == ("discussion_reply", "New reply: What is a premium?", "Owner G.: Thank you.")
    assert link.endswith(f"/discussions/{key('discussion')}")
    assert not stage.owner(NOTICES, who=key("owner")), "nobody is told of his own words"
    stage.act("instructor", REPLY, body="x" * 9000, parent=key("answer"))
    assert len(stage.owner(NOTICES, who=key("owner"))) == 1
    assert len(stage.owner(NOTICES, who=key("learner"))) == 2
    stage.act("learner", REPLY, body="And?", parent=None)
    assert len(stage.owner(NOTICES, who=key("owner"))) == 2
    stage.act("owner", "select public.set_notification_preference('discussion_reply', 'in_app', false)")
    stage.act("learner", REPLY, body="And?", parent=None)
    assert len(stage.owner(NOTICES, who=key("owner"))) == 2


def test_who_has_left_the_course_is_told_nothing(stage: Stage) -> None:
    stage.act("owner", "select public.drop_enrollment(%(enrollment)s)")
    stage.owner("delete from public.notifications")
    stage.act("learner", REPLY, body="Hello?", parent=key("first_post"))
    assert not stage.owner(NOTICES, who=key("owner"))


def test_a_first_post_is_told_to_nobody(stage: Stage) -> None:
    stage.owner("delete from public.notifications")
    stage.act("owner", START, title="New", body="b")
    assert stage.value("select count(*) from public.notifications") == 0


def test_nobody_posts_more_than_ten_times_a_minute(stage: Stage) -> None:
    for _ in range(10):
        stage.act("learner", REPLY, body="x", parent=None)
    refused = stage.attempt("learner", REPLY, body="x", parent=None)
    assert (refused.state, refused.code) == ("CG429", "too_many_posts")
    stage.owner("update public.discussion_posts set created_at = created_at - interval '2 minutes'")
    stage.act("learner", REPLY, body="x", parent=None)


@pytest.mark.parametrize("who", ["stranger", "other_instructor", "manager"])
def test_others_see_no_forum(stage: Stage, who: str) -> None:
    slug = stage.value("select slug from public.courses where id = %(course)s")
    assert stage.attempt(who, "select * from public.see_forum(%(s)s)", s=slug).code == "no_forum"
    assert stage.attempt(who, "select * from public.see_forum('no-such-course')").code == "no_forum"
    assert stage.attempt(who, "select * from public.see_discussion(%(discussion)s)").code == "no_forum"
    part = "select part, open_reports from public.see_forum(%(s)s)"
    assert stage.act("learner", part, s=slug).rows == [("learner", 0)]
    assert stage.act("instructor", part, s=slug).rows == [("moderator", 1)]

"""Discussions: who takes part, what is shown of whom, hiding, taking back, closing."""

from __future__ import annotations

from typing import Any

import pytest

from collegium.access.stage import Stage, key

READ = "select author, mine, body, deleted, hidden, hidden_reason from public.read_discussion(%(discussion)s)"
REPLY = "select public.post_reply(%(discussion)s, %(body)s, %(parent)s)"
START = "select public.start_discussion(%(course)s, %(title)s, %(body)s, %(lesson)s)"
LIST = "select title, author, mine, posts_count from public.list_discussions(%(course)s)"


def read(stage: Stage, who: str) -> list[Any]:
    return stage.act(who, READ).rows


def say(stage: Stage, who: str, body: str | None = "Thank you.", parent: str | None = None) -> str | None:
    """What came of a reply: None when it was taken, else the code of the refusal."""
    outcome = stage.attempt(who, REPLY, body=body, parent=key(parent) if parent else None)
    return outcome.code or outcome.state


def test_learners_see_names_and_never_profiles(stage: Stage) -> None:
    assert stage.act("learner", LIST).rows == [("What is a premium?", "Owner G.", False, 2)]
    assert read(stage, "learner") == [
        ("Owner G.", False, "Who pays it?", False, False, None),
        ("Learner G.", True, "You do.", False, False, None),
    ]
    assert not stage.act("learner", "select 1 from public.profiles where id = %(owner)s").rows
    stage.owner("delete from auth.users where id = %(manager)s")
    stage.owner("update public.discussion_posts set member_id = null where id = %(first_post)s")
    assert read(stage, "learner")[0][0] == "Somebody"


@pytest.mark.parametrize("who", ["stranger", "other_instructor", "manager"])
@pytest.mark.parametrize("call", ["read", "list", "reply", "start"])
def test_others_have_no_part_in_it(stage: Stage, who: str, call: str) -> None:
    statement = {"read": READ, "list": LIST, "reply": REPLY, "start": START}[call]
    refused = stage.attempt(who, statement, body="x", parent=None, title="t", lesson=None)
    assert (refused.state, refused.code) == ("CG404", "no_forum")


@pytest.mark.parametrize("who", ["owner", "instructor", "admin"])
def test_without_a_forum_nobody_has_part_in_it(stage: Stage, who: str) -> None:
    assert say(stage, who) is None
    stage.owner("update public.courses set enable_discussion_forum = false where id = %(course)s")
    assert say(stage, who) == "no_forum"
    assert stage.attempt(who, LIST).code == "no_forum"


def test_who_has_left_the_course_has_left_its_forum(stage: Stage) -> None:
    stage.act("owner", "select public.drop_enrollment(%(enrollment)s)")
    assert say(stage, "owner") == "no_forum"
    assert stage.attempt("owner", "select public.edit_post(%(first_post)s, 'x')").code == "no_forum"


def test_what_is_said_of_a_locked_lesson_is_for_those_to_whom_it_is_open(stage: Stage) -> None:
    start = stage.attempt("owner", START, title="t", body="b", lesson=key("locked"))
    assert start.code == "no_forum"
    stage.act("instructor", START, title="About the end", body="b", lesson=key("locked"))
    assert len(stage.act("owner", LIST).rows) == 1
    assert len(stage.act("instructor", LIST).rows) == 2
    stage.owner("select private.complete_lesson(%(enrollment)s, id) from unnest(%(l)s) as l (id)",
                l=[key("welcome"), key("reading")])  # fmt: skip
    assert len(stage.act("owner", LIST).rows) == 2
    other = stage.attempt("instructor", START, title="t", body="b", lesson=key("paid_lesson"))
    assert other.code == "no_such_lesson"


@pytest.mark.parametrize("body", [None, "", " \n ", "x" * 10001], ids=["none", "empty", "blank", "long"])
def test_a_post_says_something(stage: Stage, body: str | None) -> None:
    assert say(stage, "owner", body) == "body_length"
    assert stage.attempt("owner", "select public.edit_post(%(first_post)s, %(b)s)", b=body).code == "body_length"
    assert stage.attempt("owner", START, title="t", body=body, lesson=None).code == "body_length"
    if body != " \n ":
        assert stage.attempt("owner", START, title=body and body[:201], body="b", lesson=None).code == "title_length"


def test_an_answer_stays_in_its_discussion(stage: Stage) -> None:
    other = stage.act("owner", START, title="Other", body="b", lesson=None).rows[0][0]
    refused = stage.attempt("owner", "select public.post_reply(%(d)s, 'x', %(parent)s)", d=other, parent=key("answer"))
    assert refused.code == "no_such_post"
    forced = (
        "insert into public.discussion_posts (discussion_id, course_id, parent_id, body)"
        " values (%(d)s, %(course)s, %(answer)s, 'x')"
    )
    assert stage.attempt("service_role", forced, d=other).state == "23503"


def test_only_the_author_edits_and_takes_back(stage: Stage) -> None:
    for who in ("owner", "instructor", "admin"):
        assert stage.attempt(who, "select public.edit_post(%(answer)s, 'x')").code == "no_such_post"
        assert stage.attempt(who, "select public.delete_post(%(answer)s)").code == "no_such_post"
    stage.act("learner", "select public.edit_post(%(answer)s, ' You do, each month. ')")
    assert stage.owner("select body, edited_at is not null from public.discussion_posts where id = %(answer)s") == [
        ("You do, each month.", True)
    ]


def test_what_is_taken_back_keeps_its_place(stage: Stage) -> None:
    stage.act("owner", "select public.delete_post(%(first_post)s)")
    assert read(stage, "learner")[0] == (None, False, None, True, False, None)
    assert stage.value("select parent_id from public.discussion_posts where id = %(answer)s") == key("first_post")
    assert stage.act("owner", LIST).rows[0][3] == 1
    assert say(stage, "learner", parent="first_post") == "no_such_post"
    assert stage.attempt("owner", "select public.edit_post(%(first_post)s, 'x')").code == "no_such_post"
    assert stage.value("select body from public.discussion_posts where id = %(first_post)s") is None


HIDE = "select public.hide_post(%(answer)s, %(why)s)"


def test_instructors_hide_with_a_reason_that_the_author_reads(stage: Stage) -> None:
    stage.act("instructor", HIDE, why="Tells the answer of the exam.")
    hidden = ("Learner G.", False, None, False, True, None)
    assert read(stage, "owner")[1] == hidden
    assert read(stage, "learner")[1] == (
        "Learner G.", True, "You do.", False, True, "Tells the answer of the exam."
    )  # fmt: skip
    assert read(stage, "instructor")[1][2] == "You do."
    assert stage.act("owner", LIST).rows[0][3] == 1
    assert stage.attempt("learner", "select public.edit_post(%(answer)s, 'x')").code == "post_hidden"
    assert say(stage, "owner", parent="answer") == "no_such_post"
    stage.act("instructor", HIDE, why=None)
    assert read(stage, "owner")[1][2] == "You do."
    assert stage.act("owner", LIST).rows[0][3] == 2


def test_who_may_not_hide(stage: Stage) -> None:
    assert stage.attempt("owner", HIDE, why="I do not like it.").code == "moderators_only"
    assert stage.attempt("other_instructor", HIDE, why="x").code == "no_forum"
    assert stage.attempt("instructor", HIDE, why=" ").code == "reason_needed"
    assert stage.attempt("instructor", HIDE, why="x" * 501).code == "reason_needed"


def test_a_closed_discussion_is_read_only_for_learners(stage: Stage) -> None:
    moderate = "select public.moderate_discussion(%(discussion)s, true, true)"
    assert stage.attempt("owner", moderate).code == "moderators_only"
    stage.act("instructor", moderate)
    assert say(stage, "owner") == "discussion_locked"
    assert stage.attempt("owner", "select public.edit_post(%(first_post)s, 'x')").code == "discussion_locked"
    assert stage.attempt("owner", "select public.delete_post(%(first_post)s)").code == "discussion_locked"
    assert say(stage, "instructor") is None
    assert stage.act("owner", LIST).rows[0][3] == 3
    stage.act("instructor", "select public.moderate_discussion(%(discussion)s, null, false)")
    assert say(stage, "owner") is None
    assert stage.value("select is_pinned from public.discussions where id = %(discussion)s")


def test_the_newest_is_first_and_pinned_ones_before_it(stage: Stage) -> None:
    stage.owner("update public.discussions set last_post_at = now() - interval '1 day' where id = %(discussion)s")
    stage.act("owner", START, title="Newer", body="b", lesson=None)
    assert [row[0] for row in stage.act("owner", LIST).rows] == ["Newer", "What is a premium?"]
    stage.act("instructor", "select public.moderate_discussion(%(discussion)s, true, null)")
    assert [row[0] for row in stage.act("owner", LIST).rows] == ["What is a premium?", "Newer"]


def test_a_person_who_leaves_leaves_his_words_without_his_name(stage: Stage) -> None:
    stage.owner("update public.discussion_posts set member_id = null where id = %(answer)s")
    assert read(stage, "owner")[1][:3] == ("Somebody", False, "You do.")

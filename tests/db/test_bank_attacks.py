"""Somebody who speaks SQL with his own claims gets at no key, no bank and no grade that is not his."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from collegium.access.stage import Stage, key
from tests.db.assessing import exam, start, submit

STRANGERS = ("owner", "learner", "stranger", "other_instructor", "manager", "anon")
READ = "select correct_answer from public.question_keys where question_version_id = %(version)s"
WAYS_TO_A_KEY = (
    READ,
    "select k.* from public.question_keys k",
    "select k.correct_answer from public.question_versions v join public.question_keys k on k.question_version_id = v.id",
    "update public.question_keys set explanation = correct_answer::text where question_version_id = %(version)s returning *",
    'select public.change_question_key(%(version)s, \'{"selected": "true"}\', null)',
    'select public.save_question_version(%(question)s, \'{"question_text": "x"}\', \'{"correct_answer": {"selected": "true"}}\')',
    "select public.preview_regrade(%(version)s)",
    "select public.regrade_question(%(version)s, 'Because.')",
    'insert into public.question_keys (question_version_id, correct_answer) values (%(version)s, \'{"selected": "true"}\') returning *',
    "insert into public.question_versions (question_id, question_text) values (%(question)s, 'Mine now') returning *",
    "update public.questions set course_id = null where id = %(question)s returning *",
    "update public.questions set organisation_id = %(organisation)s, course_id = null where id = %(question)s returning *",
    "delete from public.questions where id = %(question)s returning *",
    "select public.ask_newest_version(%(question)s)",
)


def asked(stage: Stage) -> tuple[UUID, UUID]:
    """A question of the course and its version, asked of the owner."""
    quiz = exam(stage, "true_false")
    start(stage, quiz)
    row = stage.owner(
        "select v.question_id, v.id from public.quiz_questions p join public.question_versions v on v.id = p.question_version_id"
        " where p.quiz_id = %(quiz)s",
        quiz=quiz,
    )[0]
    return row[0], row[1]


def harmless(outcome: Any) -> bool:
    """Refused, or nothing found and nothing done."""
    return outcome.state is not None or outcome.rows in ([], [(None,)], [(0,)])


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_else_reads_or_writes_what_is_right(stage: Stage, who: str) -> None:
    question, version = asked(stage)
    for statement in WAYS_TO_A_KEY:
        if who in ("other_instructor", "manager") and statement.startswith("select k."):
            continue  # They have keys of their own; the next test looks at those.
        with stage.undone():
            outcome = stage.attempt(who, statement, question=question, version=version)
            assert harmless(outcome), (who, statement, outcome)
    assert stage.value("select count(*) from public.question_keys where question_version_id = %(v)s", v=version) == 1


def test_each_sees_only_keys_that_he_keeps_or_asks(stage: Stage) -> None:
    asked(stage)
    seen = "select v.course_id, v.organisation_id from public.question_keys k join public.question_versions v on v.id = k.question_version_id"
    taught = {row[0] for row in stage.act("instructor", "select private.my_taught_course_ids()").rows}
    for course, organisation in stage.act("instructor", seen).rows:
        assert course in taught or (course is None and organisation is None), "the shared one that his quiz asks"
    assert {tuple(row) for row in stage.act("manager", seen).rows} == {(None, key("organisation"))}
    assert stage.act("stranger", seen).rows == []


def test_a_question_of_an_organisation_is_asked_where_its_people_teach(stage: Stage) -> None:
    place = "select public.arrange_quiz(%(quiz)s, jsonb_build_array(jsonb_build_object('question_version_id', %(version)s::text)))"
    refused = stage.attempt("instructor", place, quiz=key("draft_quiz"), version=str(key("kept_version")))
    assert refused.state == "CG422"
    with stage.undone():
        assert stage.act("instructor", READ, version=key("circle_version")).rows == []
        stage.act("instructor", place, quiz=key("draft_quiz"), version=str(key("circle_version")))
        assert len(stage.act("instructor", READ, version=key("circle_version")).rows) == 1, (
            "who asks it sees what is right"
        )
        stage.owner("delete from public.quiz_questions where quiz_id = %(draft_quiz)s")
        stage.owner("update public.organisation_members set until = private.today() where id = %(circle_belonging)s")
        again = stage.attempt("instructor", place, quiz=key("draft_quiz"), version=str(key("circle_version")))
        assert again.state == "CG422"


def test_a_trial_reads_no_row_and_tells_nothing_of_others(stage: Stage) -> None:
    trial = "select public.try_answer('true_false', '[]', '{\"selected\": \"true\"}', '{}', '{\"selected\": \"1\"}')"
    assert stage.act("stranger", trial).rows[0][0] == {"share": 1, "feedback": None, "matched": None}
    assert stage.attempt("anon", trial).state == "42501"
    assert stage.attempt("stranger", trial.replace('"selected": "true"', '"selected": "z"')).state == "CG422"


def test_a_learner_fetches_the_picture_of_what_he_is_asked_and_no_other(stage: Stage) -> None:
    _, version = asked(stage)
    file = stage.value(
        "insert into public.media_files (owner_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key, state)"
        " values (%(instructor)s, 'lesson_image', 'a.png', 'image', 'image/png', 10, repeat('a', 64), 'files/a', 'ready') returning id"
    )
    stage.owner("update public.question_versions set used_at = null where id = %(v)s", v=version)
    picture = "update public.question_versions set image_url = '/files/' || %(file)s where id = %(v)s"
    explained = "update public.question_keys set explanation = '<img src=\"/files/' || %(file)s || '\">' where question_version_id = %(v)s"
    see = "select id from public.media_files where id = %(file)s"
    for statement, learner_sees in ((picture, True), (explained, False)):
        with stage.undone():
            stage.owner(statement, file=file, v=version)
            assert bool(stage.act("owner", see, file=file).rows) is learner_sees, statement
            assert not stage.act("learner", see, file=file).rows
            submit(stage, stage.value("select id from public.quiz_attempts order by started_at desc limit 1"))
            assert stage.act("owner", see, file=file).rows, "with the result"
            words = stage.value("select private.file_uses_in_words(%(file)s)", file=file)
            assert words.startswith("a question of the course"), words

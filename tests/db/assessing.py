"""Quizzes and assignments on the stage: one question of each type, what answers it rightly, work to hand in."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from collegium.access.stage import Stage, key

HE_OR_SHE = [{"id": "a", "text": "He"}, {"id": "b", "text": "She"}, {"id": "c", "text": "They"}]
# Type → options, what is right.
EIGHT: dict[str, tuple[Any, Any]] = {
    "multiple_choice": (HE_OR_SHE, {"selected": "b"}),
    "true_false": ([], {"selected": "false"}),
    "multiple_answer": (HE_OR_SHE, {"selected": ["a", "c"]}),
    "short_answer": ([], {"accepted": ["Zürich", "Zurich city"]}),
    "essay": ([], None),
    "fill_blank": (
        [{"id": "1"}, {"id": "2"}],
        {"blanks": {"1": {"accepted": ["risk"]}, "2": {"numeric": {"value": 3.5, "tolerance": 0.1}}}},
    ),
    "matching": (
        {"left": HE_OR_SHE, "right": [*HE_OR_SHE, {"id": "d", "text": "Nobody"}]},
        {"pairs": {"a": "b", "b": "c", "c": "a"}},
    ),
    "ordering": (HE_OR_SHE, {"order": ["c", "a", "b"]}),
}
OBJECTIVE = tuple(kind for kind in EIGHT if kind != "essay")
QUIZ = """
insert into public.quizzes (course_id, title, status, require_passing, show_correct_answers)
values (%(course)s, 'Exam', 'published', true, 'after_submission') returning id
"""
QUESTION = "insert into public.questions (course_id, question_type, status) values (%(course)s, %(kind)s, 'active') returning id"
VERSION = """
insert into public.question_versions (question_id, question_text, answer_options) values (%(question)s, 'Say.', %(options)s) returning id
"""
KEY = "insert into public.question_keys (question_version_id, correct_answer) values (%(version)s, %(correct)s)"
PLACE = """
insert into public.quiz_questions (quiz_id, question_order, question_version_id, points)
select %(quiz)s, coalesce(max(question_order), 0) + 1, %(version)s, %(points)s
from public.quiz_questions where quiz_id = %(quiz)s
"""
ASKED = """
select a.position, v.question_type, a.option_order, k.correct_answer,
    private.shown_key(v.question_type, a.option_order, k.correct_answer)
from private.attempt_questions a join public.question_versions v on v.id = a.question_version_id
left join public.question_keys k on k.question_version_id = v.id where a.quiz_attempt_id = %(attempt)s order by a.position
"""

GRADE = "select public.grade_quiz_answer(%(w)s, %(points)s, 'Well argued.', %(reason)s)"
SUBMIT_FILES = "select (public.submit_assignment(%(a)s, p_files => %(files)s)).id"
SUBMIT = "select (public.submit_assignment(%(a)s, p_text => 'My work.')).id"


def dumped(value: Any) -> str | None:
    """JSON as a statement takes it; null stays null."""
    return None if value is None else json.dumps(value)


def question(stage: Stage, kind: str, options: Any = None, correct: Any = None) -> UUID:
    """A version of a new question of the course with its key."""
    given = EIGHT[kind] if options is None else (options, correct)
    made = stage.value(VERSION, question=stage.value(QUESTION, kind=kind), options=dumped(given[0]))
    stage.owner(KEY, version=made, correct=dumped(given[1]))
    return made


def exam(stage: Stage, *kinds: str, points: float = 3) -> UUID:
    """A published quiz of the course that asks one question of each type named."""
    quiz = stage.value(QUIZ)
    for kind in kinds:
        stage.owner(PLACE, quiz=quiz, version=question(stage, kind), points=points)
    return quiz


def start(stage: Stage, quiz: UUID | str, who: str = "owner") -> UUID:
    """Begins an attempt."""
    return stage.act(who, "select (public.start_quiz_attempt(%(q)s)).id", q=quiz).rows[0][0]


def save(stage: Stage, attempt: UUID, position: int, answer: Any, seq: int = 1, who: str = "owner") -> bool:
    """Saves an answer; whether it was taken."""
    return stage.act(
        who,
        "select public.save_quiz_answer(%(attempt_id)s, %(position)s, %(answer_data)s, %(seq)s)",
        attempt_id=attempt,
        position=position,
        answer_data=dumped(answer),
        seq=seq,
    ).rows[0][0]


def right_answers(stage: Stage, attempt: UUID) -> dict[int, tuple[str, Any]]:
    """Position → type and the right answer as the learner would give it."""
    found: dict[int, tuple[str, Any]] = {}
    for position, kind, _, correct, shown in stage.owner(ASKED, attempt=attempt):
        if kind == "short_answer":
            found[position] = (kind, {"text": correct["accepted"][0]} if correct else {"text": "Something."})
        elif kind == "essay":
            found[position] = (kind, {"html": "<p>Because.</p>"})
        elif kind == "fill_blank":
            blanks = {
                n: str(b["accepted"][0] if "accepted" in b else b["numeric"]["value"])
                for n, b in correct["blanks"].items()
            }
            found[position] = (kind, {"blanks": blanks})
        else:
            found[position] = (kind, shown)
    return found


def answer_all(stage: Stage, attempt: UUID, who: str = "owner", but: tuple[str, ...] = ()) -> None:
    """Answers everything rightly, but for some types."""
    for position, (kind, answer) in right_answers(stage, attempt).items():
        if kind not in but:
            assert save(stage, attempt, position, answer, who=who)


def submit(stage: Stage, attempt: UUID, who: str = "owner") -> tuple[Any, ...]:
    """Hands in: status, score, passed."""
    rows = stage.act(
        who,
        "select (t).status, (t).score, (t).passed from (select public.submit_quiz_attempt(%(a)s) as t offset 0) s",
        a=attempt,
    ).rows
    return rows[0]


def standing(stage: Stage, attempt: UUID) -> tuple[Any, ...]:
    """Status, score, passed as stored."""
    return stage.owner("select status, score, passed from public.quiz_attempts where id = %(a)s", a=attempt)[0]


def passed_exam(stage: Stage, quiz: UUID, who: str = "owner") -> UUID:
    """An attempt with everything right that is handed in."""
    attempt = start(stage, quiz, who)
    answer_all(stage, attempt, who)
    submit(stage, attempt, who)
    return attempt


def answer_of(stage: Stage, attempt: UUID, kind: str) -> UUID:
    """The answer to the question of a type."""
    return stage.value(
        "select w.id from public.quiz_answers w join public.questions q on q.id = w.question_id"
        " where w.quiz_attempt_id = %(a)s and q.question_type = %(k)s",
        a=attempt,
        k=kind,
    )


def assignment(stage: Stage, change: str = "status = 'published'", lesson: bool = False) -> UUID:
    """A published assignment that takes text."""
    made = stage.value(
        "insert into public.assignments (course_id, lesson_id, title, description, status, submission_type)"
        f" values (%(course)s, {'%(reading)s' if lesson else 'null'}, 'Work', 'd', 'published', 'text_entry') returning id"
    )
    stage.owner(f"update public.assignments set {change} where id = %(a)s", a=made)
    return made


def hand_in(stage: Stage, work: UUID, who: str = "owner") -> UUID:
    """Hands text in."""
    return stage.act(who, SUBMIT, a=work).rows[0][0]


def file(name: str = "a.pdf", size: Any = 1000, who: str = "owner", stored: str = "f1.pdf") -> dict[str, Any]:
    """A file as it is handed in."""
    return {"file_name": name, "file_key": f"assignment-submissions/{key(who)}/{stored}", "file_size": size}


def uploaded(stage: Stage, stored: str = "f1.pdf", who: str = "owner", size: int = 1000, state: str = "ready") -> None:
    """A file that somebody uploaded to hand it in, and that passed its check."""
    stage.owner(
        "insert into public.media_files (owner_id, purpose, filename, kind, byte_size, sha256, storage_key, state) values"
        " (%(who)s, 'submission', 'a.pdf', 'document', %(size)s, repeat('a', 64), %(key)s, %(state)s)",
        who=key(who),
        size=size,
        key=f"assignment-submissions/{key(who)}/{stored}",
        state=state,
    )

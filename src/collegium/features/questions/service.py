"""The question bank's front door. The database decides who may read and write which bank, and which keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from collegium.features.authoring import service as authoring
from collegium.features.questions.checking import check_draft
from collegium.features.questions.model import (
    DIFFICULTIES,
    QUESTION_TYPES,
    SORTS,
    STATUSES,
    BankFilter,
    BankPlace,
    Page,
    Question,
    QuestionDraft,
)
from collegium.kit import queries
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound

__all__ = [
    "DIFFICULTIES",
    "QUESTION_TYPES",
    "SORTS",
    "STATUSES",
    "BankFilter",
    "Page",
    "Question",
    "QuestionDraft",
    "check_draft",
    "create_question",
    "new_version",
    "question",
    "search",
]

Q = queries.load("collegium.features.questions")
PAGE = 30


def _cleaned_options(options: Any) -> Any:
    if isinstance(options, dict):
        return {side: _cleaned_options(listed) for side, listed in options.items()}  # pyright: ignore[reportUnknownVariableType]
    return [
        option | {"html": authoring.clean_html(str(option["html"]))} if "html" in option else option
        for option in options
    ]


def _checked(draft: QuestionDraft) -> tuple[dict[str, Any], dict[str, Any]]:
    problems = check_draft(draft)
    if problems:
        raise Invalid(" ".join(problems), code="no_such_question")
    html = authoring.clean_html(draft.question_html)
    version = {
        "question_text": authoring.plain_text(html)[:10_000] or draft.image_alt or "–",
        "question_html": html,
        "answer_options": _cleaned_options(draft.answer_options),
        "points": str(draft.points),
        "hint": draft.hint or None,
        "image_url": draft.image_url or None,
        "image_alt": draft.image_alt or None,
        "video_url": draft.video_url or None,
        "audio_url": draft.audio_url or None,
        "rubric": draft.rubric or None,
        "word_limit": draft.word_limit,
        "change_note": draft.change_note or None,
    }
    key = {
        "correct_answer": draft.correct_answer,
        "explanation": authoring.clean_html(draft.explanation) if draft.explanation else None,
        "option_feedback": {name: said for name, said in draft.option_feedback.items() if said.strip()},
    }
    return version, key


def clean_tags(tags: tuple[str, ...]) -> list[str]:
    """Tags as they are kept: one space between words, each once, in the order given."""
    return list(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))


async def create_question(tx: Transaction, course_id: UUID | None, draft: QuestionDraft) -> UUID:
    """Puts a question into a course's bank, or (None) into the one that all share; answers its id.

    Raises Invalid with all problems of the draft, Forbidden for who may not write in that bank.
    """
    version, key = _checked(draft)
    made: UUID = await tx.fetchval(
        Q.add_question,
        course_id,
        draft.question_type,
        draft.title or None,
        clean_tags(draft.tags),
        draft.difficulty,
        draft.status,
    )
    await tx.execute(Q.save_version, made, version, key)
    return made


async def new_version(tx: Transaction, question_id: UUID, draft: QuestionDraft) -> UUID:
    """Saves what a question asks: in place while nobody has been asked it, else as a new version. Answers the version.

    Raises Invalid with all problems of the draft, NotFound for a question that the actor may not change.
    """
    version, key = _checked(draft)
    saved: UUID = await tx.fetchval(Q.save_version, question_id, version, key)
    await tx.execute(
        Q.describe, question_id, draft.title or None, clean_tags(draft.tags), draft.difficulty, draft.status
    )
    return saved


async def question(tx: Transaction, question_id: UUID) -> Question:
    """A question with its newest version; its key only for who may read that. Raises NotFound."""
    found = await tx.maybe(Question, Q.question, question_id)
    if found is None:
        raise NotFound("There is no such question in a bank that you may read.")
    return found


async def search(
    tx: Transaction, course_id: UUID | None, wanted: BankFilter, cursor: str | None = None, *, size: int = PAGE
) -> Page[Question]:
    """A page of a course's bank (None: of the shared one). An unknown cursor stands for the beginning."""
    after = read_cursor(cursor, BankPlace)
    rows = await tx.all(
        Question,
        Q.search,
        course_id,
        " ".join(wanted.text.split())[:200],
        wanted.tag,
        wanted.question_type,
        wanted.difficulty,
        wanted.status,
        wanted.sort,
        after and after.changed,
        after and after.title,
        after and after.id,
        size + 1,
    )
    last = rows[size - 1] if len(rows) > size else None
    if last is None:
        return Page(rows)
    changed = last.created_at if wanted.sort == "oldest" else last.updated_at
    return Page(rows[:size], write_cursor(BankPlace(changed, last.title or "", last.id)))

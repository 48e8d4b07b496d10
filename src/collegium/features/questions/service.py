"""The question bank's front door. The database decides who may read and write which bank, and which keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from collegium.features.authoring import service as authoring
from collegium.features.questions import rich
from collegium.features.questions.checking import LONGEST_SAID, check_draft
from collegium.features.questions.model import (
    DIFFICULTIES,
    QUESTION_TYPES,
    SORTS,
    STATUSES,
    Bank,
    BankFilter,
    BankPlace,
    Figures,
    Organisation,
    Page,
    Place,
    Question,
    QuestionDraft,
    Trial,
    Version,
)
from collegium.features.questions.said import Said, said_to
from collegium.kit import queries
from collegium.kit.cursors import read_cursor, write_cursor
from collegium.kit.db import Transaction
from collegium.kit.errors import Forbidden, Invalid, NotFound
from collegium.standards.questions import with_feedback

__all__ = [
    "DIFFICULTIES",
    "LONGEST_SAID",
    "QUESTION_TYPES",
    "SORTS",
    "STATUSES",
    "Bank",
    "BankFilter",
    "Figures",
    "Organisation",
    "Page",
    "Place",
    "Question",
    "QuestionDraft",
    "Said",
    "Trial",
    "Version",
    "ask_newest",
    "banks",
    "check_draft",
    "copy",
    "course",
    "create_question",
    "figures",
    "managed",
    "new_version",
    "organisation",
    "question",
    "quizzes",
    "rich",
    "search",
    "set_status",
    "tag",
    "tags",
    "try_answer",
    "versions",
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
        "correct_answer": with_feedback(draft.correct_answer, rich.kept),
        "explanation": authoring.clean_html(draft.explanation) if draft.explanation else None,
        "option_feedback": {name: said for name, html in draft.option_feedback.items() if (said := rich.kept(html))},
    }
    return version, key


def clean_tags(tags: tuple[str, ...]) -> list[str]:
    """Tags as they are kept: one space between words, each once, in the order given."""
    return list(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.strip()))


async def create_question(
    tx: Transaction, course_id: UUID | None, draft: QuestionDraft, organisation_id: UUID | None = None
) -> UUID:
    """Puts a question into the bank of a course or an organisation, or (neither) into the one that all share.

    Answers its id. Raises Invalid with all problems of the draft, Forbidden for who may not write in that bank.
    """
    version, key = _checked(draft)
    made: UUID = await tx.fetchval(
        Q.add_question,
        course_id,
        organisation_id,
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
    tx: Transaction,
    course_id: UUID | None,
    wanted: BankFilter,
    cursor: str | None = None,
    *,
    organisation_id: UUID | None = None,
    size: int = PAGE,
) -> Page[Question]:
    """A page of a bank (neither course nor organisation: the shared one). An unknown cursor is the beginning."""
    after = read_cursor(cursor, BankPlace)
    rows = await tx.all(
        Question,
        Q.search,
        course_id,
        organisation_id,
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


async def course(tx: Transaction, course_id: UUID) -> asyncpg.Record:
    """The course that a page of the studio is about; raises NotFound for one that the actor does not teach."""
    found = await tx.fetchrow(Q.course, course_id)
    if found is None:
        raise NotFound("There is no such course that you teach.")
    return found


async def banks(tx: Transaction) -> list[Organisation]:
    """Organisations whose bank the actor may look through."""
    return await tx.all(Organisation, Q.banks)


async def organisation(tx: Transaction, organisation_id: UUID) -> Organisation:
    """The organisation whose bank a page is about; raises NotFound for one that the actor does not manage."""
    found = await tx.maybe(Organisation, Q.organisation, organisation_id)
    if found is None:
        raise NotFound("There is no such organisation that you manage.")
    return found


async def managed(tx: Transaction) -> list[Organisation]:
    """Organisations that the actor manages: he keeps the bank of each."""
    return await tx.all(Organisation, Q.managed)


async def tags(tx: Transaction, bank: Bank) -> list[str]:
    """The tags of a bank, those used most first."""
    return [row["tag"] for row in await tx.fetch(Q.tags, bank.course_id, bank.organisation_id)]


async def figures(tx: Transaction, question_ids: Sequence[UUID]) -> dict[UUID, dict[int, Figures]]:
    """Of each question, its versions' figures by their number. Asks once, for up to 200 questions."""
    found: dict[UUID, dict[int, Figures]] = {one: {} for one in question_ids}
    for row in await tx.fetch(Q.figures, list(question_ids)):
        found[row["question_id"]][row["version"]] = Figures(*list(row.values())[3:])
    return found


async def versions(tx: Transaction, question_id: UUID) -> list[Version]:
    """The versions of a question, the newest first."""
    return await tx.all(Version, Q.versions, question_id)


async def quizzes(tx: Transaction, question_id: UUID) -> list[Place]:
    """Quizzes of the actor's courses that ask a question by name."""
    return await tx.all(Place, Q.quizzes, question_id)


async def ask_newest(tx: Transaction, question_id: UUID) -> int:
    """Has the quizzes of the actor's courses ask the newest version; answers how many changed."""
    changed: int = await tx.fetchval(Q.ask_newest, question_id)
    return changed


async def try_answer(tx: Transaction, draft: QuestionDraft, answer: Any) -> Trial:
    """What an answer would earn by a draft's key. Raises Invalid when there is no whole key, or no such answer."""
    given = (draft.question_type, draft.answer_options, draft.correct_answer, draft.option_feedback, answer)
    found: dict[str, Any] = await tx.fetchval(Q.try_answer, *given)
    return msgspec.convert(found, Trial, strict=False)


# Many at once ----------------------------------------------------------------------------------------------------


async def set_status(tx: Transaction, question_ids: Sequence[UUID], status: str) -> int:
    """Retires questions, or makes them active again; answers how many changed."""
    if status not in STATUSES:
        raise Invalid("A question is a draft, active or retired.")
    return len(await tx.fetch(Q.set_status, list(question_ids), status))


async def tag(tx: Transaction, question_ids: Sequence[UUID], word: str, *, remove: bool = False) -> int:
    """Puts a tag on questions, or takes it from them; answers how many changed. Raises Invalid."""
    words = clean_tags((word,))
    if not words or len(words[0]) > 100:
        raise Invalid("Give a tag of 1 to 100 characters.")
    return len(await tx.fetch(Q.remove_tag if remove else Q.add_tag, list(question_ids), words[0]))


async def copy(tx: Transaction, question_ids: Sequence[UUID], to: Bank) -> int:
    """Copies questions, in their newest version, into another bank; answers how many.

    Raises Forbidden for a question whose key the actor may not read, and for a bank in which he may not write.
    """
    for one in question_ids:
        found = await question(tx, one)
        if not found.has_key:
            raise Forbidden(f"You may not read what is right in “{found.name}”, so you cannot copy it.")
        await create_question(tx, to.course_id, found.draft(), to.organisation_id)
    return len(question_ids)


async def said_to_answers(tx: Transaction, version_ids: Sequence[UUID]) -> dict[UUID, list[Said]]:
    """What is said to answers of some versions; of those whose key the actor may not read, nothing."""
    rows = await tx.fetch(Q.said, list(version_ids))
    return {
        row["id"]: said_to(row["question_type"], row["answer_options"], row["correct_answer"], row["option_feedback"])
        for row in rows
    }

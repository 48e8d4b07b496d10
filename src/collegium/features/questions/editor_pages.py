"""The editor of a question: writing, trying an answer, versions."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from collegium.features.attempts import service as attempts
from collegium.features.questions import rich, service
from collegium.features.questions.forms import Sent, draft_of, undescribed
from collegium.features.questions.home import Home, at_home, both
from collegium.features.questions.reading import read_sent
from collegium.features.questions.said import said_to
from collegium.features.questions.service import Bank, Figures, Question, QuestionDraft
from collegium.features.questions.shown import changes_between, preview_of, rows_of, texts_of
from collegium.features.questions.words import DIFFICULTY, RULES, STATUS, TYPES, rule_in_words, trial_in_words
from collegium.kit.db import Transaction
from collegium.kit.errors import Forbidden, Invalid, NotFound, Problem
from collegium.web import pages
from collegium.web.pages import WebRequest

ONE = "/{question_id:uuid}"
MORE_ROWS = 4
FLAGS = (
    ("case_sensitive", "Upper and lower case count"),
    ("accents_count", "Accents count"),
    ("wildcards", "* stands for any characters"),
)
TYPOS = (("", "None"), ("1", "One"), ("2", "Up to two"), ("3", "Up to three"))
UNITS = (("optional", "May be left out"), ("required", "Must be given"))


def starting(question_type: str) -> QuestionDraft:
    """An empty draft of a type."""
    options: Any = {"left": [], "right": []} if question_type == "matching" else []
    return QuestionDraft(question_type=question_type, question_html="", answer_options=options)


def _answer_of(draft: QuestionDraft, sent: Sent) -> dict[str, Any]:
    """The answer in the fields for trying one; empty when nothing was written there."""
    if draft.question_type == "short_answer":
        return {"text": sent.text("try")} if sent.text("try") else {}
    if draft.question_type == "numeric":
        return {"number": sent.text("try")} if sent.text("try") else {}
    if draft.question_type == "fill_blank":
        blanks = {str(one["id"]): sent.text(f"try_{one['id']}") for one in draft.answer_options}
        return {"blanks": blanks} if any(blanks.values()) else {}
    return {}


async def _tried(request: WebRequest, draft: QuestionDraft, sent: Sent) -> str:
    """What the answer that was tried earns, in words; empty when none was tried. In a transaction of its own."""
    answer = _answer_of(draft, sent)
    if not answer:
        return ""
    try:
        async with pages.transaction(request) as tx:
            trial = await service.try_answer(tx, draft, answer)
    except Problem as refused:
        if refused.status != 422:
            raise
        return refused.detail
    words = trial_in_words(draft, trial)
    return f"{words} It is told: {rich.field(trial.feedback).text}" if trial.feedback else words


def _context(draft: QuestionDraft, *, spare: int = 2) -> dict[str, Any]:
    preview = attempts.question(preview_of(draft)) if draft.question_html or draft.image_url else None
    return {
        "draft": draft,
        "kind": TYPES[draft.question_type],
        "rows": rows_of(draft, spare),
        "texts": texts_of(draft),
        "nothing": rich.Field(),
        "said": {name: rich.field(said) for name, said in draft.option_feedback.items()},
        "said_to": said_to(draft.question_type, draft.answer_options, draft.correct_answer, draft.option_feedback),
        "rules": RULES.get(draft.question_type, ()),
        "rule_words": rule_in_words(draft),
        "preview": preview,
        "flags": FLAGS,
        "typos": TYPOS,
        "units": UNITS,
        "difficulties": list(DIFFICULTY.items()),
        "statuses": list(STATUS.items()),
    }


async def _editor(
    tx: Transaction,
    request: WebRequest,
    home: Home,
    draft: QuestionDraft,
    *,
    bank: Bank,
    found: Question | None = None,
    problems: list[str] | None = None,
    tried: str = "",
    sent: Sent | None = None,
    template: str = "questions/editor.html",
) -> Response[str]:
    more: dict[str, Any] = {"versions": [], "places": [], "figures": {}, "old_places": []}
    if found is not None:
        listed = await service.versions(tx, found.id)
        changed = {newer.id: changes_between(older, newer) for newer, older in pairwise(listed)}
        places = await service.quizzes(tx, found.id)
        figures = (await service.figures(tx, [found.id]))[found.id]
        more = {
            "versions": [(one, changed.get(one.id, []), figures.get(one.version, Figures())) for one in listed],
            "places": places,
            "old_places": [place for place in places if place.version != found.version],
            "figures": figures,
        }
    name, path = home.name_of(bank), home.path
    return pages.render(
        request,
        template,
        status=422 if problems else 200,
        **home.layout,
        files=pages.require_viewer(request).is_teacher,
        bank=name,
        back=f"{path}?bank={name}" if name else path,
        action=f"{path}/{found.id}"
        if found
        else f"{path}/new?type={draft.question_type}" + (f"&bank={name}" if name else ""),
        found=found,
        problems=problems or [],
        tried=tried,
        given=(sent or Sent({})).text,
        **_context(draft, spare=MORE_ROWS if sent and sent.text("act") == "rows" else 2),
        **more,
    )


@get(both("/new"), include_in_schema=False)
async def new(request: WebRequest) -> Response[str]:
    """The types of question; of one that was chosen, its empty form."""
    kind, name = request.query_params.get("type", ""), request.query_params.get("bank", "")
    async with at_home(request) as (tx, home):
        bank = home.named(name)
        if kind in TYPES:
            return await _editor(tx, request, home, starting(kind), bank=bank)
    return pages.render(request, "questions/types.html", **home.layout, types=TYPES, bank=home.name_of(bank))


def _written(sent: Sent, kind: str) -> QuestionDraft:
    """What was written, to be saved. Raises Invalid for what cannot be read and for pictures without words."""
    draft = draft_of(sent, kind)
    problems = undescribed(draft)
    if problems:
        raise Invalid(problems[0])
    return draft


async def _refused(
    request: WebRequest, bank: Bank, sent: Sent, kind: str, problem: Invalid, found: Question | None
) -> Response[str]:
    """The form as it was sent, with what is wrong in it."""
    try:
        draft = draft_of(sent, kind)
        problems = [*service.check_draft(draft), *undescribed(draft)] or [problem.detail]
    except Invalid as unread:
        # What cannot be read is left out, and the words say what to correct; everything else stays as it was sent.
        draft = _without_unread(sent, kind) or (found.draft() if found else starting(kind))
        problems = [unread.detail]
    async with at_home(request) as (tx, home):
        return await _editor(tx, request, home, draft, bank=bank, found=found, problems=problems, sent=sent)


def _without_unread(sent: Sent, kind: str) -> QuestionDraft | None:
    """What was sent without the fields that cannot be read: one of them, or those that read numbers; None for more."""
    numbers = [name for name in sent.fields if name.endswith(("points", "share", "word_limit"))]
    for left in (*([name] for name in sent.fields), numbers):
        with suppress(Invalid):
            return draft_of(Sent({name: value for name, value in sent.fields.items() if name not in left}), kind)
    return None


async def _shown_again(request: WebRequest, bank: Bank, sent: Sent, kind: str, found: Question | None) -> Response[str]:
    """The form as it was sent, with more rows or with what a tried answer earns: nothing is saved."""
    try:
        draft = draft_of(sent, kind)
    except Invalid as problem:
        return await _refused(request, bank, sent, kind, problem, found)
    tried = await _tried(request, draft, sent) if sent.text("act") == "try" else ""
    async with at_home(request) as (tx, home):
        return await _editor(tx, request, home, draft, bank=bank, found=found, tried=tried, sent=sent)


@post(both("/new"), include_in_schema=False)
async def make(request: WebRequest) -> Response[str]:
    """Puts a new question into the bank."""
    pages.require_viewer(request)
    kind = request.query_params.get("type", "")
    if kind not in TYPES:
        raise NotFound("There is no such type of question.")
    sent = await read_sent(request)
    async with at_home(request) as (_, home):
        bank = home.named(request.query_params.get("bank", ""))
    try:
        if sent.text("act") in ("rows", "try"):
            return await _shown_again(request, bank, sent, kind, None)
        async with pages.transaction(request) as tx:
            made = await service.create_question(tx, bank.course_id, _written(sent, kind), bank.organisation_id)
    except Invalid as problem:
        return await _refused(request, bank, sent, kind, problem, None)
    path, name = home.path, home.name_of(bank)
    if sent.text("act") == "next":
        target = f"{path}/new?type={kind}" + (f"&bank={name}" if name else "")
        return pages.redirect(request, target, flash=("success", "The question is in the bank. Here is the next one."))
    return pages.redirect(request, f"{path}/{made}", flash=("success", "The question is in the bank."))


@get(both(ONE), include_in_schema=False)
async def edit(request: WebRequest, question_id: FromPath[UUID]) -> Response[str]:
    """A question in its editor, with its versions, and how each has fared."""
    async with at_home(request) as (tx, home):
        found = home.whole(await service.question(tx, question_id))
        bank = Bank(found.course_id, found.organisation_id)
        template = "questions/editor.html" if found.may_change else "questions/read.html"
        return await _editor(tx, request, home, found.draft(), bank=bank, found=found, template=template)


@post(both(ONE), include_in_schema=False)
async def save(request: WebRequest, question_id: FromPath[UUID]) -> Response[str]:
    """Saves a question: in place, or as a new version once somebody was asked it."""
    pages.require_viewer(request)
    sent = await read_sent(request)
    async with at_home(request) as (tx, home):
        found = home.whole(await service.question(tx, question_id))
        if not found.may_change:
            raise Forbidden("Those who keep this bank change its questions. Copy it into your course's bank instead.")
    bank = Bank(found.course_id, found.organisation_id)
    try:
        if sent.text("act") in ("rows", "try"):
            return await _shown_again(request, bank, sent, found.question_type, found)
        async with pages.transaction(request) as tx:
            saved = await service.new_version(tx, question_id, _written(sent, found.question_type))
    except Invalid as problem:
        return await _refused(request, bank, sent, found.question_type, problem, found)
    words = "Saved."
    if saved != found.version_id:
        words = (
            f"Saved as version {found.version + 1}: learners were asked version {found.version}, which stays as it is."
        )
    return pages.redirect(request, f"{home.path}/{question_id}", flash=("success", words))


@post(both(ONE + "/newest"), include_in_schema=False)
async def newest(request: WebRequest, question_id: FromPath[UUID]) -> Response[str]:
    """Has the quizzes that ask an older version ask the newest one."""
    async with at_home(request) as (tx, home):
        home.whole(await service.question(tx, question_id))
        count = await service.ask_newest(tx, question_id)
    what = "quiz asks" if count == 1 else "quizzes ask"
    words = f"{count} {what} the newest version now. Attempts that have begun stay as they are."
    return pages.redirect(request, f"{home.path}/{question_id}", flash=("success", words))


@post(both("/look"), include_in_schema=False)
async def look(request: WebRequest) -> Response[str]:
    """While somebody writes: the preview, what is missing, and what a tried answer would earn."""
    async with at_home(request):
        sent = await read_sent(request)
    kind = request.query_params.get("type", "")
    if kind not in TYPES:
        raise NotFound("There is no such type of question.")
    try:
        draft = draft_of(sent, kind)
    except Invalid as unread:
        return pages.render(
            request,
            "questions/_look.html",
            problems=[unread.detail],
            tried="",
            preview=None,
            rule_words="",
            draft=None,
            said_to=[],
        )
    tried = await _tried(request, draft, sent)
    context = _context(draft)
    return pages.render(
        request,
        "questions/_look.html",
        problems=[*service.check_draft(draft), *undescribed(draft)],
        tried=tried,
        **context,
    )


ROUTES: list[ControllerRouterHandler] = [new, make, look, edit, save, newest]

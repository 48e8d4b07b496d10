"""Questions of files as the bank takes them, and those of the bank as files take them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from collegium.features.authoring import service as authoring
from collegium.features.questions.service import LONGEST_SAID, Question, QuestionDraft, rich
from collegium.standards.markup import words
from collegium.standards.questions import Draft, Json, escape, option, option_html, with_feedback

PICTURE = re.compile(r"import:([0-9a-f]{32})")
ANY_FILE = "/files/00000000-0000-0000-0000-000000000000"
"""Stands for a picture that is not stored yet."""
_ACTIVE = re.compile(
    r"<(?:script|iframe|object|embed|form|input|svg|math|video|audio|style)\b"
    r"|<[^<>]{0,400}\son[a-z]{3,20}\s*=|javascript:",
    re.IGNORECASE,
)
_OUTSIDE = re.compile(r"<img\b[^<>]{0,2000}?\bsrc=[\"']?(?!import:|/files/)[^\"'\s<>]", re.IGNORECASE)
_PLAYED = re.compile(r"<(?:audio|video) ")
Address = Callable[[str], str]


def to_bank(draft: Draft, address: Address = lambda _: ANY_FILE) -> tuple[QuestionDraft, list[str]]:
    """A question of a file for the bank, and what its text loses there; ``address`` says where a picture is."""
    raw = [
        draft.text,
        draft.explanation,
        *(option_html(one) for one in options_of(draft.options)),
        *all_feedback(draft),
    ]
    lost: list[str] = []
    if any(_ACTIVE.search(html) for html in raw):
        lost.append("Its text held a script, an embedded page or media, which is taken out.")
    if any(_OUTSIDE.search(html) for html in raw):
        lost.append("A picture at another address is taken out. Add it from the media library.")

    def shown(html: str) -> str:
        return authoring.clean_html(PICTURE.sub(lambda found: address(found[1]), html))

    def brief(html: str) -> str:
        made = shown(html)
        if len(made) <= LONGEST_SAID:
            return made
        lost.append("Feedback to an accepted answer is long: of it the words are kept, without emphasis and pictures.")
        return escape(words(html)[: LONGEST_SAID // 2])

    made = QuestionDraft(
        question_type=draft.type,
        question_html=shown(draft.text),
        title=draft.title or None,
        answer_options=_mapped(draft.options, lambda one: _shown_option(one, shown)),
        correct_answer=with_feedback(draft.correct, brief),
        points=draft.points,
        explanation=shown(draft.explanation) or None,
        option_feedback={name: said for name, html in draft.feedback.items() if (said := shown(html))},
        hint=draft.hint or None,
        tags=tuple(draft.tags),
        difficulty=draft.difficulty,
        rubric=draft.rubric or None,
        word_limit=draft.word_limit,
    )
    return made, lost


def from_bank(question: Question) -> tuple[Draft, list[str]]:
    """A question of the bank for a file, with what no file takes, in words."""
    lost = [
        f"Its {words_} is not in the file."
        for words_, given in (("film", question.video_url), ("sound", question.audio_url))
        if given
    ]
    text = question.question_html or f"<p>{escape(question.question_text)}</p>"
    if question.image_url:
        text += _image(question.image_url, question.image_alt or "", "p")
    if any(one.get("audio_url") or one.get("video_url") for one in options_of(question.answer_options)):
        lost.append("Sound and films of its answers are not in the file.")
    if any(_PLAYED.search(said) for said in _texts(question)):
        lost.append("Sound and films in its texts are not in the file.")
    draft = Draft(
        type=question.question_type,  # pyright: ignore[reportArgumentType]
        title=question.title or "",
        text=text,
        options=_mapped(question.answer_options, _outgoing_option),
        correct=with_feedback(question.correct_answer, rich.html_of),
        points=question.points,
        explanation=question.explanation or "",
        feedback={name: rich.html_of(said) for name, said in (question.option_feedback or {}).items() if said},
        hint=question.hint or "",
        tags=list(question.tags),
        difficulty=question.difficulty,  # pyright: ignore[reportArgumentType]
        rubric=question.rubric or [],
        word_limit=question.word_limit,
    )
    return draft, lost


def _texts(question: Question) -> list[str]:
    """The rich texts of a question of the bank."""
    found = [question.question_html or "", question.explanation or "", *(question.option_feedback or {}).values()]
    with_feedback(question.correct_answer, lambda html: found.append(html) or html)
    return found + [str(one.get("html", "")) for one in options_of(question.answer_options)]


def options_of(options: Any) -> list[Json]:
    """All options of a question, whichever side they are on."""
    if isinstance(options, dict):
        return [one for side in cast("dict[str, Any]", options).values() for one in cast("list[Json]", side)]
    return [one for one in cast("list[Json]", options) if "text" in one]


def _mapped(options: Any, change: Callable[[Json], Json]) -> Any:
    if isinstance(options, dict):
        return {side: [change(one) for one in given] for side, given in cast("dict[str, list[Json]]", options).items()}
    return [change(one) if "text" in one else one for one in cast("list[Json]", options)]


def _shown_option(one: Json, shown: Address) -> Json:
    if "html" not in one:
        return one
    html = shown(one["html"])
    text = authoring.plain_text(html)[:2000] or one["text"]
    return {"id": one["id"], "text": text, "html": html} if "<" in html else {"id": one["id"], "text": text}


def _outgoing_option(one: Json) -> Json:
    html = option_html(one)
    if one.get("image_url"):
        html += _image(one["image_url"], one.get("alt_text", ""), "span")
    return option(html, one["id"])


def _image(address: str, alt: str, around: str) -> str:
    return f'<{around}><img src="{address}" alt="{escape(alt).replace(chr(34), "&quot;")}"></{around}>'


def all_feedback(draft: Draft) -> list[str]:
    """All that a question of a file says to answers, as HTML."""
    found = list(draft.feedback.values())
    with_feedback(draft.correct, lambda html: found.append(html) or html)
    return found

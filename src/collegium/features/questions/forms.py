"""What the editor's form sends, as a draft. Rows come in the order in which they stand on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from collegium.features.questions import lines, rich
from collegium.features.questions.model import QuestionDraft
from collegium.kit.errors import Invalid

MOST_ROWS = 40
BLANK = re.compile(r"\[\[([1-9][0-9]?)\]\]")
_ROW = re.compile(r"[A-Za-z0-9_-]{1,40}")
MEDIA = ("image_url", "audio_url", "video_url", "alt_text")


class Sent:
    """The fields of a form, each as often as it was sent."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = fields

    def text(self, name: str) -> str:
        """The last of a field, without spaces around it."""
        found = self.fields.get(name)
        return found[-1].strip() if found else ""

    def all(self, name: str) -> list[str]:
        """A field as often as it was sent."""
        return list(self.fields.get(name, ()))

    def on(self, name: str) -> bool:
        """Whether a box was ticked."""
        return bool(self.text(name))


def draft_of(sent: Sent, question_type: str) -> QuestionDraft:
    """A draft from what was sent. Raises Invalid only for what cannot be read; `check_draft` looks at the rest."""
    options, correct, feedback = _SHAPES[question_type](sent)
    feedback |= _said(sent, {name: f"feedback_{name}" for name in ("right", "partly", "wrong")})
    limit = sent.text("word_limit")
    essay = question_type == "essay"
    return QuestionDraft(
        question_type=question_type,
        question_html=rich.paragraphs(sent.text("question_html")),
        title=sent.text("title") or None,
        answer_options=options,
        correct_answer=correct,
        points=_points(sent.text("points") or "1"),
        explanation=rich.paragraphs(sent.text("explanation")) or None,
        option_feedback=feedback,
        hint=sent.text("hint") or None,
        image_url=sent.text("image_url") or None,
        image_alt=sent.text("image_alt") or None,
        video_url=sent.text("video_url") or None,
        audio_url=sent.text("audio_url") or None,
        tags=tuple(tag for tag in (part.strip() for part in sent.text("tags").split(",")) if tag),
        difficulty=sent.text("difficulty") or "medium",
        status=sent.text("status") or "active",
        rubric=(_rubric(sent) or None) if essay else None,
        word_limit=_word_limit(limit) if essay and limit else None,
        change_note=sent.text("change_note") or None,
    )


def undescribed(draft: QuestionDraft) -> list[str]:
    """Which pictures nobody described, in words: an editor asks for it, an import takes what there is."""
    options: Any = draft.answer_options
    sides = [options["left"], options["right"]] if draft.question_type == "matching" else [options]
    listed: list[dict[str, Any]] = [one for side in sides for one in side]
    if any(one.get("image_url") and not one.get("alt_text") for one in listed) or (
        draft.image_url and not draft.image_alt
    ):
        return ["Say what each picture shows, for those who cannot see it."]
    return []


def _word_limit(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1


def _points(text: str) -> Decimal:
    try:
        points = Decimal(text.replace(",", "."))
    except InvalidOperation:
        points = Decimal("NaN")
    # What is far out of range need not be said in words of points.
    if not points.is_finite() or abs(points.adjusted()) > 9:
        raise Invalid("Points are a number, such as 2 or 0.5.")
    return points


def _percent(text: str) -> int | float | None:
    """A share from “50” or “-25 %”; None where nothing was sent."""
    if not text:
        return None
    found = re.fullmatch(r"([+-]?\d{1,3}(?:[.,]\d{1,6})?)\s*%?", text)
    if found is None:
        raise Invalid(f"“{text[:20]}” is not a share in percent.")
    return lines.number(lines.plain(lines.number(found[1]) / 100))


# Rows ------------------------------------------------------------------------------------------------------------


def _rows(sent: Sent, field: str = "text") -> list[str]:
    """The names of rows that hold something, in their order."""
    named = [row for row in dict.fromkeys(sent.all("row")) if _ROW.fullmatch(row)][:MOST_ROWS]
    return [
        row
        for row in named
        if any(sent.text(f"{row}_{part}") for part in (field, "image_url", "audio_url", "video_url"))
    ]


def _rich(sent: Sent, name: str) -> str:
    """What a field of one line holds, as HTML; empty when nothing was written."""
    return rich.sent(sent.text(name), sent.text(f"{name}_html"), sent.text(f"{name}_was"))


def _option(sent: Sent, row: str, field: str = "text", media: bool = True) -> dict[str, Any]:
    text, html = sent.text(f"{row}_{field}"), _rich(sent, f"{row}_{field}")
    option: dict[str, Any] = {"id": row, "text": text or sent.text(f"{row}_alt_text") or "–"}
    if rich.has_formula(text) or html == sent.text(f"{row}_{field}_html") != "":
        option["html"] = html
    if media:
        option |= {name: sent.text(f"{row}_{name}") for name in MEDIA if sent.text(f"{row}_{name}")}
    return option


def _said(sent: Sent, names: Mapping[str, str]) -> dict[str, str]:
    """What is said to whom, from the fields that are named."""
    found = {name: _rich(sent, field) for name, field in names.items()}
    return {name: said for name, said in found.items() if said}


def _feedback(sent: Sent, rows: list[str]) -> dict[str, str]:
    return _said(sent, {row: f"{row}_feedback" for row in rows})


def _shares(sent: Sent, rows: list[str]) -> dict[str, Any]:
    found = {row: _percent(sent.text(f"{row}_share")) for row in rows}
    return {row: share for row, share in found.items() if share is not None}


Shape = tuple[Any, Any, dict[str, str]]


def _choice(sent: Sent) -> Shape:
    rows = _rows(sent)
    key: dict[str, Any] = {"selected": sent.text("right")}
    shares = {row: share for row, share in _shares(sent, rows).items() if row != key["selected"] and share}
    return [_option(sent, row) for row in rows], key | ({"shares": shares} if shares else {}), _feedback(sent, rows)


def _choices(sent: Sent) -> Shape:
    rows = _rows(sent)
    key: dict[str, Any] = {"selected": [row for row in rows if row in sent.all("right")]}
    rule = sent.text("rule")
    if rule == "shares":
        key |= {"rule": rule, "shares": _shares(sent, rows)}
    elif rule and rule != "balanced":
        key["rule"] = rule
    return [_option(sent, row) for row in rows], key, _feedback(sent, rows)


def _true_false(sent: Sent) -> Shape:
    return [], {"selected": sent.text("right")}, _feedback(sent, ["true", "false"])


def _settings(sent: Sent) -> dict[str, Any]:
    typos = sent.text("typos")
    # Where case counts, accents do too unless the author says that they do not.
    accents = {"accents_count": sent.on("accents_count")} if sent.on("accents_count") else {}
    return {
        "case_sensitive": sent.on("case_sensitive"),
        **accents,
        "typos": int(typos) if typos in ("1", "2", "3") else 0,
        "wildcards": sent.on("wildcards"),
    }


def _short(sent: Sent) -> Shape:
    return [], lines.read_texts(sent.text("accepted"), _settings(sent)), {}


def blanks_in(text: str) -> list[str]:
    """The numbers of the blanks that a text marks, in their order, each once."""
    return sorted(set(BLANK.findall(text)), key=int)


def _blanks(sent: Sent) -> Shape:
    names = blanks_in(sent.text("question_html"))
    options: list[dict[str, Any]] = []
    keys: dict[str, Any] = {}
    for name in names:
        label = sent.text(f"blank_{name}_label")
        options.append({"id": name, **({"label": label} if label else {})})
        found = lines.read_texts(sent.text(f"blank_{name}"), _settings(sent))
        if found is not None:
            keys[name] = found
    rule = {"rule": "all_or_nothing"} if sent.text("rule") == "all_or_nothing" else {}
    return options, {"blanks": keys, **rule}, {}


def _numeric(sent: Sent) -> Shape:
    key: dict[str, Any] = {"answers": lines.read_numbers(sent.text("accepted"))}
    units = lines.read_units(sent.text("units"))
    if units:
        key |= {"units": units, "unit": sent.text("unit") or "optional"}
    return [], key, {}


def _matching(sent: Sent) -> Shape:
    left: list[dict[str, Any]] = []
    right: dict[str, dict[str, Any]] = {}
    pairs: dict[str, str] = {}
    for row in [one for one in dict.fromkeys(sent.all("row")) if _ROW.fullmatch(one)][:MOST_ROWS]:
        belongs = sent.text(f"{row}_match")
        if belongs and belongs not in right:
            right[belongs] = _option(sent, row, "match", media=False)
        if sent.text(f"{row}_text") or sent.text(f"{row}_image_url"):
            left.append(_option(sent, row))
            if belongs:
                pairs[row] = str(right[belongs]["id"])
    rule = {"rule": "all_or_nothing"} if sent.text("rule") == "all_or_nothing" else {}
    return {"left": left, "right": list(right.values())}, {"pairs": pairs, **rule}, {}


def _ordering(sent: Sent) -> Shape:
    rows = _rows(sent)
    rule = {"rule": sent.text("rule")} if sent.text("rule") in ("pairs", "all_or_nothing") else {}
    return [_option(sent, row) for row in rows], {"order": rows, **rule}, {}


def _essay(sent: Sent) -> Shape:
    return [], None, {}


def _rubric(sent: Sent) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in _rows(sent):
        points = _points(sent.text(f"{row}_points") or "1")
        criterion: dict[str, Any] = {"name": sent.text(f"{row}_text"), "points": lines.number(str(points))}
        if sent.text(f"{row}_description"):
            criterion["description"] = sent.text(f"{row}_description")
        found.append(criterion)
    return found


_SHAPES = {
    "multiple_choice": _choice,
    "multiple_answer": _choices,
    "true_false": _true_false,
    "short_answer": _short,
    "numeric": _numeric,
    "fill_blank": _blanks,
    "matching": _matching,
    "ordering": _ordering,
    "essay": _essay,
}

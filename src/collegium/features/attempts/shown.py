"""Questions as a page shows them: rich text cleaned, media on this site only, and answers in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from collegium.features.authoring import service as authoring

Item = dict[str, Any]
MEDIA = ("image", "video", "audio")
SIDES = ("left", "right")
TRUTH = {"true": "True", "false": "False"}
_GAP = re.compile(r"\[\[([0-9]{1,2})\]\]")


def _rich(html: Any, text: Any) -> Markup:
    """Rich text that was cleaned; plain text with its line breaks where there is none."""
    if isinstance(html, str) and html.strip():
        return Markup(authoring.shown_html(html))  # noqa: S704 - cleaned just here
    return Markup("<br>").join(escape(line) for line in str(text or "").splitlines())


def rich(text: Any) -> Markup:
    """An explanation or a feedback: HTML where it holds a tag, else words; cleaned."""
    return _rich(text if isinstance(text, str) and "<" in text else None, text)


def _media(part: Mapping[str, Any]) -> dict[str, str]:
    """Addresses of pictures, films and sound on this site; of other places nothing is shown."""
    found: dict[str, str] = {}
    for kind in MEDIA:
        address = authoring.file_address(part.get(f"{kind}_url"))
        if address:
            found[kind] = address
    return found


def _option(option: Mapping[str, Any], question_type: str) -> Item:
    text = option.get("text")
    if question_type == "true_false" and isinstance(text, str):
        text = TRUTH.get(text, text)
    return {
        "id": str(option["id"]),
        "text": text or option.get("label") or "",
        "shown": _rich(option.get("html"), text),
        "media": _media(option),
        "alt": option.get("alt_text") or "",
    }


def _gaps(shown: Markup) -> Markup:
    """Text whose marks ``[[1]]`` are gaps with a number, as the fields below it name them."""
    gap = r'<span class="quiz-gap"><span class="sr-only">blank </span>\1</span>'
    return Markup(_GAP.sub(gap, str(shown)))  # noqa: S704 - only digits were put into what was cleaned


def question(item: Mapping[str, Any]) -> Item:
    """One entry of an attempt's ``questions`` made ready for the macro ``question``: its rich text is cleaned."""
    kind = str(item["question_type"])
    options: Any = item.get("options") or []
    if kind == "matching":
        ready: Any = {side: [_option(option, kind) for option in options[side]] for side in SIDES}
    else:
        ready = [_option(option, kind) for option in options]
    shown = _rich(item.get("question_html"), item.get("question_text"))
    if kind == "fill_blank":
        shown = _gaps(shown)
    return {
        **item,
        "question_type": kind,
        "shown": shown,
        "options": ready,
        "media": _media(item),
        "unit": item.get("unit"),
        "hint": item.get("hint"),
        "section": item.get("section"),
        "flagged": bool(item.get("flagged")),
        "final": bool(item.get("final")),
        "answer": item.get("answer") or {},
        "seq": item.get("seq") or 0,
    }


def questions(view: Mapping[str, Any]) -> list[Item]:
    """All questions of an attempt, ready to be shown."""
    items: list[Item] = view.get("questions") or []
    return [question(item) for item in items]


def is_answered(item: Mapping[str, Any]) -> bool:
    """Whether something was answered: blank text is nothing."""
    answer: dict[str, Any] = item.get("answer") or {}
    for value in answer.values():
        if isinstance(value, dict):
            if any(str(part).strip() for part in value.values()):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
                return True
        elif isinstance(value, list):
            if value:
                return True
        elif str(value).strip():
            return True
    return False


def _names(options: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {option["id"]: option["text"] for option in options}


def in_words(item: Mapping[str, Any], answer: Mapping[str, Any] | None) -> list[str]:
    """An answer (or what was right, in the terms of the attempt) in words, a line for each part; item made ready."""
    if not answer:
        return []
    kind, options = item["question_type"], item["options"]
    if kind in ("multiple_choice", "true_false"):
        return [_names(options).get(str(answer.get("selected")), "")]
    if kind == "multiple_answer":
        chosen: list[Any] = answer.get("selected") or []
        return [_names(options).get(str(one), "") for one in sorted(chosen, key=lambda one: int(one))]
    if kind == "ordering":
        return [f"{n}. {_names(options).get(str(one), '')}" for n, one in enumerate(answer.get("order") or [], 1)]
    if kind == "matching":
        left, right = _names(options["left"]), _names(options["right"])
        pairs: dict[str, Any] = answer.get("pairs") or {}
        return [
            f"{left.get(one, '')} – {right.get(str(pairs[one]), '')}" for one in sorted(pairs, key=int) if pairs[one]
        ]
    if kind == "fill_blank":
        blanks: dict[str, Any] = answer.get("blanks") or {}
        return [f"Blank {n}: {_text_words(blanks[n])}" for n in sorted(blanks, key=int)]
    if kind == "numeric":
        return [_number_words(answer)]
    # Of a form that was asked for there may be no example.
    return [text] if (text := _text_words(answer)) else []


def _text_words(value: Any) -> str:
    """A text that was given, or the texts that a key accepts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return ""
    found: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
    if "accepted" in found:
        texts = [one if isinstance(one, str) else str(one.get("text", "")) for one in found["accepted"]]
        return " or ".join(text for text in texts if text)
    if "numeric" in found:
        return _with_tolerance(found["numeric"])
    if "pattern" in found:
        return "a text of the form that was asked for"
    return str(found.get("text") or "")


def _number_words(value: Mapping[str, Any]) -> str:
    if "answers" in value:
        units: dict[str, Any] = value.get("units") or {}
        base = next((name for name, factor in units.items() if factor == 1), "")
        return " or ".join(f"{_with_tolerance(one)} {base}".strip() for one in value["answers"])
    return f"{value.get('number', '')} {value.get('unit') or ''}".strip()


def _plain(number: Any) -> str:
    return f"{number:g}" if isinstance(number, (int, float)) else str(number)


def _with_tolerance(expected: Mapping[str, Any]) -> str:
    """A number that is right, with how far off one may be."""
    tolerance = expected.get("tolerance")
    if not tolerance:
        return _plain(expected.get("value"))
    if expected.get("relative"):
        return f"{_plain(expected.get('value'))} (± {_plain(float(tolerance) * 100)} %)"
    return f"{_plain(expected.get('value'))} (± {_plain(tolerance)})"

"""Questions in words: types, what an answer that is right in part earns, and what was tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from collegium.features.questions.model import QuestionDraft, Trial

TYPES: dict[str, tuple[str, str, str]] = {
    "multiple_choice": ("Multiple choice", "One of several choices is right.", "circle-dot"),
    "multiple_answer": ("Several answers", "Several of the choices are right.", "list-checks"),
    "true_false": ("True or false", "A statement that holds or does not.", "scale"),
    "short_answer": ("Short answer", "A few words, compared with those you accept.", "text-cursor-input"),
    "numeric": ("Number", "A number within a tolerance, with a unit if you like.", "hash"),
    "fill_blank": ("Fill in the blanks", "A text with gaps.", "square-pen"),
    "matching": ("Matching", "What belongs to what.", "arrow-right-left"),
    "ordering": ("Ordering", "Things to put in their order.", "list-ordered"),
    "essay": ("Essay", "A text that a person grades.", "file-text"),
}
DIFFICULTY = {"easy": "Easy", "medium": "Medium", "hard": "Hard"}
STATUS = {"draft": "Draft", "active": "Active", "retired": "Retired"}
RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "multiple_answer": (
        ("balanced", "A wrong choice takes back a right one"),
        ("all_or_nothing", "All or nothing"),
        ("shares", "Each choice has a share of its own"),
    ),
    "fill_blank": (("share", "Each blank earns its part"), ("all_or_nothing", "All or nothing")),
    "matching": (("share", "Each right match earns its part"), ("all_or_nothing", "All or nothing")),
    "ordering": (
        ("share", "Each thing in its place earns its part"),
        ("pairs", "Each right neighbour earns its part"),
        ("all_or_nothing", "All or nothing"),
    ),
}


def points_in_words(points: Decimal) -> str:
    """“1 point”, “0.67 points”."""
    text = f"{round(points, 2):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{text} {'point' if text == '1' else 'points'}"


def _earned(draft: QuestionDraft, share: Decimal | float) -> str:
    return points_in_words(draft.points * max(Decimal(0), min(Decimal(1), Decimal(str(share)))))


def _parts(draft: QuestionDraft, count: int, thing: str) -> str:
    if count < 2:
        return f"It earns {_earned(draft, 1)} or nothing."
    share = Decimal(count - 1) / count
    verb = "earns" if count == 2 else "earn"
    return f"{count - 1} of {count} {thing} {verb} {_earned(draft, share)}; all {count} earn {_earned(draft, 1)}."


def _key(draft: QuestionDraft) -> dict[str, Any]:
    return cast(dict[str, Any], draft.correct_answer) if isinstance(draft.correct_answer, dict) else {}


def rule_in_words(draft: QuestionDraft) -> str:
    """What an answer that is right in part earns, with this question's own numbers."""
    key = _key(draft)
    rule = key.get("rule", "")
    kind = draft.question_type
    if kind == "essay":
        return f"A person grades it, from 0 to {_earned(draft, 1)}."
    if kind == "short_answer" and draft.correct_answer is None:
        return f"Without accepted answers a person grades it, from 0 to {_earned(draft, 1)}."
    if rule == "all_or_nothing":
        return f"Wholly right earns {_earned(draft, 1)}; anything else earns nothing."
    if kind == "multiple_answer":
        return _choices_in_words(draft, key)
    if kind == "multiple_choice":
        given: dict[str, float] = key.get("shares") or {}
        shares = [share for share in given.values() if share > 0]
        best = f"; another choice earns up to {_earned(draft, max(shares))}" if shares else "; any other earns nothing"
        return f"The right choice earns {_earned(draft, 1)}{best}."
    if kind == "fill_blank":
        return _parts(draft, len(draft.answer_options), "blanks")
    if kind == "matching":
        sides: dict[str, list[Any]] = draft.answer_options or {}
        return _parts(draft, len(sides.get("left", [])), "right matches")
    if kind == "ordering":
        count = len(draft.answer_options)
        if rule == "pairs":
            return _parts(draft, count - 1, "things followed by the right one")
        share = Decimal(count - 2) / count if count > 2 else Decimal(0)
        return f"{max(count - 2, 0)} of {count} things in their place earn {_earned(draft, share)}."
    return f"The best that fits counts, up to {_earned(draft, 1)}; what fits nothing earns nothing."


def _choices_in_words(draft: QuestionDraft, key: dict[str, Any]) -> str:
    right: list[str] = key.get("selected") or []
    count = len(right)
    if key.get("rule") == "shares":
        return f"The shares of what is chosen are added up, from nothing to {_earned(draft, 1)}."
    if count < 2:
        return f"The right choice earns {_earned(draft, 1)}; each wrong one beside it takes as much back."
    verb = "earns" if count == 2 else "earn"
    some = f"{count - 1} of {count} right choices {verb} {_earned(draft, (count - 1) / count)}"
    return f"{some}; each wrong one takes back {_earned(draft, 1 / count)}."


def trial_in_words(draft: QuestionDraft, trial: Trial) -> str:
    """What an answer that was tried earns, and why."""
    earned = f"Earns {_earned(draft, trial.share)} of {_earned(draft, 1)}."
    key = _key(draft)
    listed: list[Any] = key.get("accepted") or key.get("answers") or []
    if trial.matched:
        entry = listed[trial.matched[0] - 1]
        shown = entry if isinstance(entry, str) else entry.get("text", entry.get("value"))
        return f"{earned} It fits “{shown}”."
    if "pattern" in key:
        return f"{earned} It {'fits' if trial.share else 'does not fit'} the pattern."
    if listed and not trial.share:
        return f"{earned} It fits none of what you accept."
    return earned

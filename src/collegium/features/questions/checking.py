"""What is wrong with a draft, in words. `private.is_question` and `private.is_question_key` hold the same rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, cast

import msgspec

from collegium.features.questions.model import DIFFICULTIES, QUESTION_TYPES, STATUSES, QuestionDraft
from collegium.features.questions.patterns import is_safe_pattern

MOST_TAGS = 30
MOST_FEEDBACK = 36_000
"""Characters of all feedback of a question, as JSON; the database takes 40,000."""
LONGEST_SAID = 2000
"""Characters of the feedback to one accepted text or number."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FILE = re.compile(r"/files/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPTION_KEYS = {"id", "text", "html", "image_url", "alt_text", "audio_url", "video_url"}
_WORDS = {
    "true_false": "Say whether it is true or false.",
    "essay": "An essay has no right answer: a person grades it.",
}


def check_draft(draft: QuestionDraft) -> list[str]:
    """The problems of a draft as sentences that say what to do; none when it can be saved."""
    problems: list[str] = []
    if draft.question_type not in QUESTION_TYPES:
        return [f"There is no type of question “{draft.question_type[:40]}”."]
    if not (draft.question_html.strip() or draft.image_url):
        problems.append("Write what is asked.")
    if not _can_be_kept(msgspec.structs.asdict(draft)):
        return ["A text holds a character that cannot be kept. Write it again."]
    problems += _lengths(draft)
    problems += _rest(draft)
    shape = _SHAPES[draft.question_type]
    problems += shape(draft.answer_options, draft.correct_answer)
    return problems


def _can_be_kept(value: Any) -> bool:
    """Whether PostgreSQL keeps every text in it: no NUL, and no half of a character."""
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return all(_can_be_kept(part) for pair in cast(dict[Any, Any], value).items() for part in pair)
    if isinstance(value, (list, tuple)):
        return all(map(_can_be_kept, cast(list[Any], value)))
    return True


def _lengths(draft: QuestionDraft) -> Iterable[str]:
    for words, text, most in (
        ("What is asked", draft.question_html, 50_000),
        ("The title", draft.title, 200),
        ("The explanation", draft.explanation, 10_000),
        ("The hint", draft.hint, 2000),
        ("The description of the picture", draft.image_alt, 1000),
        ("The address of the picture", draft.image_url, 1024),
        ("The address of the film", draft.video_url, 1024),
        ("The address of the sound", draft.audio_url, 1024),
        ("What you say about the change", draft.change_note, 500),
    ):
        if text and len(text) > most:
            yield f"{words} has at most {most:,} characters; this has {len(text):,}."


def _rest(draft: QuestionDraft) -> Iterable[str]:
    if not draft.points.is_finite() or not 0 <= draft.points <= Decimal("999.99"):
        yield "Give from 0 to 999.99 points."
    elif draft.points != round(draft.points, 2):
        yield "Points have at most two decimals."
    if len(draft.tags) > MOST_TAGS or sum(map(len, draft.tags)) > 1500 or any(len(tag) > 100 for tag in draft.tags):
        yield f"Use at most {MOST_TAGS} tags of at most 100 characters."
    if draft.difficulty not in DIFFICULTIES:
        yield "Choose easy, medium or hard."
    if draft.status not in STATUSES:
        yield "A question is a draft, active or retired."
    if len(msgspec.json.encode(draft.option_feedback).decode()) > MOST_FEEDBACK:
        yield f"All feedback together has at most {MOST_FEEDBACK:,} characters."
    if draft.rubric is not None and (draft.question_type != "essay" or not _is_rubric(draft.rubric)):
        yield "A rubric has 1 to 20 criteria with a name and points, and belongs to an essay."
    if draft.word_limit is not None and (draft.question_type != "essay" or not 1 <= draft.word_limit <= 10_000):
        yield "An essay can be limited to 1 to 10,000 words; other questions cannot."


def _is_rubric(rubric: list[dict[str, Any]]) -> bool:
    return 1 <= len(rubric) <= 20 and all(
        set(one) <= {"name", "description", "points"}
        and isinstance(one.get("name"), str)
        and 1 <= len(one["name"].strip()) <= 200
        and _is_number(one.get("points"), 0, 999)
        and _is_brief(one.get("description", ""), 2000)
        for one in rubric
    )


# Options ---------------------------------------------------------------------------------------------------------


def _entries(value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list):
        return None
    listed = cast(list[Any], value)
    return cast(list[dict[str, Any]], listed) if all(isinstance(one, dict) for one in listed) else None


def _options(value: Any, words: str, least: int, most: int) -> tuple[list[str], list[str]]:
    """The ids of options, and what is wrong with them."""
    listed = _entries(value)
    if listed is None:
        return [], [f"Give the {words} as a list."]
    problems: list[str] = []
    if not least <= len(listed) <= most:
        problems.append(f"Give {least} to {most} {words}; there are {len(listed)}.")
    ids = [str(one.get("id")) for one in listed]
    if len(set(ids)) < len(ids) or not all(
        isinstance(one.get("id"), str) and _ID.fullmatch(one["id"]) for one in listed
    ):
        problems.append(f"Each of the {words} needs an id of its own, of letters, digits, - and _.")
    for number, one in enumerate(listed, start=1):
        text = one.get("text")
        if not isinstance(text, str) or not 1 <= len(text) <= 2000:
            problems.append(f"Number {number} of the {words} needs a text of at most 2,000 characters.")
        elif set(one) - _OPTION_KEYS or not all(_is_brief(said, 50_000) for said in one.values()):
            problems.append(f"Number {number} of the {words} holds something that is not known.")
    return ids, problems


def _is_brief(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def _is_number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and least <= value <= most


def _key(value: Any, allowed: set[str]) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    key = cast(dict[str, Any], value)
    return key if set(key) <= allowed else None


def _are_shares(value: Any, ids: list[str]) -> bool:
    if not isinstance(value, dict):
        return False
    shares = cast(dict[str, Any], value)
    return set(shares) <= set(ids) and all(_is_number(share, -1, 1) for share in shares.values())


# Types -----------------------------------------------------------------------------------------------------------


def _none(options: Any) -> list[str]:
    return [] if options == [] else ["A question of this type has no options."]


def _choice(options: Any, correct: Any) -> list[str]:
    ids, problems = _options(options, "choices", 2, 20)
    key = _key(correct, {"selected", "shares"})
    if key is None or key.get("selected") not in ids:
        problems.append("Mark the choice that is right.")
    elif "shares" in key and not _are_shares(key["shares"], ids):
        problems.append("What a choice earns is between -100% and 100% of the points.")
    return problems


def _choices(options: Any, correct: Any) -> list[str]:
    ids, problems = _options(options, "choices", 2, 20)
    key = _key(correct, {"selected", "rule", "shares"}) or {}
    right = cast(list[Any], key["selected"]) if isinstance(key.get("selected"), list) else []
    if not right or any(one not in ids for one in right) or len({str(one) for one in right}) < len(right):
        return [*problems, "Mark at least one choice as right."]
    if key.get("rule", "balanced") not in ("balanced", "all_or_nothing", "shares"):
        problems.append("Points are given balanced, all or nothing, or by shares.")
    shares = key.get("shares", {})
    if not _are_shares(shares, ids):
        problems.append("What a choice earns is between -100% and 100% of the points.")
    elif key.get("rule") == "shares" and not _earn_all(shares, right):
        problems.append("All right choices together must earn 100%, and each of them something.")
    return problems


def _earn_all(shares: dict[str, Any], right: list[Any]) -> bool:
    return all(shares.get(one, 0) > 0 for one in right) and sum(shares.get(one, 0) for one in right) >= 0.999


def _true_false(options: Any, correct: Any) -> list[str]:
    right = correct in ({"selected": "true"}, {"selected": "false"})
    return _none(options) + ([] if right else [_WORDS["true_false"]])


def _essay(options: Any, correct: Any) -> list[str]:
    return _none(options) + ([] if correct is None else [_WORDS["essay"]])


def _short(options: Any, correct: Any) -> list[str]:
    # Without a list of right texts a person grades.
    return _none(options) + ([] if correct is None else expected_text(correct, "the answer"))


def expected_text(value: Any, words: str) -> list[str]:
    """What is wrong with the texts that are accepted for something."""
    key = _key(
        value, {"numeric", "pattern", "example", "accepted", "case_sensitive", "accents_count", "typos", "wildcards"}
    )
    if key is None:
        return [f"Say which texts are right for {words}."]
    flags = ("case_sensitive", "accents_count", "wildcards")
    typos: Any = key.get("typos", 0)
    flags_held = all(isinstance(key[flag], bool) for flag in flags if flag in key)
    if not flags_held or isinstance(typos, bool) or typos not in (0, 1, 2, 3):
        return [f"What counts in the text for {words} is not known; typing errors are 0 to 3."]
    if "numeric" in key:
        number = _key(key["numeric"], {"value", "tolerance"}) if len(key) == 1 else None
        held = number is not None and _is_number(number.get("value"), -1e15, 1e15)
        return (
            []
            if held and number and _is_number(number.get("tolerance"), 0, 1e15)
            else [f"Give the number and its tolerance for {words}."]
        )
    if "pattern" in key:
        if set(key) & {"accepted", "typos", "wildcards"} or not isinstance(key["pattern"], str):
            return [f"Give either texts or a pattern for {words}."]
        return (
            []
            if is_safe_pattern(key["pattern"]) and _is_brief(key.get("example", ""), 500)
            else [
                f"The pattern for {words} cannot be used. Take at most 200 characters: letters, [classes], (groups), |"
                " and one of * + ? {2,5} after each, but no repetition inside a repeated group."
            ]
        )
    listed = cast(list[Any], key.get("accepted")) if isinstance(key.get("accepted"), list) else []
    if "example" in key or not 1 <= len(listed) <= 50 or not all(map(_is_accepted, listed)):
        return [f"Give 1 to 50 texts that are right for {words}, each of 1 to 500 characters."]
    return []


def _is_accepted(entry: Any) -> bool:
    if isinstance(entry, str):
        return 1 <= len(entry.strip()) <= 500 and len(entry) <= 500
    found = _key(entry, {"text", "share", "feedback"})
    return (
        found is not None
        and _is_brief(found.get("text"), 500)
        and bool(found["text"].strip())
        and _is_number(found.get("share", 1), 0, 1)
        and _is_brief(found.get("feedback", ""), LONGEST_SAID)
    )


def _numeric(options: Any, correct: Any) -> list[str]:
    problems = _none(options)
    key = _key(correct, {"answers", "units", "unit"})
    answers = _entries(key.get("answers")) if key else None
    if key is None or not answers or len(answers) > 20 or not all(map(_is_answer, answers)):
        return [*problems, "Give 1 to 20 right numbers, each with its tolerance."]
    units: Any = key.get("units", {})
    asked = key.get("unit", "none")
    if asked not in ("required", "optional", "none") or (asked == "none") != (units == {}):
        problems.append("Name the units where one is asked for, and none where none is.")
    if (
        not isinstance(units, dict)
        or len(cast(dict[str, Any], units)) > 20
        or not all(
            1 <= len(name) <= 40
            and name == " ".join(name.split())
            and not re.match(r"[0-9.,+-]", name)
            and _is_number(factor, 1e-12, 1e12)
            for name, factor in cast(dict[str, Any], units).items()
        )
    ):
        problems.append("A unit has a name that does not begin with a figure, and a factor above 0.")
    return problems


def _is_answer(entry: dict[str, Any]) -> bool:
    return (
        set(entry) <= {"value", "tolerance", "relative", "share", "feedback"}
        and _is_number(entry.get("value"), -1e15, 1e15)
        and _is_number(entry.get("tolerance", 0), 0, 1e15)
        and isinstance(entry.get("relative", False), bool)
        and _is_number(entry.get("share", 1), 0, 1)
        and _is_brief(entry.get("feedback", ""), LONGEST_SAID)
    )


def _blanks(options: Any, correct: Any) -> list[str]:
    listed = _entries(options) or []
    if not 1 <= len(listed) <= 20 or any(
        one.get("id") != str(n) or set(one) - {"id", "label"} or not _is_brief(one.get("label", ""), 200)
        for n, one in enumerate(listed, start=1)
    ):
        return ["Put 1 to 20 blanks into the text, numbered from 1: [[1]], [[2]]."]
    key = _key(correct, {"blanks", "rule"})
    blanks: Any = key.get("blanks") if key else None
    if (
        key is None
        or not isinstance(blanks, dict)
        or set(cast(dict[str, Any], blanks)) != {one["id"] for one in listed}
    ):
        return ["Say for each blank what is right."]
    found = cast(dict[str, Any], blanks)
    problems = [problem for name in found for problem in expected_text(found[name], f"blank {name}")]
    return problems + _rule(key, ("share", "all_or_nothing"))


def _rule(key: dict[str, Any], rules: tuple[str, ...]) -> list[str]:
    return (
        []
        if key.get("rule", "share") in rules
        else ["Choose how points are given for an answer that is right in part."]
    )


def _matching(options: Any, correct: Any) -> list[str]:
    sides = _key(options, {"left", "right"})
    if sides is None:
        return ["Give what is matched as two lists, left and right."]
    left, problems = _options(sides.get("left"), "things on the left", 2, 20)
    right, more = _options(sides.get("right"), "things on the right", 2, 30)
    key = _key(correct, {"pairs", "rule"})
    pairs: Any = key.get("pairs") if key else None
    if key is None or not isinstance(pairs, dict):
        return [*problems, *more, "Say what belongs to each thing on the left."]
    found = cast(dict[str, Any], pairs)
    if set(found) != set(left) or any(one not in right for one in found.values()):
        problems.append("Say what belongs to each thing on the left.")
    return problems + more + _rule(key, ("share", "all_or_nothing"))


def _ordering(options: Any, correct: Any) -> list[str]:
    ids, problems = _options(options, "things to order", 2, 20)
    key = _key(correct, {"order", "rule"})
    order: Any = key.get("order") if key else None
    if key is None or not isinstance(order, list) or sorted(map(str, cast(list[Any], order))) != sorted(ids):
        return [*problems, "Say the right order of all things."]
    return problems + _rule(key, ("share", "pairs", "all_or_nothing"))


_SHAPES: dict[str, Callable[[Any, Any], list[str]]] = {
    "multiple_choice": _choice,
    "multiple_answer": _choices,
    "true_false": _true_false,
    "short_answer": _short,
    "essay": _essay,
    "numeric": _numeric,
    "fill_blank": _blanks,
    "matching": _matching,
    "ordering": _ordering,
}

"""Accepted texts and numbers as an author types them, a line each, and back.

Zürich                      right
Zurich city | 50%           earns half
Zürich | 100% | Well known  with words to whoever gives it; <b>tags</b> and \\( formulas \\) may stand in them
/colou?r/                   a pattern; it stands alone
12.5 ± 0.1                  a number and its tolerance; ± 5% is five per cent of it
"""

from __future__ import annotations

import re
from typing import Any

from collegium.features.questions import rich
from collegium.kit.errors import Invalid

FLAGS = ("case_sensitive", "accents_count", "wildcards")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%")
_NUMBER = re.compile(r"([+-]?\d{1,15}(?:[.,]\d{1,10})?)(?:\s*(?:±|\+/-|\+-)\s*(\d{1,15}(?:[.,]\d{1,10})?)\s*(%)?)?")
_UNIT = re.compile(r"(\S(?:.*\S)?)\s*=\s*(\d{1,13}(?:[.,]\d{1,12})?)")


def number(text: str) -> int | float:
    """A number with a comma or a point; whole ones stay whole."""
    value = float(text.replace(",", "."))
    return int(value) if value.is_integer() else value


def plain(value: Any) -> str:
    """A number as it is typed: no exponent, no zeros behind."""
    text = f"{float(value):.12f}".rstrip("0").rstrip(".")
    return text or "0"


def _share(text: str) -> float | int:
    found = _PERCENT.fullmatch(text)
    if found is None or number(found[1]) > 100:
        raise Invalid(f"“{text[:40]}” is not a share: write from 0% to 100% behind the bar.")
    return number(plain(number(found[1]) / 100))


def _parts(line: str) -> tuple[str, dict[str, Any]]:
    """What stands before the first bar, and the share and feedback behind it."""
    main, *more = [part.strip() for part in re.split(r"(?<!\\)\|", line, maxsplit=2)]
    extra: dict[str, Any] = {}
    if more and more[0]:
        share = _share(more[0])
        if share != 1:
            extra["share"] = share
    if len(more) > 1 and more[1]:
        extra["feedback"] = rich.paragraphs(more[1])
    return main.replace("\\|", "|"), extra


def read_texts(text: str, settings: dict[str, Any]) -> dict[str, Any] | None:
    """A text's key from its lines; None where there are none. ``settings`` holds what counts (``FLAGS``, ``typos``)."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    kept = {name: value for name, value in settings.items() if value and name not in ("typos", "wildcards")}
    if len(lines[0]) > 2 and lines[0].startswith("/") and lines[0].endswith("/"):
        if len(lines) > 2:
            raise Invalid("A pattern stands alone. Below it you may give one example, which learners are shown.")
        example = {"example": lines[1]} if len(lines) == 2 else {}
        return {"pattern": lines[0][1:-1], **example, **kept}
    if lines[0].startswith("= "):
        found = _NUMBER.fullmatch(lines[0][2:].strip())
        if found is None or found[3] or len(lines) > 1:
            raise Invalid("A number stands alone, as in “= 3.5 ± 0.1”.")
        return {"numeric": {"value": number(found[1]), "tolerance": number(found[2] or "0")}}
    accepted: list[Any] = []
    for line in lines:
        main, extra = _parts(line)
        accepted.append({"text": main, **extra} if extra else main)
    settings = {name: value for name, value in settings.items() if value}
    return {"accepted": accepted, **settings}


def _tail(entry: dict[str, Any]) -> str:
    share, feedback = entry.get("share", 1), entry.get("feedback")
    if feedback:
        words = rich.field(feedback).text
        said = words if rich.kept(rich.paragraphs(words)) == feedback else feedback
        return f" | {plain(share * 100)}% | {' '.join(said.split())}"
    return f" | {plain(share * 100)}%" if share != 1 else ""


def write_texts(key: dict[str, Any] | None) -> str:
    """The lines of a text's key."""
    if not key:
        return ""
    if "pattern" in key:
        return "\n".join([f"/{key['pattern']}/", *([key["example"]] if key.get("example") else [])])
    if "numeric" in key:
        return f"= {plain(key['numeric']['value'])} ± {plain(key['numeric']['tolerance'])}"
    return "\n".join(
        entry.replace("|", "\\|") if isinstance(entry, str) else entry["text"].replace("|", "\\|") + _tail(entry)
        for entry in key["accepted"]
    )


def read_numbers(text: str) -> list[dict[str, Any]]:
    """Right numbers from their lines. Raises Invalid."""
    answers: list[dict[str, Any]] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        main, extra = _parts(line)
        found = _NUMBER.fullmatch(main)
        if found is None:
            raise Invalid(f"“{main[:40]}” is not a number with its tolerance, as in “12.5 ± 0.1” or “12.5 ± 5%”.")
        answer: dict[str, Any] = {"value": number(found[1])}
        if found[2]:
            tolerance = number(found[2])
            answer["tolerance"] = number(plain(tolerance / 100)) if found[3] else tolerance
        if found[3]:
            answer["relative"] = True
        answers.append(answer | extra)
    return answers


def write_numbers(answers: list[dict[str, Any]]) -> str:
    """The lines of right numbers."""
    lines: list[str] = []
    for entry in answers:
        tolerance = entry.get("tolerance", 0)
        words = f"{plain(tolerance * 100)}%" if entry.get("relative") else plain(tolerance)
        lines.append(plain(entry["value"]) + (f" ± {words}" if tolerance else "") + _tail(entry))
    return "\n".join(lines)


def read_units(text: str) -> dict[str, int | float]:
    """Units and their factors from lines such as “g = 0.001”; a unit alone counts 1. Raises Invalid."""
    units: dict[str, int | float] = {}
    for line in text.splitlines():
        name = " ".join(line.split())
        if not name:
            continue
        found = _UNIT.fullmatch(name)
        if "=" in name and found is None:
            raise Invalid(f"“{name[:40]}” is not a unit with its factor, as in “g = 0.001”.")
        units[found[1] if found else name] = number(found[2]) if found else 1
    return units


def write_units(units: dict[str, Any]) -> str:
    """The lines of units."""
    return "\n".join(name if factor == 1 else f"{name} = {plain(factor)}" for name, factor in units.items())

"""What a unit of an AICC course puts, in the elements of SCORM 1.2, which took them from AICC.

What a unit writes that no element can hold (a status of its own making, a score that is no number) is left out, as 6.4
says that a site ignores what it does not know; it stands in the recorded call all the same. Clauses: CMI001 4.0.
"""

from __future__ import annotations

import re

from collegium.standards.aicc.hacp import Command, Group, clock, count_of, groups, table

Elements = dict[str, str]

_STATUS = {
    "p": "passed", "c": "completed", "f": "failed", "i": "incomplete", "b": "browsed", "n": "not attempted"
}  # fmt: skip
_EXIT = {"l": "logout", "t": "time-out", "s": "suspend", "": ""}
_TYPES = {
    "t": "true-false", "c": "choice", "f": "fill-in", "m": "matching", "p": "performance", "s": "sequencing",
    "l": "likert", "n": "numeric",
}  # fmt: skip
_RESULTS = {"c": "correct", "w": "wrong", "u": "unanticipated", "n": "neutral"}
_NUMBER = re.compile(r"-?(?:\d{1,10}(?:\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_SPAN = re.compile(r"(\d{1,4}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,2})?))?", re.ASCII)
_DAY = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,2})?))?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,5}", re.ASCII)
MOST_ENTRIES = 10_000


def elements(command: Command, data: str, saved: Elements) -> Elements:
    """What a call sets, beside ``saved``. Raises ValueError with words for a table that cannot be read."""
    if command == "putparam":
        return _param(groups(data), saved)
    if command == "putinteractions":
        return _interactions(table(data), saved)
    if command == "putobjectives":
        return _objectives(table(data), saved)
    if command == "putcomments":
        return _comments(table(data), saved)
    return {}


def ended(saved: Elements, mastery: float | None) -> Elements:
    """What a site makes of a unit that has ended: with a mastery score it is the score that says passed or failed."""
    status, score = saved.get("cmi.core.lesson_status", ""), saved.get("cmi.core.score.raw", "")
    if mastery is None or status not in ("completed", "passed", "failed") or not _NUMBER.fullmatch(score):
        return {}
    word = "passed" if float(score) >= mastery else "failed"
    return {"cmi.core.lesson_status": word} if word != status else {}


def _param(given: dict[str, Group], saved: Elements) -> Elements:
    """6.4.2: [core] with location, status, score and time; [core_lesson], [comments], objectives and preferences."""
    found: Elements = {}
    core = given.get("core", Group({}, "")).pairs
    if "lesson_location" in core:
        found["cmi.core.lesson_location"] = core["lesson_location"]
    status, _, flag = core.get("lesson_status", "").partition(",")
    word = _STATUS.get(status.strip()[:1].lower())
    if word is not None and word != "not attempted":
        found["cmi.core.lesson_status"] = word
    if "lesson_status" in core and (how := _EXIT.get(flag.strip()[:1].lower())) is not None:
        found["cmi.core.exit"] = how
    found |= _score("cmi.core.score", core.get("score", ""))
    if span := _span(core.get("time", "")):
        found["cmi.core.session_time"] = span
    if "core_lesson" in given:
        found["cmi.suspend_data"] = given["core_lesson"].text
    if "comments" in given:
        found["cmi.comments"] = given["comments"].text
    for name in ("audio", "speed", "text"):
        value = given.get("student_preferences", Group({}, "")).pairs.get(name, "")
        if _WHOLE.fullmatch(value):
            found[f"cmi.student_preference.{name}"] = value
    if language := given.get("student_preferences", Group({}, "")).pairs.get("language"):
        found["cmi.student_preference.language"] = language
    return found | _objectives_status(given.get("objectives_status", Group({}, "")).pairs, saved)


def _objectives_status(pairs: Elements, saved: Elements) -> Elements:
    """J_ID.1, J_Score.1, J_Status.1 (6.4.2.6): the number joins the lines, the identifier names the objective."""
    rows: list[Elements] = []
    for key, name in pairs.items():
        prefix, _, number = key.rpartition(".")
        if prefix == "j_id" and number.isascii() and number.isdigit():
            rows.append(
                {
                    "objective_id": name,
                    "score": pairs.get(f"j_score.{number}", ""),
                    "status": pairs.get(f"j_status.{number}", ""),
                }
            )
    return _objectives(rows, saved)


def _objectives(rows: list[Elements], saved: Elements) -> Elements:
    """PutObjectives (6.4.5): an objective that was named before is set anew, another one follows the last."""
    places = {
        saved[f"cmi.objectives.{number}.id"]: number
        for number in range(count_of(saved, "objectives"))
        if f"cmi.objectives.{number}.id" in saved
    }
    following = count_of(saved, "objectives")
    found: Elements = {}
    for row in rows:
        name = _identifier(row.get("objective_id", ""))
        if not name:
            continue
        if name not in places:
            if following >= MOST_ENTRIES:
                break
            places[name] = following
            following += 1
        at = f"cmi.objectives.{places[name]}"
        found[f"{at}.id"] = name
        if status := _STATUS.get(row.get("status", "").strip()[:1].lower()):
            found[f"{at}.status"] = status
        found |= _score(f"{at}.score", row.get("score", ""))
    return found


def _interactions(rows: list[Elements], saved: Elements) -> Elements:
    """PutInteractions (6.4.4): a journal, each row a new entry. Responses are kept whole: a cut answer is another."""
    found: Elements = {}
    for number, row in enumerate(rows, count_of(saved, "interactions")):
        if number >= MOST_ENTRIES:
            break
        at = f"cmi.interactions.{number}"
        kind = _TYPES.get(row.get("type_interaction", "").strip()[:1].lower())
        result = row.get("result", "")
        entry = {
            "id": _identifier(row.get("interaction_id", "")),
            "type": kind,
            "time": _day(row.get("time", "")),
            "objectives.0.id": _identifier(row.get("objective_id", "")),
            "correct_responses.0.pattern": row.get("correct_response", ""),
            "student_response": row.get("student_response", ""),
            "result": result if _NUMBER.fullmatch(result) else _RESULTS.get(result[:1].lower()),
            "weighting": row.get("weighting", "") if _NUMBER.fullmatch(row.get("weighting", "")) else None,
            "latency": _span(row.get("latency", "")),
        }
        found |= {f"{at}.{part}": value for part, value in entry.items() if value}
    return found


def _comments(rows: list[Elements], saved: Elements) -> Elements:
    """PutComments (6.4.3): added to what was commented before, with the place that it is about."""
    said = [saved["cmi.comments"]] if saved.get("cmi.comments") else []
    for row in rows:
        if comment := row.get("comment", ""):
            said.append(f"{row['location']}: {comment}" if row.get("location") else comment)
    return {"cmi.comments": "\n".join(said)} if rows and said else {}


def _score(at: str, text: str) -> Elements:
    """``raw, max, min``: what is no number is left out, and so is what stands behind it."""
    found: Elements = {}
    for part, value in zip(("raw", "max", "min"), text.split(","), strict=False):
        number = value.strip()
        if _NUMBER.fullmatch(number):
            found[f"{at}.{part}"] = number
    return found


def _identifier(text: str) -> str:
    return "_".join(text.split())[:255]


def _span(text: str) -> str | None:
    """A duration as CMITimespan. Units leave the seconds out, and write 00:90:00."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    hundredths = (int(found[1]) * 60 + int(found[2])) * 6000 + round(float(found[3] or 0) * 100)
    whole, rest = divmod(hundredths, 100)
    return clock(whole) + (f".{rest:02}" if rest else "")


def _day(text: str) -> str | None:
    found = _DAY.fullmatch(text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or float(found[3] or 0) >= 60:
        return None
    return f"{int(found[1]):02}:{int(found[2]):02}:{_seconds(found[3])}"


def _seconds(text: str | None) -> str:
    whole, _, part = (text or "0").partition(".")
    return f"{int(whole):02}" + (f".{part}" if part else "")

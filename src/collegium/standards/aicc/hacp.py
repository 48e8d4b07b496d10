"""HACP: how a unit of an AICC course speaks to the site over HTTP. Reads requests, writes answers; keeps nothing.

AICC CMI Guidelines for Interoperability (CMI001) 4.0: 5.3 and 5.4 the commands and their order, 6.4 the groups and
tables, appendix A the answers. Names of fields, groups, keys and columns know no case.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Literal, get_args
from urllib.parse import parse_qsl

import msgspec

Command = Literal[
    "getparam", "putparam", "putcomments", "putinteractions", "putobjectives", "putpath", "putperformance", "exitau"
]
COMMANDS: frozenset[str] = frozenset(get_args(Command))
VERSION = "4.0"
MOST_FIELDS = 50
MOST_ROWS = 1000
_GROUPS = frozenset(
    {"core", "core_lesson", "core_vendor", "comments", "evaluation", "objectives_status", "student_data",
     "student_preferences", "student_demographics"}
)  # fmt: skip
"""What begins a group in data of a unit; any other line in brackets is part of the free text that it stands in."""
_FREE = frozenset({"core_lesson", "core_vendor", "comments"})
_HEAD = re.compile(r"\s*\[\s*([A-Za-z_]+)\s*\]\s*")
_LINES = re.compile(r"\r\n|\r|\n")
TEXTS = {0: "Successful", 1: "Invalid Command", 2: "Invalid AU-password", 3: "Invalid Session ID"}


class Request(msgspec.Struct, frozen=True):
    """A call. ``command`` in small letters and empty when there is none of that name; the rest as it was sent."""

    command: Command | Literal[""]
    sent: str
    """The command as the unit wrote it, at most 40 characters."""
    session_id: str
    version: str
    password: str
    data: str


def request(body: bytes) -> Request:
    """Reads the form that a unit posts. What is missing is empty; nothing that can be posted raises."""
    fields: dict[str, str] = {}
    try:
        pairs = parse_qsl(body.decode("latin-1"), True, encoding="latin-1", max_num_fields=MOST_FIELDS)
    except ValueError:
        pairs = []
    for name, value in pairs:
        fields.setdefault(name.strip().lower(), _text(value))
    sent = fields.get("command", "").strip()
    command = sent.lower()
    return Request(
        command=command if command in COMMANDS else "",  # type: ignore[arg-type]
        sent=sent[:40],
        session_id=fields.get("session_id", "").strip(),
        version=fields.get("version", "").strip()[:20],
        password=fields.get("au_password", "").strip(),
        data=fields.get("aicc_data", ""),
    )


def _text(value: str) -> str:
    """Old units send the letters of Windows, others UTF-8: what can be read as UTF-8 is."""
    raw = value.encode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


class Group(msgspec.Struct):
    """A group of PutParam: the pairs of its lines under small keys, and all of it as free text."""

    pairs: dict[str, str]
    text: str


def groups(data: str) -> dict[str, Group]:
    """``[group]`` and ``key=value``. The first group of a name counts; free text keeps its line breaks as they were."""
    found: dict[str, Group] = {}
    place = 0
    name: str | None = None
    start = 0

    def close(end: int) -> None:
        if name is not None and name not in found:
            found[name] = _group(name, data[start:end])

    while place < len(data):
        broken = _LINES.search(data, place)
        end, after = (broken.start(), broken.end()) if broken else (len(data), len(data))
        head = _HEAD.fullmatch(data[place:end]) if end - place <= 200 else None
        if head and head[1].lower() in _GROUPS:
            close(place)
            name, start = head[1].lower(), after
        place = after
    close(len(data))
    return found


def _group(name: str, text: str) -> Group:
    pairs: dict[str, str] = {}
    if name not in _FREE:
        for line in _LINES.split(text):
            key, is_pair, value = line.partition("=")
            if is_pair and not line.lstrip().startswith(";"):
                pairs.setdefault(key.strip().lower(), value.strip())
    return Group(pairs, _LINES.sub("\n", text).rstrip("\n"))


def table(data: str) -> list[dict[str, str]]:
    """The rows of PutInteractions and the like: the first line names the columns. Raises ValueError with words."""
    try:
        rows = [row for row in csv.reader(io.StringIO(_LINES.sub("\n", data)), skipinitialspace=True) if any(row)]
    except csv.Error as error:
        raise ValueError(f"The table cannot be read: {error}") from None
    if len(rows) > MOST_ROWS + 1:
        raise ValueError(f"The table has more than {MOST_ROWS} rows.")
    if not rows:
        return []
    columns = [column.strip().lower() for column in rows[0]]
    return [dict(zip(columns, (cell.strip() for cell in row), strict=False)) for row in rows[1:]]


def answer(error: int, words: str = "", data: str = "") -> str:
    """What the site says: ``error``, ``error_text``, ``version`` and ``aicc_data``, lines ended by CR and LF."""
    lines = [f"error={error}", f"error_text={_line(words or TEXTS[error])}", f"version={VERSION}", f"aicc_data={data}"]
    return "\r\n".join(lines) + ("" if data.endswith("\r\n") else "\r\n")


def _line(text: str) -> str:
    return " ".join(text.split())


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit begins with. Times are in seconds; ``saved`` holds the elements of SCORM 1.2 that it left."""

    student_id: str
    student_name: str
    mode: str
    credit: bool
    attempt: int
    seconds: float
    saved: dict[str, str]
    course: str = ""
    launch_data: str = ""
    mastery: float | None = None
    max_seconds: float | None = None
    time_limit_action: str = ""


def parameters(given: Parameters) -> str:
    """The data of GetParam (6.4.1): groups and their lines, ended by CR and LF."""
    saved = given.saved
    begun = bool(saved)
    status = saved.get("cmi.core.lesson_status", "incomplete" if begun else "not attempted")
    score = [saved.get(f"cmi.core.score.{part}", "") for part in ("raw", "max", "min")]
    while score and not score[-1]:
        score.pop()
    core = {
        "Student_ID": given.student_id,
        "Student_Name": given.student_name,
        "Lesson_Location": saved.get("cmi.core.lesson_location", ""),
        "Credit": "credit" if given.credit else "no-credit",
        "Lesson_Status": f"{status}, {'resume' if begun else 'ab-initio'}",
        "Score": ",".join(score),
        "Time": clock(given.seconds),
        "Lesson_Mode": given.mode,
    }
    student = {
        "Attempt_Number": str(given.attempt),
        "Mastery_Score": "" if given.mastery is None else f"{given.mastery:.15g}",
        "Max_Time_Allowed": "" if given.max_seconds is None else clock(given.max_seconds),
        "Time_Limit_Action": given.time_limit_action,
    }
    wishes = {
        name: saved.get(f"cmi.student_preference.{name.lower()}", "") for name in ("Audio", "Language", "Speed", "Text")
    }
    parts = [
        _pairs("Core", core),
        _block("Core_Lesson", saved.get("cmi.suspend_data", "")),
        _block("Core_Vendor", given.launch_data),
        _pairs("Evaluation", {"Course_ID": given.course}),
        _pairs("Objectives_Status", _objectives(saved)),
        _pairs("Student_Data", {name: value for name, value in student.items() if value}),
        _pairs("Student_Preferences", {name: value for name, value in wishes.items() if value}),
    ]
    return "".join(parts)


def _objectives(saved: dict[str, str]) -> dict[str, str]:
    lines: dict[str, str] = {}
    for number in range(count_of(saved, "objectives")):
        at = f"cmi.objectives.{number}"
        score = [saved.get(f"{at}.score.{part}", "") for part in ("raw", "max", "min")]
        while score and not score[-1]:
            score.pop()
        lines[f"J_ID.{number + 1}"] = saved.get(f"{at}.id", "")
        lines[f"J_Score.{number + 1}"] = ",".join(score)
        lines[f"J_Status.{number + 1}"] = saved.get(f"{at}.status", "not attempted")
    return lines


def _pairs(name: str, pairs: dict[str, str]) -> str:
    # Names are read without regard to case (6.1); units that compare them as they stand look for small letters.
    return (
        f"[{name}]\r\n" + "".join(f"{key.lower()}={_line(value)}\r\n" for key, value in pairs.items()) if pairs else ""
    )


def _block(name: str, text: str) -> str:
    body = "\r\n".join(_LINES.split(text))
    return f"[{name}]\r\n" + (f"{body}\r\n" if body else "")


def clock(seconds: float) -> str:
    """Seconds as HH:MM:SS, at most 9999 hours."""
    whole = min(max(0, round(seconds)), 35_999_999)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def count_of(saved: dict[str, str], collection: str) -> int:
    """How many entries a collection has in the elements of SCORM 1.2: one more than its highest index."""
    head = f"cmi.{collection}."
    numbers = [name[len(head) :].partition(".")[0] for name in saved if name.startswith(head)]
    return max((int(number) + 1 for number in numbers if number.isdigit()), default=0)

"""What a package left behind in an attempt, read as people read it: its interactions and objectives. Pure.

SCORM 1.2 RTE 3.4.4 and SCORM 2004 4th edition RTE 4.2.9, 4.2.17. Values stay in the words of the package.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

import msgspec

_ENTRY = re.compile(r"cmi\.(interactions|objectives)\.(\d{1,4})\.(.+)")
_INTERVAL = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)
_SPAN = re.compile(r"(\d{2,4}):(\d{2}):(\d{2}(?:\.\d{1,2})?)", re.ASCII)
_WEIGHTS = (31_536_000, 2_592_000, 86_400, 3600, 60, 1)
_PATTERN = re.compile(r"correct_responses\.(\d{1,4})\.pattern")


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a question within a package. ``seconds``: the latency, None where there was none."""

    sco: str
    position: int
    identifier: str
    type: str
    response: str
    patterns: list[str]
    result: str
    weighting: str
    at: str
    seconds: float | None
    description: str

    @property
    def is_correct(self) -> bool | None:
        """Whether the package called it right; None where it said something else, such as a number."""
        return {"correct": True, "wrong": False, "incorrect": False}.get(self.result)


class Objective(msgspec.Struct, frozen=True, kw_only=True):
    """An objective within a package, as a SCO left it."""

    sco: str
    position: int
    identifier: str
    success: str
    completion: str
    score: str
    description: str


def seconds_of(text: str) -> float | None:
    """Seconds of a duration in the form of either standard; None for anything else."""
    if found := _SPAN.fullmatch(text):
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    if len(text) > 1 and not text.endswith("T") and (found := _INTERVAL.fullmatch(text)):
        return sum(float(part or 0) * weight for part, weight in zip(found.groups(), _WEIGHTS, strict=True))
    return None


def _entries(said: Mapping[str, str]) -> tuple[dict[int, dict[str, str]], dict[int, dict[str, str]]]:
    """Interactions and objectives of one SCO by their index."""
    found: dict[str, dict[int, dict[str, str]]] = {"interactions": defaultdict(dict), "objectives": defaultdict(dict)}
    for element, value in said.items():
        if entry := _ENTRY.fullmatch(element):
            found[entry[1]][int(entry[2])][entry[3]] = value
    return found["interactions"], found["objectives"]


def interactions(said: Mapping[str, Mapping[str, str]]) -> list[Interaction]:
    """All interactions of an attempt, by SCO and in the order in which they were begun."""
    found: list[Interaction] = []
    for sco, elements in sorted(said.items()):
        for position, entry in sorted(_entries(elements)[0].items()):
            patterns = sorted((int(m[1]), value) for name, value in entry.items() if (m := _PATTERN.fullmatch(name)))
            found.append(
                Interaction(
                    sco=sco,
                    position=position,
                    identifier=entry.get("id", ""),
                    type=entry.get("type", ""),
                    response=entry.get("learner_response", entry.get("student_response", "")),
                    patterns=[value for _, value in patterns],
                    result=entry.get("result", ""),
                    weighting=entry.get("weighting", ""),
                    at=entry.get("timestamp", entry.get("time", "")),
                    seconds=seconds_of(entry.get("latency", "")),
                    description=entry.get("description", ""),
                )
            )
    return found


def objectives(said: Mapping[str, Mapping[str, str]]) -> list[Objective]:
    """All objectives of an attempt, by SCO and place."""
    found: list[Objective] = []
    for sco, elements in sorted(said.items()):
        for position, entry in sorted(_entries(elements)[1].items()):
            status = entry.get("status", "")
            found.append(
                Objective(
                    sco=sco,
                    position=position,
                    identifier=entry.get("id", ""),
                    success=entry.get("success_status", status if status in ("passed", "failed") else ""),
                    completion=entry.get("completion_status", status if status not in ("passed", "failed") else ""),
                    score=entry.get("score.scaled", entry.get("score.raw", "")),
                    description=entry.get("description", ""),
                )
            )
    return found

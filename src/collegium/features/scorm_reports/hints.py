"""What stands out in the calls that a package made of its API, in words. Pure: calls in, sentences out.

A hint names what an instructor would otherwise look for line by line: what the package never said, what was refused and
why, what it said in the wrong order. Clauses are of SCORM 1.2 RTE and SCORM 2004 4th edition RTE.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

import msgspec

OPENING = frozenset({"LMSInitialize", "Initialize"})
ENDING = frozenset({"LMSFinish", "Terminate"})
SETTING = frozenset({"LMSSetValue", "SetValue"})
SAVING = frozenset({"LMSCommit", "Commit"})
STATED = 4096
"""Characters of suspend_data that SCORM 1.2 promises a package (RTE 3.4.4); 3rd edition and later promise 64,000."""
BUSY = 20
"""Commits a minute from which on a package is said to save too often."""
MINUTE = 60_000
_CUT = re.compile(r"… \((\d{1,9}) characters\)$")


class Call(msgspec.Struct, frozen=True):
    """One call of the API. ``t``: milliseconds since its SCO was launched; ``error``: the error code after it."""

    t: float
    fn: str
    args: list[str]
    answer: str
    error: str
    sco: str = ""
    cut: list[int] = []
    """Lengths of the arguments and the answer before the recorder cut them, where it did."""

    def length(self, place: int) -> int:
        """How many characters an argument had: the server notes it where it cuts, the player writes it behind."""
        if place < len(self.cut):
            return self.cut[place]
        told = _CUT.search(self.args[place])
        return int(told[1]) if told else len(self.args[place])


class Hint(msgspec.Struct, frozen=True):
    """A sentence about the calls. ``serious``: a result may be missing or wrong because of it."""

    code: str
    words: str
    serious: bool = False


class _Seen:
    """What the calls of one SCO come to."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = calls
        self.set = {call.args[0]: call.args[1] for call in calls if _is_set(call)}
        self.opened = any(call.fn in OPENING and call.answer == "true" for call in calls)
        self.ended = any(call.fn in ENDING and call.answer == "true" for call in calls)
        self.errors = Counter(call.error for call in calls if call.error not in ("", "0"))

    def has_set(self, *elements: str) -> bool:
        return any(element in self.set for element in elements)


def _is_set(call: Call) -> bool:
    return call.fn in SETTING and len(call.args) >= 2 and call.answer == "true"


def hints(calls: Sequence[Call], standard: str) -> list[Hint]:
    """What stands out in the calls of an attempt, the serious first. Without calls there is nothing to say."""
    scos: dict[str, list[Call]] = {}
    for call in calls:
        scos.setdefault(call.sco, []).append(call)
    found: list[Hint] = []
    for sco, theirs in scos.items():
        seen = _Seen(theirs)
        for hint in [*_order(seen), *_silence(seen, standard), *_refusals(seen), *_values(seen, standard)]:
            found.append(Hint(hint.code, f"{sco}: {hint.words}" if len(scos) > 1 else hint.words, hint.serious))
    return sorted(found, key=lambda hint: not hint.serious)


def _order(seen: _Seen) -> list[Hint]:
    """Calls before the beginning, after the end, or without one."""
    found: list[Hint] = []
    first = seen.calls[0].fn
    if not seen.opened:
        return [
            Hint(
                "never_opened",
                "The package never began its session, so nothing that it set could be kept.",
                serious=True,
            )
        ]
    if first not in OPENING and first not in ("LMSGetLastError", "GetLastError"):
        found.append(Hint("early_calls", f"It called {first} before it began its session; such calls are refused."))
    ended = False
    late = 0
    for call in seen.calls:
        if call.fn in ENDING and call.answer == "true":
            ended = True
        elif call.fn in OPENING and call.answer == "true":
            ended = False
        elif ended and call.fn in SETTING:
            late += 1
    if late:
        found.append(
            Hint(
                "late_sets",
                f"It tried to set {_times(late, 'value')} after it had ended its session. They were not kept.",
                True,
            )
        )
    if not seen.ended:
        found.append(
            Hint(
                "never_ended",
                "It has not ended its session: its page was closed, or is open now. What it had saved is kept.",
            )
        )
    return found


def _silence(seen: _Seen, standard: str) -> list[Hint]:
    """What a package is expected to say and did not."""
    if not seen.opened:
        return []
    found: list[Hint] = []
    if standard == "scorm_2004":
        completion, success = seen.has_set("cmi.completion_status"), seen.has_set("cmi.success_status")
        scored = seen.has_set("cmi.score.scaled", "cmi.score.raw")
        if not completion:
            found.append(Hint("no_completion", "The package never set cmi.completion_status.", serious=True))
        if not success:
            found.append(Hint("no_success", "The package never set cmi.success_status.", serious=scored))
        if seen.has_set("cmi.score.raw") and not seen.has_set("cmi.score.scaled"):
            found.append(
                Hint(
                    "no_scaled",
                    "It set cmi.score.raw and no cmi.score.scaled, which alone decides about passing (RTE 4.2.20).",
                )
            )
        session, exit_ = "cmi.session_time", "cmi.exit"
    else:
        scored = seen.has_set("cmi.core.score.raw")
        if not seen.has_set("cmi.core.lesson_status"):
            words = (
                "It set a score and never cmi.core.lesson_status."
                if scored
                else "The package never set cmi.core.lesson_status."
            )
            found.append(Hint("no_completion", words, serious=True))
        session, exit_ = "cmi.core.session_time", "cmi.core.exit"
    if not seen.has_set(session):
        found.append(Hint("no_time", f"It never set {session}, so no time is counted for it."))
    if seen.has_set("cmi.suspend_data") and not seen.has_set(exit_) and seen.ended:
        found.append(
            Hint(
                "no_exit",
                f"It kept suspend_data and never set {exit_}; some packages then begin anew at the next visit.",
            )
        )
    return found


_REFUSED = {
    "401": "used an element that the standard does not have",
    "402": "tried to set a keyword or used an element that is not supported",
    "403": "tried to set what is read only, or asked for what had no value yet",
    "404": "tried to set what is read only, or to read what can only be set",
    "405": "gave a value of the wrong form, or read what can only be set",
    "406": "gave a value of the wrong form",
    "407": "gave a number outside its range",
    "408": "set a part before what it depends on",
    "351": "set something that could not be set",
    "301": "asked for something that is not there, or before it had begun",
}


def _refusals(seen: _Seen) -> list[Hint]:
    """Which calls were refused, and how often; saving that failed before all."""
    found: list[Hint] = []
    failed = sum(
        1
        for call in seen.calls
        if call.fn in SAVING | ENDING and call.answer == "false" and call.error in ("101", "391", "111")
    )
    if failed:
        found.append(
            Hint(
                "not_saved",
                f"Saving failed {_often(failed)}; what was not stored then was sent again later, or is missing.",
                serious=True,
            )
        )
    for code, count in sorted(seen.errors.items()):
        if words := _REFUSED.get(code):
            one = next(call for call in seen.calls if call.error == code)
            named = f", first {one.args[0][:80]}" if one.args and one.args[0] else ""
            found.append(Hint(f"error_{code}", f"It {words} ({_often(count)}, error {code}{named})."))
    return found


def _values(seen: _Seen, standard: str) -> list[Hint]:
    """Values that work here and may not elsewhere, and saving too often."""
    found: list[Hint] = []
    longest = max(
        (call.length(1) for call in seen.calls if _is_set(call) and call.args[0] == "cmi.suspend_data"), default=0
    )
    if standard != "scorm_2004" and longest > STATED:
        words = f"suspend_data had {longest:,} characters; SCORM 1.2 promises {STATED:,}."
        found.append(Hint("long_suspend_data", f"{words} It is kept whole here and would be cut elsewhere."))
    saves = sorted(call.t for call in seen.calls if call.fn in SAVING)
    densest = max((bisect_left(saves, start + MINUTE) - place for place, start in enumerate(saves)), default=0)
    if densest >= BUSY:
        found.append(Hint("busy", f"It saved {densest} times within a minute."))
    return found


def _times(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _often(count: int) -> str:
    return "once" if count == 1 else "twice" if count == 2 else f"{count} times"

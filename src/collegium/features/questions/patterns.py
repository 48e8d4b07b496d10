"""The small language of patterns: what `private.is_safe_pattern` lets through, for drafts that are not saved yet."""

from __future__ import annotations

import re

LONGEST = 200
DEEPEST = 5
_REPETITION = re.compile(r"[*+?]|\{([0-9]{1,2})(?:,([0-9]{0,2}))?\}")
_CLASS = re.compile(r"\[\^?(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|\\[dsw\]\[\\^.*+?/-]|[^\]\\\[^-])+-?\]")
_ONE = re.compile(r"\\[dDsSwW.*+?|(){}^$/\\\-\]\[]|[^\]\[\\{}*+?()|^$]")
_RANGE = re.compile(r"([A-Za-z0-9])-([A-Za-z0-9])")


def is_safe_pattern(pattern: str) -> bool:
    """Whether a pattern is searched in time that grows with the answer alone, whatever it says."""
    if not 1 <= len(pattern) <= LONGEST:
        return False
    repeats = [False]
    may_repeat = group = inner = False
    at = 0
    while at < len(pattern):
        found = _REPETITION.match(pattern, at)
        if found:
            if not may_repeat or (group and inner and found[0] != "?") or not _is_bound(found, 10 if group else 40):
                return False
            repeats[-1] = repeats[-1] or found[0] != "?"
            may_repeat = False
            at = found.end()
        elif pattern[at] == "(":
            plain = pattern.startswith("(?:", at)
            if (not plain and pattern[at + 1 : at + 2] in ("?", "*")) or len(repeats) > DEEPEST:
                return False
            repeats.append(False)
            may_repeat = False
            at += 3 if plain else 1
        elif pattern[at] == ")":
            if len(repeats) == 1:
                return False
            inner = repeats.pop()
            repeats[-1] = repeats[-1] or inner
            may_repeat = group = True
            at += 1
        elif pattern[at] in "|^$":
            may_repeat = False
            at += 1
        else:
            one = _CLASS.match(pattern, at) or _ONE.match(pattern, at)
            if one is None or (one[0].startswith("[") and not _upwards(one[0])):
                return False
            may_repeat, group = True, False
            at = one.end()
    return len(repeats) == 1


def _is_bound(found: re.Match[str], most: int) -> bool:
    if found[1] is None:
        return True
    least, end = int(found[1]), int(found[2]) if found[2] else None
    return least <= most and (end is None or least <= end <= most)


def _upwards(characters: str) -> bool:
    return all(first <= last for first, last in _RANGE.findall(characters))

"""Enough of PostgreSQL's lexical rules to say where in a file each statement begins."""

from __future__ import annotations

import re
from collections.abc import Iterator

# One token that may hide a semicolon, else one character. Order matters: E'…' before '…', $tag$ before anything.
_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<quoted>\b[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    | (?P<word>[^\W\d]\w*(?:\$\w*)*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield (line, SQL) for each statement; the line, from 1, is where its first word stands.

    Knows quotes, dollar quotes, nested comments and the bodies of `begin atomic … end` functions.
    """
    start: int | None = None
    depth = 0
    previous = ""
    at = 0
    while found := _TOKEN.match(text, at):
        at = found.end()
        if found["comment"]:
            at = _end_of_comment(text, at)
            continue
        if found["space"]:
            continue
        if found["other"] == ";" and depth == 0:
            if start is not None:
                yield text.count("\n", 0, start) + 1, text[start:at]
            start = None
            continue
        if start is None:
            start = found.start()
        if word := (found["word"] or "").lower():
            opens = (word == "atomic" and previous == "begin") or (word == "case" and depth > 0)
            depth += 1 if opens else -1 if word == "end" and depth > 0 else 0
            previous = word
    if start is not None:
        yield text.count("\n", 0, start) + 1, text[start:]


def line_of(text: str, position: int) -> int:
    """The line, from 1, of a character position, from 1, as PostgreSQL reports it."""
    return text.count("\n", 0, position - 1) + 1


def _end_of_comment(text: str, at: int) -> int:
    depth = 1
    while depth and (mark := re.compile(r"/\*|\*/").search(text, at)):
        depth += 1 if mark[0] == "/*" else -1
        at = mark.end()
    return at if depth == 0 else len(text)

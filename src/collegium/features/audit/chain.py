"""The chain of the audit log, checked without asking the database how: the text of a row, its hash, and a walk.

A row's hash is SHA-256 over the hash of the row before and the row's text. The text holds the row's place, so what was
moved, removed or slipped in shows in the row itself: its hash then fits another place than the one where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Literal

import msgspec

GENESIS = bytes(32)
"""What stands before the first row."""
FIELDS = ("id", "at", "txid", "actor", "actor_role", "request_id", "table_name", "record_id", "operation", "subject",
          "changed", "personal", "before", "after")  # fmt: skip
"""The columns of a row in the order of its text, after its place."""
FAR = 5_000
"""How many places away a row is looked for that does not belong where it stands."""
MOST = 1_000
"""Findings after which the rest is no news."""

Kind = Literal["altered", "removed", "inserted", "moved", "personal_altered", "personal_removed", "root"]
Fields = Sequence[str | None]


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed row as it is checked. ``fields`` are the columns of `FIELDS` as text."""

    position: int
    fields: Fields
    previous_hash: bytes
    hash: bytes

    @property
    def id(self) -> int:
        return int(self.fields[0] or 0)

    @property
    def table_name(self) -> str:
        return self.fields[6] or ""

    @property
    def record_id(self) -> str:
        return self.fields[7] or ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong, and where."""

    kind: Kind
    words: str
    position: int | None = None
    id: int | None = None
    table_name: str | None = None
    record_id: str | None = None


def field(value: str | None) -> str:
    """A value with its length in bytes in front; ``-`` for none."""
    return "-," if value is None else f"{len(value.encode())}:{value},"


def text(position: int, fields: Fields) -> str:
    """A row at a place as the text that is hashed, as `private.audit_text` makes it."""
    return "collegium-audit-1," + field(str(position)) + "".join(map(field, fields))


def hash_of(previous: bytes, position: int, fields: Fields) -> bytes:
    """The hash of a row at a place after another one."""
    return sha256(previous + text(position, fields).encode()).digest()


def digest(salt: bytes, side: str, column: str, value: str) -> str:
    """What stands in the log in place of a personal value (JSON as text), as `log_audit_trail` makes it."""
    return "sha256:" + sha256(salt + (field(side) + field(column) + field(value)).encode()).hexdigest()


def place_of(row: Sealed, near: int = 0) -> int | None:
    """The place that a row's hash was made for: where it stands, ``near`` to it, or a little further; None if none."""
    head = row.previous_hash + b"collegium-audit-1,"
    rest = "".join(map(field, row.fields)).encode()

    def fits(place: int) -> bool:
        # Only the row's place differs from one try to the next.
        return place > 0 and sha256(head + field(str(place)).encode() + rest).digest() == row.hash

    for place in (row.position, row.position + near):
        if fits(place):
            return place
    for distance in range(1, FAR + 1):
        for place in (row.position + distance, row.position - distance):
            if fits(place):
                return place
    return None


class _Run(msgspec.Struct):
    """Good rows one after the other that all stand equally far from their places."""

    first: Sealed
    shift: int
    rows: int = 0


class _Span(msgspec.Struct):
    """Places one after the other that rows claim, with the numbers of the first and the last row."""

    low: int
    high: int
    low_id: int
    high_id: int


class Walk:
    """Goes through sealed rows in the order in which they stand and keeps what is wrong.

    ``start`` is the last place that is taken for granted, and ``before`` the hash there.
    """

    def __init__(self, *, start: int = 0, before: bytes = GENESIS) -> None:
        self.rows = 0
        self._start = start
        self._found: list[Finding] = []
        self._last: tuple[int, bytes, Sealed | None] = (start, before, None)
        self._rival: tuple[bytes, Sealed] | None = None
        self._strange: list[tuple[Sealed, int]] = []
        self._runs: list[_Run] = []
        self._spans = [_Span(start, start, 0, 0)]

    @property
    def full(self) -> bool:
        """Whether so much is wrong that going on is of no use."""
        return len(self._found) + len(self._strange) + len(self._runs) + len(self._spans) > MOST

    def step(self, row: Sealed) -> int | None:
        """Looks at the next row; answers the place that its hash was made for."""
        self.rows += 1
        shift = self._runs[-1].shift if self._runs else 0
        place = place_of(row, shift)
        if place is None:
            self._strange.append((row, row.position + shift))
            return None
        self._claim(place, row)
        if not self._runs or place - row.position != shift:
            self._runs.append(_Run(row, place - row.position))
        self._runs[-1].rows += 1
        last_place, last_hash, last = self._last
        if place == last_place and last is not None:
            self._rival = (last_hash, last)
        elif place == last_place + 1:
            self._link(row, last_hash, last)
        self._last = (place, row.hash, row)
        return place

    def _claim(self, place: int, row: Sealed) -> None:
        span = self._spans[-1]
        if place == span.high + 1:
            span.high, span.high_id = place, row.id
        else:
            self._spans.append(_Span(place, place, row.id, row.id))

    def _link(self, row: Sealed | None, last_hash: bytes, last: Sealed | None, onto: bytes | None = None) -> None:
        """Of two rows at one place the one that the next was sealed onto is genuine."""
        wanted = row.previous_hash if row is not None else onto
        rival, self._rival = self._rival, None
        if wanted == last_hash:
            if rival:
                self._add("inserted", rival[1], "was slipped in: the next row was sealed onto another one at its place")
        elif rival and wanted == rival[0]:
            if last:
                self._add("inserted", last, "was slipped in: the next row was sealed onto another one at its place")
        elif last:
            self._add("altered", last, "was altered and its hash made anew: the next row was sealed onto another one")
        elif row:
            self._add("altered", row, "was sealed onto something else than what comes before it")

    def finish(self, *, head: int, head_hash: bytes) -> list[Finding]:
        """Everything that is wrong, when the chain is known to end at a place with a hash."""
        last_place, last_hash, last = self._last
        if last is not None and last_place == head:
            self._link(None, last_hash, last, head_hash)
        spans = sorted(self._spans, key=lambda span: span.low)
        claimed = _merge(spans)
        for row, place in self._strange:
            if any(span.low <= place <= span.high for span in claimed):
                self._add("inserted", row, "was slipped in: it was never sealed, and another row holds its place")
            else:
                self._add("altered", row, "was altered: its hash does not fit what it says")
                spans.append(_Span(place, place, row.id, row.id))
        self._removed(_merge(sorted(spans, key=lambda span: span.low)), head)
        self._moved()
        return sorted(self._found, key=lambda finding: (finding.position or 0, finding.id or 0))

    def _removed(self, claimed: Sequence[_Span], head: int) -> None:
        ends = [*claimed[1:], _Span(head + 1, head + 1, 0, 0)]
        for span, following in pairwise([claimed[0], *ends]):
            low, high = span.high + 1, following.low - 1
            if low <= high:
                which = f"Position {low}" if low == high else f"Positions {low} to {high}"
                after = f" after row {span.high_id}" if span.high_id else ""
                until = f" before row {following.low_id}" if following.low_id else " at the end"
                gone = "was removed" if low == high else "were removed"
                self._found.append(Finding(kind="removed", position=low, words=f"{which} {gone},{after}{until}."))

    def _moved(self) -> None:
        """Rows that stand elsewhere for a while; a shift that stays is told by what was removed or slipped in."""
        base, at = 0, 0
        while at < len(self._runs):
            if self._runs[at].shift == base:
                at += 1
                continue
            back = next((i for i in range(at + 1, len(self._runs)) if self._runs[i].shift == base), None)
            if back is None and any(finding.kind in ("removed", "inserted") for finding in self._found):
                base, at = self._runs[at].shift, at + 1
                continue
            for run in self._runs[at:back]:
                many = "" if run.rows == 1 else f" and {run.rows - 1} after it"
                words = f"stands at the wrong place{many}: sealed at {run.first.position + run.shift}"
                self._add("moved", run.first, words)
            at = len(self._runs) if back is None else back

    def _add(self, kind: Kind, row: Sealed, words: str) -> None:
        self._found.append(about(kind, row, words))


def about(kind: Kind, row: Sealed, words: str) -> Finding:
    """A finding about a row, which it names."""
    return Finding(
        kind=kind,
        position=row.position,
        id=row.id,
        table_name=row.table_name,
        record_id=row.record_id,
        words=f"Row {row.id} at position {row.position} ({row.table_name} {row.record_id}) {words}.",
    )


def _merge(spans: Sequence[_Span]) -> list[_Span]:
    merged: list[_Span] = []
    for span in spans:
        if merged and span.low <= merged[-1].high + 1:
            if span.high > merged[-1].high:
                merged[-1] = _Span(merged[-1].low, span.high, merged[-1].low_id, span.high_id)
        else:
            merged.append(span)
    return merged


def personal_findings(row: Sealed, salt: bytes | None, kept: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    """What is wrong with the personal values of a row: ``kept`` has them as JSON text by side and column."""
    if row.fields[11] is None:
        return
    for side, at in (("before", 12), ("after", 13)):
        said: dict[str, object] = msgspec.json.decode(row.fields[at] or "{}", type=dict[str, object])
        for column in msgspec.json.decode(row.fields[11], type=list[str]):
            value = kept.get(side, {}).get(column)
            if said.get(column) is None:
                if value is not None:
                    yield about("personal_altered", row, f"has a personal value too many: {column}, {side}")
            elif value is None or salt is None:
                yield about(
                    "personal_removed", row, f"lacks a personal value of nobody who was erased: {column}, {side}"
                )
            elif digest(salt, side, column, value) != said[column]:
                yield about("personal_altered", row, f"has a personal value that was altered: {column}, {side}")

"""Which bytes of a file an HTTP request asks for: conditions and ranges of RFC 9110, without I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import msgspec

_LONGEST_HEADER = 1000
_INT_RANGE = re.compile(r"([0-9]+)-([0-9]*)")
_SUFFIX_RANGE = re.compile(r"-([0-9]+)")
_ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class ByteRange(msgspec.Struct, frozen=True):
    """Bytes `start` up to, and without, `stop`."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """The value of `Content-Range` (RFC 9110 §14.4) for a file of `size` bytes."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class Unsatisfiable(msgspec.Struct, frozen=True):
    """The range is well formed, but the file has no such bytes: answer 416."""


class Plan(msgspec.Struct, frozen=True):
    """What to answer: 200, 206, 304 or 416, and which bytes (None: no body)."""

    status: int
    body: ByteRange | None


def parse_range(header: str | None, size: int) -> ByteRange | Unsatisfiable | None:
    """The single range that `Range` asks for (RFC 9110 §14.2), or None to send the whole file.

    A header that is malformed, uses another unit or lists several ranges is ignored, as §14.2 allows; several
    ranges in one answer would only help document viewers and open the door to overlapping-range floods.
    """
    if header is None or len(header) > _LONGEST_HEADER:
        return None
    unit, equals, spec = header.strip().partition("=")
    if not equals or unit.lower() != "bytes":
        return None
    spec = spec.strip()
    if match := _INT_RANGE.fullmatch(spec):
        start = int(match[1])
        last = int(match[2]) if match[2] else None
        if last is not None and last < start:
            return None  # §14.1.1: such an int-range is invalid
        if start >= size:
            return Unsatisfiable()
        return ByteRange(start, size if last is None else min(last + 1, size))
    if match := _SUFFIX_RANGE.fullmatch(spec):
        length = int(match[1])
        if length == 0:
            return Unsatisfiable()
        # Content-Range cannot express a range of an empty file, so an empty file is sent whole.
        return ByteRange(max(0, size - length), size) if size else None
    return None


def quote_etag(etag: str | None) -> str | None:
    """A store's entity tag in the form that a header needs (RFC 9110 §8.8.3)."""
    if not etag:
        return None
    return etag if _ENTITY_TAG.fullmatch(etag) else '"' + re.sub(r"[^\x21\x23-\x7e]", "", etag) + '"'


def http_date(moment: datetime) -> str:
    """An instant as an HTTP-date (RFC 9110 §5.6.7)."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def matches_none(if_none_match: str, etag: str | None) -> bool:
    """Whether `If-None-Match` is true, that is, the client holds no current copy (RFC 9110 §13.1.2)."""
    if if_none_match.strip() == "*":
        return False
    held = {match[2] for match in _ENTITY_TAG.finditer(if_none_match[:_LONGEST_HEADER])}
    return etag is None or etag.removeprefix("W/") not in held


def unmodified_since(if_modified_since: str, last_modified: datetime) -> bool:
    """Whether the file is no newer than `If-Modified-Since` (RFC 9110 §13.1.3), in whole seconds."""
    since = _parse_date(if_modified_since)
    return since is not None and last_modified.replace(microsecond=0) <= since


def range_applies(if_range: str | None, etag: str | None, last_modified: datetime) -> bool:
    """Whether `If-Range` lets the range be used (RFC 9110 §13.1.5): a strong tag, or the exact date."""
    if if_range is None:
        return True
    value = if_range.strip()
    if _ENTITY_TAG.fullmatch(value):
        return not value.startswith("W/") and value == etag
    return _parse_date(value) == last_modified.replace(microsecond=0)


def plan(method: str, headers: Mapping[str, str], *, size: int, etag: str | None, last_modified: datetime) -> Plan:
    """The answer to a GET or HEAD, conditions first and the range last (order of RFC 9110 §13.2.2).

    `headers` has lower-case names; `etag` is quoted.
    """
    none_match, modified_since = headers.get("if-none-match"), headers.get("if-modified-since")
    if none_match is not None:
        if not matches_none(none_match, etag):
            return Plan(304, None)
    elif modified_since is not None and unmodified_since(modified_since, last_modified):
        return Plan(304, None)
    if method == "GET" and range_applies(headers.get("if-range"), etag, last_modified):
        wanted = parse_range(headers.get("range"), size)
        if isinstance(wanted, Unsatisfiable):
            return Plan(416, None)
        if wanted is not None:
            return Plan(206, wanted)
    return Plan(200, ByteRange(0, size))


def _parse_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

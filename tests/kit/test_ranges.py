"""Ranges and conditions of RFC 9110, by table and by property."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.kit import ranges
from collegium.kit.ranges import ByteRange, Unsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        (None, 10, None),
        ("bytes=0-4", 10, ByteRange(0, 5)),
        ("bytes=5-", 10, ByteRange(5, 10)),
        ("bytes=-3", 10, ByteRange(7, 10)),
        ("bytes=-30", 10, ByteRange(0, 10)),
        ("bytes=0-99", 10, ByteRange(0, 10)),
        ("Bytes=9-9", 10, ByteRange(9, 10)),
        ("bytes= 1-2 ", 10, ByteRange(1, 3)),
        ("bytes=" + "9" * 30 + "-", 10, Unsatisfiable()),
        ("bytes=10-", 10, Unsatisfiable()),
        ("bytes=10-12", 10, Unsatisfiable()),
        ("bytes=-0", 10, Unsatisfiable()),
        ("bytes=0-", 0, Unsatisfiable()),
        ("bytes=-5", 0, None),
        ("bytes=4-2", 10, None),
        ("bytes=0-1,3-4", 10, None),
        ("bytes=", 10, None),
        ("bytes=-", 10, None),
        ("bytes=a-b", 10, None),
        ("bytes=1-2x", 10, None),
        ("bytes=+1-2", 10, None),
        ("bytes=١-٢", 10, None),
        ("items=0-4", 10, None),
        ("0-4", 10, None),
        ("bytes=0-" + "9" * 2000, 10, None),
    ],
)
def test_parse_range(header: str | None, size: int, expected: object) -> None:
    assert parse_range(header, size) == expected


@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_agrees_with_slicing(size: int, first: int, last: int) -> None:
    body = bytes(range(size))
    for header, wanted in (
        (f"bytes={first}-{last}", body[first : last + 1]),
        (f"bytes={first}-", body[first:]),
    ):
        found = parse_range(header, size)
        if isinstance(found, ByteRange):
            assert body[found.start : found.stop] == wanted
            assert len(found) == len(wanted) > 0
        else:
            assert wanted == b"" or found is None


@given(st.text() | st.text("0123456789-,= ", max_size=12), st.integers(0, 100))
def test_no_header_breaks_the_parser(text: str, size: int) -> None:
    found = parse_range("bytes=" + text, size)
    if isinstance(found, ByteRange):
        assert 0 <= found.start < found.stop <= size


WRITTEN = datetime(2026, 3, 1, 12, 0, 0, 500_000, UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 200),
        ({"range": "bytes=0-1"}, 206),
        ({"range": "bytes=100-"}, 416),
        ({"range": "bytes=0-1", "if-range": '"v1"'}, 206),
        ({"range": "bytes=0-1", "if-range": '"v2"'}, 200),
        ({"range": "bytes=0-1", "if-range": 'W/"v1"'}, 200),
        ({"range": "bytes=0-1", "if-range": ranges.http_date(WRITTEN)}, 206),
        ({"range": "bytes=0-1", "if-range": ranges.http_date(WRITTEN + timedelta(days=1))}, 200),
        ({"range": "bytes=0-1", "if-range": "rubbish"}, 200),
        ({"range": "bytes=100-", "if-range": '"v2"'}, 200),
        ({"if-none-match": '"v1"'}, 304),
        ({"if-none-match": 'W/"v1"'}, 304),
        ({"if-none-match": '"v0", "v1"'}, 304),
        ({"if-none-match": "*"}, 304),
        ({"if-none-match": '"v2"'}, 200),
        ({"if-none-match": '"v1"', "range": "bytes=0-1"}, 304),
        ({"if-modified-since": ranges.http_date(WRITTEN)}, 304),
        ({"if-modified-since": ranges.http_date(WRITTEN - timedelta(seconds=1))}, 200),
        ({"if-modified-since": "rubbish"}, 200),
        ({"if-none-match": '"v2"', "if-modified-since": ranges.http_date(WRITTEN)}, 200),
    ],
)
def test_conditions_come_before_the_range(headers: dict[str, str], expected: int) -> None:
    plan = ranges.plan("GET", headers, size=100, etag='"v1"', last_modified=WRITTEN)
    assert plan.status == expected
    assert (plan.body is None) == (expected in (304, 416))


def test_head_ignores_the_range() -> None:
    plan = ranges.plan("HEAD", {"range": "bytes=0-1"}, size=100, etag=None, last_modified=WRITTEN)
    assert plan == ranges.Plan(200, ByteRange(0, 100))


@pytest.mark.parametrize(("raw", "quoted"), [("abc", '"abc"'), ('"abc"', '"abc"'), ('W/"a"', 'W/"a"'), (None, None)])
def test_entity_tags_are_quoted(raw: str | None, quoted: str | None) -> None:
    assert ranges.quote_etag(raw) == quoted

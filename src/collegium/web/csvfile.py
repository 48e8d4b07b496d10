"""CSV files (RFC 4180) that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence

from litestar import Response
from litestar.response import Stream

_FORMULA = "=+-@\t\r"


def cell(value: object) -> str:
    """A value as a cell; text that begins like a formula is kept text. None is an empty cell, numbers stay numbers."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] and text[:1] in _FORMULA else text


def lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Some rows."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


def _headers(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}


def small(name: str, rows: Iterable[Sequence[object]]) -> Response[bytes]:
    """A file whose rows are all there."""
    return Response(lines(rows), media_type="text/csv; charset=utf-8", headers=_headers(name))


def download(name: str, columns: Sequence[str], pages: AsyncIterator[Iterable[Sequence[object]]]) -> Stream:
    """A file that is sent while its rows are read."""

    async def whole() -> AsyncIterator[bytes]:
        yield lines([columns])
        async for rows in pages:
            if text := lines(rows):
                yield text

    return Stream(whole(), media_type="text/csv; charset=utf-8", headers=_headers(name))

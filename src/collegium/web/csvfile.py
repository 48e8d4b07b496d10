"""CSV files as answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from litestar import Response
from litestar.response import Stream

from collegium.kit.csvtext import lines

TYPE = "text/csv"  # the encoding is put behind it


def small(name: str, rows: Iterable[Sequence[object]], *, before: bytes = b"") -> Response[bytes]:
    """A file whose rows are all there; ``before``: what stands before the first of them."""
    return Response(before + lines(rows), media_type=TYPE, headers=_headers(name))


def download(name: str, columns: Sequence[str], pages: AsyncIterator[Iterable[Sequence[object]]]) -> Stream:
    """A file that is sent while its rows are read."""

    async def whole() -> AsyncIterator[bytes]:
        yield lines([columns])
        async for rows in pages:
            if text := lines(rows):
                yield text

    return Stream(whole(), media_type=TYPE, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}

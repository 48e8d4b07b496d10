"""Built files come from memory, packed for who takes that, and nothing outside of their folder ever does."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest
from litestar.types import Receive, Scope, Send

from collegium.web.built import LARGEST, PREFIX, BuiltFiles

SCRIPT = b"export const words = 'calm and exact';\n" * 100


async def _framework(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"x-by", b"framework")]})  # type: ignore[typeddict-item]
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@pytest.fixture
def browser(tmp_path: Path) -> httpx.AsyncClient:
    """Asks a site whose build is a script, a font and something large; a secret lies beside the folder."""
    assets = tmp_path / "assets"
    (assets / "islands").mkdir(parents=True)
    (assets / "islands" / "player-1.js").write_bytes(SCRIPT)
    (assets / "letters-1.woff2").write_bytes(b"w" * 3000)
    (assets / "large-1.js").write_bytes(b" " * (LARGEST + 1))
    (tmp_path / "secret.txt").write_text("key")
    (assets / "way-out.txt").symlink_to(tmp_path / "secret.txt")
    transport = httpx.ASGITransport(BuiltFiles(_framework, assets))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://site.test")


async def test_a_script_comes_packed_and_whole_every_time(browser: httpx.AsyncClient) -> None:
    for _ in range(2):
        answer = await browser.get(f"{PREFIX}islands/player-1.js")
        assert (answer.status_code, answer.content) == (200, SCRIPT)
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT, 9, mtime=0))
    plain = await browser.get(f"{PREFIX}islands/player-1.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert (plain.content, plain.headers["vary"]) == (SCRIPT, "Accept-Encoding")
    asked = await browser.head(f"{PREFIX}islands/player-1.js")
    assert (asked.status_code, asked.content) == (200, b"")


async def test_a_font_is_not_packed_again(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(f"{PREFIX}letters-1.woff2")
    assert answer.content == b"w" * 3000
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-type"] == "font/woff2"


@pytest.mark.parametrize(
    "name",
    ["../secret.txt", "%2e%2e/secret.txt", "islands/../../secret.txt", "way-out.txt", "islands", "none-1.js", "large-1.js", "a\x00b"],
    ids=["up", "coded", "through", "link", "folder", "missing", "large", "nul"],
)  # fmt: skip
async def test_anything_else_is_left_to_the_framework(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.get(
        httpx.URL(f"http://site.test{PREFIX}").join(f"http://site.test{PREFIX}{name.replace(chr(0), '%00')}")
    )
    assert (answer.status_code, answer.headers["x-by"]) == (404, "framework")


async def test_parts_and_other_methods_are_left_to_the_framework(browser: httpx.AsyncClient) -> None:
    path = f"{PREFIX}islands/player-1.js"
    assert (await browser.get(path, headers={"range": "bytes=0-9"})).headers["x-by"] == "framework"
    assert (await browser.post(path)).headers["x-by"] == "framework"

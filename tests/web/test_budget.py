"""What an ordinary page costs a browser, and what the built files must not hold."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from collegium.web import assets

LOCK = Path(__file__).parents[2] / "frontend" / "package-lock.json"


def compressed(*files: Path) -> int:
    return sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)


def linked(tags: str, suffix: str) -> list[Path]:
    return [
        assets.STATIC_DIR / found.removeprefix(assets.STATIC_URL)
        for found in re.findall(r'(?:href|src)="([^"]+)"', tags)
        if found.endswith(suffix)
    ]


def test_an_ordinary_page_has_at_most_22_kb_of_script() -> None:
    scripts = linked(assets.entry_tags("islands/site"), ".js")
    assert scripts
    assert compressed(*scripts) <= 22 * 1024


def test_an_ordinary_page_has_at_most_25_kb_of_style() -> None:
    sheets = linked(assets.entry_tags("styles/app"), ".css")
    assert sheets
    assert compressed(*sheets) <= 25 * 1024


def test_the_preloaded_fonts_are_two_and_at_most_104_kb() -> None:
    fonts = linked(assets.font_preloads(), ".woff2")
    assert len(fonts) == 2
    assert sum(file.stat().st_size for file in fonts) <= 104 * 1024


def test_no_style_sheet_asks_another_host_for_anything() -> None:
    for sheet in assets.STATIC_DIR.rglob("*.css"):
        assert not re.search(r"""url\(["']?(?:https?:)?//""", sheet.read_text("utf-8")), sheet.name


def test_every_font_swaps() -> None:
    [sheet] = linked(assets.entry_tags("styles/app"), ".css")
    faces = re.findall(r"@font-face\{[^}]+\}", sheet.read_text("utf-8"))
    own = [face for face in faces if "url(" in face]
    assert len(own) == 6
    assert all("font-display:swap" in face for face in own)


def test_the_build_carries_the_licences_of_what_it_carries() -> None:
    text = (assets.STATIC_DIR / "licences.txt").read_text("utf-8")
    for name in ("htmx.org", "lucide-static", "@fontsource-variable/inter", "hls.js", "media-chrome"):
        assert re.search(rf"^{re.escape(name)} \d", text, re.M), name


@pytest.mark.parametrize("key", ["resolved", "funding"])
def test_the_lock_file_names_no_host(key: str) -> None:
    text = LOCK.read_text("utf-8")
    assert "://" not in text
    assert f'"{key}"' not in text


def test_the_lock_file_is_whole() -> None:
    packages = json.loads(LOCK.read_text("utf-8"))["packages"]
    names = {path.rpartition("node_modules/")[2] for path in packages}
    for path, package in packages.items():
        assert not path or package.get("integrity") or package.get("inBundle"), f"{path} has no checksum"
        # A machine of another kind installs other optional packages, so all of them must be listed.
        wanted = package.get("dependencies", {}) | package.get("optionalDependencies", {})
        assert set(wanted) <= names, f"{path} needs {set(wanted) - names}"

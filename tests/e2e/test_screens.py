"""The pictures of the pages: each is shown, none is missing, none is large."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
LARGEST, ALL = 150_000, 12_000_000


def test_each_picture_is_shown_and_small() -> None:
    shown = re.findall(r"screenshots/([\w-]+\.png)", (DOCS / "reference" / "screens.md").read_text("utf-8"))
    sizes = {file.name: file.stat().st_size for file in (DOCS / "screenshots").iterdir()}
    assert sorted(shown) == sorted(sizes)
    assert max(sizes.values()) <= LARGEST
    assert sum(sizes.values()) <= ALL

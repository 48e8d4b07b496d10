"""What the manifest reader says of a build, of a missing one, and of a name that it does not have."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jinja2
import pytest

from collegium.web import assets

MANIFEST: dict[str, Any] = {
    "islands/player/main.ts": {
        "file": "assets/player-1.js",
        "isEntry": True,
        "imports": ["_shared.js"],
        "css": ["assets/player-1.css"],
        "dynamicImports": ["hls.ts"],
    },
    "_shared.js": {"file": "assets/shared-2.js", "imports": ["_deep.js"], "css": ["assets/shared-2.css"]},
    "_deep.js": {"file": "assets/deep-3.js", "imports": ["_shared.js"]},
    "hls.ts": {"file": "assets/hls-4.js"},
    "styles/app.css": {"file": "assets/app-5.css", "isEntry": True},
    "fonts/inter-latin-wght-normal.woff2": {"file": "assets/inter-latin-wght-normal-6.woff2"},
    "fonts/inter-latin-ext-wght-normal.woff2": {"file": "assets/inter-latin-ext-wght-normal-7.woff2"},
}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small build in a folder of its own."""
    monkeypatch.setattr(assets, "STATIC_DIR", tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST), "utf-8")
    (tmp_path / "icons.json").write_text('{"clock": "<circle r=\\"9\\"/>", "clock-3": "<path/>"}', "utf-8")
    (tmp_path / "favicon.svg").write_text("<svg/>", "utf-8")
    return tmp_path


@pytest.mark.usefixtures("build")
def test_an_entry_brings_its_styles_and_all_that_it_imports_but_not_what_it_may_need_later() -> None:
    tags = assets.entry_tags("islands/player").splitlines()
    assert tags == [
        '<link rel="stylesheet" href="/static/dist/assets/player-1.css">',
        '<link rel="stylesheet" href="/static/dist/assets/shared-2.css">',
        '<script type="module" src="/static/dist/assets/player-1.js"></script>',
        '<link rel="modulepreload" href="/static/dist/assets/shared-2.js">',
        '<link rel="modulepreload" href="/static/dist/assets/deep-3.js">',
    ]


@pytest.mark.usefixtures("build")
def test_what_a_page_will_import_comes_ahead_with_what_that_imports() -> None:
    assert assets.ahead_tags("hls.ts", "_shared.js").splitlines() == [
        '<link rel="modulepreload" href="/static/dist/assets/hls-4.js">',
        '<link rel="modulepreload" href="/static/dist/assets/shared-2.js">',
        '<link rel="modulepreload" href="/static/dist/assets/deep-3.js">',
    ]


@pytest.mark.usefixtures("build")
def test_a_style_sheet_is_an_entry_without_script() -> None:
    assert assets.entry_tags("styles/app") == '<link rel="stylesheet" href="/static/dist/assets/app-5.css">'


@pytest.mark.usefixtures("build")
@pytest.mark.parametrize("name", ["islands/player/main.ts", "islands/player", "player"])
def test_an_entry_may_be_named_shortly(name: str) -> None:
    assert assets.asset_url(name) == "/static/dist/assets/player-1.js"


@pytest.mark.usefixtures("build")
def test_a_plain_file_carries_a_digest_of_its_content() -> None:
    assert assets.asset_url("favicon.svg").startswith("/static/dist/favicon.svg?v=")


@pytest.mark.usefixtures("build")
def test_only_the_fonts_of_the_first_screen_are_preloaded() -> None:
    preloads = assets.font_preloads()
    assert "inter-latin-wght-normal-6.woff2" in preloads
    assert "latin-ext" not in preloads


@pytest.mark.usefixtures("build")
def test_an_unknown_entry_names_those_that_exist() -> None:
    with pytest.raises(assets.UnknownAsset, match=r"islands/player/main\.ts, styles/app\.css"):
        assets.asset_url("islands/nothing")


def test_a_missing_build_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "STATIC_DIR", tmp_path)
    for call in (lambda: assets.asset_url("styles/app"), lambda: assets.entry_tags("player"), lambda: assets.icon("x")):
        with pytest.raises(assets.FrontEndNotBuilt, match="run script/demo or npm run build"):
            call()


def test_a_new_build_is_seen_without_a_restart(build: Path) -> None:
    assert "app-5.css" in assets.entry_tags("styles/app")
    changed = MANIFEST | {"styles/app.css": {"file": "assets/app-9.css", "isEntry": True}}
    (build / "manifest.json").write_text(json.dumps(changed), "utf-8")
    os.utime(build / "manifest.json", ns=(1, 1))
    assert "app-9.css" in assets.entry_tags("styles/app")


@pytest.mark.usefixtures("build")
def test_an_icon_is_hidden_beside_a_word_and_named_without_one() -> None:
    hidden = assets.icon("clock", 16)
    assert 'aria-hidden="true"' in hidden
    assert 'width="16"' in hidden
    assert 'stroke-width="2.25"' in hidden, "1.5 px at 16 px is 2.25 units of a grid of 24"
    named = assets.icon("clock", label='5 "min"')
    assert 'role="img" aria-label="5 &#34;min&#34;"' in named
    assert "aria-hidden" not in named


@pytest.mark.usefixtures("build")
def test_an_unknown_icon_names_its_neighbours() -> None:
    with pytest.raises(assets.UnknownAsset, match="clock"):
        assets.icon("clok")


def test_own_icons_stand_beside_the_collected_ones(build: Path) -> None:
    assert "<path" in assets.icon("collegium")


def test_attributes_are_escaped_and_empty_ones_left_out() -> None:
    given = {"hx_get": '/a?b=1&c="2"', "required": True, "disabled": False, "title": None, "class_": "x"}
    assert assets.attributes(given) == ' hx-get="/a?b=1&amp;c=&#34;2&#34;" required class="x"'


def test_a_form_without_a_token_is_refused() -> None:
    environment = jinja2.Environment(autoescape=True)
    assets.install(environment)
    template = environment.from_string("{{ ui.csrf() }}")
    assert template.render(csrf_token='a"b') == '<input type="hidden" name="_csrf_token" value="a&#34;b">'
    with pytest.raises(RuntimeError, match="csrf_token"):
        template.render()

"""The built front end as templates see it: file addresses, tags, icons and the `ui` macros.

Vite writes hashed files, `manifest.json` and `icons.json` into `static/dist`; a wheel carries that folder, so
that nothing here needs Node. `install` puts everything into a Jinja environment.
"""

import difflib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import jinja2
from markupsafe import Markup, escape

from collegium.web.covers import course_cover

STATIC_URL = "/static/dist/"
STATIC_DIR = Path(__file__).parent / "static" / "dist"
TEMPLATES_DIR = Path(__file__).parent / "templates"
OWN_ICONS_DIR = Path(__file__).parent / "icons"

# What paints the first screen. Everything else is fetched when a page turns out to need it.
PRELOADED_FONTS = ("inter-latin-wght-normal.woff2", "source-serif-4-latin-wght-normal.woff2")


class FrontEndNotBuilt(RuntimeError):
    """The built files are missing, so no page can be shown."""

    def __init__(self) -> None:
        super().__init__("Front end is not built: run script/demo or npm run build")


class UnknownAsset(LookupError):
    """A template names an entry, file or icon that the build does not have."""


@lru_cache(maxsize=4)
def _manifest_file(folder: Path) -> str:
    return str(folder / "manifest.json")


def _stamp() -> int:
    # Asked for every icon and tag of every page, where a Path would cost more than the look at the disk.
    try:
        return os.stat(_manifest_file(STATIC_DIR)).st_mtime_ns
    except FileNotFoundError:
        raise FrontEndNotBuilt from None


@lru_cache(maxsize=1)
def _read_manifest(stamp: int) -> dict[str, Any]:
    return json.loads((STATIC_DIR / "manifest.json").read_text("utf-8"))


@lru_cache(maxsize=1)
def _read_icons(stamp: int) -> dict[str, str]:
    drawings: dict[str, str] = json.loads((STATIC_DIR / "icons.json").read_text("utf-8"))
    for own in OWN_ICONS_DIR.glob("*.svg"):
        drawings[own.stem] = own.read_text("utf-8").strip()
    return drawings


def _manifest() -> dict[str, Any]:
    # The file's time is part of the key: a new build is seen without a restart.
    return _read_manifest(_stamp())


def _chunk(entry: str) -> dict[str, Any]:
    manifest = _manifest()
    for key in (entry, f"{entry}/main.ts", f"{entry}.css", f"islands/{entry}/main.ts"):
        if key in manifest:
            return manifest[key]
    raise UnknownAsset(f"The front end has no entry {entry!r}. It has: {', '.join(_entries(manifest))}.")


def _entries(manifest: Mapping[str, Any]) -> list[str]:
    return sorted(key for key, chunk in manifest.items() if chunk.get("isEntry"))


@lru_cache(maxsize=64)
def _plain_file(name: str, stamp: int) -> str | None:
    file = STATIC_DIR / name
    if not file.is_file():
        return None
    return f"{STATIC_URL}{name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"


def asset_url(entry: str) -> str:
    """The address of a built file.

    `entry` is an entry (`islands/player/main.ts`, or just `islands/player`; `styles/app`), or a file of
    `frontend/public` (`favicon.svg`).
    Raises UnknownAsset, or FrontEndNotBuilt.
    """
    plain = _plain_file(entry, _stamp())
    return plain if plain is not None else STATIC_URL + _chunk(entry)["file"]


def entry_tags(entry: str) -> Markup:
    """The tags that load an entry: its style sheets, its module, and what that module imports, at once.

    Raises UnknownAsset, or FrontEndNotBuilt.
    """
    return _entry_tags(entry, _stamp())


def ahead_tags(*modules: str) -> Markup:
    """Tags that fetch, at once, modules which a page's own script is going to import one after the other.

    `modules` are names of the manifest: a source file of the front end or of a package.
    Raises UnknownAsset, or FrontEndNotBuilt.
    """
    return _ahead_tags(modules, _stamp())


@lru_cache(maxsize=64)
def _ahead_tags(modules: tuple[str, ...], stamp: int) -> Markup:
    manifest = _manifest()
    files: dict[str, None] = {}
    for module in modules:
        chunk = _chunk(module)
        files.update(dict.fromkeys([chunk["file"], *(manifest[name]["file"] for name in chunk.get("imports", []))]))
    return Markup("\n".join(f'<link rel="modulepreload" href="{STATIC_URL}{js}">' for js in files))  # noqa: S704 - as below


@lru_cache(maxsize=64)
def _entry_tags(entry: str, stamp: int) -> Markup:
    manifest, chunk = _manifest(), _chunk(entry)
    styles: dict[str, None] = {}
    preloads: dict[str, None] = {}

    def visit(part: Mapping[str, Any]) -> None:
        styles.update(dict.fromkeys(part.get("css", [])))
        for name in part.get("imports", []):
            imported = manifest[name]
            if imported["file"] not in preloads:
                preloads[imported["file"]] = None
                visit(imported)

    visit(chunk)
    file: str = chunk["file"]
    if file.endswith(".css"):
        styles[file] = None
    tags = [f'<link rel="stylesheet" href="{STATIC_URL}{css}">' for css in styles]
    if file.endswith(".js"):
        tags.append(f'<script type="module" src="{STATIC_URL}{file}"></script>')
        tags += [f'<link rel="modulepreload" href="{STATIC_URL}{js}">' for js in preloads]
    return Markup("\n".join(tags))  # noqa: S704 - made of the manifest's own file names


def font_preloads() -> Markup:
    """The tags that fetch the two families before the style sheet asks for them."""
    return _font_preloads(_stamp())


@lru_cache(maxsize=1)
def _font_preloads(stamp: int) -> Markup:
    files = [chunk["file"] for key, chunk in _manifest().items() if key.endswith(PRELOADED_FONTS)]
    tag = '<link rel="preload" as="font" type="font/woff2" crossorigin href="{}{}">'
    return Markup("\n".join(tag.format(STATIC_URL, file) for file in files))  # noqa: S704 - as above


def icon(name: str, size: int = 20, label: str | None = None) -> Markup:
    """An icon as inline SVG: any of lucide's by its name there, or one of ours in `web/icons`.

    `size` is in CSS pixels. Without a `label` the icon is hidden from assistive technology, because a word
    stands beside it; with one it is an image of that name.
    Raises UnknownAsset, or FrontEndNotBuilt.
    """
    return _icon(name, size, label, _stamp())


@lru_cache(maxsize=2048)
def _icon(name: str, size: int, label: str | None, stamp: int) -> Markup:
    drawings = _read_icons(stamp)
    if name not in drawings:
        close = difflib.get_close_matches(name, drawings, n=4)
        raise UnknownAsset(f"There is no icon {name!r}." + (f" Near it: {', '.join(close)}." if close else ""))
    naming = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    # The stroke stays 1.5 px whatever the size, as lucide draws on a grid of 24.
    stroke = round(1.5 * 24 / size, 3)
    return Markup(  # noqa: S704 - the drawing comes from the build, the label is escaped
        f'<svg class="icon" width="{size}" height="{size}" viewBox="0 0 24 24" fill="none"'
        f' stroke="currentColor" stroke-width="{stroke}" stroke-linecap="round" stroke-linejoin="round"'
        f" {naming}>{drawings[name]}</svg>"
    )


def attributes(given: Mapping[str, Any]) -> Markup:
    """HTML attributes of a mapping: `hx_get` becomes `hx-get`, None and False are left out."""
    parts: list[str] = []
    for key, value in given.items():
        name = key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        parts.append(f" {escape(name)}" if value is True else f' {escape(name)}="{escape(value)}"')
    return Markup("".join(parts))  # noqa: S704 - each name and value is escaped


class Ui:
    """Every macro of `templates/ui/*.html` under one name: `{{ ui.button("Save") }}`, with no import."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment
        self._homes: dict[str, str] = {}

    def __getattr__(self, name: str) -> Callable[..., Markup]:
        if name.startswith("_"):
            raise AttributeError(name)
        home = self._homes.get(name) or self._find(name)
        macro = getattr(self._environment.get_template(home).module, name)
        if not self._environment.auto_reload:
            # Found as a plain attribute from now on: pages call macros a hundred times.
            self.__dict__[name] = macro
        return macro

    def _find(self, name: str) -> str:
        for file in sorted((TEMPLATES_DIR / "ui").glob("*.html")):
            home = f"ui/{file.name}"
            if hasattr(self._environment.get_template(home).module, name):
                self._homes[name] = home
                return home
        raise AttributeError(f"There is no macro {name!r} in templates/ui.")

    @staticmethod
    def course_cover(title: str, category: str, picture: str | None = None) -> Markup:
        """What stands for a course: its picture, else the generated cover."""
        return course_cover(title, category, picture)

    @jinja2.pass_context
    def csrf(self, context: jinja2.runtime.Context) -> Markup:
        """The hidden field that every POST form carries, with the `csrf_token` of the page."""
        token = context.get("csrf_token")
        if not token:
            raise RuntimeError("ui.csrf() needs csrf_token in the template's context")
        return Markup('<input type="hidden" name="_csrf_token" value="{}">').format(token)


def install(environment: jinja2.Environment) -> None:
    """Give an environment what layouts and macros call: `asset`, `entry_tags`, `ahead_tags`, `icon`, `ui`, the rest.

    The environment must be synchronous, escape by default and find `web/templates`.
    """
    names = cast("dict[str, Any]", environment.globals)  # pyright: ignore[reportUnknownMemberType]
    names.update(
        asset=asset_url,
        entry_tags=entry_tags,
        ahead_tags=ahead_tags,
        font_preloads=font_preloads,
        icon=icon,
        course_cover=course_cover,
        ui=Ui(environment),
    )
    filters = cast("dict[str, Any]", environment.filters)  # pyright: ignore[reportUnknownMemberType]
    filters["attributes"] = attributes

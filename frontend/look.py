"""Render `/design` and single layouts without the application, and photograph them in Chromium.

    .venv/bin/python frontend/look.py FOLDER [--axe]

Writes a PNG for each page, width and theme into FOLDER. With --axe it also runs axe-core on each and exits
with 1 when it finds anything.
"""

import argparse
import functools
import http.server
import json
import sys
import tempfile
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from playwright.sync_api import Page, sync_playwright

from collegium.web import assets

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
USER = {"id": "1", "name": "Nadia Verhoeven", "email": "nadia@example.org", "role": "admin", "initials": "NV"}
PAGES: dict[str, dict[str, Any]] = {"design": {"user": USER}, "guest": {"user": None}}


def environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(assets.TEMPLATES_DIR), autoescape=True, undefined=jinja2.StrictUndefined
    )
    assets.install(made)
    return made


def render(page: str, theme: str) -> str:
    return (
        environment()
        .get_template("design/index.html" if page == "design" else f"design/{page}.html")
        .render(
            csrf_token="a" * 64,
            site_name="Collegium",
            theme=theme,
            request_path="/design" if page == "design" else "/sign-in",
            flashes=[],
            now=datetime(2026, 6, 3, 14, 5, tzinfo=UTC),
            **PAGES[page],
        )
    )


def findings(page: Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--axe", action="store_true")
    parser.add_argument("--page", choices=list(PAGES), action="append")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        (Path(root) / "static").symlink_to(assets.STATIC_DIR)
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=root)
        handler.log_message = lambda *_: None  # type: ignore[attr-defined]
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name in asked.page or PAGES:
            for theme in ("light", "dark"):
                (Path(root) / f"{name}-{theme}.html").write_text(render(name, theme), "utf-8")
                for width in (1280, 390):
                    page = browser.new_page(viewport={"width": width, "height": 900})
                    page.on("console", lambda message: print(message.text) if message.type == "error" else None)
                    page.goto(f"http://127.0.0.1:{server.server_port}/{name}-{theme}.html", wait_until="networkidle")
                    page.screenshot(path=asked.folder / f"{name}-{theme}-{width}.png", full_page=True)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    if wide > width:
                        wrong.append(f"{name} {theme} {width}: scrolls sideways, {wide} px wide")
                    if asked.axe:
                        wrong += [f"{name} {theme} {width}: {finding}" for finding in findings(page)]
                    page.close()
        browser.close()
    print(json.dumps(wrong, indent=2) if wrong else "Nothing found.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Render `/design`, or other templates, without the application, and photograph them in Chromium.

    .venv/bin/python frontend/look.py FOLDER [--axe] [--guest] [TEMPLATE …]

Writes a PNG for each template (by default /design's), width and theme into FOLDER. Exits with 1 when a page
scrolls sideways or, with --axe, when axe-core finds anything.
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

from collegium.web import assets, pages

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
USER = {"id": "1", "name": "Nadia Verhoeven", "email": "nadia@example.org", "role": "admin", "initials": "NV"}


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the pictures are the output."""


def environment(more: list[Path]) -> jinja2.Environment:
    application = pages.environment()
    assert application.loader  # noqa: S101 - the application always has one
    folders = jinja2.FileSystemLoader([file.parent for file in more])
    return application.overlay(loader=jinja2.ChoiceLoader([application.loader, folders]))


def render(environment: jinja2.Environment, template: str, theme: str, guest: bool) -> str:
    return environment.get_template(template).render(
        csrf_token="a" * 64,
        site_name="Collegium",
        theme=theme,
        request_path="/design",
        request_query="",
        flashes=[],
        now=datetime(2026, 6, 3, 14, 5, tzinfo=UTC),
        user=None if guest else USER,
    )


def findings(page: Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--axe", action="store_true")
    parser.add_argument("--guest", action="store_true", help="nobody is signed in")
    parser.add_argument("--only", choices=["light", "dark"], help="one theme")
    parser.add_argument("templates", type=Path, nargs="*")
    asked = parser.parse_intermixed_args()
    made = environment(asked.templates)
    named = {file.stem: file.name for file in asked.templates} or {"design": "design/index.html"}
    asked.folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as root, sync_playwright() as playwright:
        (Path(root) / "static").symlink_to(assets.STATIC_DIR.parent)
        handler = functools.partial(Handler, directory=root)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for name, template in named.items():
            for theme in [asked.only] if asked.only else ("light", "dark"):
                html = render(made, template, theme, asked.guest)
                (Path(root) / f"{name}-{theme}.html").write_text(html, "utf-8")
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

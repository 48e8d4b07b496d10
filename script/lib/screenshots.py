"""Photographs each page of a running demonstration; see script/screenshots."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from playwright.sync_api import Browser, Page, sync_playwright
from tests.support.browser import FLAGS, chromium

from collegium import settings
from collegium.features.demo import service
from collegium.features.media.ffmpeg import find_ffmpeg

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "screenshots"
TALLEST = 1700
LARGEST = 150_000
WIDTHS = {1280: 860, 390: 780}
OWN_COURSE = "data-protection-in-practice"
GATED_COURSE = "ethics-for-insurance-professionals"
VIDEO_COURSE = "appealing-a-denied-claim"
# A link that works once is nobody else's business, not even a demonstration's.
HIDE_TOKENS = """() => document.querySelectorAll('a[href*="/reset-password/"], a[href*="/confirm/"]').forEach(link => {
    link.textContent = link.textContent.replace(/[^/]+$/, '…')
})"""
Pages = dict[str, str]


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.locator("main form button[type=submit], main form .btn-primary").first.click()
    page.wait_for_url(re.compile("/me/learning$"))


def lessons(page: Page, course: str, kind: str) -> Iterator[str]:
    """The addresses of a course's lessons of one kind, in their order: video, document, text or locked."""
    page.goto(f"/learn/{course}")
    pattern = re.compile(rf"/learn/{course}/[0-9a-f-]{{36}}$")
    links = page.locator(".learn-outline a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for link in links:
        if not pattern.search(link or ""):
            continue
        page.goto(link)
        if page.locator("[data-player-stage]").count():
            found = "video"
        elif page.locator("[data-island=document]").count():
            found = "document"
        else:
            found = "text" if page.locator(".learn-lesson .prose").count() else "locked"
        if found == kind:
            yield link


def ask_for_mail(page: Page, email: str) -> None:
    """Has a message written, so that the outbox holds one."""
    page.goto("/forgot-password")
    page.get_by_label("E-mail address").fill(email)
    page.locator("main form button").first.click()
    page.wait_for_load_state("load")


def guest_pages(page: Page, number: str) -> Pages:
    preview = next(lessons(page, VIDEO_COURSE, "video"), None)
    found = {
        "home": "/",
        "courses": "/courses",
        "courses-search": "/courses?q=" + quote("data protecton"),
        "courses-nothing": "/courses?q=zebra",
        "course": f"/courses/{GATED_COURSE}",
        "sign-up": "/sign-up",
        "sign-in": "/sign-in",
        "forgot-password": "/forgot-password",
        "verify": "/verify",
        "verify-valid": f"/verify/{number}",
        "verify-unknown": "/verify/CERT-2026-ABCDEFGH",
        "not-found": "/no/such/page",
        "design": "/design",
    }
    return found | ({"lesson-preview": preview} if preview else {})


def enrol(page: Page, course: str) -> None:
    """Enrols where that is still to be done."""
    page.goto(f"/courses/{course}")
    button = page.get_by_role("button", name="Enrol", exact=True)
    if button.count():
        button.click()
        page.wait_for_url(re.compile("/learn/"))


def member_pages(page: Page) -> Pages:
    enrol(page, VIDEO_COURSE)
    found = {
        "learning": "/me/learning",
        "certificates": "/me/certificates",
        "profile": "/me/profile",
        "security": "/me/security",
        "course-enrolled": f"/courses/{OWN_COURSE}",
    }
    for kind, courses in (
        ("video", (VIDEO_COURSE,)),
        ("text", (OWN_COURSE, GATED_COURSE)),
        ("document", (OWN_COURSE, GATED_COURSE, VIDEO_COURSE)),
        ("locked", (GATED_COURSE, OWN_COURSE)),
    ):
        link = next((link for course in courses for link in lessons(page, course, kind)), None)
        if link:
            found[f"lesson-{kind}"] = link
    for course in (OWN_COURSE, GATED_COURSE, VIDEO_COURSE):
        answer = page.goto(f"/learn/{course}/discussions")
        if answer and answer.ok:
            return found | {"forum": f"/learn/{course}/discussions"}
    return found


def teacher_pages(page: Page) -> Pages:
    """The studio, by its course with the most to see."""
    page.goto("/studio?sort=learners")
    page.locator("main a[href^='/studio/']", has_text="Fundamentals").first.click()
    page.wait_for_url(re.compile(r"/studio/[0-9a-f-]{36}$"))
    course = "/studio/" + page.url.rpartition("/")[2]
    found = {
        "studio": "/studio",
        "studio-outline": course,
        "studio-settings": f"{course}/settings",
        "studio-publish": f"{course}/publish",
        "studio-media": "/studio/media",
    }
    found |= {
        "studio-preview": f"{course}/preview",
        "studio-insight": f"{course}/insight",
        "studio-reviews": f"{course}/reviews",
        "studio-discussions": f"{course}/discussions",
        "studio-export": f"{course}/export",
        "studio-import": "/studio/import",
        "library": "/library",
    }
    editor = page.locator(f"a[href^='{course}/lessons/']").first
    if editor.count():
        lesson = (editor.get_attribute("href") or "").removesuffix("/settings")
        found |= {"studio-lesson": lesson, "studio-history": f"{lesson}/history", "studio-files": f"{lesson}/files"}
    return found


def office_pages(page: Page) -> Pages:
    found = {
        "mail": "/admin/mail",
        "maintenance": "/admin/maintenance",
        "maintenance-job": "/admin/maintenance/people.tidy",
        "audit": "/admin/audit",
        "access": "/admin/access",
        "access-area": "/admin/access/learning",
    }
    for name, listed in (("message", "/admin/mail"), ("audit-entry", "/admin/audit")):
        page.goto(listed)
        link = page.locator(".side-main a[href^='" + listed + "/']").first
        if link.count():
            found[name] = link.get_attribute("href") or listed
    return found


def smaller(picture: Path, target: Path) -> None:
    """Writes a picture with as many colours as keep it below the limit."""
    for colours in (128, 64, 32, 16):
        palette = (
            f"split[a][b];[a]palettegen=max_colors={colours}:reserve_transparent=0[p];[b][p]paletteuse=dither=none"
        )
        subprocess.run(
            [find_ffmpeg(), "-v", "error", "-y", "-i", picture, "-vf", palette, "-frames:v", "1", target], check=True
        )
        if target.stat().st_size <= LARGEST:
            return


def photograph(page: Page, name: str, path: str, theme: str) -> None:
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(path, wait_until="networkidle" if "/learn/" in path else "load")
        page.evaluate("document.fonts.ready.then(() => 0)")
        page.evaluate(HIDE_TOKENS)
        tall: int = page.evaluate("document.documentElement.scrollHeight")
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "page.png"
            clip = {"x": 0, "y": 0, "width": width, "height": max(height, min(tall, TALLEST))}
            page.screenshot(path=picture, full_page=True, clip=clip)  # type: ignore[arg-type]
            smaller(picture, FOLDER / f"{name}-{width}-{theme}.png")


def page_of(browser: Browser, url: str, theme: Literal["light", "dark"]) -> Page:
    context = browser.new_context(
        base_url=url, color_scheme=theme, locale="en-GB", timezone_id="Europe/Berlin", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def main(url: str, only: list[str]) -> None:
    logins = service.read_logins(settings.load().data_dir / "demo.json")
    if logins is None:
        sys.exit("There is no demonstration in the data folder. Run script/demo, then this with its address.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for theme in ("light", "dark"):
            guest, member, teacher, office = (page_of(browser, url, theme) for _ in range(4))
            sign_in(member, logins.addresses["Member"], logins.password)
            sign_in(teacher, logins.addresses["Instructor"], logins.password)
            sign_in(office, logins.addresses["Administrator"], logins.password)
            if theme == "light":
                ask_for_mail(guest, logins.addresses["Member"])
            member.goto("/me/certificates")
            number = member.locator(".certificate-number").first.inner_text()
            for page, paths in (
                (guest, guest_pages(guest, number)),
                (member, member_pages(member)),
                (teacher, teacher_pages(teacher)),
                (office, office_pages(office)),
            ):
                for name, path in paths.items():
                    if not only or name in only:
                        photograph(page, name, path, theme)
                        print(f"{name}  {theme}", flush=True)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

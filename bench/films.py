"""A video of ten minutes in 1080 lines: how long making its ladder takes, who can read it, and how soon its first picture is seen.

The sample is made here. The playlists are read by a strict reader of our own, by ffmpeg's reader of HLS, and by hls.js in
Chromium, where the time from opening the lesson to the first picture on the screen is taken.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from playwright.async_api import async_playwright
from tests.support import hls_rules
from tests.support.browser import FLAGS, chromium
from tests.support.database import Database, fresh_database, template
from tests.support.people import Lesson, add_course, add_person, enrol
from tests.support.site import LiveServer, listening, make_site

from collegium.features.media import service
from collegium.features.media.ffmpeg import find_ffmpeg
from collegium.kit.embedded import Server
from collegium.web.sessions import COOKIE, hash_token

MINUTES, PART_S = 10, 30
TURNS = 5
# The browser's own clock begins when the page is opened.
FIRST_PICTURE = """
() => new Promise((resolve) => {
  const wait = () => {
    const video = document.querySelector("[slot=media]")?.nativeEl;
    if (!(video instanceof HTMLVideoElement)) return setTimeout(wait, 2);
    video.requestVideoFrameCallback((now) => resolve(now));
  };
  wait();
})
"""
HOW = "() => `${document.querySelector('[slot=media]').api ? 'hls.js' : 'the browser itself'}`"


@dataclass(frozen=True)
class Ladder:
    """A film that was prepared: where its files lie, what is known of it, and how long that took (seconds)."""

    master: Path
    variants: list[dict[str, Any]]
    film_seconds: float
    seconds: float


@dataclass(frozen=True)
class Found:
    """What was measured: the ladder, what readers find wrong with it, and the first picture (ms, median)."""

    made: Ladder
    wrong: list[str]
    first_ms: float
    played: str


def sample(folder: Path, minutes: float = MINUTES) -> Path:
    """A film of 1920 × 1080 with moving picture and sound. A part of it is drawn once and follows on itself."""
    part, whole = folder / "part.mp4", folder / "sample.mp4"
    length = min(PART_S, minutes * 60)
    drawn = [
        "-f", "lavfi", "-i", f"testsrc2=s=1920x1080:r=25:d={length}",
        "-f", "lavfi", "-i", f"aevalsrc='0.1*sin(2*PI*t*(220+40*sin(t)))':d={length}",
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac",
    ]  # fmt: skip
    times = max(0, round(minutes * 60 / length) - 1)
    for arguments in (
        [*drawn, str(part)],
        ["-stream_loop", str(times), "-i", str(part), "-c", "copy", "-movflags", "+faststart", str(whole)],
    ):
        subprocess.run([find_ffmpeg(), "-v", "error", "-y", *arguments], check=True)
    return whole


def read_by_ffmpeg(made: Ladder) -> list[str]:
    """What ffmpeg's own reader of HLS finds wrong: the pictures of each variant are counted, the master is decoded a while."""
    wrong: list[str] = []
    for variant in made.variants:
        command = ["-v", "error", "-i", variant["playlist"], "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]
        read = subprocess.run(
            [find_ffmpeg(), *command], cwd=made.master.parent, capture_output=True, text=True, check=False
        )
        pictures = len(re.findall(r"^0, ", read.stdout, re.MULTILINE))
        expected = made.film_seconds * variant["frame_rate"]
        if read.returncode or read.stderr.strip() or abs(pictures - expected) > variant["frame_rate"]:
            wrong.append(f"{variant['name']}: {pictures} pictures of {expected:.0f}. {read.stderr.strip()[:200]}")
    command = ["-v", "error", "-i", made.master.name, "-t", "5", "-f", "null", "-"]
    read = subprocess.run(
        [find_ffmpeg(), *command], cwd=made.master.parent, capture_output=True, text=True, check=False
    )
    return wrong + ([f"master: {read.stderr.strip()[:200]}"] if read.returncode or read.stderr.strip() else [])


async def _prepared(live: LiveServer, database: Database, video: UUID, source: Path) -> Ladder:
    site = make_site(live.site.settings)
    await site.db.start()
    try:
        began = time.monotonic()
        await service.process_video(site, video, source)
        took = time.monotonic() - began
    finally:
        await site.db.stop()
    async with database.connect() as owner:
        row = await owner.fetchrow("select playlist_key, renditions from public.lesson_videos where id = $1", video)
    master = site.storage.local_path(row["playlist_key"])
    assert master
    variants = json.loads(row["renditions"])
    lengths = re.findall(r"#EXTINF:([0-9.]+)", (master.parent / variants[0]["playlist"]).read_text())
    return Ladder(master, variants, sum(map(float, lengths)), took)


async def _first_pictures(live: LiveServer, token: str, path: str) -> tuple[list[float], str]:
    """Milliseconds from opening the lesson to its first picture, each time in a browser that was never here."""
    found: list[float] = []
    how = ""
    async with async_playwright() as playwright:
        for _ in range(TURNS):
            browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            context = await browser.new_context(base_url=live.url, viewport={"width": 1280, "height": 900})
            await context.add_cookies([{"name": COOKIE, "value": token, "url": live.url}])
            page = await context.new_page()
            await page.goto(path, wait_until="commit")
            found.append(await page.evaluate(FIRST_PICTURE))
            how = await page.evaluate(HOW)
            await browser.close()
    return found, how


async def _scene(database: Database) -> tuple[str, str, UUID]:
    learner = await add_person(database)
    course = await add_course(database, modules=[[Lesson("Ten minutes", video=60)]])
    await enrol(database, learner, course)
    token = secrets.token_urlsafe(32)
    async with database.connect() as owner:
        await owner.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at) values ($1, $2, now() + interval '1 day')",
            learner.id,
            hash_token(token),
        )
    video = course.lessons[0].video_id
    assert video
    return token, f"/learn/{course.slug}/{course.lessons[0].id}", video


def measure(server: Server, minutes: float = MINUTES) -> Found:
    """Prepares the sample as the site does, has it read by two readers, and opens its lesson in Chromium."""
    with (
        tempfile.TemporaryDirectory(prefix="collegium-bench-films-") as scratch,
        fresh_database(server, template(server)) as database,
        listening(database, Path(scratch) / "site", worker=False) as live,
    ):
        source = sample(Path(scratch), minutes)
        token, path, video = asyncio.run(_scene(database))
        made = asyncio.run(_prepared(live, database, video, source))
        wrong = hls_rules.problems(made.master) + read_by_ffmpeg(made)
        times, how = asyncio.run(_first_pictures(live, token, path))
    played = f"{how}; " + ", ".join(f"{one:.0f}" for one in times) + " ms"
    return Found(made, wrong, sorted(times)[len(times) // 2], played)

"""A gradebook of 2,000 learners and 60 items: a window, a grade, an export, and scrolling through all of it in a browser."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
from litestar.middleware.csrf import generate_csrf_token
from playwright.async_api import async_playwright

from bench.ground import Ground
from collegium.kit.site import Site
from collegium.settings import Settings
from collegium.web.sessions import COOKIE, hash_token

LEARNERS, ITEMS, WINDOWS, GRADES = 2000, 60, 20, 30
SESSION = "bench-gradebook"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Scrolls from top to bottom by what a wheel gives in a frame; how long each frame took, in milliseconds.
SCROLL = """
async () => {
  const grid = document.querySelector('.gb-grid'); const frames = []; let long = 0;
  new PerformanceObserver(list => { long += list.getEntries().length }).observe({entryTypes: ['longtask']});
  let last = performance.now();
  while (grid.scrollTop + grid.clientHeight < grid.scrollHeight - 1) {
    grid.scrollTop += 120;
    await new Promise(requestAnimationFrame);
    const now = performance.now(); frames.push(now - last); last = now;
  }
  return [frames, long, document.querySelectorAll('.gb-cell').length];
}
"""


@dataclass(frozen=True)
class Found:
    """What was measured: milliseconds, seconds of the export, and frames of scrolling."""

    window: float
    window_worst: float
    grade: float
    csv_s: float
    xlsx_s: float
    frame_p95: float
    frames: int
    long_tasks: int
    cells: int


async def fill(dsn: str) -> uuid.UUID:
    """The course, its people, columns in six categories, and 120,000 cells."""
    db = await asyncpg.connect(dsn)
    try:
        teacher = await db.fetchval(
            "insert into auth.users (email, email_confirmed_at) values ('t@bench.test', now()) returning id"
        )
        await db.execute("update public.profiles set role = 'instructor' where id = $1", teacher)
        await db.execute(
            "insert into public.web_sessions (user_id, token_hash, expires_at) values ($1, $2, now() + interval '1 day')",
            teacher, hash_token(SESSION),
        )  # fmt: skip
        course: uuid.UUID = await db.fetchval(
            "insert into public.courses (title, slug, description, category, instructor_id, status)"
            " values ('Bench', 'bench', 'Bench', 'compliance', $1, 'published') returning id", teacher
        )  # fmt: skip
        people = await db.fetch(
            "insert into auth.users (email, raw_user_meta_data) select 'g' || n || '@bench.test',"
            " jsonb_build_object('first_name', 'Given' || n % 97, 'last_name', 'Family' || n) from generate_series(1, $1::integer) n returning id",
            LEARNERS,
        )  # fmt: skip
        await db.execute(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[])",
            course,
            [row["id"] for row in people],
        )
        await db.execute(
            "insert into public.gradebook_categories (course_id, name, weight, drop_lowest, weighting, position)"
            " select $1, 'Category ' || n, n * 10, n % 3, case when n % 2 = 0 then 'points' else 'equal' end, n from generate_series(1, 6) n", course
        )  # fmt: skip
        await db.execute(
            "insert into public.gradebook_items (course_id, category_id, title, max_points, position)"
            " select $1, k.id, 'Item ' || n, 10 + n % 5 * 10, n from generate_series(1, $2::integer) n"
            " join public.gradebook_categories k on k.course_id = $1 and k.position = n % 6 + 1", course, ITEMS
        )  # fmt: skip
        async with db.transaction():
            await db.execute("set local session_replication_role = replica")
            await db.execute(
                "insert into public.gradebook_cells (enrollment_id, item_id, course_id, points, changed_by, changed_at, revision)"
                " select e.id, i.id, i.course_id, round((random() * i.max_points)::numeric, 1), $2, now(), 1"
                " from public.enrollments e join public.gradebook_items i on i.course_id = e.course_id where e.course_id = $1", course, teacher
            )  # fmt: skip
        await db.execute("select private.mark_gradebook($1)", course)
        while await db.fetchval("select private.settle_gradebooks()"):
            pass
        await db.execute("vacuum analyze")
        return course
    finally:
        await db.close()


async def _http(port: int, course: uuid.UUID, csrf: str) -> tuple[list[float], float, float, float]:
    cookies = {COOKIE: SESSION, "csrftoken": csrf}
    base = f"/api/v1/gradebooks/{course}"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", cookies=cookies, timeout=120) as client:
        frame: dict[str, Any] = (await client.get(base)).raise_for_status().json()
        windows: list[float] = []
        rows: list[dict[str, Any]] = []
        for mark in ["", *frame["marks"]][:WINDOWS]:
            began = time.perf_counter()
            answer = (await client.get(f"{base}/rows", params={"after": mark} if mark else {})).raise_for_status()
            windows.append((time.perf_counter() - began) * 1000)
            rows += answer.json()["rows"]
        grades: list[float] = []
        item = frame["columns"][0]["id"]
        for n in range(GRADES):
            cell = {"enrollment_id": rows[n]["id"], "item_id": item, "points": 7.25, "revision": rows[n]["cells"][0][2]}
            began = time.perf_counter()
            answer = await client.put(f"{base}/cells", json={"cells": [cell]}, headers={"x-csrf-token": csrf})
            grades.append((time.perf_counter() - began) * 1000)
            assert answer.raise_for_status().json()["cells"][0]["outcome"] == "saved"
        took: list[float] = []
        for kind in ("csv", "xlsx"):
            began = time.perf_counter()
            (await client.get(f"/studio/{course}/gradebook.{kind}")).raise_for_status()
            took.append(time.perf_counter() - began)
    return windows, statistics.median(grades), took[0], took[1]


async def _scroll(port: int, course: uuid.UUID, program: str) -> tuple[list[float], int, int]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        context = await browser.new_context(
            base_url=f"http://127.0.0.1:{port}", viewport={"width": 1280, "height": 900}
        )
        await context.add_cookies([{"name": COOKIE, "value": SESSION, "url": f"http://127.0.0.1:{port}"}])
        page = await context.new_page()
        await page.goto(f"/studio/{course}/gradebook")
        await page.wait_for_selector("[data-island=gradebook][data-ready]")
        frames, long_tasks, cells = await page.evaluate(SCROLL)
        await page.wait_for_selector(f".gb-row[aria-rowindex='{LEARNERS + 1}'] a")
        await browser.close()
    return frames, long_tasks, cells


def run(ground: Ground, program: str) -> Found:
    """Everything on an empty site with this course; ``program`` is the browser."""
    ground.make_empty()
    course = asyncio.run(fill(ground.dsn))
    csrf = generate_csrf_token(Site.build(Settings(data_dir=ground.folder), None).key("csrf").hex())  # type: ignore[arg-type]
    ground.start(processes=2, worker=True)
    try:
        windows, grade, csv_s, xlsx_s = asyncio.run(_http(ground.port, course, csrf))
        frames, long_tasks, cells = asyncio.run(_scroll(ground.port, course, program))
    finally:
        ground.stop_web()
    frames.sort()
    return Found(
        statistics.median(windows), max(windows), grade, csv_s, xlsx_s, frames[int(len(frames) * 0.95)], len(frames), long_tasks, cells
    )  # fmt: skip

"""Insight: what stands out in a video, in words; who may see it; and nothing about fewer than five people."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from uuid import uuid4

import pytest

from collegium.features.insight import findings
from collegium.features.insight.model import Watching
from collegium.kit.db import SYSTEM
from collegium.kit.jobs import run_now
from collegium.kit.site import Site
from tests.features.progress.player import Player, let_time_pass
from tests.support.database import Database
from tests.support.people import Course, Lesson, Person, add_course, add_person, enrol
from tests.support.site import Client


def watching(viewers: int, seen: list[int], played: list[int], **figures: list[int]) -> Watching:
    """A video of as many buckets of five seconds."""
    nothing = [0] * len(seen)
    return Watching(uuid4(), "T", "M", 5 * len(seen), Decimal(90), 5, viewers, played, seen,
                    figures.get("stops", nothing), figures.get("skipped", nothing), None)  # fmt: skip


def test_figures_follow_from_seconds() -> None:
    video = watching(10, [50, 25, 10], [50, 100, 10])
    assert [b.viewers for b in video.buckets] == [10, 5, 2]
    assert [b.each for b in video.buckets] == [1, 4, 1]
    assert (round(video.average, 1), video.to_the_end) == (56.7, 20)


def test_what_was_played_again_is_named_with_its_figure() -> None:
    video = watching(10, [50] * 8, [50, 50, 115, 115, 50, 50, 50, 50])
    assert [(s.start, s.end, s.figure) for s in findings.rewatched(video)] == [(10, 20, 2.3)]


def test_what_one_person_repeats_is_nobodys_business() -> None:
    video = watching(20, [100, 100, 5], [100, 100, 500])
    assert findings.rewatched(video) == []


def test_skips_and_stops() -> None:
    video = watching(10, [50] * 20, [50] * 20, skipped=[0, 20, 15, 0] + [0] * 16, stops=[0, 0, 3, 1] + [0] * 15 + [6])
    assert [(s.start, s.end, s.figure) for s in findings.skipped(video)] == [(5, 15, 40)]
    assert [(s.start, s.end, s.figure) for s in findings.left(video)] == [(10, 20, 4)]
    assert findings.stopped_early(video) == 4, "who stands at the end has finished"


def test_nobody_has_watched() -> None:
    for video in (watching(0, [], []), watching(0, [0, 0], [0, 0])):
        assert (video.average, video.to_the_end, video.enough) == (0, 0, False)
        assert (findings.rewatched(video), findings.left(video)) == ([], [])


async def watched(client: Client, database: Database, course: Course, person: Person, *beats: tuple[int, int]) -> None:
    """Somebody enrols and plays these stretches."""
    await enrol(database, person, course)
    await client.login(person)
    player = Player(client, course.lessons[0])
    await player.open()
    await let_time_pass(database, 1000)
    for beat in beats:
        await player.counted(beat, position=beat[1])
    client.logout()


async def school(database: Database) -> tuple[Course, Person]:
    teacher = await add_person(database, "instructor")
    course = await add_course(database, instructor=teacher, modules=[[Lesson("=Film", video=100)], [Lesson("Text")]])
    return course, teacher


async def test_the_curve_is_told_in_words_to_the_instructor(site: Site, client: Client, database: Database) -> None:
    course, teacher = await school(database)
    for number in range(6):
        beats = [(0, 60), (40, 60), (40, 60)] + ([(60, 100)] if number < 3 else [])
        await watched(client, database, course, await add_person(database), *beats)
    await run_now(site, "insight.fold_watching", {})
    await client.login(teacher)
    at = f"/studio/{course.id}/insight"
    listed = await client.get(at)
    assert listed.status_code == 200
    assert "80 %" in listed.text
    assert "50 %" in listed.text
    page = await client.get(f"{at}/{course.lessons[0].id}")
    assert "0:40–1:00 was played 3.0 times by each viewer who saw it." in page.text
    assert "3 of the 3 who stopped before the end did so at 1:00–1:05." in page.text
    table = await client.get(f"{at}/{course.lessons[0].id}/watching.csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert table.headers["content-type"].startswith("text/csv")
    assert len(rows) == 20
    assert (rows[8]["viewers"], rows[8]["plays"], rows[12]["stopped_here"]) == ("6.0", "18.0", "3")
    assert "'=Film" in (await client.get(f"{at}/videos.csv")).text


async def test_of_fewer_than_five_nothing_is_shown(site: Site, client: Client, database: Database) -> None:
    course, teacher = await school(database)
    for _ in range(4):
        await watched(client, database, course, await add_person(database), (0, 60), (40, 60))
    await run_now(site, "insight.fold_watching", {})
    await client.login(teacher)
    at = f"/studio/{course.id}/insight/{course.lessons[0].id}"
    page = await client.get(at)
    assert "4 people watched this video" in page.text
    assert "data-chart" not in page.text
    assert "times by each" not in page.text
    assert (await client.get(f"{at}/watching.csv")).status_code == 409
    assert "Fewer than 5 viewers" in (await client.get(f"/studio/{course.id}/insight")).text


@pytest.mark.parametrize("who", ["another instructor", "a learner", "a guest"])
async def test_only_who_teaches_the_course_sees_it(client: Client, database: Database, who: str) -> None:
    course, _ = await school(database)
    if who != "a guest":
        await client.login(await add_person(database, "instructor" if "instructor" in who else "student"))
    status = {"another instructor": 404, "a learner": 403}.get(who, 303)
    for path in ("", "/videos.csv", f"/{course.lessons[0].id}", f"/{course.lessons[0].id}/watching.csv"):
        answer = await client.get(f"/studio/{course.id}/insight{path}")
        assert answer.status_code in (status, 401), path
        assert "Film" not in answer.text


async def test_a_reading_counts_no_view_of_the_curve(site: Site, database: Database) -> None:
    """The page reads one row a video, whatever has happened; nothing is added up when it is asked for."""
    async with site.db.transaction(SYSTEM) as tx:
        plan = "\n".join(
            row[0] for row in await tx.fetch("explain select * from public.video_watching where video_id = $1", uuid4())
        )
    assert "video_events" not in plan
    assert "Index Scan" in plan

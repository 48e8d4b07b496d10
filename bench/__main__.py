"""``script/bench [NAME…] [--json FILE]``: measures, and says whether each figure reaches its goal."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import asyncpg

from bench import (
    assessment,
    calibrate,
    concurrency,
    counters,
    films,
    grading,
    insight,
    load,
    packages,
    regrading,
    scorm,
    uploads,
    watching,
)
from bench.dataset import DURATION, Data
from bench.figures import Figure, of_requests, show
from bench.ground import Ground
from collegium.features.progress.nonces import Nonces
from collegium.kit.site import Site
from collegium.settings import Settings


class Bench:
    """The measurements of one run on one ground."""

    def __init__(self, ground: Ground, data: Data, seconds: float) -> None:
        self.ground = ground
        self.data = data
        self.seconds = seconds

    def calibration(self) -> float:
        """Durable upserts a second by pgbench, 16 clients, right now."""
        return calibrate.upserts_a_second(
            self.ground.server.bin_dir, self.ground.dsn, seconds=max(3, int(self.seconds))
        )

    def measure(self, work: str, *arguments: object) -> tuple[load.Result, float, float]:
        """A result, with the web's and the database's CPU milliseconds for each request."""
        before = self.ground.cpu()
        result = load.in_its_own_process(work, self.ground.port, *arguments)
        after = self.ground.cpu()
        each = max(1, result.done) / 1000
        return result, (after.web - before.web) / each, (after.database - before.database) / each

    def players(self, people: list[tuple[str, object]], video: object) -> list[tuple[str, str, str]]:
        """Open players, set back eleven hours so that the clock allows seconds to be sent as fast as the server can take them."""
        nonces = Nonces(Site.build(Settings(data_dir=self.ground.folder), None).key("playback"))  # type: ignore[arg-type]

        async def open_all() -> list[tuple[str, str, str]]:
            db = await asyncpg.connect(self.ground.dsn)
            found: list[tuple[str, str, str]] = []
            try:
                for token, person in people:
                    async with db.transaction():
                        await db.execute("set local role authenticated")
                        session = await db.fetchval("select set_config('request.jwt.claims', $1, true)",
                                                    json.dumps({"sub": str(person), "role": "authenticated"}))  # fmt: skip
                        row = json.loads(await db.fetchval("select public.open_playback($1)", video))
                        del session
                    found.append((token, row["playback_id"], nonces.make(_uuid(row["playback_id"]), 0, token, person)))  # type: ignore[arg-type]
                await db.execute(
                    "update public.video_analytics set playback_opened_at = now() - interval '11 hours', "
                    "playback_session = gen_random_uuid(), goal_seconds = duration_seconds"
                )
                await db.execute("vacuum analyze public.video_analytics")
            finally:
                await db.close()
            return found

        return asyncio.run(open_all())

    def heartbeats(self) -> list[Figure]:
        """Heartbeats by HTTP with authentication on 64 connections, beside pgbench before and after."""
        before = self.calibration()
        players = self.players(self.data.big_players[:64], self.data.big_video)
        result, web, database = self.measure("heartbeats", players, self.seconds, DURATION)
        calibration = (before + self.calibration()) / 2
        ratio = result.per_second / calibration
        return [
            of_requests(
                "heartbeats", result, "heartbeats/s", calibration, ratio, "ratio ≥ 1.0", ratio >= 1.0, web, database
            )
        ]

    def course_size(self) -> list[Figure]:
        """The same on a course that 50,000 take and on one that 10 take, ten players each, three times in turn."""
        people = self.data.small_players
        big: list[load.Result] = []
        small: list[load.Result] = []
        for _ in range(3):
            for video, results in ((self.data.small_video, small), (self.data.big_video, big)):
                players = self.players(people, video)
                results.append(self.measure("heartbeats", players, self.seconds / 2, DURATION)[0])
        most, least = _median(big), _median(small)
        ratio = most.per_second / least.per_second
        figure = of_requests(
            "course-size", most, "heartbeats/s", least.per_second, ratio, "ratio ≥ 0.9", ratio >= 0.9, None, None
        )
        figure.note = "calibration: the course with 10 enrollments"
        return [figure]

    def catalogue(self) -> list[Figure]:
        """The catalogue as a signed-in person asks for it, with several searches and filters."""
        paths = [
            "/courses",
            "/courses?category=compliance",
            "/courses?q=annuities",
            "/courses?level=beginner&sort=title",
        ]
        return [self._pages("catalogue", paths, 500, b"</html>")]

    def dashboard(self) -> list[Figure]:
        """My learning."""
        return [self._pages("dashboard", ["/me/learning"], 300, b"</html>")]

    def course_page(self) -> list[Figure]:
        """Course pages."""
        return [self._pages("course-page", [f"/courses/{slug}" for slug in self.data.slugs[:200]], 300, b"</html>")]

    def _pages(self, name: str, paths: list[str], goal: int, must: bytes) -> Figure:
        calibration = self.calibration()
        self.measure("pages", paths, self.data.tokens, 16, 1.0, must)
        result, web, database = self.measure("pages", paths, self.data.tokens, 16, self.seconds, must)
        return of_requests(name, result, "pages/s", calibration, result.per_second / calibration, f"≥ {goal} a second",
                         result.per_second >= goal and not result.errors, web, database)  # fmt: skip


def _counters(ground: Ground) -> list[Figure]:
    """What one act costs in a big course beside a small one, with our rules and with the source document's triggers."""
    figures: list[Figure] = []
    for whose, costs in (("counters", counters.ours(ground.server)), ("seed", counters.theirs(ground.server))):
        for cost in costs:
            goal, holds = ("ratio ≤ 1.1", cost.ratio <= 1.1) if whose == "counters" else ("none: beside it", True)
            figures.append(
                Figure(
                    f"{whose}-{cost.act}",
                    round(cost.big, 3),
                    "ms",
                    round(cost.small, 3),
                    round(cost.ratio, 3),
                    goal,
                    holds,
                )
            )
    return figures


def _concurrency(ground: Ground) -> list[Figure]:
    """A mixed run of sixteen clients for a minute."""
    found = concurrency.run(ground.server)
    words = f"{found.refused} refused by rules; faults: {found.faults or 'none'}; broken: {found.broken or 'none'}"
    holds = not found.faults and not found.broken
    return [
        Figure(
            "concurrency", round(found.per_second, 1), "acts/s", None, None, "no deadlock, no drift", holds, note=words
        )
    ]


def _uploads(ground: Ground) -> list[Figure]:
    """1 GB through a proxy that cuts five times, with one restart, while somebody watches a film."""
    found = uploads.run(ground)
    ground.stop_web()
    whole = f"{found.cuts} cuts, {found.resumed} times resumed; checked and stored after {found.seconds:.0f} s"
    return [
        Figure(
            "uploads-bytes",
            round(found.per_second / 1e6, 1),
            "MB/s",
            None,
            None,
            "byte for byte, 5 cuts",
            found.same and found.cuts == uploads.CUTS,
            note=whole,
        ),
        Figure("uploads-memory", round(found.grown_mb, 1), "MB", None, None, "< 64 MB more", found.grown_mb < 64),
        Figure(
            "uploads-film",
            round(found.watched.stalled_s, 3),
            "s of stalls",
            None,
            None,
            "none",
            found.watched.stalled_s == 0,
            note=f"{found.watched.played_s} s of film played, 8 Mbit/s, {watching.AHEAD_S} s ahead; "
            f"longest wait for the bytes of one second {found.watched.longest_s:.2f} s",
        ),
    ]


def _scorm_import(ground: Ground) -> list[Figure]:
    """A package of 200 MB and 5,000 files, by the job that the server runs."""
    found = packages.run(ground)
    ground.stop_web()
    return [
        Figure("scorm-import", round(found.seconds, 1), "s", None, None, "≤ 30 s",
               found.seconds <= 30 and found.files == packages.FILES,
               note=f"{found.megabytes:.0f} MB, {found.files:,} files; from the wish to a package that can be played"),
        Figure("scorm-import-memory", round(found.grown_mb, 1), "MB", None, None, "≤ 150 MB more", found.grown_mb <= 150),
    ]  # fmt: skip


def _insight(ground: Ground) -> list[Figure]:
    """A curve over a million events, and what insight adds to a heartbeat."""
    cost = insight.run(ground.server)
    ratio = cost.after / cost.before
    return [
        Figure("insight-curve", round(cost.read, 2), "ms", None, None, "≤ 200 ms", cost.read_worst <= 200,
               note=f"{cost.events:,} events; worst of 50: {cost.read_worst:.1f} ms; folding a thousand lines: {cost.fold:.1f} ms"),
        Figure("insight-heartbeat", round(cost.after, 4), "ms", round(cost.before, 4), round(ratio, 3), "ratio ≤ 1.25",
               ratio <= 1.25, note="in a batch of 64, in the database; calibration: the same without insight"),
    ]  # fmt: skip


def _regrade(ground: Ground) -> list[Figure]:
    """A question of 100,000 attempts is graded anew while somebody takes the quiz."""
    cost = regrading.run(ground.server)
    return [
        Figure("regrade", round(cost.seconds, 1), "s", None, None, "≤ 30 s", cost.seconds <= 30,
               note=f"{cost.changed:,} of {cost.attempts:,} scores changed, each with its log, its change and its notice;"
               f" preview {cost.preview:.1f} s"),
        Figure("regrade-meanwhile", round(cost.cycle, 1), "ms", round(cost.cycle_alone, 1), round(cost.cycle / cost.cycle_alone, 2),
               "worst ≤ 1000 ms", cost.cycle_worst <= 1000,
               note=f"start, answer, hand in, by {cost.cycles} people meanwhile; worst {cost.cycle_worst:.0f} ms; calibration: alone"),
    ]  # fmt: skip


def _films(ground: Ground) -> list[Figure]:
    """The ladder of ten minutes in 1080 lines, who can read it, and how soon a lesson shows its first picture."""
    found = films.measure(ground.server)
    ratio = found.made.seconds / found.made.film_seconds
    took = Figure("films", round(found.made.seconds, 1), "s", round(found.made.film_seconds, 1), round(ratio, 2), "≤ 12 × its length", ratio <= 12,
                  note="calibration: the length of the film")  # fmt: skip
    read = Figure("films-read", len(found.wrong), "faults", None, None, "0 by two readers", not found.wrong, note="; ".join(found.wrong)[:500])  # fmt: skip
    first = Figure("films-first", round(found.first_ms), "ms", None, None, "≤ 1000 ms", found.first_ms <= 1000, note=found.played)  # fmt: skip
    return [took, read, first]


def _assessment(ground: Ground) -> list[Figure]:
    """Whole attempts over HTTP on 16 connections, and a thousand deadlines in one second."""
    found = assessment.run(ground)
    result = found.cycles
    calibration = calibrate.upserts_a_second(ground.server.bin_dir, ground.dsn, seconds=3)
    cycles = of_requests("assessment", result, "cycles/s", calibration, result.per_second / calibration, "≥ 100 a second",
                     result.per_second >= 100, found.web_ms, found.database_ms)  # fmt: skip
    holds = found.late_s <= 5 and found.graded == assessment.PEOPLE and not found.missing
    words = f"{found.graded} graded; {found.acknowledged} answers acknowledged, {found.missing} of them missing"
    late = Figure(
        "assessment-deadline", round(found.late_s, 2), "s", None, None, "≤ 5 s, none missing", holds, note=words
    )
    return [cycles, late]


def _gradebook(ground: Ground) -> list[Figure]:
    """2,000 learners and 60 items: windows by HTTP, a grade until its final grade, exports, and scrolling in Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
    found = grading.run(ground, os.environ.get("COLLEGIUM_TEST_CHROMIUM", program))
    calibration = calibrate.upserts_a_second(ground.server.bin_dir, ground.dsn, seconds=3)
    return [
        Figure("gradebook-window", round(found.window, 1), "ms", round(calibration, 1), None, "≤ 300 ms", found.window <= 300,
               note=f"100 learners × 60 items by HTTP; worst of 20: {found.window_worst:.0f} ms"),
        Figure("gradebook-grade", round(found.grade, 1), "ms", None, None, "≤ 150 ms", found.grade <= 150,
               note="a grade by HTTP until its final grade is written and answered"),
        Figure("gradebook-export", round(found.csv_s, 1), "s", None, None, "≤ 15 s", found.csv_s <= 15,
               note=f"CSV of all; XLSX {found.xlsx_s:.1f} s"),
        Figure("gradebook-scroll", round(found.frame_p95, 1), "ms a frame", None, None, "95th ≤ 34 ms", found.frame_p95 <= 34,
               note=f"{found.frames} frames from top to bottom, {found.long_tasks} tasks above 50 ms, {found.cells} cells in the document"),
    ]  # fmt: skip


def _scorm(ground: Ground) -> list[Figure]:
    """Commits by HTTP on 64 connections, among 100 registrations and among 50,000."""
    found = scorm.run(ground, 7, 2)
    calibration = calibrate.upserts_a_second(ground.server.bin_dir, ground.dsn, seconds=3)
    figures: list[Figure] = []
    for name, result, (web, database) in (("scorm-few", found.few, found.few_ms), ("scorm", found.many, found.many_ms)):
        holds = result.per_second >= 2000 and result.percentile(0.99) <= 100
        ratio = result.per_second / calibration
        figures.append(
            of_requests(
                name, result, "commits/s", calibration, ratio, "≥ 2000 a second, p99 ≤ 100 ms", holds, web, database
            )
        )
    ratio = found.many.per_second / found.few.per_second
    figures.append(
        Figure(
            "scorm-registrations",
            round(ratio, 3),
            "of the speed",
            None,
            None,
            "≥ 0.9",
            ratio >= 0.9,
            note="with 50,000 registrations, of that with 100",
        )
    )
    lost = found.acknowledged - found.stored
    figures.append(
        Figure(
            "scorm-lost",
            lost,
            "commits",
            None,
            None,
            "0",
            lost <= 0,
            note=f"{found.acknowledged:,} acknowledged, {found.stored:,} stored",
        )
    )
    return figures  # fmt: skip


def _uuid(text: str) -> object:
    from uuid import UUID

    return UUID(text)


def _median(results: list[load.Result]) -> load.Result:
    return sorted(results, key=lambda result: result.per_second)[len(results) // 2]


WORK: dict[str, Callable[[Bench], list[Figure]]] = {
    "heartbeats": Bench.heartbeats,
    "course-size": Bench.course_size,
    "catalogue": Bench.catalogue,
    "dashboard": Bench.dashboard,
    "course-page": Bench.course_page,
}
# What needs a database and no site.
ALONE: dict[str, Callable[[Ground], list[Figure]]] = {
    "counters": _counters,
    "concurrency": _concurrency,
    "uploads": _uploads,
    "films": _films,
    "insight": _insight,
    "regrade": _regrade,
    "assessment": _assessment,
    "gradebook": _gradebook,
    "scorm": _scorm,
    "scorm-import": _scorm_import,
}


def _of_the_site(ground: Ground, names: list[str], seconds: float, processes: int) -> Iterator[Figure]:
    """What needs the data and web processes: its start first, then the named measurements."""
    data = ground.load()
    yield Figure("load", round(data.seconds, 1), "s", None, None, "≤ 120 s", data.seconds <= 120)
    # As script/demo serves: one process with the background jobs in it.
    started = ground.start(processes=1, worker=True)
    yield Figure("first-page", round(started, 2), "s", None, None, "≤ 5 s", started <= 5)
    time.sleep(5)
    resting = ground.resident_mb()
    yield Figure("at-rest", round(resting, 1), "MB resident", None, None, "≤ 400 MB", resting <= 400)
    ground.stop_web()
    ground.start(processes=processes, worker=False)
    bench = Bench(ground, data, seconds)
    for name in names:
        yield from WORK[name](bench)


def main() -> int:
    """Runs the named measurements, all without names; exits 1 when one misses its goal."""
    everything = [*ALONE, *WORK]
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*everything, []], metavar="NAME", help=", ".join(everything))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write one object a figure")
    parser.add_argument("--seconds", type=float, default=8, help="length of each measurement (8)")
    parser.add_argument("--processes", type=int, default=2, help="web processes (2)")
    asked = parser.parse_args()
    names = asked.names or everything
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="collegium-bench-") as folder:
        # The database server's account must be able to enter it.
        Path(folder).chmod(0o755)
        ground = Ground(Path(folder))
        try:
            alone = (figure for name in names if name in ALONE for figure in ALONE[name](ground))
            of_the_site = [name for name in names if name in WORK]
            site = _of_the_site(ground, of_the_site, asked.seconds, asked.processes) if of_the_site else iter(())
            for figure in chain(alone, site):
                figures.append(figure)
                show(figure)
            if any(figure.errors for figure in figures):
                print(ground.log_tail(), file=sys.stderr)
        finally:
            ground.stop()
    if asked.json:
        asked.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())

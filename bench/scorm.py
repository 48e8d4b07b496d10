"""SCORM commits over HTTP: 64 players that commit one after the other, among 100 registrations and among 50,000."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import msgspec

from bench import load
from bench.ground import Ground
from collegium.features.scorm.tokens import Tokens
from collegium.kit.site import Site
from collegium.settings import Settings

PLAYERS = 64
FEW, MANY = 100, 50_000
WARM_S = 2.0
BEGIN = """
insert into public.profiles (id, email, first_name, last_name, role)
values (md5('teacher')::uuid, 'teacher@example.org', 'Ines', 'Lindqvist', 'instructor');
insert into public.courses (id, title, slug, category, pricing_type, status, published_at, instructor_id, description, short_description)
values (md5('course')::uuid, 'Fire safety', 'fire', 'compliance', 'free', 'published', now(), md5('teacher')::uuid, 'About fire.', 'Fire.');
insert into public.course_modules (id, course_id, title, module_order) values (md5('module')::uuid, md5('course')::uuid, 'One', 1);
insert into public.lessons (id, module_id, course_id, title, lesson_type, lesson_order, completion_criteria)
values (md5('lesson')::uuid, md5('module')::uuid, md5('course')::uuid, 'Fire', 'scorm', 1, 'scorm_completed');
insert into public.scorm_packages (id, title, version, edition, import_state, imported_at, storage_prefix)
values (md5('package')::uuid, 'Fire safety', '2004', 4, 'ready', now(), 'packages/fire/');
insert into public.scorm_items (id, scorm_package_id, identifier, organization, item_order, kind, is_default)
values (md5('root')::uuid, md5('package')::uuid, 'ORG', 'ORG', 1, 'organization', true);
insert into public.scorm_items (scorm_package_id, identifier, organization, parent_id, item_order, kind, launch_href)
select md5('package')::uuid, 'SCO-' || n, 'ORG', md5('root')::uuid, n, 'sco', n || '.html' from generate_series(1, 5) n;
insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id)
values (md5('lesson')::uuid, md5('course')::uuid, md5('package')::uuid);
"""
# Of everybody: an enrollment, a registration under way, its attempt, one SCO with a kilobyte of state, and what was said.
RECORDS = """
insert into auth.users (id, email, email_confirmed_at)
select md5('person' || n)::uuid, 'person' || n || '@example.org', now() from generate_series({first}, {last}) n;
insert into public.profiles (id, email, first_name, last_name, role)
select md5('person' || n)::uuid, 'person' || n || '@example.org', 'Given', 'Family' || n, 'student'
from generate_series({first}, {last}) n;
insert into public.web_sessions (id, user_id, token_hash, expires_at)
select md5('web' || n)::uuid, md5('person' || n)::uuid, sha256(('web' || n)::bytea), now() + interval '30 days'
from generate_series({first}, {last}) n;
insert into public.enrollments (id, member_id, course_id, status)
select md5('enrollment' || n)::uuid, md5('person' || n)::uuid, md5('course')::uuid, 'in_progress' from generate_series({first}, {last}) n;
insert into public.scorm_enrollments (
    id, member_id, scorm_package_id, enrollment_id, lesson_id, course_id, completion_status, attempts, cmi_data, commit_seq,
    session_id, session_attempt_id, session_web_id, session_opened_at
)
select md5('registration' || n)::uuid, md5('person' || n)::uuid, md5('package')::uuid, md5('enrollment' || n)::uuid,
    md5('lesson')::uuid, md5('course')::uuid, 'incomplete', 1,
    jsonb_build_object('SCO-1', jsonb_build_object('cmi.completion_status', 'incomplete', 'cmi.suspend_data', repeat(md5(n::text), 30))), 1,
    md5('player' || n)::uuid, md5('attempt' || n)::uuid, md5('web' || n)::uuid, now() - interval '11 hours'
from generate_series({first}, {last}) n;
insert into public.scorm_attempts (id, scorm_enrollment_id, attempt_number, completion_status, opened_at)
select md5('attempt' || n)::uuid, md5('registration' || n)::uuid, 1, 'incomplete', now() - interval '11 hours'
from generate_series({first}, {last}) n;
insert into public.scorm_sco_results (attempt_id, scorm_enrollment_id, sco, completion_status)
select md5('attempt' || n)::uuid, md5('registration' || n)::uuid, 'SCO-1', 'incomplete' from generate_series({first}, {last}) n;
insert into public.scorm_tracking (scorm_enrollment_id, attempt_id, commit_seq, sco, element, value)
select md5('registration' || n)::uuid, md5('attempt' || n)::uuid, 1, 'SCO-1', 'cmi.interactions.' || i || '.id', 'question'
from generate_series({first}, {last}) n, generate_series(0, 5) i;
"""


@dataclass
class Found:
    """Commits among few and among many registrations; milliseconds of CPU for each, of the web and of the database."""

    few: load.Result
    many: load.Result
    few_ms: tuple[float, float]
    many_ms: tuple[float, float]
    stored: int
    acknowledged: int


async def _fill(dsn: str, first: int, last: int) -> None:
    db = await asyncpg.connect(dsn)
    try:
        async with db.transaction():
            await db.execute("set local session_replication_role = replica; set local synchronous_commit = off")
            if first == 1:
                await db.execute(BEGIN)
            await db.execute(RECORDS.format(first=first, last=last))
        await db.execute("vacuum analyze")
        # What the load left to write is not part of what is measured.
        await db.execute("checkpoint")
    finally:
        await db.close()


async def _again(dsn: str, numbers: list[int]) -> list[int]:
    """How far each registration is."""
    db = await asyncpg.connect(dsn)
    try:
        return [
            await db.fetchval("select commit_seq from public.scorm_enrollments where id = $1", _id("registration", n))
            for n in numbers
        ]
    finally:
        await db.close()


async def _value(dsn: str, sql: str) -> int:
    db = await asyncpg.connect(dsn)
    try:
        return int(await db.fetchval(sql))
    finally:
        await db.close()


def _id(kind: str, number: int) -> uuid.UUID:
    return uuid.UUID(hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest())


def _players(ground: Ground, numbers: list[int]) -> list[tuple[str, str, int]]:
    tokens = Tokens(Site.build(Settings(data_dir=ground.folder), None).key("scorm"))  # type: ignore[arg-type]
    at = asyncio.run(_again(ground.dsn, numbers))
    expires_at = int(time.time()) + 3600
    return [
        (tokens.label(_id("registration", n)), tokens.make(_id("registration", n), _id("player", n), expires_at), seq)
        for n, seq in zip(numbers, at, strict=True)
    ]


def _bodies(number: int, seq: int) -> Iterator[bytes]:
    """Commits of six elements and eight calls, as a slide after the other makes them; every tenth tells of progress."""
    kept = f"slide={number};" + "answers=abcdefghijklmnopqrstuvwxyz;" * 12
    while True:
        seq += 1
        elements = {
            "cmi.completion_status": "incomplete",
            "cmi.location": str(seq),
            "cmi.suspend_data": f"{kept}{seq}",
            "cmi.session_time": f"PT{seq % 3000 + 1}.5S",
            "cmi.exit": "suspend",
            "cmi.success_status": "unknown",
        }
        if seq % 10 == 0:
            elements["cmi.progress_measure"] = str(min(1, seq / 100_000))
        calls = [{"t": seq * 10 + n, "fn": "SetValue", "args": [name, value], "answer": "true", "error": "0"}
                 for n, (name, value) in enumerate(list(elements.items())[:6])]  # fmt: skip
        calls += [{"t": seq * 10 + 8, "fn": "GetLastError", "args": [], "answer": "0", "error": "0"},
                  {"t": seq * 10 + 9, "fn": "Commit", "args": [""], "answer": "true", "error": "0"}]  # fmt: skip
        # Twenty times as fast as json: the load generator runs on the cores that it measures.
        yield msgspec.json.encode(
            {"seq": seq, "sco": "SCO-1", "elements": elements, "terminate": False, "calls": calls}
        )


async def commits(port: int, players: list[tuple[str, str, int]], seconds: float) -> load.Result:
    """Each player sends its next commit when the one before was acknowledged."""

    async def one(number: int, until: float, result: load.Result) -> None:
        client = await load.connect(port)
        label, token, seq = players[number]
        head = (
            f"POST /{token}/commit HTTP/1.1\r\nHost: {label}.localhost:8000\r\nOrigin: http://{label}.localhost:8000\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        for body in _bodies(number, seq):
            if time.perf_counter() >= until:
                return
            wanted = b"%b%d\r\n\r\n%b" % (head, len(body), body)
            if await load.timed(client, wanted, result, lambda status, answer: status == 200) is None:
                return

    return await load.run(one, len(players), seconds)


def run(ground: Ground, seconds: float, processes: int) -> Found:
    """Measures both, on the same ground; what was acknowledged is then counted in the database."""
    ground.make_empty()
    found: list[tuple[load.Result, tuple[float, float]]] = []
    acknowledged = 0
    for first, last in ((1, FEW), (FEW + 1, MANY)):
        asyncio.run(_fill(ground.dsn, first, last))
        ground.start(processes=processes, worker=False)
        step = last // PLAYERS
        numbers = [1 + n * step for n in range(PLAYERS)]
        acknowledged += load.in_its_own_process("commits", ground.port, _players(ground, numbers), WARM_S).done
        before = ground.cpu()
        result: load.Result = load.in_its_own_process("commits", ground.port, _players(ground, numbers), seconds)
        after = ground.cpu()
        ground.stop_web()
        acknowledged += result.done
        each = max(1, result.done) / 1000
        found.append((result, ((after.web - before.web) / each, (after.database - before.database) / each)))
    stored = asyncio.run(_value(ground.dsn, "select count(*) from public.scorm_calls"))
    return Found(found[0][0], found[1][0], found[0][1], found[1][1], stored, acknowledged)

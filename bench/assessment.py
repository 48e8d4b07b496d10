"""Taking quizzes: whole attempts over HTTP, and a thousand that reach their deadline in the same second."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import asyncpg
from litestar.middleware.csrf import generate_csrf_token

from bench import load
from bench.ground import Ground
from collegium.kit.site import Site
from collegium.settings import Settings
from collegium.web.sessions import hash_token

PEOPLE, QUESTIONS, CONNECTIONS = 1000, 10, 16
LEAD_S = 8.0
WARM_S = 2.0
OPTIONS = [{"id": letter, "text": f"Answer {letter}"} for letter in "abcd"]
# Nine kinds would measure the graders; these three are what most quizzes ask.
KINDS: tuple[tuple[str, Any, Any, Any], ...] = (
    ("multiple_choice", OPTIONS, {"selected": "b"}, {"selected": "2"}),
    ("multiple_answer", OPTIONS, {"selected": ["a", "c"]}, {"selected": ["1", "3"]}),
    ("short_answer", [], {"accepted": ["the premium"]}, {"text": "The premium"}),
)
PEOPLE_SQL = """
with made as (
    insert into auth.users (email, email_confirmed_at) select 'b' || n || '@bench.test', now() from generate_series(1, $1::int) n
    returning id, email
), sessions as (
    insert into public.web_sessions (user_id, token_hash, expires_at)
    select m.id, t.hash, now() + interval '1 day'
    from (select id, row_number() over (order by id) as n from made) m join unnest($3::bytea[]) with ordinality as t (hash, n) using (n)
)
insert into public.enrollments (course_id, member_id) select $2, id from made
"""


@dataclass(frozen=True)
class Found:
    """What was measured. ``late_s``: from the deadline until the last of the thousand was graded."""

    cycles: load.Result
    web_ms: float
    database_ms: float
    late_s: float
    graded: int
    acknowledged: int
    missing: int


def token(number: int) -> str:
    """The session token of a person."""
    return f"bench-quiz-{number}"


async def fill(dsn: str) -> uuid.UUID:
    """A course with a quiz of ten questions and a thousand learners; answers the quiz."""
    db = await asyncpg.connect(dsn)
    try:
        teacher = await db.fetchval("insert into auth.users (email) values ('teacher@bench.test') returning id")
        course = await db.fetchval(
            "insert into public.courses (title, slug, description, category, instructor_id, status)"
            " values ('Bench', 'bench', 'Bench', 'compliance', $1, 'published') returning id", teacher
        )  # fmt: skip
        part = await db.fetchval(
            "insert into public.course_modules (course_id, title, module_order) values ($1, 'One', 1) returning id", course
        )  # fmt: skip
        for order, kind in enumerate(("text", "quiz"), 1):
            lesson = await db.fetchval(
                "insert into public.lessons (module_id, course_id, title, lesson_type, lesson_order, completion_criteria)"
                " values ($1, $2, $3, $3, $4, $5) returning id",
                part, course, kind, order, "quiz_passed" if kind == "quiz" else "marked_complete",
            )  # fmt: skip
        quiz: uuid.UUID = await db.fetchval(
            "insert into public.quizzes (lesson_id, title, status, shuffle_questions, shuffle_answers, time_limit_minutes,"
            " require_passing) values ($1, 'Quiz', 'published', false, false, 60, true) returning id", lesson
        )  # fmt: skip
        for n in range(QUESTIONS):
            await _question(db, course, quiz, n)
        await db.execute(PEOPLE_SQL, PEOPLE, course, [hash_token(token(n)) for n in range(PEOPLE)])
        await db.execute("analyze")
        return quiz
    finally:
        await db.close()


async def _question(db: asyncpg.Connection[Any], course: uuid.UUID, quiz: uuid.UUID, n: int) -> None:
    kind, options, right, _ = KINDS[n % len(KINDS)]
    question = await db.fetchval(
        "insert into public.questions (course_id, question_type, status) values ($1, $2, 'active') returning id", course, kind
    )  # fmt: skip
    version = await db.fetchval(
        "insert into public.question_versions (question_id, question_text, answer_options)"
        " values ($1, 'What is paid?', $2) returning id", question, json.dumps(options)
    )  # fmt: skip
    await db.execute(
        "insert into public.question_keys (question_version_id, correct_answer) values ($1, $2)", version, json.dumps(right)
    )  # fmt: skip
    await db.execute(
        "insert into public.quiz_questions (quiz_id, question_order, question_version_id) values ($1, $2, $3)",
        quiz, n + 1, version,
    )  # fmt: skip


async def _analyze(dsn: str) -> None:
    db = await asyncpg.connect(dsn)
    try:
        await db.execute("vacuum analyze")
    finally:
        await db.close()


def _put(attempt: str, position: int, seq: int, cookie: str, extra: str) -> bytes:
    body = json.dumps({"answer": KINDS[(position - 1) % len(KINDS)][3], "seq": seq}).encode()
    return load.request("PUT", f"/api/v1/attempts/{attempt}/answers/{position}", cookie, body, extra)


async def cycles(port: int, quiz: str, csrf: str, seconds: float) -> load.Result:
    """Whole attempts: start, ten answers saved one by one, hand in, read the result; each answer is checked."""
    extra = f"X-CSRF-Token: {csrf}\r\n"

    async def one(number: int, until: float, result: load.Result) -> None:
        client = await load.connect(port)
        turn = number
        while time.perf_counter() < until:
            cookie = f"{token(turn % PEOPLE)}; csrftoken={csrf}"
            turn += CONNECTIONS
            began = time.perf_counter()
            wrong = await _cycle(client, quiz, cookie, extra)
            if wrong:
                result.errors += 1
                result.first_error = result.first_error or wrong
                return
            result.done += 1
            result.latencies.append((time.perf_counter() - began) * 1000)

    return await load.run(one, CONNECTIONS, seconds)


async def _cycle(client: load.Client, quiz: str, cookie: str, extra: str) -> str:
    status, body = await client.ask(load.request("POST", f"/api/v1/quizzes/{quiz}/attempts", cookie, b"{}", extra))
    if status != 200:
        return f"start {status} {body[:200]!r}"
    attempt = json.loads(body)["id"]
    for position in range(1, QUESTIONS + 1):
        status, body = await client.ask(_put(attempt, position, 1, cookie, extra))
        if status != 200 or b'"saved":true' not in body:
            return f"answer {status} {body[:200]!r}"
    status, body = await client.ask(load.request("POST", f"/api/v1/attempts/{attempt}/submit", cookie, b"{}", extra))
    if status != 200 or float(json.loads(body)["score"]) != 100:
        return f"hand in {status} {body[:200]!r}"
    status, body = await client.ask(load.request("GET", f"/api/v1/attempts/{attempt}/result", cookie, b"", extra))
    return "" if status == 200 and b'"passed":true' in body else f"result {status} {body[:200]!r}"


async def until_the_bell(port: int, attempts: list[tuple[str, str]], csrf: str, until: float) -> dict[str, int]:
    """Saves answers of a thousand attempts until some time (of the wall's clock); what was acknowledged: place → seq."""
    extra = f"X-CSRF-Token: {csrf}\r\n"
    known: dict[str, int] = {}

    async def one(number: int) -> None:
        client = await load.connect(port)
        seq = 0
        while time.time() < until:
            seq += 1
            for person, attempt in attempts[number::CONNECTIONS]:
                position = seq % QUESTIONS + 1
                status, body = await client.ask(_put(attempt, position, seq, f"{person}; csrftoken={csrf}", extra))
                if status == 200 and b'"saved":true' in body:
                    known[f"{attempt}/{position}"] = seq
                elif time.time() >= until:
                    return

    await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))
    return known


async def _start_all(dsn: str, quiz: uuid.UUID) -> tuple[list[tuple[str, str]], float]:
    """A thousand attempts in progress with one deadline, some seconds from now."""
    db = await asyncpg.connect(dsn)
    try:
        await db.execute(
            "update public.quiz_attempts set status = 'submitted', submitted_by = 'learner', submitted_at = now()"
            " where status = 'in_progress'"
        )
        rows = await db.fetch(
            "select s.user_id, t.n from unnest($1::bytea[]) with ordinality as t (hash, n)"
            " join public.web_sessions s on s.token_hash = t.hash order by t.n",
            [hash_token(token(n)) for n in range(PEOPLE)],
        )
        found: list[tuple[str, str]] = []
        async with db.transaction():
            await db.execute("set local role authenticated")
            for row in rows:
                claims = json.dumps({"sub": str(row["user_id"]), "role": "authenticated"})
                await db.execute("select set_config('request.jwt.claims', $1, true)", claims)
                attempt = await db.fetchval("select (public.start_quiz_attempt($1)).id", quiz)
                found.append((token(row["n"] - 1), str(attempt)))
        deadline = time.time() + LEAD_S
        await db.execute(
            "update public.quiz_attempts set deadline_at = to_timestamp($1) where status = 'in_progress'", deadline
        )
        return found, deadline
    finally:
        await db.close()


async def _wait(
    dsn: str, deadline: float, attempts: list[tuple[str, str]], known: dict[str, int]
) -> tuple[float, int, int]:
    """Seconds from the deadline until the last attempt was handed in; how many are graded; answers that are missing."""
    db = await asyncpg.connect(dsn)
    try:
        while await db.fetchval("select exists (select 1 from public.quiz_attempts where status = 'in_progress')"):
            if time.time() > deadline + 60:
                break
            await asyncio.sleep(0.05)
        # By the database's clock, as it was written; the look above may come late.
        late = await db.fetchval(
            "select extract(epoch from max(updated_at)) - $2 from public.quiz_attempts where id = any ($1::uuid[])",
            [attempt for _, attempt in attempts], deadline,
        )  # fmt: skip
        graded = await db.fetchval(
            "select count(*) from public.quiz_attempts where id = any ($1::uuid[]) and score is not null",
            [attempt for _, attempt in attempts],
        )
        rows = await db.fetch(
            "select quiz_attempt_id || '/' || position as place, seq, points_earned from public.quiz_answers"
            " where quiz_attempt_id = any ($1::uuid[])",
            [attempt for _, attempt in attempts],
        )
        stored = {row["place"]: row["seq"] for row in rows if row["points_earned"] is not None}
        return (
            max(float(late), time.time() - deadline if graded < len(attempts) else 0.0),
            graded,
            sum(stored.get(place, -1) < seq for place, seq in known.items()),
        )
    finally:
        await db.close()


def run(ground: Ground, seconds: float = 8) -> Found:
    """Both measurements on an empty site with one course."""
    ground.make_empty()
    quiz = asyncio.run(fill(ground.dsn))
    secret = Site.build(Settings(data_dir=ground.folder), None).key("csrf").hex()  # type: ignore[arg-type]
    csrf = generate_csrf_token(secret)
    ground.start(processes=2, worker=True)
    try:
        load.in_its_own_process("cycles", ground.port, str(quiz), csrf, 1.0)
        # As a site that has been in use: with statistics of what its tables hold.
        asyncio.run(_analyze(ground.dsn))
        # Statistics make every connection plan its statements anew, which costs each 67 ms once.
        load.in_its_own_process("cycles", ground.port, str(quiz), csrf, WARM_S)
        before = ground.cpu()
        result = load.in_its_own_process("cycles", ground.port, str(quiz), csrf, seconds)
        after = ground.cpu()
        attempts, deadline = asyncio.run(_start_all(ground.dsn, quiz))
        known = load.in_its_own_process("until_the_bell", ground.port, attempts, csrf, deadline + 1)
        late, graded, missing = asyncio.run(_wait(ground.dsn, deadline, attempts, known))
    finally:
        ground.stop_web()
    each = max(1, result.done) / 1000
    return Found(
        result,
        (after.web - before.web) / each,
        (after.database - before.database) / each,
        late,
        graded,
        len(known),
        missing,
    )

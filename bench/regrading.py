"""A question that 100,000 attempts were asked is graded anew, every score changes, and somebody takes the quiz all the while."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import Any

import asyncpg

from collegium.features.quizzes import service
from collegium.kit import embedded, migrations
from collegium.kit.db import SYSTEM, Database, person

DATABASE = "bench_regrade"
PEOPLE, EACH = 10_000, 10
WHO = "('00000000-0000-0000-0000-' || lpad({}::text, 12, '0'))::uuid"

# One quiz of one course with a choice and an essay's worth of other points; ten attempts of each of ten thousand people. Half chose
# what the key names and half what it will name, so that every score changes. Without triggers: taking is measured elsewhere.
SCHOOL = f"""
create function pg_temp.who(n integer) returns uuid language sql immutable as $$ select {WHO.format("n")} $$;
set session_replication_role = replica;
insert into auth.users (id, email) select pg_temp.who(n), 'p' || n || '@bench.test' from generate_series(0, {PEOPLE}) n;
insert into public.profiles (id, email, role)
    select pg_temp.who(n), 'p' || n || '@bench.test', case n when 0 then 'instructor' else 'student' end::public.user_role
    from generate_series(0, {PEOPLE}) n;
insert into public.courses (id, title, slug, description, category, status, instructor_id)
    values (pg_temp.who(1), 'Bench', 'bench', 'd', 'compliance', 'published', pg_temp.who(0));
insert into public.enrollments (id, course_id, member_id, enrollment_source, status)
    select pg_temp.who(n), pg_temp.who(1), pg_temp.who(n), 'bulk_import', 'in_progress' from generate_series(1, {PEOPLE}) n;
insert into public.quizzes (id, course_id, of_course_id, title, status, passing_score, total_points, attempts_count, graded_count, passed_count, score_sum)
    values (pg_temp.who(2), pg_temp.who(1), pg_temp.who(1), 'Exam', 'published', 60, 2, {PEOPLE * EACH}, {PEOPLE * EACH}, {PEOPLE * EACH} / 2, {PEOPLE * EACH} / 2 * 100);
insert into public.questions (id, course_id, question_type, status) select pg_temp.who(n), pg_temp.who(1), 'multiple_choice', 'active' from generate_series(3, 4) n;
insert into public.question_versions (id, question_id, question_type, course_id, version, question_text, answer_options, used_at)
    select pg_temp.who(n), pg_temp.who(n), 'multiple_choice', pg_temp.who(1), 1, 'Who?',
        '[{{"id": "a", "text": "1"}}, {{"id": "b", "text": "2"}}, {{"id": "c", "text": "3"}}, {{"id": "d", "text": "4"}}]', now()
    from generate_series(3, 4) n;
insert into public.question_keys (question_version_id, question_type, course_id, correct_answer)
    select pg_temp.who(n), 'multiple_choice', pg_temp.who(1), '{{"selected": "b"}}' from generate_series(3, 4) n;
insert into public.quiz_questions (quiz_id, of_course_id, question_order, question_version_id)
    values (pg_temp.who(2), pg_temp.who(1), 1, pg_temp.who(3)), (pg_temp.who(2), pg_temp.who(1), 2, pg_temp.who(4));
create temporary table made as
    select private.uuid_v7() as id, n, e, n % 2 = 0 as is_right,
        case (n + e) % 3 when 0 then '["a", "b", "c", "d"]' when 1 then '["d", "b", "a", "c"]' else '["c", "a", "d", "b"]' end::jsonb as shown
    from generate_series(1, {PEOPLE}) n, generate_series(1, {EACH}) e;
insert into public.quiz_attempts (id, quiz_id, enrollment_id, course_id, member_id, attempt_number, status, started_at, submitted_at, submitted_by,
        passing_score, total_points, points_earned, score, passed, graded_at)
    select m.id, pg_temp.who(2), pg_temp.who(m.n), pg_temp.who(1), pg_temp.who(m.n), m.e, 'graded', now() - interval '1 hour', now(), 'learner',
        60, 2, m.is_right::integer * 2, m.is_right::integer * 100, m.is_right, now() from made m;
insert into private.attempt_questions (quiz_attempt_id, position, question_version_id, points, option_order)
    select m.id, p, pg_temp.who(2 + p), 1, m.shown from made m, generate_series(1, 2) p;
insert into public.quiz_answers (quiz_attempt_id, position, question_id, course_id, answer_data, seq, is_correct, points_earned, max_points, graded_at)
    select m.id, p, pg_temp.who(2 + p), pg_temp.who(1),
        jsonb_build_object('selected', (select o.n::text from jsonb_array_elements_text(m.shown) with ordinality o (id, n)
            where o.id = case when m.is_right then 'b' else 'a' end)),
        1, m.is_right, m.is_right::integer, 1, now()
    from made m, generate_series(1, 2) p;
reset session_replication_role;
"""


@dataclass(frozen=True)
class Cost:
    """Seconds for the whole, and milliseconds of one who takes the quiz meanwhile: a cycle of start, answer and hand in."""

    attempts: int
    changed: int
    seconds: float
    preview: float
    cycles: int
    cycle: float
    cycle_worst: float
    cycle_alone: float


def run(server: embedded.Server) -> Cost:
    """Measures on a database of its own."""
    return asyncio.run(_run(server))


async def _run(server: embedded.Server) -> Cost:
    await migrations.drop(server, DATABASE)
    dsn = await migrations.ensure_database(server, DATABASE)
    await migrations.migrate(dsn)
    owner = await asyncpg.connect(server.dsn("postgres", DATABASE), command_timeout=900)
    pool = Database(server.dsn("postgres", DATABASE), size=4)
    await pool.start()
    try:
        await owner.execute(SCHOOL)
        await owner.execute("vacuum analyze")
        return await _measure(pool, owner)
    finally:
        await pool.stop()
        await owner.close()


async def _measure(pool: Database, owner: asyncpg.Connection[Any]) -> Cost:
    version, teacher = await owner.fetchval(f"select {WHO.format(3)}"), await owner.fetchval(f"select {WHO.format(0)}")
    alone = await _takes(pool, owner, asyncio.Event(), turns=20)
    async with pool.transaction(person(teacher)) as tx:
        await tx.execute('select public.change_question_key($1, \'{"selected": "a"}\'::jsonb, null)', version)
    began = time.perf_counter()
    async with pool.transaction(person(teacher), read_only=True) as tx:
        seen = await service.preview_regrade(tx, version)
    preview = time.perf_counter() - began
    done = asyncio.Event()
    taker = asyncio.create_task(_takes(pool, owner, done))
    began = time.perf_counter()
    async with pool.transaction(person(teacher)) as tx:
        regrade = await service.begin_regrade(tx, version, "The key was wrong.", tell=True)
    state = ""
    while state != "done":
        async with pool.transaction(SYSTEM) as tx:
            state = await service.regrade_some(tx, regrade)
        if state == "wait":
            await asyncio.sleep(0.02)
    seconds = time.perf_counter() - began
    done.set()
    cycles = await taker
    async with pool.transaction(person(teacher), read_only=True) as tx:
        found = await service.regrade(tx, regrade)
    # Those who took it alone before may have chosen what changes too.
    if found.changed != seen.changed or found.changed < PEOPLE * EACH:
        raise RuntimeError(f"{found.changed} changed, {seen.changed} were foreseen, of {PEOPLE * EACH}.")
    wrong = await owner.fetchval(
        "select count(*) from public.quiz_attempts t where t.score is not null and t.points_earned <>"
        " (select sum(w.points_earned) from public.quiz_answers w where w.quiz_attempt_id = t.id)"
    )
    if wrong:
        raise RuntimeError(f"{wrong} attempts do not add up.")
    return Cost(found.attempts, found.changed, seconds, preview, len(cycles), statistics.median(cycles), max(cycles),
                statistics.median(alone))  # fmt: skip


async def _takes(
    pool: Database, owner: asyncpg.Connection[Any], done: asyncio.Event, turns: int = 1_000_000
) -> list[float]:
    """People take the quiz, one after the other, until it is done: milliseconds of each cycle."""
    taken: list[float] = []
    quiz = await owner.fetchval(f"select {WHO.format(2)}")
    for turn in range(turns):
        if done.is_set():
            break
        learner = await owner.fetchval(f"select {WHO.format(1 + turn % PEOPLE)}")
        began = time.perf_counter()
        async with pool.transaction(person(learner)) as tx:
            attempt = await tx.fetchval("select (public.start_quiz_attempt($1)).id", quiz)
        async with pool.transaction(person(learner)) as tx:
            await tx.execute('select public.save_quiz_answer($1, 1, \'{"selected": "1"}\'::jsonb, 1)', attempt)
        async with pool.transaction(person(learner)) as tx:
            await tx.execute("select public.submit_quiz_attempt($1)", attempt)
        taken.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.02)
    return taken

"""Many connections that enrol, learn, complete, leave, review, vote, take quizzes, grade and suspend as it comes to their mind.

A test lets a few of them do so for some seconds, `script/bench concurrency` sixteen for a minute.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import asyncpg

from collegium.access.stage import key
from tests.support.database import Database, as_actor


async def found_crowd(database: Database) -> list[UUID]:
    """In a guild's database, two hundred people, each enrolled in the guild's course with everything done but the reading."""
    async with database.connect() as owner:
        await owner.execute("delete from auth.users where id = $1", key("nobody"))
        rows = await owner.fetch(
            "insert into auth.users (email) select 'p' || n || '@guild.test'"
            " from generate_series(1, 200) n returning id"
        )
        ids: list[UUID] = [row["id"] for row in rows]
        await owner.execute(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[])", key("course"), ids
        )
        await owner.execute(
            "select private.complete_lesson(e.id, l.id) from public.enrollments e, public.lessons l"
            " where e.member_id = any ($1) and l.id = any ($2)",
            ids,
            [key("welcome"), key("locked")],
        )
    return ids


def answer_of(error: asyncpg.PostgresError) -> str:
    """The code of a rule that refused, else the SQLSTATE."""
    state = str(error.sqlstate)
    return str(error.as_dict().get("detail")) if state.startswith("CG") else state


Move = Callable[[random.Random, list[UUID]], tuple[UUID | None, str, UUID]]


def by_learner(sql: str, *things: str) -> Move:
    """Somebody of the crowd does something with one of the things, or with himself."""

    def move(mind: random.Random, crowd: list[UUID]) -> tuple[UUID | None, str, UUID]:
        who = mind.choice(crowd)
        return who, sql, key(mind.choice(things)) if things else who

    return move


def by_site(sql: str) -> Move:
    """The site does something with somebody of the crowd."""
    return lambda mind, crowd: (None, sql, mind.choice(crowd))


def by_instructor(mind: random.Random, _crowd: list[UUID]) -> tuple[UUID | None, str, UUID]:
    """The instructor changes his mind about what is required."""
    required = mind.choice(("true", "false"))
    sql = f"update public.lessons set require_completion = {required} where id = $1"
    return key("instructor"), sql, key(mind.choice(("welcome", "reading", "locked", "spare")))


def by_person(name: str, sql: str, *things: str) -> Move:
    """One person of the guild does something with one of the things."""
    return lambda mind, _crowd: (key(name), sql, key(mind.choice(things)))


MODERATE = """
select public.moderate_review(id, random() < 0.7, false, 'Off the subject.') from (
    select id from public.course_reviews where course_id = $1 order by random() limit 1
) r
"""
SAVE_ANSWER = """
select public.save_quiz_answer(id, 1, (case when random() < 0.5 then '{"selected": "b"}' else '{"selected": "true"}' end)::jsonb,
    (extract(epoch from clock_timestamp()) * 1000)::bigint)
from public.quiz_attempts where member_id = $1 and status = 'in_progress' limit 1
"""
GRADE = """
select public.grade_submission(id, (random() * 100)::integer) from (
    select id from public.assignment_submissions
    -- A grade that is there changes with a reason.
    where assignment_id = $1 and set_config('collegium.grade_reason', 'Read again.', true) <> ''
    order by random() limit 1
) s
"""
COMPLETE = f"""
select private.complete_lesson(e.id, l.id) from public.enrollments e join public.lessons l on l.course_id = e.course_id
where e.member_id = $1 and e.course_id = '{key("course")}' order by random() limit 1
"""
SUSPEND = """
update public.enrollments set status = case status when 'suspended' then 'in_progress' else 'suspended' end
where id = (
    select id from public.enrollments where member_id = $1 and status in ('enrolled', 'in_progress', 'suspended')
    order by random() limit 1
)
-- Of who has completed the course meanwhile the certificate would stay.
and status in ('enrolled', 'in_progress', 'suspended')
"""
FORGET = """
delete from public.lesson_progress where id = (
    select p.id from public.lesson_progress p join public.enrollments e on e.id = p.enrollment_id
    where e.member_id = $1 and e.status <> 'completed' order by random() limit 1
)
"""
MOVES: list[tuple[int, Move]] = [
    (6, by_learner("select public.enrol($1)", "course", "short", "open", "other_course")),
    (8, by_learner("select public.mark_lesson_complete($1)", "reading", "short_lesson", "bare")),
    (4, by_learner("select public.visit_lesson($1)", "welcome", "reading", "locked")),
    (3, by_learner("select public.open_playback($1)", "welcome_video", "locked_video")),
    (3, by_learner("select public.drop_enrollment(id) from public.enrollments where member_id = $1 limit 1")),
    (1, by_instructor),
    (2, by_site(SUSPEND)),
    (4, by_site(COMPLETE)),
    (1, by_site(FORGET)),
    (3, by_learner("select public.write_review($1, 1 + (random() * 4)::integer)", "course", "short")),
    (3, by_person("admin", MODERATE, "course", "short")),
    (
        3,
        by_learner(
            "select public.vote_on_review(r.id, random() < 0.5) from public.read_reviews($1) r limit 2",
            "course",
            "short",
        ),
    ),
    (3, by_learner("select public.start_quiz_attempt($1)", "quiz", "short_quiz")),
    (3, by_learner(SAVE_ANSWER)),
    (
        3,
        by_learner(
            # One attempt an act, as a person hands one in.
            "select public.submit_quiz_attempt((select id from public.quiz_attempts"
            " where member_id = $1 and status = 'in_progress' limit 1))"
        ),
    ),
    (
        2,
        by_learner(
            "select public.submit_assignment($1, p_text => 'What I think of it.')", "assignment", "short_assignment"
        ),
    ),
    (2, by_person("instructor", GRADE, "assignment", "short_assignment")),
    (1, by_site("select private.fold_content_counts() where $1::uuid is not null")),
    (1, by_site("select private.seal_audit_logs() where $1::uuid is not null")),
]


async def play(
    database: Database, people: list[UUID], clients: int, *, seconds: float = math.inf, done: float = math.inf
) -> Counter[str]:
    """How often each answer came: `done`, the code of a rule that refused, or an SQLSTATE.

    Goes on for so many seconds, or until so many acts are done: how long that takes depends on the machine.
    """
    answers: Counter[str] = Counter()
    weights = [weight for weight, _ in MOVES]

    async def one(seed: int) -> None:
        mind = random.Random(seed)
        async with database.connect("web") as session:
            while answers["done"] < done and asyncio.get_running_loop().time() < end:
                who, sql, what = mind.choices(MOVES, weights)[0][1](mind, people[:40])
                try:
                    async with as_actor(session, "authenticated" if who else "service_role", who):
                        await session.execute(sql, what)
                    answers["done"] += 1
                except asyncpg.PostgresError as error:
                    answers[answer_of(error)] += 1
                    if error.sqlstate == "40P01":
                        print(sql, error.detail, error.context)

    end = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(one(seed) for seed in range(clients)))
    return answers


def faults(answers: Counter[str]) -> list[str]:
    """Answers that are no rule's: a deadlock, a constraint that stopped what a rule let through."""
    return [answer for answer in answers if answer.isupper() or answer.isdigit()]

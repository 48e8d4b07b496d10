"""What one act costs in a course that 50,000 take, beside the same act in a course that 10 take; and with the triggers of the
source document as they stand.

Each act runs in a transaction that is undone, so that it meets the same rows every time; the time of its statement with
all its triggers is taken, without the commit. Blocks on both courses take turns, and the ratio is the median over the turns.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from tests.support import seeds
from tests.support.database import run

from collegium.kit import migrations
from collegium.kit.embedded import Server

BIG, SMALL = 50_000, 10
ROUNDS, BLOCK = 15, 20
DATABASE, SEED = "counters", "counters_seed"


@dataclass(frozen=True)
class Cost:
    """Milliseconds of one act in the small and in the big course, and the ratio."""

    act: str
    small: float
    big: float
    ratio: float


Act = tuple[str | None, str]

# Course 1 is the small one, course 2 the big one. Person n of a course: 1–10 learn, 11 does not yet.
FILL = """
insert into auth.users (id, email)
    select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'p' || n || '@bench.test' from generate_series(0, 11) n;
update public.profiles set role = 'admin', first_name = 'A' where email = 'p0@bench.test';
insert into public.courses (id, title, slug, description, category, status, ce_credits)
    select pg_temp.k('course', c), 'Course ' || c, 'course-' || c, 'd', 'compliance', 'published', 2 from generate_series(1, 2) c;
insert into public.course_modules (id, course_id, title, module_order)
    select pg_temp.k('module', c), pg_temp.k('course', c), 'Module', 1 from generate_series(1, 2) c;
insert into public.lessons (id, module_id, course_id, title, lesson_type, lesson_order)
    select pg_temp.k('lesson', c, l), pg_temp.k('module', c), pg_temp.k('course', c), 'Lesson', 'text', l
    from generate_series(1, 2) c, generate_series(1, 4) l;
insert into public.questions (id, course_id, question_type, status)
    select pg_temp.k('question', c), pg_temp.k('course', c), 'true_false', 'active' from generate_series(1, 2) c;
insert into public.question_versions (id, question_id, question_text, answer_options)
    select pg_temp.k('version', c), pg_temp.k('question', c), 'So?', '[]' from generate_series(1, 2) c;
insert into public.question_keys (question_version_id, correct_answer)
    select pg_temp.k('version', c), '{"selected": "true"}' from generate_series(1, 2) c;
insert into public.quizzes (id, course_id, title, status)
    select pg_temp.k('quiz', c), pg_temp.k('course', c), 'Quiz', 'published' from generate_series(1, 2) c;
insert into public.quiz_questions (quiz_id, question_order, question_version_id)
    select pg_temp.k('quiz', c), 1, pg_temp.k('version', c) from generate_series(1, 2) c;
insert into public.enrollments (id, course_id, member_id, enrollment_source)
    select pg_temp.k('enrollment', c, n), pg_temp.k('course', c), pg_temp.person(n), 'bulk_import'
    from generate_series(1, 2) c, generate_series(1, 10) n;
select private.complete_lesson(pg_temp.k('enrollment', c, n), pg_temp.k('lesson', c, l))
    from generate_series(1, 2) c, generate_series(1, 10) n, generate_series(1, 2) l;
select private.complete_lesson(pg_temp.k('enrollment', c, n), pg_temp.k('lesson', c, 3))
    from generate_series(1, 2) c, generate_series(6, 10) n;
"""
# The other 49,990 of the big course, at once and without triggers; what these would have kept is set right after it.
MORE = """
set local session_replication_role = replica;
insert into auth.users (id, email)
    select pg_temp.person(n), 'p' || n || '@bench.test' from generate_series(12, {people}) n;
insert into public.profiles (id, email) select pg_temp.person(n), 'p' || n || '@bench.test' from generate_series(12, {people}) n;
insert into public.enrollments (id, course_id, member_id, enrollment_source, status, started_at, lessons_completed, course_version_id)
    select pg_temp.k('enrollment', 2, n), pg_temp.k('course', 2), pg_temp.person(n), 'bulk_import', 'in_progress', now(), 2,
        (select max(e.course_version_id::text)::uuid from public.enrollments e where e.course_id = pg_temp.k('course', 2))
    from generate_series(12, {people}) n;
insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, started_at, completed_at)
    select pg_temp.k('enrollment', 2, n), pg_temp.k('lesson', 2, l), pg_temp.k('course', 2), 'completed', now(), now()
    from generate_series(12, {people}) n, generate_series(1, 2) l;
insert into public.quiz_attempts
    (quiz_id, enrollment_id, course_id, member_id, attempt_number, passing_score, status, score, points_earned, total_points, passed, submitted_at,
    submitted_by, graded_at)
    select pg_temp.k('quiz', 2), pg_temp.k('enrollment', 2, n), pg_temp.k('course', 2), pg_temp.person(n), 1, 70, 'graded', 100, 1, 1, true, now(), 'learner', now()
    from generate_series(12, {people}) n;
insert into public.course_reviews (course_id, member_id, enrollment_id, rating, is_approved, moderated_at)
    select pg_temp.k('course', 2), pg_temp.person(n), pg_temp.k('enrollment', 2, n), 4, true, now() from generate_series(12, {people}) n;
update public.courses set total_enrollments = 10 + {more}, active_enrollments = 10 + {more},
    total_reviews = {more}, rating_total = 4 * {more} where id = pg_temp.k('course', 2);
"""
HELPERS = """
create function pg_temp.k(p_kind text, variadic p_of integer[]) returns uuid language sql immutable as
    $$ select md5(p_kind || array_to_string(p_of, '/'))::uuid $$;
create function pg_temp.person(p integer) returns uuid language sql immutable as
    $$ select ('00000000-0000-0000-0000-' || lpad(p::text, 12, '0'))::uuid $$;
"""


def acts(course: int) -> dict[str, Act]:
    """Each act on a course: who does it (None for the site itself) and the statement."""
    person = "00000000-0000-0000-0000-{:012}".format
    learner, stranger, admin = person(1), person(11), person(0)
    return {
        "progress": (
            None,
            f"select private.complete_lesson(pg_temp.k('enrollment', {course}, 1), pg_temp.k('lesson', {course}, 3))",
        ),
        "complete": (
            None,
            f"select private.complete_lesson(pg_temp.k('enrollment', {course}, 6), pg_temp.k('lesson', {course}, 4))",
        ),
        "grade": (learner, f"select public.submit_quiz_attempt(pg_temp.k('attempt', {course}))"),
        "review": (admin, f"select public.moderate_review(pg_temp.k('review', {course}), true)"),
        "enrol": (stranger, f"select public.enrol(pg_temp.k('course', {course}))"),
        "drop": (learner, f"select public.drop_enrollment(pg_temp.k('enrollment', {course}, 1))"),
    }


PREPARE = """
insert into public.quiz_attempts (id, quiz_id, enrollment_id, course_id, member_id, attempt_number, passing_score, total_points)
    select pg_temp.k('attempt', c), pg_temp.k('quiz', c), pg_temp.k('enrollment', c, 1), pg_temp.k('course', c), pg_temp.person(1), 1, 70, 1
    from generate_series(1, 2) c;
insert into private.attempt_questions (quiz_attempt_id, position, question_version_id, points, option_order)
    select pg_temp.k('attempt', c), 1, pg_temp.k('version', c), 1, '["true", "false"]' from generate_series(1, 2) c;
insert into public.quiz_answers (quiz_attempt_id, position, question_id, course_id, answer_data, seq, max_points)
    select pg_temp.k('attempt', c), 1, pg_temp.k('question', c), pg_temp.k('course', c), '{"selected": "true"}', 1, 1
    from generate_series(1, 2) c;
insert into public.course_reviews (id, course_id, member_id, enrollment_id, rating)
    select pg_temp.k('review', c), pg_temp.k('course', c), pg_temp.person(1), pg_temp.k('enrollment', c, 1), 5
    from generate_series(1, 2) c;
"""

# The same for the source document's own tables and triggers.
SEED_FILL = """
insert into members (id, first_name, last_name) select pg_temp.person(n), 'P', n::text from generate_series(1, 50010) n;
insert into courses (id, title, slug, description, category, status)
    select pg_temp.k('course', c), 'Course ' || c, 'course-' || c, 'd', 'compliance', 'published' from generate_series(1, 2) c;
insert into course_modules (id, course_id, title, module_order)
    select pg_temp.k('module', c), pg_temp.k('course', c), 'Module', 1 from generate_series(1, 2) c;
insert into lessons (id, module_id, title, lesson_type, lesson_order)
    select pg_temp.k('lesson', c, l), pg_temp.k('module', c), 'Lesson', 'text', l
    from generate_series(1, 2) c, generate_series(1, 4) l;
insert into quizzes (id, course_id, title) select pg_temp.k('quiz', c), pg_temp.k('course', c), 'Quiz' from generate_series(1, 2) c;
insert into quiz_questions (id, quiz_id, question_text, question_type, question_order)
    select pg_temp.k('question', c), pg_temp.k('quiz', c), 'So?', 'true_false', 1 from generate_series(1, 2) c;
set local session_replication_role = replica;
insert into enrollments (id, course_id, member_id, status)
    select pg_temp.k('enrollment', c, n), pg_temp.k('course', c), pg_temp.person(n), 'in_progress'
    from generate_series(1, 2) c, generate_series(1, 50000) n where c = 2 or n <= 10;
insert into lesson_progress (enrollment_id, lesson_id, status)
    select pg_temp.k('enrollment', c, n), pg_temp.k('lesson', c, l), 'completed'
    from generate_series(1, 2) c, generate_series(1, 50000) n, generate_series(1, 2) l where c = 2 or n <= 10;
insert into quiz_attempts (id, quiz_id, enrollment_id, member_id, attempt_number)
    select pg_temp.k('attempt', c), pg_temp.k('quiz', c), pg_temp.k('enrollment', c, 1), pg_temp.person(1), 1 from generate_series(1, 2) c;
insert into course_reviews (course_id, member_id, rating, is_approved)
    select pg_temp.k('course', c), pg_temp.person(n), 4, true
    from generate_series(1, 2) c, generate_series(1, 50000) n where c = 2 or n <= 10;
"""


def seed_acts(course: int) -> dict[str, Act]:
    """The same acts as the source document has them."""
    return {
        "progress": (
            None,
            "insert into lesson_progress (enrollment_id, lesson_id, status)"
            f" values (pg_temp.k('enrollment', {course}, 1), pg_temp.k('lesson', {course}, 3), 'completed')",
        ),
        "complete": (
            None,
            f"update enrollments set status = 'completed' where id = pg_temp.k('enrollment', {course}, 6)",
        ),
        "grade": (None, f"update quiz_attempts set status = 'submitted' where id = pg_temp.k('attempt', {course})"),
        # Its monthly recount, for this one course.
        "review": (
            None,
            "update courses set avg_rating = (select avg(rating) from course_reviews where course_id = courses.id and is_approved),"
            " total_reviews = (select count(*) from course_reviews where course_id = courses.id and is_approved)"
            f" where id = pg_temp.k('course', {course})",
        ),
        "enrol": (
            None,
            f"insert into enrollments (course_id, member_id) values (pg_temp.k('course', {course}), pg_temp.person(50010))",
        ),
        "drop": (None, f"update enrollments set status = 'dropped' where id = pg_temp.k('enrollment', {course}, 1)"),
    }


def measure(connection: psycopg.Connection[Any], of: Callable[[int], dict[str, Act]]) -> list[Cost]:
    """The cost of each act on course 1 and on course 2."""
    small, big = of(1), of(2)
    costs: list[Cost] = []
    for act in small:
        turns: list[tuple[float, float]] = []
        for turn in range(ROUNDS + 1):
            pair = (_block(connection, *small[act]), _block(connection, *big[act]))
            if turn:  # The first one warms up.
                turns.append(pair)
        costs.append(
            Cost(
                act,
                statistics.median(one for one, _ in turns),
                statistics.median(two for _, two in turns),
                statistics.median(two / one for one, two in turns),
            )
        )
    return costs


def _block(connection: psycopg.Connection[Any], who: str | None, statement: str) -> float:
    """The median milliseconds of some runs, each undone."""
    found: list[float] = []
    for _ in range(BLOCK):
        with connection.transaction(force_rollback=True):
            if who:
                claims = json.dumps({"sub": who, "role": "authenticated"})
                connection.execute("select set_config('request.jwt.claims', %s, true)", [claims])
            began = time.perf_counter()
            connection.execute(statement.encode())
            found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)


def ours(server: Server) -> list[Cost]:
    """The costs of the product's own acts."""
    run(migrations.drop(server, DATABASE))
    run(migrations.migrate(run(migrations.ensure_database(server, DATABASE))))
    with psycopg.connect(server.dsn("postgres", DATABASE), autocommit=True) as connection:
        connection.execute(HELPERS)
        with connection.transaction():
            connection.execute(FILL)
        with connection.transaction():
            connection.execute(MORE.format(people=BIG + 1, more=BIG - SMALL).encode())
        with connection.transaction():
            connection.execute(PREPARE)
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
        found = measure(connection, acts)
    run(migrations.drop(server, DATABASE))
    return found


def theirs(server: Server) -> list[Cost]:
    """The costs of the source document's acts; nothing where it is not at hand."""
    if seeds.folder() is None:
        return []
    run(migrations.drop(server, SEED))
    with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as admin:
        admin.execute(f"create database {SEED}".encode())
    with psycopg.connect(server.dsn("postgres", SEED), autocommit=True) as connection:
        refused = seeds.build_n(connection)
        assert not refused, refused
        connection.execute(HELPERS)
        with connection.transaction():
            connection.execute(SEED_FILL)
        connection.execute("vacuum analyze")
        connection.execute("checkpoint")
        found = measure(connection, seed_acts)
    run(migrations.drop(server, SEED))
    return found

"""The queries that run most often, as the person for whom they run: by indexes, with no function called for each row, and at a
cost that does not grow with how many others take the course."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from collegium.access.stage import KEYS, Stage, opening
from collegium.kit import embedded, queries
from tests.support.database import Database, fresh_database, guild_template

CROWD = 3000
# Without triggers: what they keep is not looked at here.
FILL = f"""
set session_replication_role = replica;
insert into auth.users (id, email) select md5('crowd' || n)::uuid, 'crowd' || n || '@guild.test' from generate_series(1, {CROWD}) n;
insert into public.profiles (id, email) select md5('crowd' || n)::uuid, 'crowd' || n || '@guild.test' from generate_series(1, {CROWD}) n;
insert into public.web_sessions (user_id, token_hash, expires_at)
    select md5('crowd' || n)::uuid, sha256(('crowd' || n)::bytea), now() + interval '1 day' from generate_series(1, {CROWD}) n;
insert into public.enrollments (id, course_id, member_id, enrollment_source, status, started_at)
    select md5('enrollment' || n || c.slug)::uuid, c.id, md5('crowd' || n)::uuid, 'bulk_import', 'in_progress', now()
    from generate_series(1, {CROWD}) n, public.courses c where c.id in (%(course)s, %(short)s);
insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)
    select e.id, l.id, l.course_id, 'completed', now() from public.enrollments e join public.lessons l on l.course_id = e.course_id
    on conflict do nothing;
insert into public.certificates (number, enrollment_id, member_id, course_id, holder_name, course_title, ce_credits, completed_at)
    select private.new_certificate_number(now()), e.id, e.member_id, e.course_id, 'C', 'C', 0, now()
    from public.enrollments e where e.course_id = %(short)s and e.enrollment_source = 'bulk_import';
insert into public.video_analytics (user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds)
    select e.member_id, v.id, v.course_id, v.lesson_id, e.id, 100 from public.enrollments e
    join public.lesson_videos v on v.course_id = e.course_id where e.enrollment_source = 'bulk_import';
insert into public.quiz_attempts (quiz_id, enrollment_id, course_id, member_id, attempt_number, passing_score, total_points)
    select %(quiz)s, e.id, e.course_id, e.member_id, 1, 70, 1 from public.enrollments e
    where e.course_id = %(course)s and e.enrollment_source = 'bulk_import';
insert into public.course_reviews (course_id, member_id, enrollment_id, rating, is_approved, moderated_at)
    select e.course_id, e.member_id, e.id, 4, true, now() from public.enrollments e
    where e.course_id = %(course)s and e.enrollment_source = 'bulk_import';
insert into public.login_attempts (email, user_id, origin, succeeded, reason)
    select 'crowd' || n || '@guild.test', md5('crowd' || n)::uuid, 'o', true, 'ok' from generate_series(1, {CROWD}) n;
reset session_replication_role;
"""
# What grows with the people of a site.
LARGE = {
    "enrollments", "lesson_progress", "certificates", "video_analytics", "quiz_attempts", "course_reviews", "profiles",
    "web_sessions", "users", "login_attempts",
}  # fmt: skip
NO_FILTERS: tuple[Any, ...] = ("", [], [], [], [], [], [])


@dataclass(frozen=True)
class Query:
    """A query by its place (`feature.name`, or SQL of a client), who asks, and what is put in; names stand for things of the guild."""

    who: str
    sql: str
    given: tuple[Any, ...] = ()


# A policy alone ("mine, my students', or everything for an administrator") leads no index: clients say whose rows they mean.
QUERIES: dict[str, Query] = {
    "whoever is signed in": Query("service_role", "people.viewer_by_token", (b"token",)),
    "the catalogue": Query("anon", "catalogue.list_courses", (*NO_FILTERS, "title", None, None, None, 24)),
    "a search": Query("anon", "catalogue.list_courses", ("policy", *NO_FILTERS[1:], "relevance", None, None, None, 24)),
    "facets": Query("anon", "catalogue.count_courses", NO_FILTERS),
    "marks in the catalogue": Query("owner", "catalogue.my_marks"),
    "a course": Query("anon", "catalogue.course", ("course",)),
    "where a person stands": Query("owner", "catalogue.standing", ("guild-reading", False)),
    "what is shut": Query("owner", "catalogue.my_locks", (["course"],)),
    "paths": Query("anon", "catalogue.paths", (["course"],)),
    "my learning": Query("owner", "enrolments.my_learning"),
    "a course to learn in": Query("owner", "progress.course_for_learning", ("guild-reading",)),
    "an outline": Query("owner", "progress.outline", ("course", "enrollment")),
    "a lesson": Query("owner", "progress.lesson", ("reading", "enrollment")),
    "the body of a lesson": Query("owner", "progress.blocks", ("reading",)),
    "a video": Query("owner", "progress.video", ("welcome",)),
    "requirements": Query("owner", "progress.requirements", ("enrollment",)),
    "my certificates": Query("owner", "certificates.mine"),
    "a certificate": Query("anon", "select public.verify_certificate($1)", ("CERT-2026-AAAAAAAA",)),
    "my browsers": Query("owner", "people.my_sessions"),
    "my enrollments": Query("owner", "select * from public.enrollments where member_id = $1", ("owner",)),
    "my progress": Query("owner", "select * from public.lesson_progress where enrollment_id = $1", ("enrollment",)),
    "my attempts": Query(
        "owner", "select id, quiz_id, status, score, passed from public.quiz_attempts where member_id = $1", ("owner",)
    ),
    "reviews of a course": Query("anon", "select * from public.read_reviews($1, 10)", ("course",)),
    "one student of mine": Query(
        "instructor", "select * from public.enrollments where course_id = $1 and member_id = $2", ("course", "owner")
    ),
}
# Their cost may grow: reviews are sorted by how helpful they are.
GROWING = {"reviews of a course"}


@pytest.fixture(scope="module")
def crowded(database_server: embedded.Server, database_template: str) -> Iterator[psycopg.Connection]:
    """The guild, with three thousand others in two of its courses."""
    with fresh_database(database_server, guild_template(database_server, database_template)) as made:
        yield from _open(made, crowd=True)


@pytest.fixture(scope="module")
def quiet(database_server: embedded.Server, database_template: str) -> Iterator[psycopg.Connection]:
    """The guild alone."""
    with fresh_database(database_server, guild_template(database_server, database_template)) as made:
        yield from _open(made, crowd=False)


def _open(database: Database, *, crowd: bool) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.dsn_super, autocommit=True) as connection:
        if crowd:
            Stage(connection).owner(FILL)
        connection.execute("vacuum analyze")
    with psycopg.connect(database.dsn_owner, cursor_factory=psycopg.RawCursor) as connection:
        yield connection


def explained(connection: psycopg.Connection, query: Query) -> dict[str, Any]:
    """The plan that ran, as the actor; on the second run, when what a session looks up once is known."""
    sql = query.sql
    if re.fullmatch(r"\w+\.\w+", sql):
        feature, name = sql.split(".")
        sql = next(text for found, _, _, text in queries.load(f"collegium.features.{feature}") if found == name)
    given = [_bound(value) for value in query.given]
    for _ in range(2):
        with connection.transaction(force_rollback=True):
            connection.execute(opening(query.who).as_string().encode())
            row = connection.execute(
                f"explain (analyze, buffers, timing off, format json) {sql}".encode(), given
            ).fetchone()
    assert row
    found: dict[str, Any] = (row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]
    return found


def _bound(value: Any) -> Any:
    if isinstance(value, list):
        return [_bound(one) for one in value]
    return KEYS.get(value, value) if isinstance(value, str) else value


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a plan."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def pages(plan: dict[str, Any]) -> int:
    """How many pages were looked at."""
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


def faults(plan: dict[str, Any]) -> list[str]:
    """Scans of what is large, and filters that call a function of ours for each row."""
    found: list[str] = []
    for node in nodes(plan):
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
            found.append(f"reads all of {node['Relation Name']}")
        called = re.findall(r"\b(?:private|auth|public)\.\w+\(", str(node.get("Filter", "")))
        if called and node["Node Type"] != "Result":
            found.append(f"calls {called[0]}…) for each row of {node.get('Relation Name', node['Node Type'])}")
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_by_indexes_without_a_function_for_each_row(crowded: psycopg.Connection, name: str) -> None:
    assert faults(explained(crowded, QUERIES[name])) == []


@pytest.mark.parametrize("name", [name for name in QUERIES if name not in GROWING])
def test_the_cost_does_not_grow_with_others(crowded: psycopg.Connection, quiet: psycopg.Connection, name: str) -> None:
    few, many = (pages(explained(connection, QUERIES[name])) for connection in (quiet, crowded))
    assert many <= few * 1.5 + 45, f"{few} pages alone, {many} among three thousand"


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("select count(*) from public.lesson_progress where status = 'in_progress'", "reads all of lesson_progress"),
        ("select * from public.enrollments where private.fold(cohort_name) = 'x'", "calls private.fold("),
    ],
    ids=["a scan", "a function"],
)
def test_faults_are_noticed(crowded: psycopg.Connection, sql: str, fault: str) -> None:
    found = faults(explained(crowded, Query("service_role", sql)))
    assert [one for one in found if one.startswith(fault)]

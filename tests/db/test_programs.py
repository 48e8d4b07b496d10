"""Programs, versions of courses, prerequisites, attachments and links."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from collegium.access.stage import Stage, key
from tests.db.invariants import offending
from tests.support.database import Database

VERSIONS = "select count(*) from public.course_versions where course_id = %(course)s"
HELD = (
    "select number from public.course_versions where id = (select course_version_id from public.enrollments where {})"
)
# Something in every lesson that has nothing yet, so that its course can be published.
FILL = (
    "insert into public.content_blocks (lesson_id, course_id, type, order_index, content) select l.id, l.course_id,"
    " 'youtube', 1, '{\"video_id\": \"abcdefghijk\"}' from public.lessons l"
    " where not exists (select 1 from public.content_blocks b where b.lesson_id = l.id)"
    " and l.course_id in (select private.my_taught_course_ids())"
)
ADD = (
    "insert into public.lessons (id, course_id, module_id, title, lesson_type, lesson_order)"
    " values (%(new)s, %(course)s, %(first_module)s, 'Later', 'text', 9);"
    f" {FILL};"
    " select public.publish_course_changes(%(course)s)"
)
STANDING = (
    "select status, lessons_completed, total_lessons, progress_percentage::float"
    " from public.enrollment_details where id = %(enrollment)s"
)


def complete(stage: Stage, *lessons: str, who: str = "enrollment") -> None:
    for lesson in lessons:
        stage.owner(f"select private.complete_lesson(%({who})s, %({lesson})s)")


def enrol(stage: Stage, who: str = "stranger", course: str = "course") -> str | None:
    outcome = stage.attempt(who, f"select public.enrol(%({course})s)")
    return outcome.code or outcome.state


def release(lesson: str) -> str:
    return f"select public.release_lesson(%(course)s, %({lesson})s, 'The law has changed.')"


# Versions: what was begun -----------------------------------------------------------------------------------------


def test_what_a_learner_began_is_what_he_finishes(stage: Stage) -> None:
    stage.act("instructor", ADD)
    assert enrol(stage) is None
    assert stage.value(VERSIONS) == 2
    numbers = [
        stage.value(HELD.format(f"member_id = %({who})s and course_id = %(course)s")) for who in ("owner", "stranger")
    ]
    assert numbers == [1, 2]
    complete(stage, "welcome", "reading")
    assert stage.act("owner", STANDING).rows == [("in_progress", 2, 3, 66.67)]
    told = "select title from public.completion_requirements(%(enrollment)s)"
    assert [row[0] for row in stage.act("owner", told).rows] == ["Welcome", "Reading", "Locked"]
    complete(stage, "locked")
    assert stage.act("owner", STANDING).rows == [("completed", 3, 3, 100.0)]
    certificate = (
        "select v.number from public.certificates k join public.course_versions v on v.id = k.course_version_id"
    )
    assert stage.value(f"{certificate} where k.enrollment_id = %(enrollment)s") == 1


def test_who_begins_later_does_what_is_asked_later(stage: Stage) -> None:
    stage.act("instructor", ADD)
    enrol(stage)
    stage.owner(
        "select private.complete_lesson(e.id, l) from public.enrollments e, unnest(%(lessons)s) l"
        " where e.member_id = %(stranger)s and e.course_id = %(course)s",
        lessons=[key("welcome"), key("reading"), key("locked")],
    )
    status = "select status from public.enrollments where member_id = %(stranger)s and course_id = %(course)s"
    assert stage.value(status) == "in_progress"
    stage.owner(
        "select private.complete_lesson(id, %(new)s) from public.enrollments"
        " where member_id = %(stranger)s and course_id = %(course)s"
    )
    assert stage.value(status) == "completed"


def test_a_lesson_that_came_later_keeps_nothing_shut(stage: Stage) -> None:
    stage.act("instructor", ADD)
    complete(stage, "welcome", "reading")
    locks = "select lesson_id from public.my_lesson_locks(%(course)s)"
    assert not stage.act("owner", locks).rows
    assert stage.act("learner", locks).rows


def test_a_lesson_that_came_later_does_not_count_but_may_be_done(stage: Stage) -> None:
    stage.act("instructor", ADD)
    complete(stage, "new", "welcome")
    assert stage.act("owner", STANDING).rows == [("in_progress", 1, 3, 33.33)]


def test_what_is_no_longer_required_is_asked_until_the_team_lets_people_off(stage: Stage) -> None:
    complete(stage, "welcome", "reading")
    stage.act("instructor", "update public.lessons set require_completion = false where id = %(locked)s")
    assert stage.act("owner", STANDING).rows == [("in_progress", 2, 3, 66.67)]
    stage.act("instructor", release("locked"))
    assert stage.act("owner", STANDING).rows == [("completed", 2, 2, 100.0)]
    stage.act("instructor", "update public.lessons set require_completion = true where id = %(locked)s")
    # Who begins now is not let off: the course is as it was, its version is another one.
    assert enrol(stage) is None
    assert stage.owner(
        "select number, required_lessons from public.course_versions where course_id = %(course)s order by number"
    ) == [(1, 2), (2, 3)]


def test_when_nothing_is_left_of_a_version_its_learners_follow_the_course(stage: Stage) -> None:
    stage.act("instructor", ADD)
    complete(stage, "new")
    asked = "update public.lessons set require_completion = false where id in (%(welcome)s, %(reading)s, %(locked)s)"
    stage.act("instructor", asked)
    for lesson in ("welcome", "reading", "locked"):
        stage.act("instructor", release(lesson))
    assert stage.act("owner", STANDING).rows == [("completed", 1, 1, 100.0)]
    assert stage.act("learner", STANDING.replace("enrollment)s", "learner_enrollment)s")).rows == [
        ("in_progress", 0, 1, 0.0)
    ]


def test_equal_content_is_one_version(stage: Stage) -> None:
    enrol(stage)
    assert stage.value(VERSIONS) == 1
    title = "update public.courses set title = %(t)s where id = %(course)s"
    stage.act("instructor", title, t="Reading two policies")
    stage.act("instructor", FILL)
    stage.act("instructor", "select public.set_course_status(%(course)s, 'archived')")
    stage.act("instructor", "select public.set_course_status(%(course)s, 'published')")
    assert stage.value(VERSIONS) == 2
    stage.act("instructor", title, t="Reading a policy")
    assert enrol(stage, "manager") is None
    assert stage.value(HELD.format("member_id = %(manager)s and course_id = %(course)s")) == 1


def test_a_course_is_snapshot_when_it_is_published(stage: Stage) -> None:
    stage.act("instructor", FILL)
    stage.act("instructor", "select public.set_course_status(%(draft)s, 'under_review')")
    stage.act("admin", "select public.set_course_status(%(draft)s, 'published', 'Well done.')")
    rows = stage.act(
        "instructor", "select number, outline -> 0 ->> 'title', requirements -> 0 ->> 'title', created_by"
        " from public.course_versions where course_id = %(draft)s",
    ).rows  # fmt: skip
    assert rows == [(1, "Draft", "Draft", key("admin"))]


def test_a_course_that_requires_nothing_has_no_version(stage: Stage) -> None:
    assert enrol(stage, "stranger", "open") is None
    assert stage.value("select count(*) from public.course_versions where course_id = %(open)s") == 0
    assert stage.value("select course_version_id from public.enrollments where course_id = %(open)s") is None


def test_nobody_chooses_his_version(stage: Stage) -> None:
    given = (
        "insert into public.enrollments (course_id, member_id, course_version_id)"
        " select %(course)s, %(stranger)s, id from public.course_versions limit 1"
    )
    assert stage.attempt("stranger", given).state == "42501"
    stage.act("instructor", ADD)
    forced = (
        "insert into public.enrollments (course_id, member_id, enrollment_source, course_version_id) select %(course)s,"
        " %(stranger)s, 'bulk_import', id from public.course_versions where course_id = %(course)s and number = 1"
    )
    stage.act("service_role", forced)
    assert stage.value(HELD.format("member_id = %(stranger)s and course_id = %(course)s")) == 2


async def test_many_who_begin_at_once_make_one_version(own_guild: Database) -> None:
    async def begin(person: Any) -> None:
        async with own_guild.connect() as session:
            await start.wait()
            await session.execute(
                "insert into public.enrollments (course_id, member_id, enrollment_source)"
                " values ($1, $2, 'bulk_import')",
                key("course"), person,
            )  # fmt: skip

    async with own_guild.connect() as owner:
        await owner.execute("delete from auth.users where id = $1", key("nobody"))
        for turn in range(3):
            await owner.execute("update public.courses set title = $2 where id = $1", key("course"), f"Turn {turn}")
            people = await owner.fetch(
                f"insert into auth.users (email) select 'p{turn}' || n || '@guild.test' from generate_series(1, 6) n"
                " returning id"
            )
            start = asyncio.Barrier(6)
            await asyncio.gather(*(begin(row["id"]) for row in people))
        assert await owner.fetchval(
            "select array_agg(number order by number) from public.course_versions where course_id = $1", key("course")
        ) == [1, 2, 3, 4]  # fmt: skip
    assert await offending(own_guild) == {}


# Prerequisites ----------------------------------------------------------------------------------------------------

REQUIRE = "insert into public.course_prerequisites (course_id, requires_course_id) values (%({})s, %({})s)"


def test_a_required_course_must_be_complete(stage: Stage) -> None:
    stage.act("instructor", REQUIRE.format("course", "short"))
    refused = stage.attempt("stranger", "select public.enrol(%(course)s)")
    assert (refused.state, refused.code, '"Short"' in refused.words) == ("CG403", "prerequisite_missing", True)
    by_hand = "insert into public.enrollments (course_id, member_id) values (%(course)s, %(stranger)s)"
    assert stage.attempt("stranger", by_hand).code == "prerequisite_missing"
    assert enrol(stage, "stranger", "short") is None
    assert enrol(stage) == "prerequisite_missing", "begun is not complete"
    stage.owner(
        "select private.complete_lesson(id, %(short_lesson)s) from public.enrollments"
        " where member_id = %(stranger)s and course_id = %(short)s"
    )
    assert enrol(stage) is None
    assert enrol(stage, "owner") is None, "who is in it stays in it"


def test_words_are_told_and_not_enforced_and_the_office_enrols_anybody(stage: Stage) -> None:
    stage.owner("update public.course_prerequisites set course_id = %(open)s where id = %(paid_words)s")
    assert enrol(stage, "stranger", "open") is None
    stage.owner(REQUIRE.format("course", "short"))
    assigned = (
        "insert into public.enrollments (course_id, member_id, enrollment_source)"
        " values (%(course)s, %(stranger)s, 'admin_assignment')"
    )
    stage.act("service_role", assigned)


def test_a_circle_of_courses_is_refused(stage: Stage) -> None:
    stage.owner(REQUIRE.format("course", "short"))
    stage.owner(REQUIRE.format("short", "paid"))
    assert stage.attempt("instructor", REQUIRE.format("paid", "course")).code == "prerequisite_circle"
    assert stage.attempt("instructor", REQUIRE.format("paid", "paid")).state in ("23514", "CG422")
    both = "insert into public.course_prerequisites (course_id, requires_course_id, requirement) values"
    assert stage.attempt("instructor", f"{both} (%(paid)s, %(open)s, 'x')").state == "23514"
    assert stage.attempt("instructor", f"{both} (%(paid)s, null, null)").state == "23514"


async def test_two_halves_of_a_circle_at_once_do_not_both_pass(own_guild: Database) -> None:
    async def tie(course: str, after: str) -> str:
        async with own_guild.connect() as session:
            await start.wait()
            try:
                await session.execute(
                    "insert into public.course_prerequisites (course_id, requires_course_id) values ($1, $2)",
                    key(course), key(after),
                )  # fmt: skip
            except asyncpg.PostgresError as error:
                return str(error.as_dict().get("detail"))
            return "tied"

    start = asyncio.Barrier(2)
    answers = await asyncio.gather(tie("open", "short"), tie("short", "open"))
    assert sorted(answers) == ["prerequisite_circle", "tied"]


def test_a_lesson_waits_for_each_of_its_prerequisites(stage: Stage) -> None:
    for lesson in ("welcome", "reading"):
        stage.act(
            "instructor", "insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id)"
            f" values (%(bare)s, %({lesson})s, %(course)s)",
        )  # fmt: skip
    told = "select lock_reason, waits_for from public.my_lesson_locks(%(course)s) where lesson_id = %(bare)s"
    assert stage.act("owner", told).rows == [("after_lesson", "Welcome")]
    complete(stage, "welcome")
    assert stage.act("owner", told).rows == [("after_lesson", "Reading")]
    assert stage.attempt("owner", "select public.mark_lesson_complete(%(bare)s)").code == "locked"
    complete(stage, "reading")
    assert not stage.act("owner", told).rows


@pytest.mark.parametrize(
    ("lesson", "requires", "answer"),
    [
        ("welcome", "welcome", "23514"),
        ("welcome", "locked", "unlock_circle"),
        ("welcome", "reading", "unlock_circle"),
        ("reading", "other_lesson", "23503"),
        ("locked", "spare", None),
    ],
    ids=["itself", "through its module", "each other", "of another course", "no circle"],
)
def test_prerequisites_without_circles_within_a_course(
    stage: Stage, lesson: str, requires: str, answer: str | None
) -> None:
    add = "insert into public.lesson_prerequisites (lesson_id, requires_lesson_id, course_id) values"
    stage.act("instructor", f"{add} (%(reading)s, %(welcome)s, %(course)s)")
    outcome = stage.attempt("instructor", f"{add} (%({lesson})s, %({requires})s, %(course)s)")
    assert answer in (outcome.code, outcome.state)


# Attachments and links --------------------------------------------------------------------------------------------

DOWNLOAD = "select public.note_download(%({})s)"


@pytest.mark.parametrize(
    ("who", "file", "answer"),
    [
        ("owner", "reading_file", "attachments/1.pdf"),
        ("instructor", "paid_file", "attachments/3.pdf"),
        ("admin", "paid_file", "attachments/3.pdf"),
        ("anon", "open_file", "attachments/2.pdf"),
        ("stranger", "open_file", "attachments/2.pdf"),
        ("stranger", "reading_file", None),
        ("owner", "paid_file", None),
        ("anon", "reading_file", None),
        ("other_instructor", "reading_file", None),
    ],
)
def test_a_download_is_counted_for_those_who_may_have_it(stage: Stage, who: str, file: str, answer: str | None) -> None:
    count = f"select download_count from public.lesson_attachments where id = %({file})s"
    outcome = stage.attempt(who, DOWNLOAD.format(file))
    assert (outcome.rows[0][0] if outcome.rows else None, outcome.code) == (
        answer,
        None if answer else "no_such_attachment",
    )
    assert stage.value(count) == (1 if answer else 0)


def test_an_open_file_of_a_hidden_course_is_hidden(stage: Stage) -> None:
    stage.owner("update public.courses set status = 'archived' where id = %(course)s")
    assert stage.attempt("anon", DOWNLOAD.format("open_file")).code == "no_such_attachment"
    assert not stage.act("anon", "select 1 from public.lesson_attachments").rows


@pytest.mark.parametrize(
    "url",
    ["http://example.org", "javascript:alert(1)", "https://", "https://a b", "https://user@evil.example",
     "https://example.org/" + "a" * 1010],
    ids=["no tls", "script", "no host", "blank", "user", "long"],
)  # fmt: skip
def test_a_link_is_an_https_address(stage: Stage, url: str) -> None:
    change = "update public.lesson_links set content_url = %(u)s where lesson_id = %(reading)s"
    assert stage.attempt("instructor", change, u=url).state == "23514"


def test_a_program_is_reordered_in_one_statement(stage: Stage) -> None:
    swap = "update public.program_courses set course_order = 3 - course_order where program_id = %(program)s"
    assert stage.act("instructor", swap).count == 2
    again = "insert into public.program_courses (program_id, course_id, course_order) values (%(program)s, %(open)s, 1)"
    assert stage.attempt("instructor", again).state == "23505"

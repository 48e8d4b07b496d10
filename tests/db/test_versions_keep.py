"""Fifty learners in a course, and a team that edits it: nobody's percentage, status or certificate moves."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage, key
from tests.db.invariants import INVARIANTS
from tests.db.test_programs import FILL, STANDING, complete, enrol

LEARNERS = 50
STANDINGS = (
    "select d.id, d.status, d.lessons_completed, d.total_lessons, d.progress_percentage, d.certificate_number,"
    " d.course_version_id, (select jsonb_agg(jsonb_build_array(r.lesson_id, r.criteria, r.met, r.needed) order by r.lesson_id)"
    " from private.completion_requirements(d.id) r)"
    " from public.enrollment_details d where d.course_id = %(course)s order by d.id"
)
# Of each learner: the lessons that he has completed.
DONE = (
    "select private.complete_lesson(e.id, l.id) from public.enrollments e"
    " join public.profiles p on p.id = e.member_id and p.email::text like 'fifty%%'"
    " cross join unnest(%(lessons)s) with ordinality l (id, n)"
    " where e.course_id = %(course)s and (substring(p.email::text from '[0-9]+')::integer * l.n * 7) %% 5 < 2 order by e.id"
)
SOME = "(select l.id from public.lessons l where l.course_id = %(course)s {} order by l.id offset {} limit 1)"
REMOVED = "and l.state = 'retired'"
RULES = (
    "lessons_completed_equals_a_recount",
    "versions_count_what_they_ask",
    "versions_ask_lessons_that_are_there",
    "versions_are_as_they_were_made",
    "course_counters_equal_a_recount",
    "content_counts_equal_a_recount",
    "live_lessons_are_in_live_modules",
    "met_requirements_complete",
    "certificates_name_what_was_begun",
)


def fill(stage: Stage) -> None:
    """Fifty learners who are somewhere in the course, three of them done."""
    stage.owner(
        f"insert into auth.users (email) select 'fifty' || n || '@guild.test' from generate_series(1, {LEARNERS}) n"
    )
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source)"
        " select %(course)s, p.id, 'bulk_import' from public.profiles p where p.email::text like 'fifty%%'"
    )
    lessons = [key("welcome"), key("reading"), key("locked")]
    stage.owner(DONE, lessons=lessons)
    stage.owner(
        "select private.complete_lesson(e.id, l) from unnest(%(lessons)s) l, public.enrollments e"
        " join public.profiles p on p.id = e.member_id where e.course_id = %(course)s"
        " and p.email::text in ('fifty1@guild.test', 'fifty2@guild.test', 'fifty3@guild.test')",
        lessons=lessons,
    )
    stage.act("instructor", FILL)


def some(number: int, condition: str = "") -> str:
    return SOME.format(condition, number % 7)


def edit(kind: str, number: int) -> str:
    """One thing that a team may do, in SQL."""
    lesson = some(number)
    return {
        "add": "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order) select %(course)s, m.id,"
        " 'Later', 'text', 100 + (select count(*) from public.lessons) from public.course_modules m"
        f" where m.course_id = %(course)s and m.state <> 'retired' order by m.id offset {number % 2} limit 1",
        "add_module": "insert into public.course_modules (course_id, title, module_order)"
        " select %(course)s, 'Later', 100 + count(*) from public.course_modules",
        "publish": f"{FILL}; select public.publish_course_changes(%(course)s)",
        "remove": f"select public.remove_lesson({lesson})",
        "restore": f"select public.restore_lesson({some(number, REMOVED)})",
        "remove_module": "select public.remove_module(%(second_module)s)",
        "restore_module": "select public.restore_module(%(second_module)s)",
        "require": f"update public.lessons set require_completion = true where id = {lesson}",
        "free": f"update public.lessons set require_completion = false where id = {lesson}",
        "turn": "update public.lessons l set lesson_order = 1000 - l.lesson_order where l.course_id = %(course)s"
        " and l.state <> 'retired' and l.module_id = %(first_module)s",
        "by_time": f"update public.lessons set completion_criteria = 'time_spent', min_time_seconds = {number + 1} where id = {lesson}",
        "share": f"update public.lessons set watched_percentage_required = {number % 100 + 1} where id = {lesson}",
        "delete": f"delete from public.lessons where id = {lesson}",
        "archive": "select public.set_course_status(%(course)s, 'archived')",
        "republish": "select public.set_course_status(%(course)s, 'published')",
        "withdraw": "select public.set_course_status(%(course)s, 'draft', 'For the summer')",
    }[kind]


KINDS = [
    "add",
    "add_module",
    "publish",
    "remove",
    "restore",
    "remove_module",
    "restore_module",
    "require",
    "free",
    "turn",
    "by_time",
    "share",
    "delete",
    "archive",
    "republish",
    "withdraw",
]


def test_edits_move_nobody(stage: Stage) -> None:
    fill(stage)
    before = stage.owner(STANDINGS)
    assert len(before) >= LEARNERS
    assert {row[1] for row in before} == {"enrolled", "in_progress", "completed"}
    accepted: set[str] = set()

    @settings(max_examples=16, deadline=None, derandomize=True, database=None)
    @given(edits=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 99)), min_size=4, max_size=14))
    def try_edits(edits: list[tuple[str, int]]) -> None:
        with stage.undone():
            accepted.update(
                kind for kind, number in edits if stage.attempt("instructor", edit(kind, number)).state is None
            )
            assert stage.owner(STANDINGS) == before, edits
            for name in RULES:
                assert stage.owner(INVARIANTS[name].sql.replace("%", "%%")) == [], name
            begins_with_the_newest(stage)

    try_edits()
    assert len(accepted) >= len(KINDS) - 3, accepted


def begins_with_the_newest(stage: Stage) -> None:
    """Whoever begins now is asked for what the course requires now."""
    asked = [
        row[0]
        for row in stage.owner(
            "select id from public.lessons where course_id = %(course)s and require_completion and state = 'live' order by id"
        )
    ]
    stage.owner("insert into auth.users (id, email) values (%(late)s, 'late@guild.test')", late=LATE)
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source) values (%(course)s, %(late)s, 'bulk_import')",
        late=LATE,
    )
    told = (
        "select array_agg(r.lesson_id order by r.lesson_id) from public.enrollments e,"
        " private.completion_requirements(e.id) r where e.member_id = %(late)s and r.requirement = 'lesson'"
    )
    assert (stage.value(told, late=LATE) or []) == asked


LATE = uuid4()


def test_one_who_began_with_a_removed_lesson_may_still_do_it(stage: Stage) -> None:
    complete(stage, "welcome", "reading")
    stage.act("instructor", "select public.remove_lesson(%(locked)s)")
    seen = "select count(*) from public.lessons where id = %(locked)s"
    assert stage.act("owner", seen).rows == [(1,)]
    for who in ("stranger", "anon", "other_instructor"):
        assert stage.act(who, seen).rows == [(0,)], who
    assert stage.act("instructor", seen).rows == [(1,)]
    assert enrol(stage) is None
    refused = stage.attempt("stranger", "select public.mark_lesson_complete(%(locked)s)")
    assert (refused.state, refused.code) == ("CG403", "not_enrolled")
    stage.act("owner", "select public.visit_lesson(%(locked)s)")
    stage.act("owner", "select public.open_playback(id) from public.lesson_videos where lesson_id = %(locked)s")
    complete(stage, "locked")
    assert stage.act("owner", STANDING).rows == [("completed", 3, 3, 100.0)]


def test_additions_wait_until_they_are_published(stage: Stage) -> None:
    new: dict[str, Any] = {"one": uuid4(), "two": uuid4()}
    stage.act(
        "instructor",
        "insert into public.course_modules (id, course_id, title, module_order) values (%(one)s, %(course)s, 'New', 9);"
        " insert into public.lessons (id, course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(two)s, %(course)s, %(one)s, 'New', 'text', 1)",
        **new,
    )
    stage.act("instructor", FILL)
    seen = (
        "select (select count(*) from public.course_modules where id = %(one)s),"
        " (select count(*) from public.lessons where id = %(two)s),"
        " (select count(*) from public.content_blocks where lesson_id = %(two)s)"
    )
    for who, before, after in (
        ("learner", (0, 0, 0), (1, 1, 1)),
        ("stranger", (0, 0, 0), (1, 1, 0)),
        ("anon", (0, 0, 0), (1, 1, 0)),
    ):
        with stage.undone():
            assert stage.act(who, seen, **new).rows == [before], who
            assert stage.act("instructor", seen, **new).rows == [(1, 1, 1)]
            stage.act("instructor", "select public.publish_course_changes(%(course)s)")
            assert stage.act(who, seen, **new).rows == [after], who


def test_a_removed_module_comes_back_with_its_lessons(stage: Stage) -> None:
    parts = "select id, state from public.lessons where module_id = %(second_module)s order by id"
    before = stage.owner(parts)
    stage.act("instructor", "select public.remove_module(%(second_module)s)")
    assert {state for _, state in stage.owner(parts)} == {"retired"}
    stage.act(
        "instructor", "insert into public.course_modules (course_id, title, module_order) values (%(course)s, 'New', 2)"
    )
    stage.act("instructor", "select public.restore_module(%(second_module)s)")
    assert stage.owner(parts) == before
    orders = "select title, module_order from public.course_modules where course_id = %(course)s and state <> 'retired' order by 2"
    assert [title for title, _ in stage.owner(orders)][1] == stage.value(
        "select title from public.course_modules where id = %(second_module)s"
    )


@pytest.mark.parametrize("who", ["learner", "stranger", "other_instructor", "anon"])
def test_only_the_team_removes_and_publishes(stage: Stage, who: str) -> None:
    for statement in (
        "select public.remove_lesson(%(locked)s)",
        "select public.restore_lesson(%(locked)s)",
        "select public.remove_module(%(second_module)s)",
        "select public.restore_module(%(second_module)s)",
        "select public.publish_course_changes(%(course)s)",
        "select public.set_course_status(%(course)s, 'archived')",
        "select public.release_lesson(%(course)s, %(bare)s, 'Because')",
        "select public.move_enrollments(%(course)s, %(course)s)",
        "select * from public.preview_moves(%(course)s)",
        "select * from public.course_changes(%(course)s)",
        "select * from public.publication_problems(%(course)s)",
    ):
        assert stage.attempt(who, statement).state in ("CG404", "42501"), statement
    for statement in (
        "update public.lessons set state = 'draft' where id = %(locked)s",
        "update public.courses set status = 'published' where id = %(draft)s",
        "update public.courses set newest_version_id = null where id = %(course)s",
    ):
        assert stage.attempt("instructor", statement).state == "42501"


# Moving -----------------------------------------------------------------------------------------------------------


def publish_another(stage: Stage) -> UUID:
    """The course without its second lesson and with a new one, published; the version that came of it."""
    stage.act("instructor", "select public.remove_lesson(%(reading)s)")
    stage.act(
        "instructor",
        "insert into public.lessons (id, course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(new)s, %(course)s, %(first_module)s, 'Later', 'text', 9)",
    )
    stage.act("instructor", FILL)
    return stage.act("instructor", "select public.publish_course_changes(%(course)s)").rows[0][0]


def test_a_move_is_shown_before_it_is_done_and_maps_what_was_done(stage: Stage) -> None:
    complete(stage, "welcome", "reading")
    version = publish_another(stage)
    assert stage.act("owner", STANDING).rows == [("in_progress", 2, 3, 66.67)]
    shown = "select from_number, to_number, done_before, asked_before, done_after, asked_after from public.{}"
    told = stage.act("instructor", shown.format("preview_moves(%(course)s) where enrollment_id = %(enrollment)s")).rows
    assert told == [(1, 2, 2, 3, 1, 3)]
    assert stage.act("owner", shown.format("my_move(%(enrollment)s)")).rows == told
    assert stage.act("learner", shown.format("my_move(%(enrollment)s)")).rows == []
    stage.act("owner", "select public.move_enrollment(%(enrollment)s, %(v)s)", v=version)
    assert stage.act("owner", STANDING).rows == [("in_progress", 1, 3, 33.33)]
    complete(stage, "locked", "new")
    assert stage.act("owner", STANDING).rows == [("completed", 3, 3, 100.0)]
    assert (
        stage.value("select course_version_id from public.certificates where enrollment_id = %(enrollment)s") == version
    )


def test_the_team_moves_everybody_who_is_under_way(stage: Stage) -> None:
    complete(stage, "welcome", "reading", "locked")
    version = publish_another(stage)
    assert stage.act("instructor", "select public.move_enrollments(%(course)s, %(v)s)", v=version).rows == [(1,)]
    assert stage.act("owner", STANDING).rows == [("completed", 3, 3, 100.0)]
    held = "select v.number from public.enrollments e join public.course_versions v on v.id = e.course_version_id where e.id = "
    assert stage.value(held + "%(learner_enrollment)s") == 2
    assert stage.value(held + "%(enrollment)s") == 1
    assert stage.value("select count(*) from public.notifications where kind = 'course_changed'") == 1


def test_nobody_is_moved_to_what_is_not_the_newest_or_by_a_stranger(stage: Stage) -> None:
    first = stage.value("select id from public.course_versions where course_id = %(course)s")
    version = publish_another(stage)
    move = "select public.move_enrollment(%(enrollment)s, %(v)s)"
    assert stage.attempt("owner", move, v=first).code == "not_the_newest"
    assert stage.attempt("learner", move, v=version).code == "no_such_enrollment"
    stage.act("owner", move, v=version)
    assert stage.attempt("owner", move, v=version).code == "nothing_to_move"


# Workflow ---------------------------------------------------------------------------------------------------------

SET = "select public.set_course_status(%(draft)s, %(to)s, %(note)s)"


def step(stage: Stage, who: str, to: str, note: str | None = None) -> str:
    outcome = stage.attempt(who, SET, to=to, note=note)
    return outcome.code or outcome.state or "done"


def test_somebody_else_approves_and_the_way_is_written_down(stage: Stage) -> None:
    assert step(stage, "instructor", "under_review") == "not_ready"
    stage.act("instructor", FILL)
    assert step(stage, "instructor", "published") == "review_needed"
    assert step(stage, "instructor", "under_review", "Ready.") == "done"
    assert step(stage, "instructor", "published") == "review_needed"
    assert step(stage, "admin", "draft") == "note_needed"
    assert step(stage, "admin", "draft", "Say more about page two.") == "done"
    assert step(stage, "instructor", "under_review") == "done"
    assert step(stage, "admin", "published", "Good.") == "done"
    assert step(stage, "instructor", "under_review") == "no_such_step"
    assert step(stage, "instructor", "archived") == "done"
    assert step(stage, "instructor", "draft") == "done"
    way = (
        "select from_status, to_status, note from public.course_status_changes where course_id = %(draft)s order by id"
    )
    assert stage.act("instructor", way).rows == [
        ("draft", "under_review", "Ready."),
        ("under_review", "draft", "Say more about page two."),
        ("draft", "under_review", None),
        ("under_review", "published", "Good."),
        ("published", "archived", None),
        ("archived", "draft", None),
    ]


def test_an_administrator_does_not_approve_his_own(stage: Stage) -> None:
    stage.act("instructor", FILL)
    stage.owner("insert into public.course_instructors (course_id, profile_id) values (%(draft)s, %(admin)s)")
    assert step(stage, "instructor", "under_review") == "done"
    assert step(stage, "admin", "published") == "review_needed"


def test_a_co_instructor_edits_but_does_not_archive(stage: Stage) -> None:
    stage.owner(
        "insert into public.course_instructors (course_id, profile_id) values (%(course)s, %(other_instructor)s)"
    )
    stage.act("other_instructor", "select public.remove_lesson(%(locked)s)")
    refused = stage.attempt("other_instructor", "select public.set_course_status(%(course)s, 'archived')")
    assert (refused.state, refused.code) == ("CG403", "authors_only")

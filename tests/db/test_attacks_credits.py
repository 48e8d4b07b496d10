"""Credits attacked: what an instructor would give himself, and what two transactions would be given twice."""

from __future__ import annotations

import psycopg
import pytest

from collegium.access.stage import Stage
from tests.support.database import Database

# Everything that the program requires is done; two electives are left. The rule came after.
PROGRAM = """
delete from public.program_courses where program_id = %(program)s;
insert into public.program_courses (program_id, course_id, course_order, is_required) values
    (%(program)s, %(other_course)s, 1, true), (%(program)s, %(course)s, 2, false), (%(program)s, %(short)s, 3, false);
insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)
values (%(other_course)s, %(stranger)s, 'bulk_import', 'completed', now());
insert into public.credit_rules (credit_type_id, program_id, amount, valid_from)
select id, %(program)s, 3, now() - interval '1 day' from public.credit_types where code = 'CE';
insert into public.enrollments (course_id, member_id, enrollment_source) values
    (%(course)s, %(stranger)s, 'admin_assignment'), (%(short)s, %(stranger)s, 'admin_assignment');
"""
COMPLETE = """
select private.complete_lesson(e.id, l.id)
from public.enrollments e join public.lessons l on l.course_id = e.course_id and l.require_completion
where e.member_id = %(stranger)s and e.course_id = {course}
"""
GIVEN = """
select a.amount from public.credit_awards a join public.credit_rules r on r.id = a.rule_id
where r.program_id is not null and a.member_id = %(stranger)s
"""


@pytest.mark.parametrize("isolation", list(psycopg.IsolationLevel), ids=lambda level: str(level.name).lower())
def test_a_program_is_credited_once_however_one_reads(own_guild: Database, isolation: psycopg.IsolationLevel) -> None:
    """Who holds an older snapshot does not see the credits that his other connection was given meanwhile."""
    with psycopg.connect(own_guild.dsn_owner) as setting:
        Stage(setting).owner(PROGRAM)
    with psycopg.connect(own_guild.dsn_owner) as first, psycopg.connect(own_guild.dsn_owner) as second:
        first.isolation_level = second.isolation_level = isolation
        for connection in (first, second):
            connection.execute("select count(*) from public.credit_awards")
        Stage(first).owner(COMPLETE.format(course="%(course)s"))
        first.commit()
        try:
            Stage(second).owner(COMPLETE.format(course="%(short)s"))
            second.commit()
        except psycopg.errors.SerializationFailure:
            second.rollback()
    with psycopg.connect(own_guild.dsn_owner) as reading:
        assert len(Stage(reading).owner(GIVEN)) == 1


def test_an_instructor_enrols_himself_in_no_course_of_his_own(stage: Stage) -> None:
    """He sets its credits and knows its keys."""
    for statement in (
        "select public.enrol(%(course)s)",
        "insert into public.enrollments (course_id, member_id) values (%(course)s, %(instructor)s)",
        "select public.begin_purchase(%(paid)s)",
    ):
        refused = stage.attempt("instructor", statement)
        assert (refused.code, refused.state) == ("own_course", "CG403"), statement
    assert stage.act("instructor", "select public.enrol(%(other_course)s)").count == 1, (
        "a colleague's he takes like anybody"
    )


def test_mending_counts_what_the_version_that_was_begun_asks(stage: Stage) -> None:
    """A lesson that came later and was completed all the same counts for nobody who began before, neither when it is mended."""
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source) values (%(course)s, %(stranger)s, 'admin_assignment')"
    )
    later = stage.value(
        "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order)"
        " select %(course)s, module_id, 'Later', 'text', 99 from public.lessons where id = %(welcome)s returning id"
    )
    stage.owner(
        "select private.complete_lesson(e.id, %(later)s) from public.enrollments e"
        " where e.member_id = %(stranger)s and e.course_id = %(course)s",
        later=later,
    )
    assert stage.value("select private.mend_lessons_completed()") == 0
    assert (
        stage.value(
            "select lessons_completed from public.enrollments where member_id = %(stranger)s and course_id = %(course)s"
        )
        == 0
    )

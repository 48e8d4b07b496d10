"""Money, credits and programs attacked; and notices."""

from __future__ import annotations

from collegium.access.stage import Stage

REQUIRE = "insert into public.course_prerequisites (course_id, requires_course_id) values (%(paid)s, %(other_course)s)"
BEGIN = "select (public.begin_purchase(%(paid)s)).status"
PLACE = (
    "insert into public.program_courses (program_id, course_id, course_order) values (%(draft_program)s, {course}, 9)"
)


def test_nobody_pays_for_what_he_could_not_enrol_in(stage: Stage) -> None:
    assert stage.attempt("stranger", BEGIN).rows == [("pending",)]
    stage.owner(REQUIRE)
    refused = stage.attempt("stranger", BEGIN)
    assert (refused.code, refused.state) == ("prerequisite_missing", "CG403")
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)"
        " values (%(other_course)s, %(stranger)s, 'bulk_import', 'completed', now())"
    )
    assert stage.attempt("stranger", BEGIN).rows == [("pending",)]


def test_who_comes_back_pays_whatever_was_asked_since(stage: Stage) -> None:
    """Coming back asks for no prerequisites, so neither does paying for it."""
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source, status)"
        " values (%(paid)s, %(stranger)s, 'bulk_import', 'dropped')"
    )
    stage.owner(REQUIRE)
    assert stage.attempt("stranger", BEGIN).rows == [("pending",)]


def test_nobody_pins_a_strangers_draft_to_his_program(stage: Stage) -> None:
    """It could not have been removed by its own author any more."""
    assert stage.attempt("instructor", PLACE.format(course="%(hidden)s")).state == "42501"
    assert stage.act("instructor", PLACE.format(course="%(draft)s")).count == 1
    moved = "update public.program_courses set course_id = %(hidden)s where program_id = %(draft_program)s and course_order = 9"
    assert stage.attempt("instructor", moved).state == "42501"
    assert stage.act("other_instructor", "delete from public.courses where id = %(hidden)s").count == 1


def test_who_teaches_one_course_of_a_program_learns_nothing_of_the_others(stage: Stage) -> None:
    """That credits for the program were given he may see; when its other courses were completed is not his business."""
    stage.owner(
        "insert into public.credit_rules (credit_type_id, program_id, amount, valid_from)"
        " select id, %(program)s, 3, now() - interval '1 year' from public.credit_types where code = 'CE'"
    )
    stage.owner("delete from public.program_courses where program_id = %(program)s")
    stage.owner(
        "insert into public.program_courses (program_id, course_id, course_order)"
        " values (%(program)s, %(other_course)s, 1), (%(program)s, %(course)s, 2)"
    )
    for course in ("other_course", "course"):
        stage.owner(
            "insert into public.enrollments (course_id, member_id, enrollment_source, status, completed_at)"
            f" values (%({course})s, %(manager)s, 'bulk_import', 'completed', now())"
        )
    award = stage.value(
        "select a.id from public.credit_awards a join public.credit_rules r on r.id = a.rule_id where r.program_id is not null"
    )
    evidence = (
        "select jsonb_path_query_array(public.explain_credit(%(award)s) -> 'evidence' -> 'courses', '$[*].course_id')"
    )
    taught, other = str(stage.value("select %(course)s::uuid")), str(stage.value("select %(other_course)s::uuid"))
    assert stage.act("instructor", evidence, award=award).rows == [([taught],)]
    for who in ("manager", "admin"):
        assert set(stage.act(who, evidence, award=award).rows[0][0]) == {taught, other}


def test_a_notice_that_came_while_one_asked_is_marked_too(stage: Stage) -> None:
    """The clock of a transaction is that of its beginning; the notice of a later one may be there all the same."""
    stage.owner(
        "insert into public.notifications (member_id, kind, title, created_at)"
        " values (%(owner)s, 'later', 'Later', now() + interval '1 second')"
    )
    assert stage.act("owner", "select public.mark_notifications_read()").rows[0][0] >= 1

"""Not a number: it is greater than every number, so "at least 0" lets it in, and a sum that has met it stays it."""

from __future__ import annotations

import pytest

from collegium.access.stage import Stage

# Of each numeric column the checks over it, with what else they name taken as 1.
CHECKS = """
select t.relname, a.attname,
    array_agg(pg_get_expr(c.conbin, c.conrelid)) filter (where c.oid is not null),
    array_agg(distinct o.attname) filter (where o.attname <> a.attname)
from pg_class t
join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
left join pg_constraint c on c.conrelid = t.oid and c.contype = 'c' and a.attnum = any (c.conkey) and not exists (
    select 1 from pg_attribute n where n.attrelid = t.oid and n.attnum = any (c.conkey)
      and n.atttypid not in ('numeric'::regtype, 'integer'::regtype)
)
left join pg_attribute o on o.attrelid = t.oid and o.attnum = any (c.conkey)
where t.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and t.relkind in ('r', 'p') and not t.relispartition
  and a.atttypid = 'numeric'::regtype
group by t.relname, a.attname
"""
# Reckoned by the site from numbers that are checked, or no evidence but what a player says of itself.
UNCHECKED = {
    ("quiz_grade_changes", "points_before"),
    ("quiz_grade_changes", "points_after"),
    ("quiz_grade_changes", "score_before"),
    ("quiz_grade_changes", "score_after"),
    ("submission_grade_changes", "points_before"),
    ("submission_grade_changes", "points_after"),
    ("credit_awards", "amount"),
    ("video_events", "position_seconds"),
}
ARRANGED = 'select public.arrange_quiz(%(draft_quiz)s, \'[{{"question_version_id": "{version}", "points": "NaN"}}]\')'


def test_no_column_takes_what_is_not_a_number(stage: Stage) -> None:
    let_in: set[tuple[str, str]] = set()
    for table, column, checks, others in stage.owner(CHECKS):
        given = ", ".join([f"'NaN'::numeric as {column}", *(f"1 as {other}" for other in others or ())])
        kept_out = [stage.value(f"select {check} from (select {given}) as t") for check in checks or ()]
        if False not in kept_out:
            let_in.add((table, column))
    assert let_in == UNCHECKED


@pytest.mark.parametrize(
    "statement",
    [
        "update public.courses set ce_credits = 'NaN' where id = %(course)s",
        "update public.courses set price = 'NaN' where id = %(paid)s",
        "update public.courses set member_price = 'NaN' where id = %(paid)s",
        "insert into public.prices (course_id, name, amount) values (%(course)s, 'Odd', 'NaN')",
        "update public.question_versions set points = 'NaN' where id = %(spare_version)s",
        "insert into public.assignments (course_id, title, description, total_points) values (%(course)s, 'Odd', 'd', 'NaN')",
    ],
    ids=["credits", "price", "member_price", "dated_price", "question", "assignment"],
)
def test_an_instructor_enters_none(stage: Stage, statement: str) -> None:
    """One in the credits of a course would have met every renewal of its learners, and could not be taken back."""
    assert stage.attempt("instructor", statement).state == "23514"


def test_an_instructor_arranges_no_quiz_that_nobody_can_hand_in(stage: Stage) -> None:
    version = stage.value("select %(question_version)s::uuid")
    assert stage.attempt("instructor", ARRANGED.format(version=version)).state == "23514"

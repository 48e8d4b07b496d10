"""Marking assignments: comments on the work, and each change of a grade."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

# One work of the owner in the short course waits; the other one came back to him.
FOUND = """
insert into public.assignments (id, course_id, title, description, status, submission_type)
values (%(marked_assignment)s, %(short)s, 'Marked', 'd', 'published', 'text_entry');
insert into public.assignments (id, course_id, title, description, status, submission_type, anonymous_marking)
values (%(nameless_assignment)s, %(short)s, 'Without names', 'd', 'published', 'text_entry', true);
insert into public.assignment_submissions
    (id, assignment_id, enrollment_id, course_id, member_id, submission_number, submission_text, max_points)
values
    (%(marked_submission)s, %(marked_assignment)s, %(short_enrollment)s, %(short)s, %(owner)s, 1, 'A policy is a contract.', 100),
    (%(nameless_returned)s, %(nameless_assignment)s, %(short_enrollment)s, %(short)s, %(owner)s, 1, 'My first.', 100),
    (%(nameless_submission)s, %(nameless_assignment)s, %(short_enrollment)s, %(short)s, %(owner)s, 2, 'My second.', 100);
insert into public.submission_annotations (id, submission_id, author_id, text_start, text_end, quote, body) values
    (%(annotation)s, %(submission)s, %(instructor)s, 2, 8, 'policy', 'Which one?'),
    (%(marked_annotation)s, %(marked_submission)s, %(instructor)s, 2, 8, 'policy', 'Well put.');
update public.assignment_submissions set status = 'returned', points_earned = 80, graded_at = now(), graded_by = %(instructor)s
where id in (%(marked_submission)s, %(nameless_returned)s);
insert into public.submission_grade_changes (id, submission_id, course_id, status_before, status_after, points_after, reason, changed_by)
values (%(grade_change)s, %(submission)s, %(short)s, 'submitted', 'graded', 80, 'Graded.', %(instructor)s);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


NEVER = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "assignment_submissions: without names": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
    "assignment_submissions: without names, returned": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
    "submission_annotations": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   42501",
        "update": "-     -     -     yes   -     -     42501 -     -     42501",
        "delete": "-     -     -     yes   -     -     42501 -     -     42501",
    },
    "submission_annotations: given back": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   42501",
        "update": "-     -     -     CG409 -     -     42501 -     -     42501",
        "delete": "-     -     -     CG409 -     -     42501 -     -     42501",
    },
    "submission_grade_changes": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
}

PROBES: dict[str, Probe] = {
    "assignment_submissions: without names": Probe(
        "what the owner handed in where whoever marks is not to know whose it is",
        "id = %(nameless_submission)s",
        "(id, assignment_id, enrollment_id, course_id, member_id, submission_number, max_points)"
        " values (%(new)s, %(nameless_assignment)s, %(short_enrollment)s, %(short)s, %(owner)s, 9, 100)",
        "id = %(new)s",
        ("points_earned", "100"),
    ),
    "assignment_submissions: without names, returned": Probe(
        "the same when it was returned",
        "id = %(nameless_returned)s",
        "(id, assignment_id, enrollment_id, course_id, member_id, submission_number, max_points)"
        " values (%(new)s, %(nameless_assignment)s, %(short_enrollment)s, %(short)s, %(owner)s, 9, 100)",
        "id = %(new)s",
        ("points_earned", "100"),
    ),
    "submission_annotations": Probe(
        "a comment on the owner's work that is being marked",
        "id = %(annotation)s",
        "(id, submission_id, text_start, text_end, quote, body) values (%(new)s, %(submission)s, 0, 1, 'A', 'New')",
        "id = %(new)s",
        ("body", "'Another word.'"),
    ),
    "submission_annotations: given back": Probe(
        "a comment on the owner's work that was returned",
        "id = %(marked_annotation)s",
        "(id, submission_id, text_start, text_end, quote, body) values (%(new)s, %(marked_submission)s, 0, 1, 'A', 'New')",
        "id = %(new)s",
        ("body", "'Another word.'"),
    ),
    "submission_grade_changes": Probe(
        "that the owner's work was graded",
        "id = %(grade_change)s",
        "(id, submission_id, course_id, status_before, status_after, reason)"
        " values (%(new)s, %(submission)s, %(short)s, 'graded', 'graded', 'So.')",
        "id = %(new)s",
        ("points_after", "100"),
    ),
}

WRITABLE: dict[tuple[str, str], str] = {
    ("submission_annotations", "insert"): "id submission_id kind file_number page rects text_start text_end quote body",
    ("submission_annotations", "update"): "kind body",
}
FUNCTIONS: dict[str, str] = {
    "private.my_nameless_assignment_ids": "authenticated",
    "public.earlier_work": "authenticated",
    "public.handed_in_counts": "authenticated",
    "public.handed_in_group_ids": "authenticated",
    "public.handed_in_work": "authenticated",
    "public.names_wait": "authenticated",
    "public.neighbouring_work": "authenticated",
    "public.work_that_waits": "authenticated",
    "public.work_to_mark": "authenticated",
    "private.are_rects": "authenticated service_role",
    "private.my_marked_submission_ids": "authenticated",
    "private.shared_submission_ids": "authenticated",
    "public.mark_submission": "authenticated",
}

AREA = Area(
    things=(
        "marked_assignment",
        "marked_submission",
        "annotation",
        "marked_annotation",
        "grade_change",
        "nameless_assignment",
        "nameless_submission",
        "nameless_returned",
    ),
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    writable=WRITABLE,
    functions=FUNCTIONS,
)

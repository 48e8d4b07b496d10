"""Assignments, what was handed in, extensions and reviews."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "assignment",
    "draft_assignment",
    "shut_assignment",
    "locked_assignment",
    "short_assignment",
    "submission",
    "extension",
    "review",
)

# The owner handed in work in the short course, and the learner, who has handed in nothing there, was asked to review it.
FOUND = """
insert into public.assignments (id, course_id, lesson_id, title, description, status, submission_type, available_from, due_date) values
    (%(assignment)s, %(course)s, null, 'Write a summary', 'd', 'published', 'text_entry', null, null),
    (%(draft_assignment)s, %(course)s, null, 'Being written', 'd', 'draft', 'text_entry', null, null),
    (%(shut_assignment)s, %(course)s, null, 'Opens later', 'd', 'published', 'text_entry', '2100-01-01', null),
    (%(locked_assignment)s, %(course)s, %(locked)s, 'In a lesson that is shut', 'd', 'published', 'text_entry', null, null),
    (%(short_assignment)s, %(short)s, null, 'Short', 'd', 'published', 'text_entry', null, '2100-01-01');
insert into public.assignment_submissions
    (id, assignment_id, enrollment_id, course_id, member_id, submission_number, due_date, submission_text, max_points)
values (%(submission)s, %(short_assignment)s, %(short_enrollment)s, %(short)s, %(owner)s, 1, '2100-01-01', 'A policy.', 100);
insert into public.assignment_extensions (id, assignment_id, enrollment_id, due_date, reason)
values (%(extension)s, %(short_assignment)s, %(short_enrollment)s, '2100-02-01', 'Was ill.');
insert into public.assignment_reviews (id, submission_id, course_id, reviewer_id, review_type)
values (%(review)s, %(submission)s, %(short)s, %(learner)s, 'peer');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


NEVER = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
TEAM_WRITES = {
    "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
    "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
    "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
}
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "assignments": {
        "select": "yes   yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "assignments: draft": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "assignments: not open yet": {"select": "-     -     -     yes   -     -     42501 yes   yes   yes"} | TEAM_WRITES,
    "assignments: in a shut lesson": {"select": "-     -     -     yes   -     -     42501 yes   yes   yes"}
    | TEAM_WRITES,
    "assignment_submissions": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
    "assignment_extensions": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "assignment_reviews": {
        "select": "-     yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
}

PROBES: dict[str, Probe] = {
    "assignments": Probe(
        "a published assignment of the course",
        "id = %(assignment)s",
        "(id, course_id, title, description) values (%(new)s, %(course)s, 'New', 'd')",
        "id = %(new)s",
        ("late_penalty_percentage", "0"),
    ),
    "assignments: draft": Probe(
        "an assignment that is being written",
        "id = %(draft_assignment)s",
        "(id, course_id, lesson_id, title, description) values (%(new)s, %(course)s, %(reading)s, 'New', 'd')",
        "id = %(new)s",
        ("status", "'published'"),
    ),
    "assignments: not open yet": Probe(
        "a published assignment before it opens",
        "id = %(shut_assignment)s",
        "(id, course_id, title, description, available_from) values (%(new)s, %(course)s, 'New', 'd', '2100-01-01')",
        "id = %(new)s",
        ("available_from", "null"),
    ),
    "assignments: in a shut lesson": Probe(
        "a published assignment of a lesson that is not open yet",
        "id = %(locked_assignment)s",
        "(id, course_id, lesson_id, title, description) values (%(new)s, %(course)s, %(locked)s, 'New', 'd')",
        "id = %(new)s",
        ("passing_percentage", "0"),
    ),
    "assignment_submissions": Probe(
        "what the owner handed in",
        "id = %(submission)s",
        "(id, assignment_id, enrollment_id, course_id, member_id, submission_number, max_points)"
        " values (%(new)s, %(assignment)s, %(enrollment)s, %(course)s, %(owner)s, 1, 100)",
        "id = %(new)s",
        ("late_penalty_applied", "100"),
    ),
    "assignment_extensions": Probe(
        "the owner's later deadline; a new one is for the owner in another assignment",
        "id = %(extension)s",
        "(id, assignment_id, enrollment_id, due_date, reason)"
        " values (%(new)s, %(assignment)s, %(enrollment)s, '2100-01-01', 'So.')",
        "id = %(new)s",
        ("extra_submissions", "9"),
    ),
    "assignment_reviews": Probe(
        "what the learner was given to review",
        "id = %(review)s",
        "(id, submission_id, course_id, reviewer_id, review_type)"
        " values (%(new)s, %(submission)s, %(short)s, %(stranger)s, 'peer')",
        "id = %(new)s",
        ("points", "100"),
    ),
}

NOT_MOVED = "no column that it compares may be written"
SECOND_LINES: dict[str, str] = {"assignments": NOT_MOVED, "assignment_extensions": NOT_MOVED}

SETTINGS = (
    "title description instructions_html status total_points passing_percentage rubric submission_type"
    " allowed_file_types max_file_size_mb max_submissions available_from due_date late_submission_allowed"
    " late_penalty_percentage enable_peer_review peer_reviews_required group_mode anonymous_marking"
)
WRITABLE: dict[tuple[str, str], str] = {
    ("assignments", "insert"): f"id course_id lesson_id {SETTINGS}",
    ("assignments", "update"): SETTINGS,
    ("assignment_extensions", "insert"): "id assignment_id enrollment_id due_date extra_submissions reason",
    ("assignment_extensions", "update"): "due_date extra_submissions reason",
}

FUNCTIONS: dict[str, str] = {
    "private.late_days": "authenticated service_role",
    "private.late_penalty": "authenticated service_role",
    "private.my_open_assignment_ids": "authenticated",
    "private.rubric_points": "authenticated service_role",
    "private.rubric_score": "authenticated service_role",
    "public.allot_peer_reviews": "authenticated",
    "public.grade_submission": "authenticated",
    "public.peer_review_view": "authenticated",
    "public.published_assignments": "authenticated",
    "public.reviews_of_submission": "authenticated",
    "public.show_names": "authenticated",
    "public.submit_assignment": "authenticated",
    "public.submit_peer_review": "authenticated",
    "public.withdraw_peer_review": "authenticated",
}

AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    functions=FUNCTIONS,
)

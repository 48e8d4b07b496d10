"""Handing in assignments: groups, drafts, files."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("work_group", "spare_group", "group_member", "own_draft")

# The learner is in a group of the course's assignment; the owner writes at it. Another group has nobody yet.
FOUND = """
insert into public.assignment_groups (id, assignment_id, name) values
    (%(work_group)s, %(assignment)s, 'Group 1'),
    (%(spare_group)s, %(assignment)s, 'Group 2');
insert into public.assignment_group_members (id, group_id, assignment_id, enrollment_id)
values (%(group_member)s, %(work_group)s, %(assignment)s, %(learner_enrollment)s);
insert into public.assignment_drafts (id, assignment_id, enrollment_id, course_id, draft_text)
values (%(own_draft)s, %(assignment)s, %(enrollment)s, %(course)s, 'So far.');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


NEVER = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "assignment_groups": {
        "select": "yes   yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "assignment_group_members": {
        "select": "-     yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "assignment_drafts": {
        "select": "yes   -     -     -     -     -     42501 -     -     42501",
        "insert": NEVER,
        "update": NEVER,
        "delete": NEVER,
    },
}

PROBES: dict[str, Probe] = {
    "assignment_groups": Probe(
        "a group of an assignment of the course",
        "id = %(work_group)s",
        "(id, assignment_id, name) values (%(new)s, %(assignment)s, 'Group 3')",
        "id = %(new)s",
        ("name", "'The first'"),
    ),
    "assignment_group_members": Probe(
        "the learner's place in a group; a new one is the owner's",
        "id = %(group_member)s",
        "(group_id, assignment_id, enrollment_id) values (%(work_group)s, %(assignment)s, %(enrollment)s)",
        "assignment_id = %(assignment)s and enrollment_id = %(enrollment)s",
        ("group_id", "%(spare_group)s"),
    ),
    "assignment_drafts": Probe(
        "what the owner writes and has not handed in",
        "id = %(own_draft)s",
        "(assignment_id, enrollment_id, course_id) values (%(assignment)s, %(learner_enrollment)s, %(course)s)",
        "assignment_id = %(assignment)s and enrollment_id = %(learner_enrollment)s",
        ("draft_text", "'Another.'"),
    ),
}

NOT_MOVED = "no column that it compares may be written"
SECOND_LINES: dict[str, str] = {"assignment_groups": NOT_MOVED, "assignment_group_members": NOT_MOVED}

WRITABLE: dict[tuple[str, str], str] = {
    ("assignment_groups", "insert"): "id assignment_id name",
    ("assignment_groups", "update"): "name",
    ("assignment_group_members", "insert"): "group_id assignment_id enrollment_id",
    ("assignment_group_members", "update"): "group_id",
}

FUNCTIONS: dict[str, str] = {
    "public.assignment_card": "authenticated",
    "public.assignment_standings": "authenticated",
    "public.begin_submission_file": "authenticated",
    "public.save_assignment_draft": "authenticated",
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

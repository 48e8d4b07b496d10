"""The gradebook: items, categories, cells."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "grade_category",
    "spare_category",
    "grade_column",
    "hidden_column",
    "grade_import",
)

# The owner and the learner have grades in two columns of the instructor's own, one of which learners do not see.
FOUND = """
insert into public.gradebooks (course_id, missing_work) values (%(short)s, 'nothing');
insert into public.gradebook_categories (id, course_id, name, position) values
    (%(grade_category)s, %(course)s, 'Seminar', 50), (%(spare_category)s, %(course)s, 'Spare', 51);
insert into public.gradebook_items (id, course_id, category_id, title, max_points, is_hidden, position) values
    (%(grade_column)s, %(course)s, %(grade_category)s, 'Talk', 20, false, 500),
    (%(hidden_column)s, %(course)s, %(grade_category)s, 'Draft of a talk', 20, true, 501);
insert into public.gradebook_imports (id, course_id, created_by, file_name)
values (%(grade_import)s, %(course)s, %(instructor)s, 'grades.csv');
"""
GRADED = """
select public.set_grades(%(course)s, jsonb_build_array(
    jsonb_build_object('e', %(enrollment)s::uuid, 'i', %(grade_column)s::uuid, 'points', 15, 'excused', false),
    jsonb_build_object('e', %(learner_enrollment)s::uuid, 'i', %(hidden_column)s::uuid, 'points', 9, 'excused', false)
))
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)
    stage.act("instructor", GRADED)


NEVER = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
SEEN = "-     -     -     yes   -     -     42501 yes   yes   yes"
MADE = "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes"
KNOWN = "yes   yes   -     yes   -     -     42501 yes   yes   yes"
SETUP = {"select": KNOWN, "insert": MADE, "update": SEEN, "delete": SEEN}
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "gradebooks": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": MADE,
        "update": SEEN,
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "gradebook_categories": SETUP,
    "gradebook_items": SETUP,
    "gradebook_items: hidden": SETUP | {"select": SEEN},
    "gradebook_cells": {"select": SEEN, "insert": NEVER, "update": NEVER, "delete": NEVER},
    "gradebook_imports": {
        "select": "-     -     -     yes   -     -     42501 -     -     yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   42501",
        "update": NEVER,
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}

PROBES: dict[str, Probe] = {
    "gradebooks": Probe(
        "what the gradebook of the short course counts missing work as; a new one is that of the course",
        "course_id = %(short)s",
        "(course_id, missing_work) values (%(course)s, 'zero_after_due')",
        "course_id = %(course)s",
        ("missing_work", "'zero_after_due'"),
        first="course_id",
    ),
    "gradebook_categories": Probe(
        "a category of the course's gradebook",
        "id = %(grade_category)s",
        "(course_id, name, weight) values (%(course)s, 'Project', 40)",
        "course_id = %(course)s and name = 'Project'",
        ("weight", "7"),
        delete="id = %(spare_category)s",
    ),
    "gradebook_items": Probe(
        "a column of the course's gradebook",
        "id = %(grade_column)s",
        "(course_id, category_id, title, max_points) values (%(course)s, %(grade_category)s, 'Poster', 10)",
        "title = 'Poster'",
        ("weight", "3"),
    ),
    "gradebook_items: hidden": Probe(
        "a column that learners do not see",
        "id = %(hidden_column)s",
        "(course_id, category_id, title, max_points, is_hidden) values (%(course)s, %(grade_category)s, 'Secret', 10, true)",
        "title = 'Secret'",
        ("is_hidden", "false"),
    ),
    "gradebook_cells": Probe(
        "the owner's grade in a column; a new one is the learner's",
        "enrollment_id = %(enrollment)s and item_id = %(grade_column)s",
        "(enrollment_id, item_id, course_id, points) values (%(learner_enrollment)s, %(grade_column)s, %(course)s, 20)",
        "enrollment_id = %(learner_enrollment)s and item_id = %(grade_column)s",
        ("points", "20"),
        first="enrollment_id",
    ),
    "gradebook_imports": Probe(
        "a file of grades that the instructor brought",
        "id = %(grade_import)s",
        "(course_id, file_name) values (%(course)s, 'more.csv')",
        "file_name = 'more.csv'",
        ("applied_at", "'2026-01-01'"),
    ),
}

NOT_MOVED = "no column that it compares may be written"
SECOND_LINES: dict[str, str] = {
    "gradebooks": NOT_MOVED,
    "gradebook_categories": NOT_MOVED,
    "gradebook_items": NOT_MOVED,
}

WRITABLE: dict[tuple[str, str], str] = {
    ("gradebooks", "insert"): "course_id missing_work",
    ("gradebooks", "update"): "missing_work",
    ("gradebook_categories", "insert"): "course_id name weight drop_lowest weighting position",
    ("gradebook_categories", "update"): "name weight drop_lowest weighting position",
    ("gradebook_items", "insert"): "course_id category_id title max_points due_at weight counts is_hidden position",
    ("gradebook_items", "update"): "category_id title max_points due_at weight counts is_hidden position",
    ("gradebook_imports", "insert"): "course_id file_name cells report",
}

FUNCTIONS: dict[str, str] = {
    "private.final_grades": "service_role",
    "private.mark_due_gradebooks": "service_role",
    "private.settle_gradebooks": "service_role",
    "public.apply_gradebook_import": "authenticated",
    "public.gradebook_averages": "authenticated",
    "public.gradebook_cell_history": "authenticated",
    "public.gradebook_cells_of": "authenticated",
    "public.gradebook_columns": "authenticated",
    "public.gradebook_finals": "authenticated",
    "public.gradebook_people": "authenticated",
    "public.gradebook_window": "authenticated",
    "public.my_grades": "authenticated",
    "public.set_grades": "authenticated",
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

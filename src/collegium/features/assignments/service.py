"""The front door of assignments: building them, handing in, groups and extensions. The database decides who may."""

from __future__ import annotations

from collegium.features.assignments.building import (
    assignment,
    assignment_of_lesson,
    assignment_tab,
    assignments,
    checks_of,
    copy_assignment,
    course,
    create_assignment,
    lesson_title,
    lessons,
    remove_assignment,
    set_status,
    taught_assignment,
)
from collegium.features.assignments.extensions import extensions, find_enrolled, grant, withdraw
from collegium.features.assignments.groups import add_group, groups, make_at_random, without_group
from collegium.features.assignments.groups import put as put_into_group
from collegium.features.assignments.groups import remove as remove_group
from collegium.features.assignments.groups import rename as rename_group
from collegium.features.assignments.handing import (
    Work,
    Written,
    card,
    cards_of_lesson,
    clean_work,
    hand_in,
    own_submissions,
    remove_file,
    save_draft,
    shown,
    standings,
    written,
)
from collegium.features.assignments.model import (
    Assignment,
    AssignmentLine,
    Card,
    Criterion,
    HandedIn,
    NewAssignment,
    Standing,
)
from collegium.features.assignments.settings import SavedMeanwhile, save, work_waits
from collegium.features.assignments.words import lacking, late_words, plain, policy_words, takes_words

__all__ = [
    "Assignment",
    "AssignmentLine",
    "Card",
    "Criterion",
    "HandedIn",
    "NewAssignment",
    "SavedMeanwhile",
    "Standing",
    "Work",
    "Written",
    "add_group",
    "assignment",
    "assignment_of_lesson",
    "assignment_tab",
    "assignments",
    "card",
    "cards_of_lesson",
    "checks_of",
    "clean_work",
    "copy_assignment",
    "course",
    "create_assignment",
    "extensions",
    "find_enrolled",
    "grant",
    "groups",
    "hand_in",
    "lacking",
    "late_words",
    "lesson_title",
    "lessons",
    "make_at_random",
    "own_submissions",
    "plain",
    "policy_words",
    "put_into_group",
    "remove_assignment",
    "remove_file",
    "remove_group",
    "rename_group",
    "save",
    "save_draft",
    "set_status",
    "shown",
    "standings",
    "takes_words",
    "taught_assignment",
    "withdraw",
    "without_group",
    "work_waits",
    "written",
]

"""The front door of assignments: building them, handing in, groups and extensions. The database decides who may."""

from __future__ import annotations

from collegium.features.assignments.building import (
    assignment,
    assignment_of_lesson,
    assignment_tab,
    assignments,
    course,
    create_assignment,
    lesson_title,
    lessons,
    taught_assignment,
)
from collegium.features.assignments.handing import card, cards_of_lesson, standings
from collegium.features.assignments.model import (
    Assignment,
    AssignmentLine,
    Card,
    Criterion,
    HandedIn,
    NewAssignment,
    Standing,
)
from collegium.features.assignments.words import lacking, late_words, plain, policy_words, takes_words

__all__ = [
    "Assignment",
    "AssignmentLine",
    "Card",
    "Criterion",
    "HandedIn",
    "NewAssignment",
    "Standing",
    "assignment",
    "assignment_of_lesson",
    "assignment_tab",
    "assignments",
    "card",
    "cards_of_lesson",
    "course",
    "create_assignment",
    "lacking",
    "late_words",
    "lesson_title",
    "lessons",
    "plain",
    "policy_words",
    "standings",
    "takes_words",
    "taught_assignment",
]

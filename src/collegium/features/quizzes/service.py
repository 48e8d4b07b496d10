"""The front door of quizzes as their instructors see them. The database decides who may."""

from __future__ import annotations

from collegium.features.quizzes.building import (
    add_questions,
    arrange,
    copy_quiz,
    course,
    create_quiz,
    find_questions,
    lesson_title,
    lessons,
    pools,
    quiz,
    quiz_of_lesson,
    quizzes,
    remove_quiz,
    rows,
    set_status,
)
from collegium.features.quizzes.checks import checks, points_reachable
from collegium.features.quizzes.model import Check, NewQuiz, Pool, Quiz, QuizLine, Row
from collegium.features.quizzes.settings import SavedMeanwhile, mark, save, texts

__all__ = [
    "Check",
    "NewQuiz",
    "Pool",
    "Quiz",
    "QuizLine",
    "Row",
    "SavedMeanwhile",
    "add_questions",
    "arrange",
    "checks",
    "copy_quiz",
    "course",
    "create_quiz",
    "find_questions",
    "lesson_title",
    "lessons",
    "mark",
    "points_reachable",
    "pools",
    "quiz",
    "quiz_of_lesson",
    "quizzes",
    "remove_quiz",
    "rows",
    "save",
    "set_status",
    "texts",
]

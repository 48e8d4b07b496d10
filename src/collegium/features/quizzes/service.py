"""The front door of quizzes as their instructors see them. The database decides who may."""

from __future__ import annotations

from collegium.features.quizzes.accommodations import accommodations, find_enrolled, grant, withdraw
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
    preview,
    quiz,
    quiz_of_lesson,
    quizzes,
    remove_quiz,
    rows,
    set_status,
)
from collegium.features.quizzes.checks import checks, points_reachable
from collegium.features.quizzes.grading import Grade, answer, figures, grade, neighbour, waiting
from collegium.features.quizzes.insight import count_insights, insight, question_insights
from collegium.features.quizzes.model import Check, NewQuiz, Pool, Quiz, QuizLine, Row
from collegium.features.quizzes.regrading import begin_regrade, preview_regrade, regradable, regrade, regrade_some
from collegium.features.quizzes.settings import SavedMeanwhile, mark, save, texts

__all__ = [
    "Check",
    "Grade",
    "NewQuiz",
    "Pool",
    "Quiz",
    "QuizLine",
    "Row",
    "SavedMeanwhile",
    "accommodations",
    "add_questions",
    "answer",
    "arrange",
    "begin_regrade",
    "checks",
    "copy_quiz",
    "count_insights",
    "course",
    "create_quiz",
    "figures",
    "find_enrolled",
    "find_questions",
    "grade",
    "grant",
    "insight",
    "lesson_title",
    "lessons",
    "mark",
    "neighbour",
    "points_reachable",
    "pools",
    "preview",
    "preview_regrade",
    "question_insights",
    "quiz",
    "quiz_of_lesson",
    "quizzes",
    "regradable",
    "regrade",
    "regrade_some",
    "remove_quiz",
    "rows",
    "save",
    "set_status",
    "texts",
    "waiting",
    "withdraw",
]

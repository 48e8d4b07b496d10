"""Quizzes as their instructors build, preview, grade and understand them."""

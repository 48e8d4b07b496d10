"""The addresses of a quiz's pages in the studio, and the tabs between them."""

from __future__ import annotations

from uuid import UUID

from collegium.web.studio import course_path

TABS = (("Questions", ""), ("Settings", "/settings"))


def quiz_path(course: UUID, quiz: UUID, suffix: str = "") -> str:
    """The address of a page of a quiz."""
    return course_path(course, f"/quizzes/{quiz}{suffix}")

"""The studio's front door: courses as their teachers build them. The database decides who may."""

from __future__ import annotations

from collegium.features.studio.courses import CourseFilter, Place, Shelf, course, create_course, my_courses
from collegium.features.studio.model import Course, CourseLine, LessonSettings, NewCourse
from collegium.features.studio.parts import add_lesson, add_module
from collegium.features.studio.titles import clean_title, slug_of

__all__ = [
    "Course",
    "CourseFilter",
    "CourseLine",
    "LessonSettings",
    "NewCourse",
    "Place",
    "Shelf",
    "add_lesson",
    "add_module",
    "clean_title",
    "course",
    "create_course",
    "my_courses",
    "slug_of",
]

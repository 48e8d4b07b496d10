"""The types of lessons as the studio offers them: words, icon, and with what those come that cannot be learnt yet."""

from __future__ import annotations

import msgspec

from collegium.features.studio.model import Criteria


class LessonKind(msgspec.Struct, frozen=True):
    """A type of lesson. ``comes_with`` names what is still to come; ``criteria`` are the ways to be complete.

    ``page`` is what follows the lesson's address where its content is made elsewhere than in its text.
    """

    words: str
    icon: str
    about: str
    criteria: tuple[Criteria, ...] = ("marked_complete", "time_spent")
    comes_with: str = ""
    page: str = ""


KINDS: dict[str, LessonKind] = {
    "video": LessonKind(
        "Video", "circle-play", "A film with captions", ("video_watched", "marked_complete", "time_spent")
    ),
    "text": LessonKind("Reading", "file-text", "Text, pictures, tables, formulas"),
    "pdf": LessonKind("Document", "book-text", "A PDF, read in the page"),
    "external_link": LessonKind("Link", "external-link", "A page elsewhere"),
    "embedded_content": LessonKind("Embedded content", "app-window", "A page elsewhere, shown in the lesson"),
    "quiz": LessonKind("Quiz", "list-checks", "Questions", ("quiz_passed",), page="/quiz"),
    "assignment": LessonKind(
        "Assignment",
        "clipboard-pen",
        "Work that is handed in",
        ("assignment_passed", "marked_complete"),
        page="/assignment",
    ),
    "live_session": LessonKind("Live session", "radio", "A meeting at a set time", comes_with="live sessions"),
    "scorm": LessonKind("Package", "package", "SCORM or AICC", ("scorm_completed",), page="/package"),
}

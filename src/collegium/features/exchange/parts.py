"""The parts of ``collegium-course.json``, as docs/standards/course-package.md explains them.

The structs are strict: an unknown field, a missing one or one of another kind is refused with its path.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[
    str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="A name that is used within this package only.")
]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=20_000)]
Short = Annotated[str, Meta(max_length=5_000)]
Line = Annotated[str, Meta(max_length=1_000)]
Address = Annotated[str, Meta(max_length=1_024, pattern=r"^https://[^\s/?#@]+([/?#]\S*)?$")]
Html = Annotated[str, Meta(max_length=400_000)]
Minutes = Annotated[int, Meta(ge=1, le=1_000_000)]
Seconds = Annotated[float, Meta(ge=0, le=1_000_000)]
Money = Annotated[Decimal, Meta(description="Digits, a point, at most two digits.")]
Objectives = Annotated[list[Annotated[str, Meta(max_length=1_000)]], Meta(max_length=100)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Instant = Annotated[datetime, Meta(tz=True, description="RFC 3339, with its zone.")]
LessonType = Literal["video", "text", "pdf", "external_link", "embedded_content"]
Criteria = Literal["video_watched", "time_spent", "marked_complete"]


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the package, and what must come out of it."""

    id: Id
    path: Annotated[str, Meta(pattern=r"^files/[0-9a-f]{64}\.[a-z0-9]{1,10}$")]
    filename: Annotated[str, Meta(min_length=1, max_length=200)]
    bytes: Annotated[int, Meta(ge=0)]
    sha256: Sha256


class RichText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rich_text"):
    """Text as clean HTML. ``collegium-file:<id>`` stands in it for the address of a file of the package."""

    html: Html


class Image(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="image"):
    """A picture with the words that stand for it."""

    file: Id
    alt_text: Line
    caption: Line = ""


class VideoBlock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="video"):
    """A film within a lesson."""

    file: Id


class FileBlock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="file"):
    """A file to download within a lesson."""

    file: Id


class Youtube(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="youtube"):
    """A film at YouTube within a lesson."""

    video_id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{11}$")]
    title: Line = ""


Block = RichText | Image | VideoBlock | FileBlock | Youtube


class Attachment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file to download with a lesson."""

    file: Id
    description: Annotated[str, Meta(max_length=1_000)] = ""
    requires_enrollment: bool = True


class Captions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Captions of one language, a WebVTT file."""

    lang: Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
    label: Annotated[str, Meta(min_length=1, max_length=100)]
    file: Id


class Cue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of the transcript."""

    start: Seconds
    end: Seconds
    text: Annotated[str, Meta(max_length=10_000)]


class Rendition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of the prepared film, under its path below the film's folder."""

    path: Annotated[
        str, Meta(pattern=r"^([A-Za-z0-9_-]+/){0,4}[A-Za-z0-9_-]+\.(m3u8|ts|m4s|mp4|jpg|webp|vtt)$", max_length=200)
    ]
    file: Id


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rendition as the playlist lists it; bandwidths in bits a second."""

    name: Annotated[str, Meta(max_length=40)]
    playlist: Annotated[str, Meta(max_length=200)]
    width: Annotated[int, Meta(ge=1, le=20_000)]
    height: Annotated[int, Meta(ge=1, le=20_000)]
    frame_rate: Annotated[float, Meta(ge=0, le=1_000)]
    bandwidth: Annotated[int, Meta(ge=0)]
    average_bandwidth: Annotated[int, Meta(ge=0)]
    codecs: Annotated[str, Meta(max_length=200)]


class Prepared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A film that was prepared for playing, where its original is not kept or need not be sent."""

    playlist: str
    poster: str | None
    storyboard: str | None = None
    variants: Annotated[list[Variant], Meta(max_length=20)]
    files: Annotated[list[Rendition], Meta(min_length=1, max_length=20_000)]


class Video(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A video lesson's film: its original, or what was made of it, or where it is elsewhere."""

    provider: Literal["upload", "youtube", "vimeo", "wistia"]
    url: Address | None = None
    original: Id | None = None
    prepared: Prepared | None = None
    duration: Annotated[int, Meta(ge=1, le=43_200)] = 1
    max_rate: Decimal = Decimal(2)
    captions: Annotated[list[Captions], Meta(max_length=50)] = []
    transcript: Annotated[list[Cue], Meta(max_length=50_000)] = []


class Lesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson with all that is decided about it."""

    id: Id
    title: Title
    type: LessonType
    description: Short = ""
    learning_objectives: Objectives = []
    is_preview: bool = False
    unlock_after: Id | None = None
    unlock_date: Instant | None = None
    prerequisites: Annotated[list[Id], Meta(max_length=100)] = []
    require_completion: bool = True
    completion_criteria: Criteria = "marked_complete"
    min_time_seconds: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    watched_percentage_required: Decimal = Decimal(90)
    estimated_duration_minutes: Minutes | None = None
    enable_video_controls: bool = True
    allow_download: bool = False
    blocks: Annotated[list[Block], Meta(max_length=500)] = []
    link: Address | None = None
    document: Id | None = None
    """The PDF of a pdf lesson."""
    video: Video | None = None
    attachments: Annotated[list[Attachment], Meta(max_length=50)] = []


class Module(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of the course."""

    id: Id
    title: Title
    description: Short = ""
    learning_objectives: Objectives = []
    is_preview: bool = False
    unlock_after: Id | None = None
    unlock_date: Instant | None = None
    estimated_duration_minutes: Minutes | None = None
    lessons: Annotated[list[Lesson], Meta(max_length=1_000)]


class Prerequisite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the course asks for first: words, or another course by its title and address name."""

    requirement: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    title: Title | None = None
    slug: Annotated[str, Meta(max_length=120)] | None = None


class Course(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The course itself."""

    title: Title
    description: Text
    short_description: Annotated[str, Meta(max_length=200)] = ""
    author: Annotated[str, Meta(max_length=200)] | None = None
    """Only when whoever exported it wanted it so."""
    learning_objectives: Objectives = []
    target_audience: Line = ""
    tags: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=30)] = []
    category: Literal[
        "insurance_fundamentals", "health_benefits", "life_insurance", "retirement_planning", "compliance",
        "sales_techniques", "leadership", "technology", "continuing_education",
    ]  # fmt: skip
    difficulty_level: Literal["beginner", "intermediate", "advanced", "expert"] = "beginner"
    ce_credits: Money = Decimal(0)
    pricing_type: Literal["free", "paid", "member_only", "premium"] = "free"
    price: Money = Decimal(0)
    member_price: Money | None = None
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] = "USD"
    delivery_format: Literal["self_paced", "instructor_led", "blended", "live_virtual"] = "self_paced"
    estimated_duration_minutes: Minutes | None = None
    allow_enrollment: bool = True
    max_enrollments: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    enrollment_start_date: Instant | None = None
    enrollment_end_date: Instant | None = None
    course_start_date: Instant | None = None
    course_end_date: Instant | None = None
    completion_certificate: bool = True
    enable_discussion_forum: bool = False
    enable_peer_review: bool = False
    thumbnail: Id | None = None
    promo_video: Address | None = None
    syllabus: Id | None = None
    prerequisites: Annotated[list[Prerequisite], Meta(max_length=50)] = []


class LeftOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something of the course that no package holds, and why."""

    what: Annotated[str, Meta(max_length=300)]
    why: Annotated[str, Meta(max_length=500)]


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole document."""

    format: Literal["collegium-course"]
    version: Literal[1]
    made_at: Instant
    made_by: Annotated[str, Meta(max_length=100)]
    course: Course
    modules: Annotated[list[Module], Meta(max_length=500)]
    files: Annotated[list[File], Meta(max_length=20_000)] = []
    left_out: Annotated[list[LeftOut], Meta(max_length=2_000)] = []

    def lessons(self) -> Iterator[Lesson]:
        """Every lesson in its order."""
        for module in self.modules:
            yield from module.lessons

"""The catalogue: courses, their parts, content and videos."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "course",
    "paid",
    "other_course",
    "draft",
    "short",
    "open",
    "members",
    "first_module",
    "second_module",
    "paid_module",
    "other_module",
    "short_module",
    "draft_module",
    "spare_module",
    "bare_module",
    "welcome",
    "reading",
    "locked",
    "paid_lesson",
    "other_lesson",
    "short_lesson",
    "draft_lesson",
    "spare",
    "bare",
    "welcome_block",
    "reading_block",
    "locked_block",
    "paid_block",
    "draft_block",
    "welcome_video",
    "locked_video",
    "paid_video",
    "spare_video",
)


# The course: a video that everybody may preview, a text, a second part that opens after the first, a spare at the end.
FOUND = """
insert into public.courses (id, title, slug, description, category, status, instructor_id, pricing_type, price) values
    (%(course)s, 'Reading a policy', 'guild-reading', 'd', 'compliance', 'published', %(instructor)s, 'free', 0),
    (%(paid)s, 'Paid', 'guild-paid', 'd', 'compliance', 'published', %(instructor)s, 'paid', 80),
    (%(short)s, 'Short', 'guild-short', 'd', 'compliance', 'published', %(instructor)s, 'free', 0),
    (%(draft)s, 'Draft', 'guild-draft', 'd', 'compliance', 'draft', %(instructor)s, 'free', 0),
    (%(other_course)s, 'Other', 'guild-other', 'd', 'compliance', 'published', %(other_instructor)s, 'free', 0),
    (%(open)s, 'Open', 'guild-open', 'd', 'compliance', 'published', %(other_instructor)s, 'free', 0),
    (%(members)s, 'Members', 'guild-members', 'd', 'compliance', 'published', %(other_instructor)s, 'member_only', 0);
insert into public.course_modules (id, course_id, title, module_order, unlock_after_module_id) values
    (%(first_module)s, %(course)s, 'First', 1, null),
    (%(second_module)s, %(course)s, 'Second', 2, %(first_module)s),
    (%(spare_module)s, %(course)s, 'Spare', 3, null),
    (%(bare_module)s, %(course)s, 'Bare', 4, null),
    (%(paid_module)s, %(paid)s, 'Paid', 1, null),
    (%(short_module)s, %(short)s, 'Short', 1, null),
    (%(draft_module)s, %(draft)s, 'Draft', 1, null),
    (%(other_module)s, %(other_course)s, 'Other', 1, null);
insert into public.lessons
    (id, course_id, module_id, title, lesson_type, lesson_order, is_preview, completion_criteria, require_completion)
values
    (%(welcome)s, %(course)s, %(first_module)s, 'Welcome', 'video', 1, true, 'video_watched', true),
    (%(reading)s, %(course)s, %(first_module)s, 'Reading', 'text', 2, false, 'marked_complete', true),
    (%(locked)s, %(course)s, %(second_module)s, 'Locked', 'video', 1, false, 'video_watched', true),
    (%(spare)s, %(course)s, %(second_module)s, 'Spare', 'video', 2, true, 'video_watched', false),
    (%(paid_lesson)s, %(paid)s, %(paid_module)s, 'Paid', 'video', 1, false, 'video_watched', true),
    (%(short_lesson)s, %(short)s, %(short_module)s, 'Short', 'text', 1, false, 'marked_complete', true),
    (%(draft_lesson)s, %(draft)s, %(draft_module)s, 'Draft', 'text', 1, true, 'marked_complete', true),
    (%(bare)s, %(course)s, %(spare_module)s, 'Bare', 'text', 1, false, 'marked_complete', false),
    (%(other_lesson)s, %(other_course)s, %(other_module)s, 'Other', 'text', 1, true, 'marked_complete', true);
insert into public.content_blocks (id, lesson_id, course_id, type, order_index, content)
select id, lesson, course, 'rich_text', 1, '{"html": "<p>Read.</p>", "plain_text": "Read."}' from (values
    (%(welcome_block)s::uuid, %(welcome)s::uuid, %(course)s::uuid),
    (%(reading_block)s, %(reading)s, %(course)s), (%(locked_block)s, %(locked)s, %(course)s),
    (%(paid_block)s, %(paid_lesson)s, %(paid)s), (%(draft_block)s, %(draft_lesson)s, %(draft)s)
) as blocks (id, lesson, course);
insert into public.lesson_videos (id, lesson_id, course_id, source_key, playlist_key, duration) values
    (%(welcome_video)s, %(welcome)s, %(course)s, 'source/welcome.mp4', 'videos/welcome/index.m3u8', 100),
    (%(locked_video)s, %(locked)s, %(course)s, 'source/locked.mp4', 'videos/locked/index.m3u8', 100),
    (%(spare_video)s, %(spare)s, %(course)s, 'source/spare.mp4', 'videos/spare/index.m3u8', 100),
    (%(paid_video)s, %(paid_lesson)s, %(paid)s, 'source/paid.mp4', 'videos/paid/index.m3u8', 100);
insert into public.instructor_profiles (profile_id, display_name) values
    (%(instructor)s, 'Ines Instructor'), (%(other_instructor)s, 'Otto Other');
insert into public.course_instructors (course_id, profile_id) values
    (%(course)s, %(instructor)s), (%(draft)s, %(instructor)s);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "courses": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "courses: draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "course_instructors": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "course_instructors: of a draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "course_modules": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "course_modules: of a draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lessons": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lessons: of a draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "content_blocks": {
        "select": "yes   yes   -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "content_blocks: locked": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "content_blocks: preview": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "content_blocks: preview of a draft": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_videos": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_videos: locked": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_videos: of a paid course": {
        "select": "-     -     -     yes   -     -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
}


PROBES: dict[str, Probe] = {
    "courses": Probe(
        "a published course; a new one is the instructor's; the draft is removed",
        "id = %(course)s",
        "(id, title, slug, description, category, instructor_id)"
        " values (%(new)s, 'New', 'guild-new', 'd', 'compliance', %(instructor)s)",
        "id = %(new)s",
        ("title", "'Changed'"),
        "id = %(draft)s",
    ),
    "courses: draft": Probe(
        "a draft of the instructor; a new one is the other instructor's; one without learners is removed",
        "id = %(draft)s",
        "(id, title, slug, description, category, instructor_id, price)"
        " values (%(new)s, 'New', 'guild-new', 'd', 'compliance', %(other_instructor)s, 10)",
        "id = %(new)s",
        ("price", "10"),
        "id = %(open)s",
    ),
    "course_instructors": Probe(
        "who teaches a published course",
        "course_id = %(course)s and profile_id = %(instructor)s",
        "(course_id, profile_id) values (%(course)s, %(stranger)s)",
        "course_id = %(course)s and profile_id = %(stranger)s",
        ("position", "2"),
        first="profile_id",
    ),
    "course_instructors: of a draft": Probe(
        "who teaches a draft",
        "course_id = %(draft)s and profile_id = %(instructor)s",
        "(course_id, profile_id) values (%(draft)s, %(stranger)s)",
        "course_id = %(draft)s and profile_id = %(stranger)s",
        ("position", "2"),
        first="profile_id",
    ),
    "course_modules": Probe(
        "a part of a published course; an empty one is removed",
        "id = %(first_module)s",
        "(id, course_id, title, module_order) values (%(new)s, %(course)s, 'New', 9)",
        "id = %(new)s",
        ("title", "'Changed'"),
        "id = %(bare_module)s",
    ),
    "course_modules: of a draft": Probe(
        "a part of a draft",
        "id = %(draft_module)s",
        "(id, course_id, title, module_order) values (%(new)s, %(draft)s, 'New', 9)",
        "id = %(new)s",
        ("title", "'Changed'"),
    ),
    "lessons": Probe(
        "a lesson's title and rules, of a published course",
        "id = %(locked)s",
        "(id, course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(new)s, %(course)s, %(second_module)s, 'New', 'text', 9)",
        "id = %(new)s",
        ("require_completion", "false"),
        # Nobody must complete it, so nobody's version keeps it.
        "id = %(spare)s",
    ),
    "lessons: of a draft": Probe(
        "a lesson of a draft",
        "id = %(draft_lesson)s",
        "(id, course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(new)s, %(draft)s, %(draft_module)s, 'New', 'text', 9)",
        "id = %(new)s",
        ("title", "'Changed'"),
    ),
    "content_blocks": Probe(
        "content of a lesson that is open to learners",
        "id = %(reading_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(reading)s, %(course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "content_blocks: locked": Probe(
        "content of a lesson that is not open yet",
        "id = %(locked_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(locked)s, %(course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "content_blocks: preview": Probe(
        "content of a lesson that everybody may try",
        "id = %(welcome_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(welcome)s, %(course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "content_blocks: preview of a draft": Probe(
        "content of a lesson that everybody may try once the course is published",
        "id = %(draft_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(draft_lesson)s, %(draft)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "lesson_videos": Probe(
        "the video of a lesson that everybody may try; a new one is for the reading; the spare one is removed",
        "id = %(welcome_video)s",
        "(id, lesson_id, course_id, duration) values (%(new)s, %(reading)s, %(course)s, 60)",
        "id = %(new)s",
        ("transcript", "'[{\"start\": 0}]'::jsonb"),
        "id = %(spare_video)s",
    ),
    "lesson_videos: locked": Probe(
        "the video of a lesson that is not open yet",
        "id = %(locked_video)s",
        "(id, lesson_id, course_id, duration) values (%(new)s, %(reading)s, %(course)s, 60)",
        "id = %(new)s",
        ("captions", '\'[{"key": "certificates/1.pdf"}]\'::jsonb'),
    ),
    "lesson_videos: of a paid course": Probe(
        "a video of a paid course that nobody has paid for",
        "id = %(paid_video)s",
        "(id, lesson_id, course_id, duration) values (%(new)s, %(reading)s, %(course)s, 60)",
        "id = %(new)s",
        ("duration", "1"),
    ),
}


MOVES: dict[str, tuple[str, str]] = {
    "content_blocks": ("id = %(reading_block)s", "lesson_id = %(other_lesson)s, course_id = %(other_course)s"),
    "course_modules": ("id = %(bare_module)s", "course_id = %(other_course)s, module_order = 9"),
    "lessons": ("id = %(bare)s", "module_id = %(other_module)s, course_id = %(other_course)s, lesson_order = 9"),
}


SECOND_LINES: dict[str, str] = {
    "course_instructors": "asks for an administrator, as its using does",
    "courses": "no column that it compares may be written",
    "lesson_videos": "no column that it compares may be written",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("courses", "insert"): (
        "id title slug description short_description learning_objectives target_audience tags category difficulty_level"
        " ce_credits pricing_type price member_price currency delivery_format estimated_duration_minutes"
        " instructor_id author_bio thumbnail_url promo_video_url syllabus_url allow_enrollment max_enrollments"
        " enrollment_start_date enrollment_end_date course_start_date course_end_date completion_certificate"
        " created_by designation_id enable_discussion_forum enable_peer_review certificate_template_id language"
        " enable_reviews"
    ),
    ("courses", "update"): (
        "title slug description short_description learning_objectives target_audience tags category difficulty_level"
        " ce_credits pricing_type price member_price currency delivery_format estimated_duration_minutes"
        " author_bio thumbnail_url promo_video_url syllabus_url allow_enrollment max_enrollments"
        " enrollment_start_date enrollment_end_date course_start_date course_end_date completion_certificate"
        " designation_id enable_discussion_forum enable_peer_review certificate_template_id language enable_reviews"
        " review_after_percent cohorts_only"
    ),
    ("course_modules", "insert"): (
        "id course_id title description module_order learning_objectives is_preview unlock_after_module_id unlock_date"
        " estimated_duration_minutes"
    ),
    ("course_modules", "update"): (
        "course_id title description module_order learning_objectives is_preview unlock_after_module_id unlock_date"
        " estimated_duration_minutes"
    ),
    ("lessons", "insert"): (
        "id module_id course_id title description lesson_type lesson_order is_preview unlock_after_lesson_id"
        " unlock_date require_completion completion_criteria min_time_seconds watched_percentage_required"
        " estimated_duration_minutes learning_objectives enable_video_controls allow_download"
    ),
    ("lessons", "update"): (
        "module_id course_id title description lesson_type lesson_order is_preview unlock_after_lesson_id"
        " unlock_date require_completion completion_criteria min_time_seconds watched_percentage_required"
        " estimated_duration_minutes learning_objectives enable_video_controls allow_download"
    ),
    ("lesson_videos", "update"): "transcript",
}


FUNCTIONS: dict[str, str] = {
    "private.current_catalogue_version": "anon authenticated service_role",
    "private.is_content": "anon authenticated service_role",
    "public.search_courses": "anon authenticated service_role",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    moves=MOVES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    functions=FUNCTIONS,
    wholly_writable=("course_instructors", "content_blocks"),
)

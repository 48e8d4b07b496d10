"""Who may do what, declared once. Tests hold the database to it; docs/reference/access.md is written from it.

In `MATRIX` each line has one word for each actor of `ACTORS`, in this order:

    owner learner stranger instructor other_instructor anon admin super_admin service_role

    yes      the row is seen, added, changed, removed, and comes back with `returning`
    blind    the row is added, but may not be read back
    -        the row is hidden: nothing is found, nothing happens
    SQLSTATE refused: 42501 by rights or a policy, CGnnn by a rule with words, 55000 for a view that cannot be written
"""

from __future__ import annotations

MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other anon  admin super service
    "profiles": {
        "select": "yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "yes   -     -     -     -     42501 -     -     yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "memberships": {
        "select": "yes   -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     42501 yes   yes   yes",
    },
    "instructor_profiles": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     42501 yes   yes   yes",
    },
    "web_sessions": {
        "select": "yes   -     -     -     -     42501 -     -     yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "auth_tokens": {
        "select": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "login_attempts": {
        "select": "yes   -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "mail_outbox": {
        "select": "-     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "mail_outbox: to a super administrator": {
        "select": "-     -     -     -     -     42501 -     yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "courses": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "courses: draft": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 yes   42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     42501 yes   yes   yes",
    },
    "course_instructors": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     42501 yes   yes   yes",
    },
    "course_instructors: of a draft": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     42501 yes   yes   yes",
    },
    "course_modules": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "course_modules: of a draft": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "lessons": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "lessons: of a draft": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "content_blocks": {
        "select": "yes   yes   -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "content_blocks: locked": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "content_blocks: preview": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "content_blocks: preview of a draft": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "lesson_videos": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "-     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "lesson_videos: locked": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "lesson_videos: of a paid course": {
        "select": "-     -     -     yes   -     -     yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     yes   -     42501 yes   yes   yes",
    },
    "transactions": {
        "select": "yes   -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "enrollments": {
        "select": "yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "yes   CG403 CG403 CG403 CG403 42501 CG403 CG403 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "enrollments: own": {
        "select": "-     yes   -     yes   -     42501 yes   yes   yes",
        "insert": "CG403 CG403 CG403 CG403 CG403 42501 CG403 CG403 CG403",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "lesson_progress": {
        "select": "yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "video_analytics": {
        "select": "yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "video_events": {
        "select": "-     -     -     -     -     42501 yes   yes   yes",
        "insert": "blind 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "video_events_default": {
        "select": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "certificates": {
        "select": "yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "video_completion": {
        "select": "yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "enrollment_details": {
        "select": "yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "update": "55000 55000 55000 55000 55000 55000 55000 55000 55000",
        "delete": "55000 55000 55000 55000 55000 55000 55000 55000 55000",
    },
}

# What the instructor may change but not push over to somebody else: refused with 42501.
MOVES: dict[str, tuple[str, str]] = {
    "content_blocks": ("id = %(reading_block)s", "lesson_id = %(other_lesson)s, course_id = %(other_course)s"),
    "course_modules": ("id = %(bare_module)s", "course_id = %(other_course)s, module_order = 9"),
    "lessons": ("id = %(bare)s", "module_id = %(other_module)s, course_id = %(other_course)s, lesson_order = 9"),
    "instructor_profiles": ("profile_id = %(instructor)s", "profile_id = %(stranger)s"),
}

# Policies whose check nothing can reach, and why they stand there all the same: as a second line.
SECOND_LINES: dict[str, str] = {
    "course_instructors": "asks for an administrator, as its using does",
    "memberships": "asks for an administrator, as its using does",
    "courses": "no column that it compares may be written",
    "lesson_videos": "no column that it compares may be written",
    "profiles": "no column that it compares may be written",
    "enrollments": "the rule for enrolling refuses earlier, with words",
}

# What people may write column by column; where a table is not named, all of its columns. Visitors write nothing.
WRITABLE: dict[tuple[str, str], str] = {
    ("profiles", "update"): "first_name last_name avatar_url learning_preferences time_zone locale",
    ("courses", "insert"): (
        "id title slug description short_description learning_objectives target_audience tags category difficulty_level"
        " ce_credits pricing_type price member_price currency delivery_format estimated_duration_minutes status"
        " instructor_id author_bio thumbnail_url promo_video_url syllabus_url allow_enrollment max_enrollments"
        " enrollment_start_date enrollment_end_date course_start_date course_end_date completion_certificate created_by"
    ),
    ("courses", "update"): (
        "title slug description short_description learning_objectives target_audience tags category difficulty_level"
        " ce_credits pricing_type price member_price currency delivery_format estimated_duration_minutes status"
        " author_bio thumbnail_url promo_video_url syllabus_url allow_enrollment max_enrollments"
        " enrollment_start_date enrollment_end_date course_start_date course_end_date completion_certificate"
    ),
    ("lesson_videos", "update"): "transcript",
    ("enrollments", "insert"): "course_id member_id",
    ("video_events", "insert"): "user_id video_id event_type position_seconds event_data",
}

# What people who see a row may not read of it.
UNREADABLE: dict[str, str] = {
    "web_sessions": "token_hash",
    "video_analytics": ("max_rate playback_id playback_session playback_seq playback_opened_at playback_seconds"),
}

# Who may call which function of public and private; functions that are not named are called by triggers and by each
# other only.
FUNCTIONS: dict[str, str] = {
    "private.complete_enrollment_when_met": "service_role",
    "private.complete_lesson": "service_role",
    "private.completion_requirements": "service_role",
    "private.covered_seconds": "anon authenticated service_role",
    "private.current_catalogue_version": "anon authenticated service_role",
    "private.defer_job": "service_role",
    "private.fold": "anon authenticated service_role",
    "private.is_admin": "authenticated service_role",
    "private.is_content": "anon authenticated service_role",
    "private.is_member": "service_role",
    "private.is_teacher": "authenticated service_role",
    "private.is_time_zone": "authenticated service_role",
    "private.lesson_locks": "service_role",
    "private.make_video_event_partitions": "service_role",
    "private.my_enrolled_course_ids": "authenticated service_role",
    "private.my_enrollment_ids": "authenticated service_role",
    "private.my_open_lesson_ids": "authenticated service_role",
    "private.my_role": "authenticated service_role",
    "private.my_student_ids": "authenticated service_role",
    "private.my_taught_course_ids": "authenticated service_role",
    "private.record_heartbeats": "service_role",
    "private.record_video_events": "service_role",
    "private.refuse": "anon authenticated service_role",
    "private.super_admin_ids": "authenticated service_role",
    "private.today": "anon authenticated service_role",
    "private.uuid_v7": "anon authenticated service_role",
    "public.am_i_member": "authenticated service_role",
    "public.completion_requirements": "authenticated",
    "public.drop_enrollment": "authenticated",
    "public.enrol": "authenticated",
    "public.mark_lesson_complete": "authenticated",
    "public.my_lesson_locks": "authenticated service_role",
    "public.open_playback": "authenticated",
    "public.revoke_certificate": "authenticated",
    "public.revoke_web_session": "authenticated",
    "public.search_courses": "anon authenticated service_role",
    "public.send_mail_again": "authenticated",
    "public.set_user_role": "authenticated",
    "public.verify_certificate": "anon authenticated service_role",
    "public.visit_lesson": "authenticated",
}

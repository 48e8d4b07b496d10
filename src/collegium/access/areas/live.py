"""Live sessions and who attended them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "seminar",
    "seminar_module",
    "seminar_lesson",
    "seminar_enrollment",
    "learner_seminar_enrollment",
    "live",
    "live_now",
    "live_bare",
    "live_other",
    "attendance",
    "learner_attendance",
    "interval",
)

# A course with one session tomorrow, one that runs now, one that nobody registered for; the other instructor has his own.
FOUND = """
insert into public.courses (id, title, slug, description, category, status, instructor_id)
values (%(seminar)s, 'Seminar', 'seminar', 'd', 'compliance', 'published', %(instructor)s);
insert into public.course_modules (id, course_id, title, module_order) values (%(seminar_module)s, %(seminar)s, 'Seminar', 1);
insert into public.lessons (id, course_id, module_id, title, lesson_type, lesson_order)
values (%(seminar_lesson)s, %(seminar)s, %(seminar_module)s, 'Live', 'live_session', 1);
insert into public.enrollments (id, course_id, member_id) values
    (%(seminar_enrollment)s, %(seminar)s, %(owner)s), (%(learner_seminar_enrollment)s, %(seminar)s, %(learner)s);
insert into public.live_sessions (id, course_id, lesson_id, title, session_date, duration_minutes, timezone, instructor_id)
values
    (%(live)s, %(seminar)s, %(seminar_lesson)s, 'Tomorrow', now() + interval '1 day', 60, 'UTC', %(instructor)s),
    (%(live_now)s, %(seminar)s, %(seminar_lesson)s, 'Now', now() - interval '30 minutes', 60, 'UTC', %(instructor)s),
    (%(live_bare)s, %(seminar)s, null, 'Bare', now() + interval '2 days', 60, 'UTC', %(instructor)s),
    (%(live_other)s, %(other_course)s, null, 'Other', now() + interval '2 days', 60, 'UTC', %(other_instructor)s);
insert into public.live_session_meetings (session_id, meeting_url, meeting_id, meeting_password)
select id, 'https://meet.guild.test/' || title, title, 'secret' from public.live_sessions where id <> %(live_bare)s;
insert into public.live_session_hosts (session_id, profile_id) values (%(live)s, %(other_instructor)s);
"""

JOINED = """
update public.session_attendance set id = %(attendance)s where member_id = %(owner)s and session_id = %(live)s;
update public.session_attendance set id = %(learner_attendance)s where member_id = %(learner)s and session_id = %(live)s;
update public.attendance_intervals set id = %(interval)s where member_id = %(owner)s;
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)
    for who in ("owner", "learner"):
        stage.act(who, "select public.register_for_session(%(live)s)")
    stage.act("owner", "select public.register_for_session(%(live_now)s)")
    stage.act("owner", "select public.join_live_session(%(live_now)s)")
    stage.owner(JOINED)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "live_sessions": {
        "select": "yes   yes   -     yes   yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "live_sessions: of the other instructor": {
        "select": "-     yes   -     -     yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 yes   42501 42501 yes   yes   yes",
        "update": "-     -     -     -     yes   -     42501 yes   yes   yes",
        "delete": "-     -     -     -     yes   -     42501 yes   yes   yes",
    },
    "live_session_hosts": {
        "select": "yes   yes   -     yes   yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "live_session_meetings": {
        "select": "-     -     -     yes   yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "session_attendance": {
        "select": "yes   -     -     yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "session_attendance: now": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "attendance_intervals": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}


PROBES: dict[str, Probe] = {
    "live_sessions": Probe(
        "tomorrow's session of the seminar; one without registrations is removed",
        "id = %(live)s",
        "(id, course_id, title, session_date, duration_minutes, timezone, instructor_id)"
        " values (%(new)s, %(seminar)s, 'New', now() + interval '3 days', 60, 'UTC', %(instructor)s)",
        "id = %(new)s",
        ("title", "'Changed'"),
        delete="id = %(live_bare)s",
    ),
    "live_sessions: of the other instructor": Probe(
        "a session of the other instructor's course, which the learner takes",
        "id = %(live_other)s",
        "(id, course_id, title, session_date, duration_minutes, timezone, instructor_id)"
        " values (%(new)s, %(other_course)s, 'New', now() + interval '3 days', 60, 'UTC', %(other_instructor)s)",
        "id = %(new)s",
        ("max_attendees", "7"),
    ),
    "live_session_hosts": Probe(
        "a co-host of tomorrow's session; a new one is an administrator",
        "session_id = %(live)s and profile_id = %(other_instructor)s",
        "(session_id, profile_id) values (%(live)s, %(admin)s)",
        "session_id = %(live)s and profile_id = %(admin)s",
        ("profile_id", "%(instructor)s"),
        first="session_id",
    ),
    "live_session_meetings": Probe(
        "where tomorrow's session meets; a new one is for a session that has none",
        "session_id = %(live)s",
        "(session_id, meeting_url) values (%(live_bare)s, 'https://meet.guild.test/new')",
        "session_id = %(live_bare)s",
        ("meeting_url", "'https://meet.guild.test/changed'"),
        first="session_id",
    ),
    "session_attendance": Probe(
        "the owner's registration for tomorrow's session",
        "id = %(attendance)s",
        "(id, session_id, course_id, enrollment_id, member_id)"
        " values (%(new)s, %(live_bare)s, %(seminar)s, %(seminar_enrollment)s, %(owner)s)",
        "id = %(new)s",
        ("polls_answered", "9"),
    ),
    "session_attendance: now": Probe(
        "the owner in the session that runs now, which the other instructor does not host",
        "member_id = %(owner)s and session_id = %(live_now)s",
        "(id, session_id, course_id, enrollment_id, member_id)"
        " values (%(new)s, %(live_bare)s, %(seminar)s, %(learner_seminar_enrollment)s, %(learner)s)",
        "id = %(new)s",
        ("eligible_for_credit", "true"),
    ),
    "attendance_intervals": Probe(
        "the owner in the session that runs now",
        "id = %(interval)s",
        "(id, attendance_id, session_id, member_id, source, joined_at, left_at)"
        " values (%(new)s, %(attendance)s, %(live)s, %(owner)s, 'platform', now() - interval '1 hour', now())",
        "id = %(new)s",
        ("left_at", "now() + interval '1 hour'"),
    ),
}

_SCHEDULE = (
    "lesson_id title description session_date duration_minutes timezone meeting_platform instructor_id max_attendees"
    " recording_enabled recording_url recording_available agenda_html pre_session_materials post_session_materials"
    " join_minutes_before attendance_tolerance_minutes credit_threshold_percentage"
)

WRITABLE: dict[tuple[str, str], str] = {
    ("live_sessions", "insert"): f"id course_id {_SCHEDULE}",
    ("live_sessions", "update"): _SCHEDULE,
    ("live_session_hosts", "insert"): "session_id profile_id",
    ("live_session_meetings", "insert"): "session_id meeting_url meeting_id meeting_password",
    ("live_session_meetings", "update"): "meeting_url meeting_id meeting_password",
}


FUNCTIONS: dict[str, str] = {
    "private.advance_live_session": "service_role",
    "private.count_engagement": "service_role",
    "private.import_attendance": "service_role",
    "private.is_materials": "authenticated service_role",
    "private.my_live_session_ids": "authenticated service_role",
    "private.my_taught_session_ids": "authenticated service_role",
    "public.cancel_live_session": "authenticated",
    "public.cancel_session_registration": "authenticated",
    "public.end_live_session": "authenticated",
    "public.join_live_session": "authenticated",
    "public.leave_live_session": "authenticated",
    "public.record_attendance": "authenticated",
    "public.register_for_session": "authenticated",
    "public.start_live_session": "authenticated",
    "public.stay_in_session": "authenticated",
    "public.void_attendance_interval": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    moves={"live_sessions": ("id = %(live)s", "course_id = %(other_course)s")},
    writable=WRITABLE,
    functions=FUNCTIONS,
)

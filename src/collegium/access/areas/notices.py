"""Notifications and requests about personal data."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("notice", "learner_notice", "data_request", "learner_data_request")


FOUND = """
insert into public.notifications (id, member_id, kind, title, link) values
    (%(notice)s, %(owner)s, 'course_published', 'A course for you', '/courses/reading'),
    (%(learner_notice)s, %(learner)s, 'course_published', 'A course for you', '/courses/reading');
insert into public.notification_preferences (member_id, kind, channel, enabled)
values (%(owner)s, 'course_published', 'email', false);
insert into public.data_requests (id, member_id, kind) values
    (%(data_request)s, %(owner)s, 'export'), (%(learner_data_request)s, %(learner)s, 'erasure');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "notifications": {
        "select": "yes   -     -     -     -     -     42501 -     -     yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "notification_preferences": {
        "select": "yes   -     -     -     -     -     42501 -     -     yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "data_requests": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}


PROBES: dict[str, Probe] = {
    "notifications": Probe(
        "a notice to the owner",
        "id = %(notice)s",
        "(id, member_id, kind, title) values (%(new)s, %(owner)s, 'reminder', 'Go on')",
        "id = %(new)s",
        ("read_at", "now()"),
    ),
    "notification_preferences": Probe(
        "what the owner wants to be told by mail",
        "member_id = %(owner)s and channel = 'email'",
        "(member_id, kind, channel, enabled) values (%(owner)s, 'reminder', 'in_app', false)",
        "member_id = %(owner)s and kind = 'reminder'",
        ("enabled", "true"),
        first="member_id",
    ),
    "data_requests": Probe(
        "what the owner asked about his data",
        "id = %(data_request)s",
        "(id, member_id, kind) values (%(new)s, %(owner)s, 'erasure')",
        "id = %(new)s",
        ("due_on", "'2030-01-01'::date"),
    ),
}


FUNCTIONS: dict[str, str] = {
    "private.notify": "service_role",
    "private.wants_notice": "service_role",
    "public.cancel_data_request": "authenticated",
    "public.handle_data_request": "authenticated",
    "public.mark_notifications_read": "authenticated",
    "public.request_data": "authenticated",
    "public.set_notification_preference": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    functions=FUNCTIONS,
)

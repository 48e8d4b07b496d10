"""What was watched of a video, and what its player said."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS: tuple[str, ...] = ()


FOUND = """
insert into public.video_events (user_id, video_id, event_type, position_seconds, playback_id)
values (%(owner)s, %(welcome_video)s, 'play', 0, %(new)s);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "video_analytics": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "video_events": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "blind 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "video_events_default": {
        "select": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
    "video_completion": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}


PROBES: dict[str, Probe] = {
    "video_analytics": Probe(
        "what the owner watched of a video",
        "user_id = %(owner)s and video_id = %(welcome_video)s",
        "(user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds)"
        " values (%(owner)s, %(spare_video)s, %(course)s, %(spare)s, %(enrollment)s, 100)",
        "user_id = %(owner)s and video_id = %(spare_video)s",
        ("last_watched_position_seconds", "50"),
        first="user_id",
    ),
    "video_events": Probe(
        "what the owner's player said",
        "user_id = %(owner)s and video_id = %(welcome_video)s and event_type = 'play'",
        "(user_id, video_id, event_type, position_seconds) values (%(owner)s, %(welcome_video)s, 'pause', 3)",
        "user_id = %(owner)s and event_type = 'pause'",
        ("position_seconds", "9"),
    ),
    "video_events_default": Probe(
        "a partition of video_events; those of the months are alike",
        "user_id = %(owner)s",
        "(user_id, video_id, event_type, position_seconds) values (%(owner)s, %(welcome_video)s, 'pause', 3)",
        "user_id = %(owner)s",
        ("position_seconds", "9"),
    ),
    "video_completion": Probe(
        "how much the owner watched of a video",
        "user_id = %(owner)s and video_id = %(welcome_video)s",
        "(user_id, video_id) values (%(owner)s, %(spare_video)s)",
        "user_id = %(owner)s and video_id = %(spare_video)s",
        ("watched_seconds", "100"),
        first="user_id",
    ),
}


WRITABLE: dict[tuple[str, str], str] = {
    ("video_events", "insert"): "user_id video_id event_type position_seconds event_data",
}


UNREADABLE: dict[str, str] = {
    "video_analytics": ("max_rate playback_id playback_session playback_seq playback_opened_at playback_seconds"),
}


FUNCTIONS: dict[str, str] = {
    "private.covered_seconds": "anon authenticated service_role",
    "private.make_video_event_partitions": "service_role",
    "private.record_heartbeats": "service_role",
    "private.record_video_events": "service_role",
    "public.open_playback": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    writable=WRITABLE,
    unreadable=UNREADABLE,
    functions=FUNCTIONS,
)

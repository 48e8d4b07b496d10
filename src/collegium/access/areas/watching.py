"""How videos are watched, by all their viewers together."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

FOUND = """
insert into public.video_watching (video_id, course_id, duration, bucket_seconds, viewers, played, seen, stops, skipped)
select id, course_id, 100, 5, 1, array_fill(7, array[20]), array_fill(5, array[20]), array_fill(0, array[20]),
    array_fill(0, array[20])
from public.lesson_videos where id = %(welcome_video)s;
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


NOBODY = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "video_watching": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": NOBODY,
        "update": NOBODY,
        "delete": NOBODY,
    },
}

PROBES: dict[str, Probe] = {
    "video_watching": Probe(
        "how a video of the instructor is watched; nobody writes it, the fold does",
        "video_id = %(welcome_video)s",
        "(video_id, course_id, duration, bucket_seconds, played, seen, stops, skipped)"
        " values (%(spare_video)s, %(course)s, 5, 5, '{1}', '{1}', '{1}', '{1}')",
        "video_id = %(spare_video)s",
        ("viewers", "9"),
        first="video_id",
    ),
}

FUNCTIONS: dict[str, str] = {"private.fold_watching": "service_role"}

AREA = Area(things=(), found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)

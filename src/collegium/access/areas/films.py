"""Videos as they are prepared."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("ready_run", "failed_run", "paid_run")

# The first lesson's video was made by a run; another one, which is to replace it, has failed.
FOUND = """
insert into public.video_runs (id, video_id, course_id, hosting_provider, source_key, source_name, state, step, error) values
    (%(ready_run)s, %(welcome_video)s, %(course)s, 'upload', 'source/welcome.mp4', 'welcome.mp4', 'ready', 'done', null),
    (%(failed_run)s, %(welcome_video)s, %(course)s, 'upload', 'source/again.mp4', 'again.mp4', 'failed', 'queued', 'It is cut off.'),
    (%(paid_run)s, %(paid_video)s, %(paid)s, 'upload', 'source/paid.mp4', 'paid.mp4', 'ready', 'done', null);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "video_runs": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}

PROBES: dict[str, Probe] = {
    "video_runs": Probe(
        "the work on a video of a published course; a failed one is removed",
        "id = %(ready_run)s",
        "(id, video_id, course_id, hosting_provider, source_key, source_name)"
        " values (%(new)s, %(paid_video)s, %(paid)s, 'upload', 'source/new.mp4', 'new.mp4')",
        "id = %(new)s",
        ("source_name", "'Changed'"),
        "id = %(failed_run)s",
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.end_video_run": "service_role",
    "private.promote_video_run": "service_role",
    "private.queue_forgotten_video_runs": "service_role",
    "private.queue_video_run": "service_role",
    "private.start_video_run": "service_role",
    "public.attach_video_address": "authenticated",
    "public.attach_video_file": "authenticated",
    "public.attach_video_key": "authenticated",
    "public.detach_video": "authenticated",
    "public.retry_video": "authenticated",
    "public.set_video_captions": "authenticated",
    "public.set_video_length": "authenticated",
    "public.set_video_poster": "authenticated",
    "public.stop_video": "authenticated",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)

"""Collections of videos: sessions, modules, videos."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

# "session" is a browser's, of the area of people.
THINGS = (
    "collection",
    "teacher_collection",
    "part",
    "second_part",
    "teacher_part",
    "clip",
    "teacher_clip",
)


FOUND = """
insert into public.sessions (id, name, user_id) values
    (%(collection)s, 'Favourites', %(owner)s),
    (%(teacher_collection)s, 'Claims, step by step', %(instructor)s);
insert into public.modules (id, session_id, name, order_index) values
    (%(part)s, %(collection)s, 'First', 1), (%(second_part)s, %(collection)s, 'Second', 2),
    (%(teacher_part)s, %(teacher_collection)s, 'First', 1);
insert into public.videos (id, module_id, file_name, file_url, file_size, mime_type) values
    (%(clip)s, %(part)s, 'claims.mp4', 'https://example.org/claims.mp4', 1000, 'video/mp4'),
    (%(teacher_clip)s, %(teacher_part)s, 'steps.mp4', 'https://example.org/steps.mp4', 1000, 'video/mp4');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


OWN = {
    #            owner learn stran instr other mngr  anon  admin super service
    "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
    "insert": "yes   42501 42501 42501 42501 42501 42501 42501 42501 yes",
    "update": "yes   -     -     -     -     -     42501 -     -     yes",
    "delete": "yes   -     -     -     -     -     42501 -     -     yes",
}
MATRIX: dict[str, dict[str, str]] = {"sessions": OWN, "modules": OWN, "videos": OWN}


PROBES: dict[str, Probe] = {
    "sessions": Probe(
        "the owner's collection",
        "id = %(collection)s",
        "(id, name, user_id) values (%(new)s, 'New', %(owner)s)",
        "id = %(new)s",
        ("name", "'Changed'"),
    ),
    "modules": Probe(
        "a part of the owner's collection",
        "id = %(part)s",
        "(id, session_id, name, order_index) values (%(new)s, %(collection)s, 'New', 3)",
        "id = %(new)s",
        ("name", "'Changed'"),
    ),
    "videos": Probe(
        "a video of the owner's collection",
        "id = %(clip)s",
        "(id, module_id, file_name, file_url, file_size, mime_type)"
        " values (%(new)s, %(part)s, 'new.mp4', 'https://example.org/new.mp4', 1, 'video/mp4')",
        "id = %(new)s",
        ("file_name", "'changed.mp4'"),
    ),
}


SECOND_LINES: dict[str, str] = {
    "modules": "a row that is moved out of sight is refused by the policy for select first",
    "sessions": "no column that it compares may be written",
    "videos": "no column that it compares may be written",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("sessions", "insert"): "id name session_type user_id",
    ("sessions", "update"): "name session_type",
    ("modules", "insert"): "id session_id name order_index",
    ("modules", "update"): "session_id name order_index",
    ("videos", "insert"): "id module_id file_name file_url file_size mime_type",
    ("videos", "update"): "file_name",
}


FUNCTIONS: dict[str, str] = {
    "private.my_module_ids": "authenticated service_role",
    "private.my_session_ids": "authenticated service_role",
    "public.publish_session": "authenticated",
    "public.reorder_modules": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    functions=FUNCTIONS,
)

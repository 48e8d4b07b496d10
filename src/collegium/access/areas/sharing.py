"""Collections that are shared by link."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("share",)


# The owner's collection is shared; the instructor's is not.
FOUND = """
insert into public.session_shares (id, session_id, token_hash) values
    (%(share)s, %(collection)s, sha256(convert_to('the link to the favourites', 'UTF8')));
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "session_shares": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "yes   -     -     -     -     -     42501 -     -     yes",
    },
}


PROBES: dict[str, Probe] = {
    "session_shares": Probe(
        "the link to the owner's collection; a new one leads to the instructor's",
        "id = %(share)s",
        "(id, session_id, token_hash) values (%(new)s, %(teacher_collection)s, sha256('new'))",
        "id = %(new)s",
        ("expires_at", "'infinity'"),
    ),
}


WRITABLE: dict[tuple[str, str], str] = {
    ("session_shares", "insert"): "id session_id token_hash expires_at",
}


FUNCTIONS: dict[str, str] = {
    "private.shared_video_file": "service_role",
    "public.add_collected_video": "authenticated",
    "public.add_session_module": "authenticated",
    "public.order_session": "authenticated",
    "public.read_shared_session": "anon authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    writable=WRITABLE,
    unreadable={"session_shares": "token_hash"},
    functions=FUNCTIONS,
)

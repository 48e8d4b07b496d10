"""What people have seen of discussions."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

# The owner has seen the end of his own discussion; the learner has not.
FOUND = """
insert into public.discussion_reading (member_id, discussion_id, course_id, seen_at) values
    (%(owner)s, %(discussion)s, %(course)s, now() - interval '1 hour');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "discussion_reading": {
        "select": "yes   -     -     -     -     -     42501 -     -     yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "discussion_reading": Probe(
        "when the owner saw a discussion",
        "member_id = %(owner)s and discussion_id = %(discussion)s",
        "(member_id, discussion_id, course_id) values (%(learner)s, %(discussion)s, %(course)s)",
        "member_id = %(learner)s and discussion_id = %(discussion)s",
        ("seen_at", "timestamptz '2026-01-01'"),
        first="member_id",
    ),
}


FUNCTIONS: dict[str, str] = {
    "public.see_all_posts": "authenticated",
    "public.see_posts": "authenticated",
}


AREA = Area(things=(), found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)

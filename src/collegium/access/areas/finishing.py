"""What people have seen of discussions."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("asked_discussion", "other_discussion")


# The owner asks twice, and has seen the end of the first discussion.
FOUND = """
insert into public.discussions (id, course_id, member_id, title) values
    (%(asked_discussion)s, %(course)s, %(owner)s, 'What is a deductible?'),
    (%(other_discussion)s, %(course)s, %(owner)s, 'What is a rider?');
insert into public.discussion_reading (member_id, discussion_id, course_id, seen_at) values
    (%(owner)s, %(asked_discussion)s, %(course)s, now() - interval '1 hour');
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
        "member_id = %(owner)s and discussion_id = %(asked_discussion)s",
        "(member_id, discussion_id, course_id) values (%(owner)s, %(other_discussion)s, %(course)s)",
        "member_id = %(owner)s and discussion_id = %(other_discussion)s",
        ("seen_at", "timestamptz '2026-01-01'"),
        first="member_id",
    ),
}


FUNCTIONS: dict[str, str] = {
    "public.see_all_posts": "authenticated",
    "public.see_posts": "authenticated",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)

"""Discussions of courses, and reports of posts."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "discussion",
    "first_post",
    "answer",
    "report",
)


# The owner asks something about the course, the learner answers, and the owner reports the answer.
FOUND = """
update public.courses set enable_discussion_forum = true where id = %(course)s;
insert into public.discussions (id, course_id, member_id, title) values
    (%(discussion)s, %(course)s, %(owner)s, 'What is a premium?');
insert into public.discussion_posts (id, discussion_id, course_id, parent_id, member_id, body, created_at) values
    (%(first_post)s, %(discussion)s, %(course)s, null, %(owner)s, 'Who pays it?', now() - interval '2 hours'),
    (%(answer)s, %(discussion)s, %(course)s, %(first_post)s, %(learner)s, 'You do.', now() - interval '1 hour');
insert into public.post_reports (id, post_id, course_id, member_id, reason) values
    (%(report)s, %(answer)s, %(course)s, %(owner)s, 'It gives the answer away.');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "discussions": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "discussion_posts": {
        "select": "-     yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "post_reports": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "discussions": Probe(
        "the owner's discussion of the course",
        "id = %(discussion)s",
        "(id, course_id, member_id, title) values (%(new)s, %(course)s, %(owner)s, 'New')",
        "id = %(new)s",
        ("is_pinned", "true"),
    ),
    "discussion_posts": Probe(
        "the learner's answer",
        "id = %(answer)s",
        "(id, discussion_id, course_id, member_id, body) values (%(new)s, %(discussion)s, %(course)s, %(owner)s, 'New')",
        "id = %(new)s",
        ("body", "'Changed'"),
    ),
    "post_reports": Probe(
        "the owner's report of the learner's answer",
        "id = %(report)s",
        "(id, post_id, course_id, member_id, reason) values (%(new)s, %(first_post)s, %(course)s, %(learner)s, 'New')",
        "id = %(new)s",
        ("reason", "'Changed'"),
    ),
}


FUNCTIONS: dict[str, str] = {
    "public.delete_post": "authenticated",
    "public.edit_post": "authenticated",
    "public.hide_post": "authenticated",
    "public.list_discussions": "authenticated",
    "public.list_reports": "authenticated",
    "public.mark_answer": "authenticated",
    "public.moderate_discussion": "authenticated",
    "public.post_reply": "authenticated",
    "public.read_discussion": "authenticated",
    "public.rename_discussion": "authenticated",
    "public.report_post": "authenticated",
    "public.see_discussion": "authenticated",
    "public.see_forum": "authenticated",
    "public.settle_reports": "authenticated",
    "public.start_discussion": "authenticated",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)

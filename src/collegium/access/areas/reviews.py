"""Reviews of courses and votes on them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "review",
    "waiting_review",
)


# The owner's review of the short course is approved; the learner found it helpful. The learner's own waits.
FOUND = """
update public.courses set review_after_percent = 0 where id in (%(course)s, %(short)s);
insert into public.course_reviews
    (id, course_id, member_id, enrollment_id, rating, title, review_text, is_approved, moderated_by, moderated_at)
values
    (%(review)s, %(short)s, %(owner)s, %(short_enrollment)s, 4, 'Short', 'And clear.', true, %(admin)s, now()),
    (%(waiting_review)s, %(course)s, %(learner)s, %(learner_enrollment)s, 2, null, 'Too long.', false, null, null);
insert into public.review_votes (review_id, member_id, is_helpful) values (%(review)s, %(learner)s, true);
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "course_reviews": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "yes   -     -     -     -     -     42501 yes   yes   yes",
    },
    "course_reviews: waiting": {
        "select": "-     yes   -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     yes   -     -     -     -     42501 yes   yes   yes",
    },
    "review_votes": {
        "select": "-     yes   -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "course_reviews": Probe(
        "the owner's approved review of a course",
        "id = %(review)s",
        "(id, course_id, member_id, enrollment_id, rating) values (%(new)s, %(course)s, %(owner)s, %(enrollment)s, 5)",
        "id = %(new)s",
        ("rating", "1"),
    ),
    "course_reviews: waiting": Probe(
        "the learner's review, which waits for approval",
        "id = %(waiting_review)s",
        "(id, course_id, member_id, enrollment_id, rating) values (%(new)s, %(course)s, %(owner)s, %(enrollment)s, 5)",
        "id = %(new)s",
        ("helpful_count", "9"),
    ),
    "review_votes": Probe(
        "the learner's vote on the owner's review",
        "review_id = %(review)s and member_id = %(learner)s",
        "(review_id, member_id, is_helpful) values (%(review)s, %(stranger)s, true)",
        "review_id = %(review)s and member_id = %(stranger)s",
        ("is_helpful", "false"),
        first="review_id",
    ),
}


FUNCTIONS: dict[str, str] = {
    "private.are_tags": "authenticated service_role",
    "public.count_ratings": "anon authenticated",
    "public.list_reviews_to_moderate": "authenticated",
    "public.moderate_review": "authenticated",
    "public.my_review": "authenticated",
    "public.read_reviews": "anon authenticated",
    "public.vote_on_review": "authenticated",
    "public.write_review": "authenticated",
}


AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)

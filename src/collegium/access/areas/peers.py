"""Peers who review each other."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("peer_sample", "peer_calibration")

# The short course's assignment, whose work of the owner the learner reviews: he has marked the sample and begun a draft.
FOUND = """
insert into public.peer_review_settings (assignment_id, course_id) values (%(short_assignment)s, %(short)s);
insert into public.peer_review_states (submission_id, assignment_id, course_id, unit_id, required, joined_at)
values (%(submission)s, %(short_assignment)s, %(short)s, %(owner)s, 2, '2026-01-01 09:00+00');
insert into public.peer_samples (id, assignment_id, course_id, position, sample_text, points)
values (%(peer_sample)s, %(short_assignment)s, %(short)s, 1, 'A sample.', 70);
insert into public.peer_calibrations (id, sample_id, course_id, reviewer_id, points, off)
values (%(peer_calibration)s, %(peer_sample)s, %(short)s, %(learner)s, 60, 0.1);
insert into public.peer_review_drafts (review_id, reviewer_id, feedback) values (%(review)s, %(learner)s, 'So far good.');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


NEVER = "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501"
TEAM = "-     -     -     yes   -     -     42501 yes   yes   yes"
READ_ONLY = {"insert": NEVER, "update": NEVER, "delete": NEVER}
MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "peer_review_settings": {
        "select": "yes   -     -     yes   -     -     42501 yes   yes   yes",
        "insert": NEVER,
        "update": "-     -     -     yes   -     -     42501 yes   yes   42501",
        "delete": NEVER,
    },
    "peer_review_states": {"select": TEAM} | READ_ONLY,
    "peer_samples": {"select": TEAM} | READ_ONLY,
    "peer_calibrations": {"select": "-     yes   -     yes   -     -     42501 yes   yes   yes"} | READ_ONLY,
    "peer_review_drafts": {"select": "-     yes   -     -     -     -     42501 -     -     yes"} | READ_ONLY,
}

PROBES: dict[str, Probe] = {
    "peer_review_settings": Probe(
        "how peers review in the short course's assignment",
        "assignment_id = %(short_assignment)s",
        "(assignment_id, course_id) values (%(assignment)s, %(course)s)",
        "assignment_id = %(assignment)s",
        ("review_days", "12"),
        first="assignment_id",
    ),
    "peer_review_states": Probe(
        "how the owner's work stands",
        "submission_id = %(submission)s",
        "(submission_id, assignment_id, course_id, unit_id, required, joined_at)"
        " values (%(submission)s, %(short_assignment)s, %(short)s, %(learner)s, 2, now())",
        "unit_id = %(learner)s",
        ("required", "1"),
        first="submission_id",
    ),
    "peer_samples": Probe(
        "a sample with the instructor's mark",
        "id = %(peer_sample)s",
        "(assignment_id, course_id, position, sample_text, points) values (%(short_assignment)s, %(short)s, 2, 'x', 1)",
        "position = 2",
        ("points", "99"),
    ),
    "peer_calibrations": Probe(
        "how far the learner was off",
        "id = %(peer_calibration)s",
        "(sample_id, course_id, reviewer_id, points, off) values (%(peer_sample)s, %(short)s, %(owner)s, 70, 0)",
        "reviewer_id = %(owner)s",
        ("off", "0"),
    ),
    "peer_review_drafts": Probe(
        "what the learner has written so far",
        "review_id = %(review)s",
        "(review_id, reviewer_id, feedback) values (%(review)s, %(learner)s, 'x')",
        "feedback = 'x'",
        ("feedback", "'Another'"),
        first="review_id",
    ),
}

SECOND_LINES: dict[str, str] = {"peer_review_settings": "no column that it compares may be written"}

WRITABLE: dict[tuple[str, str], str] = {
    ("peer_review_settings", "update"): (
        "wait_hours review_days passes pass_days extra_reviews grade_share calibration"
    ),
}

FUNCTIONS: dict[str, str] = {
    "private.due_peer_reviews": "service_role",
    "private.peer_file": "service_role",
    "private.step_peer_reviews": "service_role",
    "public.add_peer_sample": "authenticated",
    "public.confirm_peer_grade": "authenticated",
    "public.leave_out_peer_review": "authenticated",
    "public.mark_peer_sample": "authenticated",
    "public.my_peer_reviews": "authenticated",
    "public.my_peer_samples": "authenticated",
    "public.my_reviewed_works": "authenticated",
    "public.put_back_peer_review": "authenticated",
    "public.remind_peer_reviewer": "authenticated",
    "public.remove_peer_sample": "authenticated",
    "public.save_peer_draft": "authenticated",
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

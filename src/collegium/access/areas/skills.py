"""Skills, estimates, roadmaps and progress in the pieces of a lesson."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "skill",
    "needed_skill",
    "spare_skill",
    "roadmap",
    "old_roadmap",
    "step",
    "reading_progress",
    "learner_reading",
)


FOUND = """
insert into public.skills (id, code, name, parent_id) values
    (%(skill)s, 'policies.reading', 'Reading a policy', null),
    (%(needed_skill)s, 'policies.terms', 'Terms of a policy', %(skill)s),
    (%(spare_skill)s, 'spare', 'Spare', null);
insert into public.skill_prerequisites (skill_id, prerequisite_id) values (%(skill)s, %(needed_skill)s);
insert into public.lesson_skills (lesson_id, course_id, skill_id, weight) values
    (%(reading)s, %(course)s, %(skill)s, 0.5), (%(draft_lesson)s, %(draft)s, %(skill)s, 0.5),
    (%(other_lesson)s, %(other_course)s, %(skill)s, 0.5);
insert into public.skill_estimates (member_id, skill_id, mastery, uncertainty, evidence_count, rule_version)
values (%(owner)s, %(skill)s, 0.4, 0.2, 3, 'bkt-1');
insert into public.personalized_roadmaps (id, student_id, ai_reasoning, rule_version, status) values
    (%(roadmap)s, %(owner)s, 'You know the terms; reading comes next.', 'gaps-1', 'active'),
    (%(old_roadmap)s, %(owner)s, 'The terms come first.', 'gaps-1', 'paused');
insert into public.roadmap_steps (id, roadmap_id, student_id, step_order, lesson_id, skill_id, gap, evidence, rule, alternative)
values (%(step)s, %(roadmap)s, %(owner)s, 1, %(bare)s, %(skill)s, 'Reading is at 40 of 100.', '{"mastery": 0.4}',
    'The weakest skill whose prerequisites are there', 'Read a policy of your own with a colleague.');
insert into public.learning_progress (id, student_id, content_id, lesson_id, course_id, content_type) values
    (%(reading_progress)s, %(owner)s, %(reading_block)s, %(reading)s, %(course)s, 'rich_text'),
    (%(learner_reading)s, %(learner)s, %(reading_block)s, %(reading)s, %(course)s, 'rich_text');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "skills": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "skill_prerequisites": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "lesson_skills": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "lesson_skills: of a draft": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "skill_estimates": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "personalized_roadmaps": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "roadmap_steps": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "learning_progress": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "skills": Probe(
        "a skill; the one that nothing is about is removed",
        "id = %(skill)s",
        "(id, code, name) values (%(new)s, 'new', 'New')",
        "id = %(new)s",
        ("name", "'Changed'"),
        "id = %(spare_skill)s",
    ),
    "skill_prerequisites": Probe(
        "what a skill needs first",
        "skill_id = %(skill)s and prerequisite_id = %(needed_skill)s",
        "(skill_id, prerequisite_id) values (%(skill)s, %(spare_skill)s)",
        "skill_id = %(skill)s and prerequisite_id = %(spare_skill)s",
        ("created_at", "'2020-01-01'::timestamptz"),
        first="skill_id",
    ),
    "lesson_skills": Probe(
        "what a lesson of a published course teaches",
        "lesson_id = %(reading)s and skill_id = %(skill)s",
        "(lesson_id, course_id, skill_id) values (%(reading)s, %(course)s, %(spare_skill)s)",
        "lesson_id = %(reading)s and skill_id = %(spare_skill)s",
        ("weight", "0.25"),
        first="lesson_id",
    ),
    "lesson_skills: of a draft": Probe(
        "what a lesson of a draft teaches",
        "lesson_id = %(draft_lesson)s and skill_id = %(skill)s",
        "(lesson_id, course_id, skill_id) values (%(draft_lesson)s, %(draft)s, %(spare_skill)s)",
        "lesson_id = %(draft_lesson)s and skill_id = %(spare_skill)s",
        ("weight", "0.25"),
        first="lesson_id",
    ),
    "skill_estimates": Probe(
        "what is estimated of the owner",
        "member_id = %(owner)s and skill_id = %(skill)s",
        "(member_id, skill_id, mastery, uncertainty, rule_version) values (%(owner)s, %(spare_skill)s, 1, 0, 'mine')",
        "member_id = %(owner)s and skill_id = %(spare_skill)s",
        ("mastery", "1"),
        first="member_id",
    ),
    "personalized_roadmaps": Probe(
        "the owner's roadmap",
        "id = %(roadmap)s",
        "(id, student_id, ai_reasoning, rule_version, status) values (%(new)s, %(owner)s, 'Why not', 'mine', 'paused')",
        "id = %(new)s",
        ("status", "'completed'"),
    ),
    "roadmap_steps": Probe(
        "a step of the owner's roadmap",
        "id = %(step)s",
        "(id, roadmap_id, student_id, step_order, course_id, gap, evidence, rule, alternative)"
        " values (%(new)s, %(roadmap)s, %(owner)s, 2, %(short)s, 'g', '{\"a\": 1}', 'r', 'a')",
        "id = %(new)s",
        ("gap", "'None'"),
    ),
    "learning_progress": Probe(
        "how far the owner is in a piece of a lesson",
        "id = %(reading_progress)s",
        "(id, student_id, content_id, lesson_id, course_id, content_type)"
        " values (%(new)s, %(owner)s, %(welcome_block)s, %(welcome)s, %(course)s, 'rich_text')",
        "id = %(new)s",
        ("time_spent", "3600"),
    ),
}


WRITABLE: dict[tuple[str, str], str] = {
    ("skills", "insert"): "id code name description parent_id tags",
    ("skills", "update"): "code name description parent_id tags",
    ("skill_prerequisites", "insert"): "skill_id prerequisite_id",
    ("lesson_skills", "insert"): "lesson_id course_id skill_id weight",
    ("lesson_skills", "update"): "weight",
}


FUNCTIONS: dict[str, str] = {
    "private.complete_roadmaps": "service_role",
    "private.is_learning_preferences": "authenticated service_role",
    "public.note_block_progress": "authenticated",
    "public.set_roadmap_status": "authenticated",
    "public.skip_roadmap_step": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    writable=WRITABLE,
    functions=FUNCTIONS,
)

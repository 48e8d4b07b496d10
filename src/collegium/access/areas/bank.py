"""The question bank: those of organisations, saving, and what may be called to read its figures."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "circle",
    "circle_belonging",
    "kept_question",
    "spare_kept",
    "kept_version",
    "bare_kept",
    "spare_kept_version",
    "circle_question",
    "spare_circle",
    "circle_version",
    "spare_circle_version",
    "bare_circle",
)

# The manager keeps the bank of one organisation; the instructor belongs to another, whose bank he may look through.
FOUND = """
insert into public.organisations (id, kind, name, slug) values (%(circle)s, 'chapter', 'Guild Circle', 'guild-circle');
insert into public.organisation_members (id, organisation_id, member_id, role, since) values
    (%(circle_belonging)s, %(circle)s, %(instructor)s, 'member', '2020-01-01');
insert into public.questions (id, organisation_id, question_type, status) values
    (%(kept_question)s, %(organisation)s, 'true_false', 'active'),
    (%(spare_kept)s, %(organisation)s, 'essay', 'draft'),
    (%(circle_question)s, %(circle)s, 'true_false', 'active'),
    (%(spare_circle)s, %(circle)s, 'essay', 'draft');
insert into public.question_versions (id, question_id, question_text) values
    (%(kept_version)s, %(kept_question)s, 'A broker owes advice.'),
    (%(bare_kept)s, %(kept_question)s, 'A broker owes his best advice.'),
    (%(spare_kept_version)s, %(kept_question)s, 'A broker owed advice.'),
    (%(circle_version)s, %(circle_question)s, 'A circle is round.'),
    (%(spare_circle_version)s, %(circle_question)s, 'A circle was round.'),
    (%(bare_circle)s, %(circle_question)s, 'A circle is a line.');
insert into public.question_keys (question_version_id, correct_answer) values
    (%(kept_version)s, '{"selected": "true"}'), (%(circle_version)s, '{"selected": "true"}');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "questions: of an organisation": {
        "select": "-     -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 yes   42501 yes   yes   yes",
        "update": "-     -     -     -     -     yes   42501 yes   yes   yes",
        "delete": "-     -     -     -     -     yes   42501 yes   yes   yes",
    },
    "questions: of a teacher's organisation": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "question_versions: of an organisation": {
        "select": "-     -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 yes   42501 yes   yes   yes",
        "update": "-     -     -     -     -     yes   42501 yes   yes   yes",
        "delete": "-     -     -     -     -     yes   42501 yes   yes   yes",
    },
    "question_versions: of a teacher's organisation": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "question_keys: of an organisation": {
        "select": "-     -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 yes   42501 yes   yes   yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "question_keys: of a teacher's organisation": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


def _question(words: str, question: str, spare: str, organisation: str) -> Probe:
    return Probe(
        f"a question of the bank of {words}; the one that nothing asks is removed",
        f"id = %({question})s",
        f"(id, organisation_id, question_type) values (%(new)s, %({organisation})s, 'essay')",
        "id = %(new)s",
        ("difficulty", "'hard'"),
        f"id = %({spare})s",
    )


def _version(words: str, question: str, version: str, spare: str) -> Probe:
    return Probe(
        f"a version of a question of {words}; the one that nothing asks is removed",
        f"id = %({version})s",
        f"(id, question_id, question_text) values (%(new)s, %({question})s, 'A broker owes it.')",
        "id = %(new)s",
        ("points", "2"),
        f"id = %({spare})s",
    )


def _key(words: str, version: str, bare: str) -> Probe:
    return Probe(
        f"what is right in a question of {words}",
        f"question_version_id = %({version})s",
        f'(question_version_id, correct_answer) values (%({bare})s, \'{{"selected": "true"}}\')',
        f"question_version_id = %({bare})s",
        ("explanation", "'Because.'"),
        first="question_version_id",
    )


MANAGED, BELONGED = "the organisation that the manager manages", "an organisation that the instructor belongs to"
PROBES: dict[str, Probe] = {
    "questions: of an organisation": _question(MANAGED, "kept_question", "spare_kept", "organisation"),
    "questions: of a teacher's organisation": _question(BELONGED, "circle_question", "spare_circle", "circle"),
    "question_versions: of an organisation": _version(MANAGED, "kept_question", "kept_version", "spare_kept_version"),
    "question_versions: of a teacher's organisation": _version(
        BELONGED, "circle_question", "circle_version", "spare_circle_version"
    ),
    "question_keys: of an organisation": _key(MANAGED, "kept_version", "bare_kept"),
    "question_keys: of a teacher's organisation": _key(BELONGED, "circle_version", "bare_circle"),
}

SHAPES = "authenticated service_role"
FUNCTIONS: dict[str, str] = {
    "private.are_ranges": SHAPES,
    "private.are_shares": SHAPES,
    "private.bank_of": SHAPES,
    "private.bank_tags": "authenticated",
    "private.find_questions": "authenticated",
    "private.fold_question_moves": "service_role",
    "private.is_brief_text": SHAPES,
    "private.is_choice_key": SHAPES,
    "private.is_expected_number": SHAPES,
    "private.is_flag": SHAPES,
    "private.is_number_between": SHAPES,
    "private.is_rubric": SHAPES,
    "private.is_safe_pattern": SHAPES,
    "private.my_answered_version_ids": SHAPES,
    "private.my_asked_version_ids": SHAPES,
    "private.my_placed_version_ids": SHAPES,
    "private.my_question_organisation_ids": SHAPES,
    "public.ask_newest_version": "authenticated",
    "public.question_figures": "authenticated",
    "public.save_question_version": "authenticated",
    "public.try_answer": "authenticated",
}

AREA = Area(things=THINGS, found=found, matrix=MATRIX, probes=PROBES, functions=FUNCTIONS)

"""What was said belongs to an attempt, which a trigger keeps where a foreign key would ask once an element."""

from __future__ import annotations

import psycopg
import pytest

from collegium.access.stage import Stage
from tests.db.test_scorm import registration, says, start

SAID = (
    "insert into public.scorm_tracking (scorm_enrollment_id, attempt_id, commit_seq, sco, element, value)"
    " select {of}, 9, 'SCO-1', 'cmi.core.lesson_location', '9' from public.scorm_enrollments e"
    " where e.session_id = %(session)s"
)
OF_IT = "public.scorm_enrollments e where e.session_attempt_id = a.id and e.session_id = %(session)s"


def refused(stage: Stage, statement: str, session: str) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation) as raised, stage.undone():
        stage.owner(statement, session=session)
    assert raised.value.diag.constraint_name == "scorm_tracking_attempt"


def test_what_was_said_belongs_to_an_attempt(stage: Stage) -> None:
    session = start(stage)["session_id"]
    for of in ("e.id, gen_random_uuid()", "gen_random_uuid(), e.session_attempt_id"):
        refused(stage, SAID.format(of=of), session)
    stage.owner(SAID.format(of="e.id, e.session_attempt_id"), session=session)
    assert registration(stage, "commit_seq") == (9,)


def test_an_attempt_in_which_something_was_said_stays(stage: Stage) -> None:
    player = start(stage)
    says(stage, player, cmi__core__lesson_location="3")
    for table in ("scorm_sco_results", "scorm_calls", "scorm_states", "scorm_rescores", "aicc_sessions"):
        stage.owner(f"delete from public.{table}")
    refused(stage, f"delete from public.scorm_attempts a using {OF_IT}", player["session_id"])
    refused(stage, f"update public.scorm_attempts a set id = gen_random_uuid() from {OF_IT}", player["session_id"])


def test_a_scale_without_a_width_gives_no_score(stage: Stage) -> None:
    player = start(stage)
    says(stage, player, cmi__core__score__raw="50", cmi__core__score__min="100", cmi__core__score__max="100")
    assert registration(stage, "score") == (None,)

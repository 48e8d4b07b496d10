"""Corrections of results: who may propose and decide, and how they live with what a package says later."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from collegium.access.stage import Outcome, Stage, key
from tests.db.invariants import offending
from tests.db.test_concurrency import in_parallel
from tests.db.test_scorm import as_2004, completed, says, start, tries
from tests.support.database import Database

REASON = "It counts the first page twice."
BEGUN = ("incomplete", "unknown", None)


def proposes(stage: Stage, who: str = "instructor", **given: Any) -> Outcome:
    """A proposal for the guild's attempt."""
    named = {"completion": None, "success": None, "score": None, "reason": REASON, **given}
    return stage.attempt(
        who,
        "select public.propose_scorm_rescore(%(scorm_attempt)s, %(completion)s, %(success)s, %(score)s, %(reason)s)",
        **named,
    )


def decides(stage: Stage, rescore: Any, who: str = "admin", approved: bool | None = True, words: str = "") -> Outcome:
    return stage.attempt(
        who,
        "select public.decide_scorm_rescore(%(r)s, %(approved)s, %(words)s)",
        r=rescore,
        approved=approved,
        words=words,
    )


def corrected(stage: Stage, **given: Any) -> None:
    """A proposal that is approved."""
    proposal = proposes(stage, **given)
    assert proposal.state is None, proposal
    decision = decides(stage, proposal.rows[0][0])
    assert decision.state is None, decision


def stands(stage: Stage) -> tuple[Any, ...]:
    """How the attempt stands: completion, success, score."""
    return stage.owner(
        "select completion_status, success_status, score::float from public.scorm_attempts where id = %(scorm_attempt)s"
    )[0]


def status(stage: Stage) -> tuple[Any, ...]:
    """How the registration stands: its word, best score, whether the rule was met."""
    return stage.owner(
        "select status, score::float, criterion_met_at is not null from public.scorm_enrollments"
        " where id = %(scorm_enrollment)s"
    )[0]


def said(stage: Stage, **elements: str) -> dict[str, Any]:
    """The learner's player, with the first that the package said."""
    as_2004(stage)
    player = start(stage)
    says(stage, player, **elements)
    return player


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ("owner", "no_such_attempt"),
        ("stranger", "no_such_attempt"),
        ("manager", "no_such_attempt"),
        ("other_instructor", "no_such_attempt"),
        ("anon", None),
        ("instructor", "done"),
        ("admin", "done"),
    ],
)
def test_who_may_propose(stage: Stage, who: str, answer: str | None) -> None:
    outcome = proposes(stage, who, success="passed")
    assert (outcome.code if outcome.state else "done") == answer


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "nothing_to_correct"),
        ({"completion": "incomplete", "success": "unknown"}, "nothing_to_correct"),
        ({"completion": "not attempted"}, "no_such_completion"),
        ({"success": "Passed"}, "no_such_success"),
        ({"score": 100.01}, "no_such_score"),
        ({"score": -1}, "no_such_score"),
        ({"score": Decimal("NaN")}, "no_such_score"),
        ({"success": "passed", "reason": None}, "reason_missing"),
        ({"success": "passed", "reason": "  because \n "}, "reason_missing"),
        ({"success": "passed", "reason": "so it is " * 200}, "reason_too_long"),
    ],
    ids=lambda given: given if isinstance(given, str) else None,
)
def test_what_is_no_proposal(stage: Stage, given: dict[str, Any], code: str) -> None:
    outcome = proposes(stage, **given)
    assert (outcome.state, outcome.code) == ("CG422", code)


def test_nobody_has_a_hand_in_both_or_in_his_own(stage: Stage) -> None:
    mine = proposes(stage, "admin", success="passed").rows[0][0]
    assert decides(stage, mine).code == "another_decides"
    for who in ("owner", "instructor", "other_instructor", "manager"):
        assert decides(stage, mine, who).code == "no_such_proposal", who
    second = proposes(stage, success="failed")
    assert (second.state, second.code) == ("CG409", "proposal_open")
    withdraw = "select public.withdraw_scorm_rescore(%(r)s)"
    assert stage.attempt("instructor", withdraw, r=mine).code == "no_such_proposal"
    assert stage.attempt("admin", withdraw, r=mine).state is None
    assert stage.attempt("admin", withdraw, r=mine).code == "already_decided"
    stage.owner("update public.scorm_enrollments set enrollment_id = null, lesson_id = null, course_id = null,"
                " member_id = %(admin)s where id = %(scorm_enrollment)s")  # fmt: skip
    assert proposes(stage, "admin", success="passed").code == "not_your_own"
    other = proposes(stage, "super_admin", success="passed").rows[0][0]
    assert decides(stage, other).code == "not_your_own"
    assert stands(stage) == BEGUN


def test_declining_needs_words_and_changes_nothing(stage: Stage) -> None:
    proposal = proposes(stage, success="passed").rows[0][0]
    assert decides(stage, proposal, approved=False, words=" ").code == "words_missing"
    assert decides(stage, proposal, approved=None).code == "yes_or_no"
    assert decides(stage, proposal, approved=False, words="The log says otherwise.").rows == [("declined",)]
    assert decides(stage, proposal).code == "already_decided"
    assert stands(stage) == BEGUN
    told = stage.owner(
        "select kind, body, link like '/studio/registrations/%%' from public.notifications where member_id = %(instructor)s"
        " order by created_at desc limit 1"
    )
    assert told == [("rescore_declined", "The log says otherwise.", True)]
    assert not stage.value("select count(*) from public.notifications where kind = 'package_result_corrected'")


def test_a_correction_upwards_finishes_the_lesson_and_stays(stage: Stage) -> None:
    player = said(stage, cmi__completion_status="incomplete", cmi__score__scaled="0.4")
    corrected(stage, completion="completed", success="passed", score=80)
    assert stands(stage) == ("completed", "passed", 80)
    assert status(stage) == ("passed", 80, True)
    assert completed(stage)
    says(stage, player, cmi__completion_status="incomplete", cmi__success_status="failed", cmi__score__scaled="0.2")
    assert stands(stage) == ("completed", "passed", 80)
    says(stage, player, cmi__score__scaled="0.95")
    assert stands(stage) == ("completed", "passed", 95)
    kinds = stage.owner("select member_id, kind from public.notifications where kind ~ 'rescore|corrected'")
    assert set(kinds) == {(key("instructor"), "rescore_approved"), (key("owner"), "package_result_corrected")}


def test_a_score_never_falls_under_its_correction(stage: Stage) -> None:
    player = said(stage, cmi__score__scaled="0.4")
    corrected(stage, score=70)
    says(stage, player, cmi__score__scaled="0.5")
    assert stands(stage) == ("unknown", "unknown", 70)
    says(stage, player, cmi__score__scaled="0.75")
    assert stands(stage)[2] == 75


def test_a_correction_downwards_survives_what_was_said(stage: Stage) -> None:
    player = said(
        stage,
        cmi__completion_status="completed",
        cmi__success_status="passed",
        cmi__score__scaled="0.9",
        cmi__progress_measure="0.5",
    )
    assert completed(stage)
    corrected(stage, completion="incomplete", success="failed", score=50)
    assert stands(stage) == ("incomplete", "failed", 50)
    assert status(stage) == ("failed", 50, True), "what followed from the result stays"
    assert completed(stage)
    says(stage, player, cmi__success_status="passed", cmi__score__scaled="0.8", cmi__location="4")
    says(stage, player, cmi__progress_measure="0.7")
    assert stands(stage) == ("incomplete", "failed", 50), "nothing beyond what was judged"
    says(stage, player, cmi__score__scaled="0.97")
    assert stands(stage) == ("incomplete", "passed", 97), "what goes beyond it counts"
    outcome = stage.act(
        "instructor", "select public.set_package_rule(%(package)s, 'finished', null, null, 'As it was.')"
    )
    assert outcome.rows[0][0]["stays"] == 0


def test_a_rule_that_is_applied_later_respects_it(stage: Stage) -> None:
    said(stage, cmi__completion_status="completed", cmi__success_status="passed", cmi__score__scaled="0.9")
    corrected(stage, success="failed", score=50)
    stage.act("instructor", "select public.set_package_rule(%(package)s, 'passed', 40, null, 'A mark of ours.')")
    assert stands(stage) == ("completed", "failed", 50), "decided by people"
    preview = stage.act("instructor", "select public.preview_package_rule(%(package)s, 'completed', 40)").rows[0][0]
    assert preview["stays"] == 0


def test_the_mark_judges_a_corrected_score(stage: Stage) -> None:
    stage.owner("update public.scorm_packages set passing_score = 60 where id = %(package)s")
    player = said(stage, cmi__completion_status="completed", cmi__score__scaled="0.9", cmi__progress_measure="0.5")
    assert stands(stage) == ("completed", "passed", 90)
    corrected(stage, score=55)
    assert stands(stage) == ("completed", "failed", 55)
    says(stage, player, cmi__success_status="unknown", cmi__progress_measure="1")
    assert stands(stage) == ("completed", "failed", 55)
    corrected(stage, score=65)
    assert stands(stage) == ("completed", "passed", 65)


def test_what_has_moved_cannot_be_approved(stage: Stage) -> None:
    player = said(stage, cmi__score__scaled="0.4")
    proposal = proposes(stage, score=50).rows[0][0]
    says(stage, player, cmi__score__scaled="0.6")
    outcome = decides(stage, proposal)
    assert (outcome.state, outcome.code) == ("CG409", "attempt_moved")
    assert stands(stage)[2] == 60
    assert decides(stage, proposal, approved=False, words="He went on.").state is None
    review = stage.act("owner", "select public.open_scorm(%(scorm_lesson)s, p_mode => 'browse')")
    assert review.state is None
    assert tries(stage, player, cmi__score__scaled="0.7").code == "stale_attempt"


def test_the_log_names_both_and_the_reason(stage: Stage) -> None:
    corrected(stage, success="passed")
    log = stage.owner(
        "select l.operation, l.actor, l.subject, p.after ->> 'reason', l.after ->> 'state' from public.audit_logs l"
        " left join public.audit_personal_values p on p.audit_id = l.id"
        " where l.table_name = 'scorm_rescores' and l.record_id <> %(rescore)s::text order by l.id"
    )
    assert log[0][:4] == ("INSERT", key("instructor"), key("owner"), REASON)
    assert (log[-1][1], log[-1][4]) == (key("admin"), "approved")


async def test_of_two_who_decide_at_once_one_does(own_guild: Database) -> None:
    with psycopg.connect(own_guild.dsn_owner) as connection:
        stage = Stage(connection)
        stage.owner("delete from auth.users where id = %(nobody)s")
        proposal: UUID = proposes(stage, success="passed", score=80).rows[0][0]
    approve = "select public.decide_scorm_rescore($1, true, '')"
    work = [(key(who), approve, proposal) for who in ("admin", "super_admin") * 3]
    assert await in_parallel(own_guild, 6, work) == Counter({"done": 1, "already_decided": 5})
    with psycopg.connect(own_guild.dsn_owner) as connection:
        assert stands(Stage(connection)) == ("incomplete", "passed", 80)
    assert await offending(own_guild) == {}

"""SCORM: what a package says, how it counts, and that every answer is the truth."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collegium.access.stage import Outcome, Stage

STATUS, SCORE = "cmi.core.lesson_status", "cmi.core.score.raw"
REPORTED = ("completion_status", "success_status", "score")


def start(stage: Stage, who: str = "owner", options: str = "") -> dict[str, Any]:
    """Opens the player on the guild's lesson."""
    return stage.act(who, f"select public.open_scorm(%(scorm_lesson)s{options})").rows[0][0]


def tries(
    stage: Stage,
    player: dict[str, Any],
    who: str = "owner",
    seq: int | None = None,
    sco: str = "SCO-1",
    **elements: str,
) -> Outcome:
    """One commit, as it came out. Dots of elements are written as two underscores."""
    player["seq"] = seq = player["seq"] + 1 if seq is None else seq
    sent = json.dumps({name.replace("__", "."): value for name, value in elements.items()})
    return stage.attempt(
        who,
        "select public.record_scorm_commit(%(session)s, %(seq)s, %(sco)s, %(sent)s)",
        session=player["session_id"],
        seq=seq,
        sco=sco,
        sent=sent,
    )


def says(stage: Stage, player: dict[str, Any], sco: str = "SCO-1", **elements: str) -> dict[str, Any]:
    """One commit that is stored."""
    outcome = tries(stage, player, sco=sco, **elements)
    assert outcome.state is None, outcome
    return outcome.rows[0][0]


def twelve(
    stage: Stage, player: dict[str, Any], status: str | None = None, score: str | None = None
) -> tuple[Any, ...]:
    """What a SCORM 1.2 package says, and where the attempt stands then."""
    said = {"cmi__core__lesson_status": status, "cmi__core__score__raw": score}
    answer = says(stage, player, **{name: value for name, value in said.items() if value is not None})
    return tuple(answer[name] for name in REPORTED)


def registration(stage: Stage, columns: str = "status, score, attempts") -> tuple[Any, ...]:
    return stage.owner(f"select {columns} from public.scorm_enrollments where id = %(scorm_enrollment)s")[0]


def as_2004(stage: Stage, mastery: float | None = None, threshold: float | None = None) -> None:
    stage.owner("update public.scorm_packages set version = '2004', edition = 4 where id = %(package)s")
    stage.owner(
        "update public.scorm_items set mastery_score = %(m)s, completion_threshold = %(t)s where id = %(package_sco)s",
        m=mastery,
        t=threshold,
    )


def add_sco(stage: Stage) -> None:
    stage.owner(
        "insert into public.scorm_items (scorm_package_id, identifier, organization, parent_id, item_order, kind,"
        " launch_href) values (%(package)s, 'SCO-2', 'ORG', %(package_organization)s, 2, 'sco', 'two.html')"
    )


def completed(stage: Stage) -> bool:
    return stage.value(
        "select status = 'completed' from public.lesson_progress where lesson_id = %(scorm_lesson)s"
        " and enrollment_id = %(short_enrollment)s"
    )


# Truth ------------------------------------------------------------------------------------------------------------


def test_n_commit_answers_true_whatever_happened(stage: Stage) -> None:
    """What is answered as stored is there; what is not stored is refused."""
    player = start(stage)
    answer = says(stage, player, cmi__suspend_data="page=3", cmi__core__lesson_location="3")
    assert (answer["outcome"], answer["seq"]) == ("stored", 1)
    stored = stage.owner(
        "select element, value from public.scorm_tracking where attempt_id = %(a)s and commit_seq = 1 order by 1",
        a=answer["attempt_id"],
    )
    assert stored == [("cmi.core.lesson_location", "3"), ("cmi.suspend_data", "page=3")]
    outcome = tries(stage, player, cmi__suspend_data="x" * 64_001)
    assert (outcome.state, outcome.code) == ("CG422", "value_too_long")
    assert registration(stage, "commit_seq, cmi_data -> 'SCO-1' ->> 'cmi.suspend_data'") == (1, "page=3")


def test_n_the_first_resource_is_launched(stage: Stage) -> None:
    """It is the default organisation's first SCO, however deep, whatever stands before it in the manifest."""
    stage.owner(
        "insert into public.scorm_items (id, scorm_package_id, identifier, organization, parent_id, item_order, kind,"
        " launch_href) values"
        " (gen_random_uuid(), %(package)s, 'OTHER', 'OTHER', null, 1, 'organization', null),"
        " (%(new)s, %(package)s, 'CLUSTER', 'ORG', %(package_organization)s, 1, 'cluster', null),"
        " (gen_random_uuid(), %(package)s, 'COVER', 'ORG', %(package_organization)s, 1, 'asset', 'cover.html'),"
        " (gen_random_uuid(), %(package)s, 'DEEP', 'ORG', %(new)s, 1, 'sco', 'deep.html')"
    )
    stage.owner("update public.scorm_items set item_order = 2 where identifier in ('SCO-1', 'COVER')")
    assert start(stage)["sco"] == "DEEP"


def test_a_commit_that_is_sent_again_is_stored_once(stage: Stage) -> None:
    player = start(stage)
    first = says(stage, player, cmi__core__score__raw="70", cmi__core__session_time="00:00:01")
    again = tries(stage, player, seq=1, cmi__core__score__raw="70", cmi__core__session_time="00:00:01").rows[0][0]
    assert again == first | {"outcome": "repeated"}
    assert stage.value("select count(*) from public.scorm_tracking where commit_seq = 1") == 2
    other = tries(stage, player, seq=1, cmi__core__score__raw="90")
    assert (other.state, other.code) == ("CG409", "sequence_used")


@pytest.mark.parametrize("seq", [0, -1, 3, 2_000_000_000])
def test_no_commit_is_skipped(stage: Stage, seq: int) -> None:
    player = start(stage)
    says(stage, player, cmi__core__lesson_location="1")
    outcome = tries(stage, player, seq=seq, cmi__core__lesson_location="9")
    assert (outcome.state, outcome.code) in (("CG409", "commits_missing"), ("CG409", "sequence_used"))
    assert registration(stage, "commit_seq") == (1,)


def test_a_second_player_makes_the_first_one_stale(stage: Stage) -> None:
    first = start(stage)
    says(stage, first, cmi__suspend_data="kept")
    second = start(stage)
    assert (second["seq"], second["entry"]) == (1, "resume")
    assert second["cmi_data"]["SCO-1"]["cmi.suspend_data"] == "kept"
    outcome = tries(stage, first, cmi__suspend_data="late")
    assert (outcome.state, outcome.code) == ("CG409", "stale_attempt")
    says(stage, second, cmi__suspend_data="new")


def test_a_player_is_stale_after_a_day(stage: Stage) -> None:
    player = start(stage)
    stage.owner(
        "update public.scorm_enrollments set session_opened_at = now() - interval '25 hours' where session_id is not null"
    )
    assert tries(stage, player, cmi__exit="").code == "stale_attempt"


def test_a_browser_that_was_signed_out_commits_nothing(stage: Stage) -> None:
    player = start(stage)
    stage.owner("update public.web_sessions set revoked_at = now() where id = %(session)s")
    outcome = tries(stage, player, cmi__suspend_data="x")
    assert (outcome.state, outcome.code) == ("CG403", "signed_out")


@pytest.mark.parametrize("change", ["status = 'suspended'", "status = 'dropped'", "expires_at = now()"])
def test_who_left_or_was_suspended_commits_and_opens_nothing(stage: Stage, change: str) -> None:
    player = start(stage)
    stage.owner(f"update public.enrollments set {change} where id = %(short_enrollment)s")
    assert tries(stage, player, cmi__suspend_data="x").code == "not_enrolled"
    assert stage.attempt("owner", "select public.open_scorm(%(scorm_lesson)s)").code == "not_enrolled"
    reopened = stage.attempt("owner", "select public.open_scorm_enrollment(%(scorm_enrollment)s)")
    assert reopened.code == "not_enrolled"


# Counting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "score", "expected"),
    [
        ("incomplete", None, ("incomplete", "unknown", None)),
        ("completed", None, ("completed", "unknown", None)),
        ("passed", "80", ("completed", "passed", 80)),
        ("failed", "20.5", ("completed", "failed", 20.5)),
        ("browsed", None, ("unknown", "unknown", None)),
        ("not attempted", None, ("unknown", "unknown", None)),
        ("PASSED", "101", ("unknown", "unknown", 100)),
        ("incomplete", "a lot", ("incomplete", "unknown", None)),
    ],
)
def test_the_words_of_scorm_12(stage: Stage, status: str, score: str | None, expected: tuple[Any, ...]) -> None:
    stage.owner("update public.scorm_sco_results set completion_status = 'unknown'")
    stage.owner("update public.scorm_attempts set completion_status = 'unknown'")
    assert twelve(stage, start(stage), status, score) == expected


def test_a_score_is_a_share_of_its_range(stage: Stage) -> None:
    answer = says(stage, start(stage), cmi__core__score__raw="3", cmi__core__score__min="1", cmi__core__score__max="5")
    assert answer["score"] == 50


@pytest.mark.parametrize(("score", "success"), [("79.9", "failed"), ("80", "passed"), ("100", "passed")])
def test_a_mastery_score_decides_once_it_is_completed(stage: Stage, score: str, success: str) -> None:
    stage.owner("update public.scorm_items set mastery_score = 80 where id = %(package_sco)s")
    player = start(stage)
    assert twelve(stage, player, "incomplete", score)[1] == "unknown"
    assert twelve(stage, player, "completed", score)[1] == success


def test_the_associations_own_mark_overrules_the_package(stage: Stage) -> None:
    stage.owner("update public.scorm_packages set passing_score = 80 where id = %(package)s")
    player = start(stage)
    assert twelve(stage, player, "passed", "60")[1] == "failed"
    assert not completed(stage)
    assert twelve(stage, player, "passed", "80")[1] == "passed"
    assert completed(stage)


@pytest.mark.parametrize(
    ("said", "expected", "progress"),
    [
        # Tables 4.2.4.1a and 4.2.22.1a: there is a threshold, and nothing to hold against it.
        ({"cmi__completion_status": "completed"}, ("unknown", "unknown", None), 0),
        ({"cmi__completion_status": "incomplete", "cmi__success_status": "failed"}, ("unknown", "unknown", None), 0),
        ({"cmi__success_status": "passed", "cmi__score__raw": "90"}, ("unknown", "unknown", 90), 0),
        ({"cmi__completion_status": "completed", "cmi__progress_measure": "7"}, ("unknown", "unknown", None), 0),
        ({"cmi__progress_measure": "0.35"}, ("incomplete", "unknown", None), 35),
        ({"cmi__progress_measure": "0.9"}, ("completed", "unknown", None), 90),
        ({"cmi__completion_status": "completed", "cmi__progress_measure": "0.1"}, ("incomplete", "unknown", None), 10),
        ({"cmi__success_status": "passed", "cmi__score__scaled": "0.69"}, ("unknown", "failed", 69), 0),
        ({"cmi__success_status": "failed", "cmi__score__scaled": "0.7"}, ("unknown", "passed", 70), 0),
        ({"cmi__score__scaled": "-0.5"}, ("unknown", "failed", 0), 0),
        ({"cmi__score__scaled": "1.5"}, ("unknown", "unknown", None), 0),
        ({"cmi__progress_measure": "7"}, ("unknown", "unknown", None), 0),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else None,
)
def test_the_words_of_scorm_2004(
    stage: Stage, said: dict[str, str], expected: tuple[Any, ...], progress: float
) -> None:
    as_2004(stage, mastery=0.7, threshold=0.9)
    answer = says(stage, start(stage), **said)
    assert tuple(answer[name] for name in REPORTED) == expected
    assert answer["progress"] == progress


def test_scorm_2004_without_thresholds_believes_the_sco(stage: Stage) -> None:
    as_2004(stage)
    answer = says(stage, start(stage), cmi__completion_status="completed", cmi__success_status="passed")
    assert (tuple(answer[name] for name in REPORTED), answer["progress"]) == (("completed", "passed", None), 100)


def test_what_was_reached_is_not_undone_by_the_same_attempt(stage: Stage) -> None:
    player = start(stage)
    assert twelve(stage, player, "passed", "90") == ("completed", "passed", 90)
    assert twelve(stage, player, "failed", "10") == ("completed", "passed", 90)
    assert twelve(stage, player, "incomplete", "95") == ("completed", "passed", 95)
    assert registration(stage) == ("passed", 95, 1)


def test_a_mark_that_is_raised_later_takes_nothing_back(stage: Stage) -> None:
    stage.owner("update public.scorm_packages set passing_score = 80 where id = %(package)s")
    player = start(stage)
    assert twelve(stage, player, "completed", "85") == ("completed", "passed", 85)
    stage.owner("update public.scorm_packages set passing_score = 90 where id = %(package)s")
    assert twelve(stage, player, "completed", "85") == ("completed", "passed", 85)
    again = start(stage, options=", p_new_attempt => true")
    assert twelve(stage, again, "completed", "85") == ("completed", "failed", 85)


def test_a_score_may_fall_while_nothing_is_finished(stage: Stage) -> None:
    player = start(stage)
    assert twelve(stage, player, "incomplete", "90")[2] == 90
    assert twelve(stage, player, "incomplete", "10")[2] == 10


def test_the_best_of_several_attempts_is_kept(stage: Stage) -> None:
    twelve(stage, start(stage), "passed", "90")
    again = start(stage, options=", p_new_attempt => true")
    assert (again["attempt_number"], again["entry"], again["cmi_data"]) == (2, "ab-initio", {})
    assert twelve(stage, again, "failed", "30") == ("completed", "failed", 30)
    assert registration(stage) == ("passed", 90, 2)
    kept = stage.owner(
        "select attempt_number, score, cmi_data -> 'SCO-1' ->> 'cmi.core.score.raw' from public.scorm_attempts"
        " where scorm_enrollment_id = %(scorm_enrollment)s and credit order by 1"
    )
    assert kept == [(1, 90, "90"), (2, 30, None)]


def test_attempts_end(stage: Stage) -> None:
    stage.owner("update public.scorm_packages set max_attempts = 2 where id = %(package)s")
    start(stage, options=", p_new_attempt => true")
    outcome = stage.attempt("owner", "select public.open_scorm(%(scorm_lesson)s, p_new_attempt => true)")
    assert (outcome.state, outcome.code) == ("CG409", "no_attempts_left")
    assert start(stage)["attempt_number"] == 2


@pytest.mark.parametrize("mode", ["browse", "review"])
def test_browsing_and_reviewing_count_for_nothing(stage: Stage, mode: str) -> None:
    before = registration(stage, "status, score, attempts, cmi_data")
    player = start(stage, options=f", '{mode}'")
    answer = says(stage, player, cmi__core__lesson_status="passed", cmi__core__score__raw="100")
    assert answer["credit"] is False
    assert registration(stage, "status, score, attempts, cmi_data") == before
    assert not completed(stage)
    assert (
        stage.value("select count(*) from public.scorm_tracking where attempt_id = %(a)s", a=answer["attempt_id"]) == 2
    )


def test_a_package_is_complete_when_all_its_scos_are(stage: Stage) -> None:
    add_sco(stage)
    player = start(stage)
    assert twelve(stage, player, "passed", "80") == ("incomplete", "unknown", 80)
    answer = says(stage, player, sco="SCO-2", cmi__core__lesson_status="completed", cmi__core__score__raw="60")
    assert tuple(answer[name] for name in REPORTED) == ("completed", "passed", 70)


def test_an_engine_may_sum_up_for_the_organisation_but_a_learner_may_not(stage: Stage) -> None:
    add_sco(stage)
    player = start(stage)
    assert tries(stage, player, sco="ORG", cmi__success_status="passed").code == "no_such_sco"
    outcome = stage.act(
        "service_role",
        "select private.record_scorm_commit(%(s)s, 1, 'ORG', %(e)s)",
        s=player["session_id"],
        e='{"cmi.completion_status": "completed", "cmi.success_status": "passed", "cmi.score.scaled": "0.91"}',
    )
    assert tuple(outcome.rows[0][0][name] for name in REPORTED) == ("completed", "passed", 91)


@pytest.mark.parametrize(
    ("rule", "status", "met"),
    [
        ("finished", "completed", True),
        ("finished", "failed", False),
        ("finished", "passed", True),
        ("completed", "failed", True),
        ("completed", "incomplete", False),
        ("passed", "completed", False),
        ("passed", "passed", True),
        ("completed_and_passed", "passed", True),
        ("launched", "incomplete", True),
    ],
)
def test_the_rule_of_the_package_completes_the_lesson(stage: Stage, rule: str, status: str, met: bool) -> None:
    stage.owner("update public.scorm_packages set completion_rule = %(r)s where id = %(package)s", r=rule)
    twelve(stage, start(stage), status)
    assert completed(stage) is met


def test_only_a_lesson_that_asks_for_it_is_completed(stage: Stage) -> None:
    stage.owner("update public.lessons set completion_criteria = 'marked_complete' where id = %(scorm_lesson)s")
    twelve(stage, start(stage), "passed")
    assert not completed(stage)
    # It asks for it since today: what was reached before counts when the lesson is opened.
    stage.owner("update public.lessons set completion_criteria = 'scorm_completed' where id = %(scorm_lesson)s")
    start(stage)
    assert completed(stage)


def test_the_last_lesson_completes_the_course(stage: Stage) -> None:
    stage.act("instructor", "update public.lessons set require_completion = true where id = %(scorm_lesson)s")
    stage.act("stranger", "select public.enrol(%(short)s)")
    stage.act("stranger", "select public.mark_lesson_complete(%(short_lesson)s)")
    player = start(stage, "stranger")
    assert stage.value("select status from public.enrollments where member_id = %(stranger)s") == "in_progress"
    assert tries(stage, player, "stranger", cmi__core__lesson_status="passed").state is None
    rows = stage.owner(
        "select e.status, c.number is not null from public.enrollments e"
        " left join public.certificates c on c.enrollment_id = e.id where e.member_id = %(stranger)s"
    )
    assert rows == [("completed", True)]


# Which package ----------------------------------------------------------------------------------------------------


def test_who_began_a_package_finishes_it_and_who_begins_gets_the_new_one(stage: Stage) -> None:
    stage.owner("update public.scorm_packages set replaced_by = %(spare_package)s where id = %(package)s")
    stage.act("stranger", "select public.enrol(%(short)s)")
    played = [start(stage, who)["scorm_package_id"] for who in ("owner", "stranger")]
    assert played == [str(stage.value("select %(package)s::uuid")), str(stage.value("select %(spare_package)s::uuid"))]


def test_a_package_that_is_not_ready_is_not_played(stage: Stage) -> None:
    stage.owner("update public.scorm_packages set import_state = 'importing'")
    assert stage.attempt("owner", "select public.open_scorm(%(scorm_lesson)s)").code == "package_not_ready"
    stage.act("stranger", "select public.enrol(%(short)s)")
    assert stage.attempt("stranger", "select public.open_scorm(%(scorm_lesson)s)").code == "package_not_ready"


def test_only_a_lesson_of_its_type_plays_a_package_and_keeps_it(stage: Stage) -> None:
    attach = "insert into public.lesson_scorm_packages (lesson_id, course_id, scorm_package_id)"
    outcome = stage.attempt("instructor", f"{attach} values (%(reading)s, %(course)s, %(package)s)")
    assert (outcome.state, outcome.code) == ("CG422", "not_a_scorm_lesson")
    change = "update public.lessons set lesson_type = 'text', completion_criteria = 'marked_complete'"
    outcome = stage.attempt("instructor", f"{change} where id = %(scorm_lesson)s")
    assert (outcome.state, outcome.code) == ("CG409", "lesson_has_a_package")
    assert stage.act("instructor", f"{change} where id = %(spare_scorm_lesson)s").count == 1
    stage.owner("update public.scorm_packages set is_active = false where id = %(spare_package)s")
    outcome = stage.attempt(
        "instructor", "update public.lesson_scorm_packages set scorm_package_id = %(spare_package)s"
    )
    assert (outcome.state, outcome.code) == ("CG409", "package_not_active")


def test_what_the_seed_stored_with_a_lesson_is_read_from_the_package(stage: Stage) -> None:
    twelve(stage, start(stage), "passed", "88")
    rows = stage.act(
        "owner",
        "select status, scorm_completion_status, scorm_score, scorm_cmi_data -> 'SCO-1' ->> 'cmi.core.score.raw'"
        " from public.lesson_progress_details where lesson_id = %(scorm_lesson)s",
    ).rows
    assert rows == [("completed", "completed", 88, "88")]
    assert stage.act("stranger", "select 1 from public.lesson_progress_details").rows == []


def test_the_statistics_of_a_package(stage: Stage) -> None:
    twelve(stage, start(stage), "passed", "88")
    stage.act("stranger", "select public.enrol(%(short)s)")
    player = start(stage, "stranger")
    tries(stage, player, "stranger", cmi__core__lesson_status="failed", cmi__core__score__raw="12")
    columns = "total_enrollments, completed, passed, failed, completion_rate, average_score"
    mine = f"select {columns} from public.scorm_completion_summary where scorm_package_id = %(package)s"
    assert stage.act("instructor", mine).rows == [(2, 2, 1, 1, 100, 50)]
    assert stage.act("owner", mine).rows == [(1, 1, 1, 0, 100, 88)]
    assert stage.act("stranger", mine).rows == [(1, 1, 0, 1, 100, 12)]


# The audit log ----------------------------------------------------------------------------------------------------


def test_what_was_reached_is_audited_and_not_each_commit(stage: Stage) -> None:
    written = "select count(*) from public.audit_logs where table_name like 'scorm%%'"
    player = start(stage)
    before = stage.value(written)
    says(stage, player, cmi__suspend_data="page=1", cmi__core__session_time="00:00:01")
    assert stage.value(written) == before
    twelve(stage, player, "passed", "90")
    rows = stage.owner(
        "select table_name, after ->> 'score' from public.audit_logs where table_name like 'scorm%%' order by id desc limit 2"
    )
    assert sorted(rows) == [("scorm_attempts", "90.00"), ("scorm_enrollments", "90.00")]
    known = stage.value(
        "select string_agg(after::text, '') from public.audit_logs where table_name = 'scorm_enrollments'"
    )
    assert player["session_id"] not in known

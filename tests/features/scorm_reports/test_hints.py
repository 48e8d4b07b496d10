"""What stands out in the calls of a package."""

from __future__ import annotations

import pytest

from collegium.features.scorm_reports.hints import BUSY, Call, hints

CLEAN_12 = [
    ("LMSInitialize", [""]),
    ("LMSSetValue", ["cmi.core.lesson_status", "completed"]),
    ("LMSSetValue", ["cmi.core.score.raw", "80"]),
    ("LMSSetValue", ["cmi.core.session_time", "00:01:00"]),
    ("LMSCommit", [""]),
    ("LMSFinish", [""]),
]
CLEAN_2004 = [
    ("Initialize", [""]),
    ("SetValue", ["cmi.completion_status", "completed"]),
    ("SetValue", ["cmi.success_status", "passed"]),
    ("SetValue", ["cmi.session_time", "PT1M"]),
    ("Terminate", [""]),
]


def made(steps: list[tuple[str, list[str]]], sco: str = "A") -> list[Call]:
    """Calls that all went well, a second apart."""
    return [Call(t=1000 * n, fn=fn, args=args, answer="true", error="0", sco=sco) for n, (fn, args) in enumerate(steps)]


def codes(calls: list[Call], standard: str) -> set[str]:
    return {hint.code for hint in hints(calls, standard)}


@pytest.mark.parametrize(
    ("steps", "standard"), [(CLEAN_12, "scorm_12"), (CLEAN_2004, "scorm_2004")], ids=["1.2", "2004"]
)
def test_a_package_that_does_everything_right(steps: list[tuple[str, list[str]]], standard: str) -> None:
    assert hints(made(steps), standard) == []
    assert hints([], standard) == []


@pytest.mark.parametrize(
    ("steps", "standard", "missing", "code"),
    [
        (CLEAN_12, "scorm_12", "cmi.core.lesson_status", "no_completion"),
        (CLEAN_12, "scorm_12", "cmi.core.session_time", "no_time"),
        (CLEAN_2004, "scorm_2004", "cmi.completion_status", "no_completion"),
        (CLEAN_2004, "scorm_2004", "cmi.success_status", "no_success"),
        (CLEAN_2004, "scorm_2004", "cmi.session_time", "no_time"),
    ],
    ids=["status-1.2", "time-1.2", "completion", "success", "time"],
)
def test_what_was_never_said(steps: list[tuple[str, list[str]]], standard: str, missing: str, code: str) -> None:
    assert codes(made([step for step in steps if missing not in step[1]]), standard) == {code}


def test_the_sentences_name_the_element() -> None:
    left = [step for step in CLEAN_2004 if "cmi.completion_status" not in step[1]]
    (hint,) = hints(made(left), "scorm_2004")
    assert (hint.words, hint.serious) == ("The package never set cmi.completion_status.", True)
    left = [step for step in CLEAN_12 if "cmi.core.lesson_status" not in step[1]]
    assert hints(made(left), "scorm_12")[0].words == "It set a score and never cmi.core.lesson_status."


def test_the_order_of_calls() -> None:
    assert codes(made([("LMSGetValue", ["cmi.core.entry"])]), "scorm_12") == {"never_opened"}
    assert codes(made([("LMSGetValue", ["cmi.core.entry"]), *CLEAN_12]), "scorm_12") == {"early_calls"}
    assert codes(made(CLEAN_12[:-1]), "scorm_12") == {"never_ended"}
    late = Call(t=9000, fn="LMSSetValue", args=["cmi.core.lesson_location", "4"], answer="false", error="301", sco="A")
    assert codes([*made(CLEAN_12), late], "scorm_12") == {"late_sets", "error_301"}


def test_a_length_that_was_cut_in_the_record_counts_whole() -> None:
    long = Call(t=1, fn="LMSSetValue", args=["cmi.suspend_data", "x" * 1000], answer="true", error="0", sco="A",
                cut=[16, 5000, 4])  # fmt: skip
    found = hints([*made(CLEAN_12)[:1], long, *made(CLEAN_12)[1:]], "scorm_12")
    assert any("suspend_data had 5,000 characters; SCORM 1.2 promises 4,096." in one.words for one in found)
    player = Call(t=1, fn="LMSSetValue", args=["cmi.suspend_data", "x… (5000 characters)"], answer="true", error="0")
    assert "long_suspend_data" in codes([*made(CLEAN_12, "")[:1], player, *made(CLEAN_12, "")[1:]], "scorm_12")
    assert "long_suspend_data" not in codes([*made(CLEAN_2004)[:1], long, *made(CLEAN_2004)[1:]], "scorm_2004")


def test_saving_that_failed_and_saving_too_often() -> None:
    failed = Call(t=5, fn="LMSCommit", args=[""], answer="false", error="101", sco="A")
    assert hints([*made(CLEAN_12)[:1], failed, *made(CLEAN_12)[1:]], "scorm_12")[0].code == "not_saved"
    often = [("LMSCommit", [""])] * BUSY
    assert codes(made([CLEAN_12[0], *often, *CLEAN_12[1:]]), "scorm_12") == {"busy"}
    assert codes(made([CLEAN_12[0], *often[:-2], *CLEAN_12[1:]]), "scorm_12") == set()


def test_hints_of_several_scos_say_which_one() -> None:
    both = [*made(CLEAN_12, "A"), *made([step for step in CLEAN_12 if "cmi.core.lesson_status" not in step[1]], "B")]
    (hint,) = hints(both, "scorm_12")
    assert hint.words.startswith("B: ")


def test_refused_elements_are_named() -> None:
    wrong = Call(t=5, fn="SetValue", args=["cmi.core.lesson_status", "x"], answer="false", error="401", sco="A")
    (hint,) = hints([*made(CLEAN_2004)[:1], wrong, wrong, *made(CLEAN_2004)[1:]], "scorm_2004")
    assert hint.words == (
        "It used an element that the standard does not have (twice, error 401, first cmi.core.lesson_status)."
    )

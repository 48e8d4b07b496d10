"""HACP as text: requests as units really send them, answers as they read them, and what a call sets. CMI001 4.0."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.standards.aicc import hacp
from collegium.standards.aicc.elements import elements, ended

GIVEN = hacp.Parameters(
    student_id="7f", student_name="Berg, Ada", mode="normal", credit=True, attempt=1, seconds=0, saved={}
)


def read(**fields: str) -> hacp.Request:
    return hacp.request(urlencode(fields).encode())


@pytest.mark.parametrize("name", ["GetParam", "GETPARAM", "getparam", " GetParam "])
def test_commands_and_fields_know_no_case(name: str) -> None:
    asked = hacp.request(f"COMMAND={name.replace(' ', '%20')}&Version=3.5&SESSION_ID=abc.1&AICC_Data=".encode())
    assert (asked.command, asked.session_id, asked.version, asked.data) == ("getparam", "abc.1", "3.5", "")


@pytest.mark.parametrize(
    "body",
    [b"", b"command=Drop", b"command", b"&&&=&=", b"\xff\xfe\x00", b"command=%", b"a=1&" * 500, b"command=%00GetParam"],
    ids=str,
)
def test_what_is_no_call_has_no_command(body: bytes) -> None:
    assert hacp.request(body).command == ""


def test_letters_of_windows_and_of_utf8_are_read() -> None:
    utf8 = hacp.request(b"command=PutParam&aicc_data=%C3%BCber")
    windows = hacp.request(b"command=PutParam&aicc_data=%FCber%80")
    assert (utf8.data, windows.data) == ("über", "über€")


def test_an_answer_is_lines_that_units_can_read() -> None:
    assert hacp.answer(3) == "error=3\r\nerror_text=Invalid Session ID\r\nversion=4.0\r\naicc_data=\r\n"
    assert "\n" not in hacp.answer(1, "two\nlines\r\nerror=0").split("\r\n")[1]
    data = hacp.parameters(GIVEN)
    assert hacp.answer(0, data=data).startswith(
        "error=0\r\nerror_text=Successful\r\nversion=4.0\r\naicc_data=[Core]\r\n"
    )
    assert "lesson_status=not attempted, ab-initio\r\n" in data
    assert "[Core_Lesson]\r\n[Core_Vendor]\r\n" in data


def test_a_unit_finds_what_it_left() -> None:
    saved = {
        "cmi.core.lesson_status": "incomplete", "cmi.core.lesson_location": "p3", "cmi.core.score.raw": "7",
        "cmi.core.score.max": "10", "cmi.suspend_data": "a=1\nb=2", "cmi.objectives.0.id": "o1",
        "cmi.objectives.0.status": "passed", "cmi.objectives.0.score.raw": "80", "cmi.student_preference.audio": "-1",
    }  # fmt: skip
    text = hacp.parameters(
        hacp.Parameters(
            student_id="7f",
            student_name="Berg,\r\nError=0",
            mode="review",
            credit=False,
            attempt=2,
            seconds=3725.4,
            saved=saved,
            course="C1",
            launch_data="x=1",
            mastery=72.5,
            max_seconds=5400,
            time_limit_action="exit,message",
        )
    )
    assert text == "\r\n".join(
        [
            "[Core]", "student_id=7f", "student_name=Berg, Error=0", "lesson_location=p3", "credit=no-credit",
            "lesson_status=incomplete, resume", "score=7,10", "time=01:02:05", "lesson_mode=review",
            "[Core_Lesson]", "a=1", "b=2", "[Core_Vendor]", "x=1", "[Evaluation]", "course_id=C1",
            "[Objectives_Status]", "j_id.1=o1", "j_score.1=80", "j_status.1=passed",
            "[Student_Data]", "attempt_number=2", "mastery_score=72.5", "max_time_allowed=01:30:00",
            "time_limit_action=exit,message", "[Student_Preferences]", "audio=-1", "",
        ]
    )  # fmt: skip


CORE = "[CORE]\r\nLesson_Location = page 3\r\nlesson_status=P, S\r\nscore=80,100,0\r\nTime=01:02:03\r\n"


def test_a_unit_puts_its_state() -> None:
    more = "[core_lesson]\r\na=1\r\n[not a group]\r\n\r\nb=2\r\n[Comments]\r\nGood.\r\n[Objectives_Status]\r\n"
    data = CORE + more + "J_ID.1=o1\r\nJ_Score.1=50\r\nJ_Status.1=failed\r\nJ_ID.2=o2\r\nJ_Status.x=p\r\n"
    assert elements("putparam", data, {"cmi.objectives.0.id": "o2"}) == {
        "cmi.core.lesson_location": "page 3", "cmi.core.lesson_status": "passed", "cmi.core.exit": "suspend",
        "cmi.core.score.raw": "80", "cmi.core.score.max": "100", "cmi.core.score.min": "0",
        "cmi.core.session_time": "01:02:03", "cmi.suspend_data": "a=1\n[not a group]\n\nb=2", "cmi.comments": "Good.",
        "cmi.objectives.1.id": "o1", "cmi.objectives.1.status": "failed", "cmi.objectives.1.score.raw": "50",
        "cmi.objectives.0.id": "o2",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lesson_status=c", {"cmi.core.lesson_status": "completed", "cmi.core.exit": ""}),
        ("lesson_status=Incomplete,Logout", {"cmi.core.lesson_status": "incomplete", "cmi.core.exit": "logout"}),
        ("lesson_status=not attempted", {"cmi.core.exit": ""}),
        ("lesson_status=x,y", {}),
        ("score=", {}),
        ("score=80", {"cmi.core.score.raw": "80"}),
        ("score=much,100", {"cmi.core.score.max": "100"}),
        ("score=1e9", {}),
        ("time=1:2:3", {"cmi.core.session_time": "01:02:03"}),
        ("time=00:05", {"cmi.core.session_time": "00:05:00"}),
        ("time=00:90:00.5", {"cmi.core.session_time": "01:30:00.50"}),
        ("time=later", {}),
        ("; lesson_location=x", {}),
        ("lesson_location", {}),
        ("lesson_location=", {"cmi.core.lesson_location": ""}),
    ],
)
def test_what_a_line_of_core_means(line: str, expected: dict[str, str]) -> None:
    assert elements("putparam", f"[core]\n{line}\n", {}) == expected


HEAD = '"course_id","student_id","lesson_id","date","time",'


def test_interactions_are_added_to_those_before() -> None:
    data = HEAD + (
        '"interaction_id","objective_id","type_interaction","correct_response","student_response","result","weighting","latency"\r\n'
        '"C","S","L","2026/11/22","10:15:00","q 1","o1","C","a,b","a","W","2","00:00:07"\r\n'
        '"C","S","L","2026/11/22","25:00","q2","","X","","said ""yes""","0.5","heavy","soon"\r\n'
    )
    found = elements("putinteractions", data, {"cmi.interactions.1.id": "before"})
    assert found == {
        "cmi.interactions.2.id": "q_1", "cmi.interactions.2.type": "choice", "cmi.interactions.2.time": "10:15:00",
        "cmi.interactions.2.objectives.0.id": "o1", "cmi.interactions.2.correct_responses.0.pattern": "a,b",
        "cmi.interactions.2.student_response": "a", "cmi.interactions.2.result": "wrong",
        "cmi.interactions.2.weighting": "2", "cmi.interactions.2.latency": "00:00:07",
        "cmi.interactions.3.id": "q2", "cmi.interactions.3.student_response": 'said "yes"',
        "cmi.interactions.3.result": "0.5",
    }  # fmt: skip


def test_objectives_and_comments() -> None:
    rows = (
        HEAD + '"objective_id","status","score"\n"C","S","L","","","o1","Passed","9,10"\n"C","S","L","","","","p",""\n'
    )
    assert elements("putobjectives", rows, {}) == {
        "cmi.objectives.0.id": "o1", "cmi.objectives.0.status": "passed",
        "cmi.objectives.0.score.raw": "9", "cmi.objectives.0.score.max": "10",
    }  # fmt: skip
    said = HEAD + '"location","comment"\n"C","S","L","","","p3","Unclear."\n"C","S","L","","","","Nice."\n'
    assert elements("putcomments", said, {"cmi.comments": "First."}) == {"cmi.comments": "First.\np3: Unclear.\nNice."}
    assert elements("putcomments", "", {}) == {}
    assert elements("putpath", "anything", {}) == elements("exitau", CORE, {}) == {}


@pytest.mark.parametrize(
    ("status", "score", "mastery", "word"),
    [
        ("completed", "70", 70.0, "passed"),
        ("passed", "69.99", 70.0, "failed"),
        ("failed", "70", 70.0, "passed"),
        ("passed", "80", 70.0, None),
        ("incomplete", "80", 70.0, None),
        ("completed", "", 70.0, None),
        ("completed", "much", 70.0, None),
        ("completed", "80", None, None),
        ("", "80", 70.0, None),
    ],
)
def test_the_mastery_score_decides_at_the_end(status: str, score: str, mastery: float | None, word: str | None) -> None:
    found = ended({"cmi.core.lesson_status": status, "cmi.core.score.raw": score}, mastery)
    assert found == ({} if word is None else {"cmi.core.lesson_status": word})


def test_a_table_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1000 rows"):
        elements("putinteractions", "interaction_id\n" + "q\n" * 1001, {})
    with pytest.raises(ValueError, match="cannot be read"):
        elements("putinteractions", "interaction_id\n" + "q" * 140_000, {})


TEXT = st.text(st.characters(codec="utf-8"), max_size=200) | st.sampled_from(
    [CORE, HEAD, "[core_lesson]\r\n", "\r", "[[core]]"]
)
SAVED = st.dictionaries(
    st.sampled_from(["cmi.objectives.0.id", "cmi.objectives.x.id", "cmi.interactions.3.id", "cmi.suspend_data"]), TEXT
)
COMMANDS: Any = st.sampled_from(sorted(hacp.COMMANDS))


@given(body=st.binary(max_size=300), command=COMMANDS, data=TEXT, more=TEXT, saved=SAVED)
def test_nothing_that_a_unit_sends_breaks_it(
    body: bytes, command: Any, data: str, more: str, saved: dict[str, str]
) -> None:
    hacp.request(body)
    try:
        found = elements(command, data + "\n" + more, saved)
    except ValueError:
        found = {}
    assert all(name.startswith("cmi.") and isinstance(value, str) for name, value in found.items())
    text = hacp.parameters(hacp.Parameters(
        student_id="1", student_name=data, mode="normal", credit=True, attempt=1, seconds=1, saved=saved | found
    ))  # fmt: skip
    assert text.startswith("[Core]\r\n")
    # What was kept as free text is found again by the next visit.
    if "cmi.suspend_data" in found and command == "putparam":
        again = elements("putparam", text, {})["cmi.suspend_data"]
        assert again == found["cmi.suspend_data"]

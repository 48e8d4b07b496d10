"""Moodle XML: a file with every type, and what is no such file."""

from __future__ import annotations

import json

import pytest

from collegium.standards.moodle_xml import reader
from collegium.standards.questions import FileError, Reading
from tests.standards.questions.test_gift import GOLDEN, report


def test_a_file_with_everything_is_read_as_written_down() -> None:
    found = reader.read((GOLDEN / "everything.xml").read_bytes())
    told = {
        "questions": [report(one) for one in found.found],
        "remarks": [one.words for one in found.remarks],
        "files": {key: [one.name, len(one.data)] for key, one in found.files.items()},
    }
    assert told == json.loads((GOLDEN / "everything.xml.json").read_text())


def one(inside: str, type: str = "shortanswer") -> Reading:
    """A file with one question."""
    return reader.read(
        f'<quiz><question type="{type}"><name><text>N</text></name>'
        f"<questiontext><text>What?</text></questiontext>{inside}</question></quiz>".encode()
    )


ANSWER = '<answer fraction="100"><text>{}</text></answer>'
BAD = {
    "unknown": ("stack", "", "it needs a system for algebra"),
    "no-answer": ("shortanswer", "", "No accepted answer"),
    "fraction": ("shortanswer", '<answer fraction="300"><text>a</text></answer>', "300 percent"),
    "number": ("numerical", ANSWER.format("three"), "is not a number"),
    "true-false": ("truefalse", ANSWER.format("yes"), "not true and false"),
    "unit": ("numerical", ANSWER.format(3) + "<units><unit><multiplier>0</multiplier><unit_name>m</unit_name></unit></units>", "not above 0"),
    "gap": ("cloze", "", "No gap such as"),
    "drag": ("ddwtos", "", "has no gaps"),
    "points": ("essay", "<defaultgrade>5000</defaultgrade>", "0 to 999.99"),
    "one-pair": ("matching", "<subquestion><text>a</text><answer><text>b</text></answer></subquestion>", "at least two pairs"),
}  # fmt: skip


@pytest.mark.parametrize(("type", "inside", "words"), BAD.values(), ids=BAD)
def test_a_question_that_cannot_be_taken_says_why_and_where(type: str, inside: str, words: str) -> None:
    found = one(inside, type).found[0]
    assert found.draft is None
    assert words in found.remarks[0].words, found.remarks
    assert found.remarks[0].line == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"<assessment/>", "<quiz> was expected"), (b"", "not well-formed"), (b"<quiz>", "not well-formed")],
    ids=["other", "empty", "open"],
)
def test_what_is_no_moodle_xml_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FileError, match=words):
        reader.read(data)


def test_damaged_pictures_are_left_out_and_told() -> None:
    text = '<questiontext><text><![CDATA[<p><img src="@@PLUGINFILE@@/a.png"><a href="@@PLUGINFILE@@/b.pdf">b</a>{}</p>]]></text>'
    files = '<file name="a.png" path="/" encoding="base64">%%%</file><file name="b.pdf" path="/" encoding="base64">YQ==</file>'
    found = reader.read(f'<quiz><question type="essay">{text}{files}</questiontext></question></quiz>'.encode())
    assert found.files == {}
    assert [remark.words for remark in found.found[0].remarks] == [
        "The picture “a.png” is damaged, and was left out.",
        "The file “b.pdf” is no picture in the text, and was left out.",
    ]

"""Questions in a table: the template, what Excel makes of it, errors by row and column, and the way there and back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from collegium.standards.comparing import canonical
from collegium.standards.question_csv import reader, writer
from collegium.standards.questions import Draft, FileError, Reading
from tests.standards.questions.drafts import drafts


def read(text: str, encoding: str = "utf-8") -> Reading:
    """A table."""
    return reader.read(text.encode(encoding))


@settings(max_examples=40, deadline=None)
@given(drafts())
def test_what_is_written_is_read_as_the_same(draft: Draft) -> None:
    text = writer.head() + writer.write(draft)
    found = reader.read(text.encode()).found
    assert len(found) == 1
    assert found[0].draft is not None, (text, found[0].remarks)
    assert canonical(found[0].draft) == canonical(draft), text


def test_the_template_has_one_question_of_each_type_and_needs_no_more() -> None:
    found = read(writer.template()).found
    assert [one.draft.type for one in found if one.draft] == [
        "multiple_choice", "multiple_answer", "true_false", "short_answer", "numeric", "matching", "ordering",
        "fill_blank", "essay",
    ]  # fmt: skip
    assert all(not one.remarks for one in found)
    for one in found:
        assert one.draft is not None
        line = writer.write(one.draft)
        assert "{" not in line, line


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_what_excel_saves_is_read(separator: str, encoding: str) -> None:
    rows = [
        ["Type", "Question", "Option 1", "Option 2", "Correct"],
        ["Multiple Choice", "Größe?", "groß", "klein", "groß"],
    ]
    text = "\r\n".join(separator.join(row) for row in rows)
    found = read(text, encoding)
    assert found.found[0].draft is not None
    assert found.found[0].draft.text == "<p>Größe?</p>"
    assert found.found[0].draft.correct == {"selected": "a"}
    assert bool(found.remarks) == (encoding in ("utf-16", "cp1252"))


def test_the_separator_may_be_said_in_the_first_line() -> None:
    found = read("sep=|\ntype|question|correct\ntrue_false|Is; it, so?|true\n").found
    assert found[0].draft is not None
    assert found[0].draft.text == "<p>Is; it, so?</p>"


HEAD = "type,question,option_1,option_2,correct,points,difficulty,shares,rule,settings,units,more\n"
BAD = {
    "type": ("riddle,What?,,,,,,,,,,", "column type", "There is no type"),
    "no-type": (",What?,,,,,,,,,,", "column type", "The type is missing"),
    "no-text": ("essay,,,,,,,,,,,", "", "no text"),
    "correct": ("mc,What?,a,b,7,,,,,,,", "column correct", "no option “7”"),
    "none-right": ("mc,What?,a,b,,,,,,,,", "column correct", "by their numbers"),
    "two-right": ("mc,What?,a,b,1;2,,,,,,,", "column correct", "Only one"),
    "one-option": ("mc,What?,a,,1,,,,,,,", "column option_1", "fewer than two"),
    "points": ("essay,What?,,,,many,,,,,,", "column points", "is not a number"),
    "difficulty": ("essay,What?,,,,,severe,,,,,", "column difficulty", "no difficulty"),
    "arrow": ("matching,What?,a -> b,c,,,,,,,,", "column option_2", "left -> right"),
    "gap": ("fill_blank,What?,a,,,,,,,,,", "column question", "no gap [[1]]"),
    "number": ("numeric,What?,three,,,,,,,,,", "column option_1", "is not a number"),
    "setting": ("short_answer,What?,a,,,,,,,loud,,", "column settings", "not known"),
    "more": ("essay,What?,,,,,,,,,,{", "column more", "not JSON"),
    "more-unknown": ('essay,What?,,,,,,,,,,"{""points"": 1}"', "column more", "is not known"),
    "cells": ("essay,What, is it?,,,,,,,,,,,too many", "", "names 12 columns"),
    "share": ("mc,What?,a,b,1,,,100; 300,,,,", "column option_1", "300 percent"),
}


@pytest.mark.parametrize(("row", "place", "words"), BAD.values(), ids=BAD)
def test_an_error_names_its_row_and_column(row: str, place: str, words: str) -> None:
    found = read(f"{HEAD}{row}\nessay,Still read?,,,,,,,,,,\n").found
    assert found[0].draft is None
    remark = found[0].remarks[0]
    assert (remark.line, remark.place) == (2, place), remark
    assert words in remark.words, remark
    assert found[1].draft is not None
    assert found[1].line == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"), (b"question,answer\nWhat?,so\n", "no column"), (b"type,question,question\n", "Two columns"),
        (b"\x89PNG\0\0\0\rIHDR", "not a text file"), (b"a" * (9 << 20), "are the most"),
    ],
    ids=["empty", "no-type", "double", "picture", "large"],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(FileError, match=words):
        reader.read(data)


def test_a_quotation_mark_without_end_costs_its_row_alone() -> None:
    filler = "essay,What?,,,,,,,,,,\n"
    found = read(HEAD + filler + 'essay,"What?,,,,,,,,,,\n' + filler * 2000).found
    assert found[0].draft is not None
    assert any("does not end" in one.remarks[0].words for one in found if one.draft is None)


def test_no_cell_is_a_formula() -> None:
    draft = Draft(type="essay", text="<p>=1+1</p>", title="@sum", hint="'=x", tags=["-1"])
    line = writer.write(draft)
    assert [cell[:1] for cell in line.split(",") if cell[:1] in "=+-@"] == [""] * line.split(",").count("")
    found = reader.read((writer.head() + line).encode()).found[0].draft
    assert found is not None
    assert canonical(found) == canonical(draft)

"""The tables of an AICC course become the same tree as a manifest; what is wrong with one is told with its file and line."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from collegium.standards.aicc import structure
from collegium.standards.scorm.model import Reading
from tests.support.package_zips import aicc


def read(files: Mapping[str, bytes]) -> Reading:
    """What comes of the files of a course."""
    found = structure.find(files)
    assert found is not None
    return structure.read(found, files, lambda name: files[name])


def test_a_course_with_a_block() -> None:
    files = aicc() | {
        "course.pre": b"structure_element,prerequisites\r\nA1,B0&B2\r\n",
        "course.ort": b'"Course_Element","Member"\r\n"A1","J1"\r\n',
    }
    found = read(files)
    assert found.errors == []
    assert found.warnings == []
    package = found.package
    assert package is not None
    assert (package.standard, package.identifier, package.title) == ("aicc", "C1", "Fire safety")
    assert package.metadata.description == "What to do."
    block = package.organization.children[0]
    unit = block.children[0]
    assert (block.kind, block.title, unit.kind, unit.title) == ("cluster", "Part", "sco", "Alarm")
    assert (unit.href, unit.launch_data, unit.parameters) == ("index.html", "x=1", "a=b")
    assert (unit.mastery_score, unit.max_time_allowed) == (80, 1800)
    assert (unit.time_limit_action, unit.prerequisites) == ("continue,no message", "B0&B2")
    assert package.extra["objectives"] == {"A1": ["J1"]}


def test_case_encoding_and_folders_do_not_matter() -> None:
    files = {"Sub/" + name.upper(): data for name, data in aicc().items() if name != "index.html"}
    files["Sub/COURSE.DES"] = "System_ID,TITLE\nA1,Übung\nB1,Part\n".encode("cp1252")
    files["Sub/COURSE.CST"] = "Block,Member\nroot,b1\nb1,a1\n".encode("utf-16")
    files["Sub/Index.html"] = b"x"
    found = read(files)
    assert found.package is not None, found.errors
    unit = found.package.organization.children[0].children[0]
    assert (unit.title, unit.href) == ("Übung", "Sub/Index.html")
    assert [one.message for one in found.warnings] == [
        "file_name “index.html”: the file is called “Sub/Index.html”; capital and small letters are told apart."
    ]


REFUSED: dict[str, tuple[dict[str, bytes], str, str]] = {
    "no_units": ({"course.au": b""}, "course.au", "The file is empty"),
    "no_columns": ({"course.au": b"A1,x\n"}, "course.au", "The first line must name the columns"),
    "missing_page": (aicc('"A1","","","","","gone.html"'), "course.au", "“gone.html”, is not in the package"),
    "no_page": (aicc('"A1","","","","",""'), "course.au", "does not say which page to open"),
    "score": (aicc('"A1","","","","","index.html","","high"'), "course.au", "mastery_score is “high”"),
    "unit_twice": (aicc('"A1","","","","","index.html"\n"a1","","","","","index.html"'), "course.au", "used twice"),
    "unknown_member": ({"course.cst": b"block,member\nroot,Z9\n"}, "course.cst", "no unit or block of this system_id"),
    "circle": ({"course.cst": b"block,member\nroot,B1\nB1,A1,B1\n"}, "course.cst", "It is named twice"),
    "no_root": ({"course.cst": b"block,member\nB1,A1\n"}, "course.cst", "no row for the block ROOT"),
    "no_course": ({"course.crs": b"nothing\n"}, "course.crs", "The section [Course] is missing"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_with_the_place_and_the_reason(name: str) -> None:
    changed, file, words = REFUSED[name]
    found = read(aicc() | changed)
    assert found.package is None
    assert any(one.file == file and words in one.message for one in found.errors), found.errors


def test_a_table_that_is_not_there() -> None:
    files = {name: data for name, data in aicc().items() if not name.endswith(".cst")}
    found = read(files)
    assert found.errors[0].message.startswith("There is no .cst file beside it")

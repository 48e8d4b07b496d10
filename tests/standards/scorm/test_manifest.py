"""Manifests of each edition are read as they say; what is wrong with one is told with its place, in words."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from collegium.standards.scorm import manifest
from collegium.standards.scorm.model import Reading
from collegium.standards.scorm.places import Names
from collegium.standards.scorm.tree import seconds
from tests.support.package_zips import HEAD_12, item, manifest_12, manifest_2004, sco_12, sco_2004

GOLDEN = Path(__file__).parent / "golden"
NAMES = {
    "scorm_12": ["content/parts/film/index.html", "content/parts/The law.pdf", "content/parts/test/start.html"],
    "scorm_2004_3rd": ["one.html", "two.html"],
    "scorm_2004_4th": ["one.html", "about.xml"],
}
ABOUT = (
    b"<lom xmlns='http://ltsc.ieee.org/xsd/LOM'><general><title><string>From beside</string></title></general></lom>"
)


def read(text: str | bytes, *names: str) -> Reading:
    """What comes of a manifest whose package holds these files."""
    data = text.encode() if isinstance(text, str) else text
    return manifest.read(data, names or ("index.html",), lambda _name: ABOUT)


def told(reading: Reading) -> str:
    """All findings in one text: E for errors, W for warnings, with line and element."""
    lines = [("E", one) for one in reading.errors] + [("W", one) for one in reading.warnings]
    return "\n".join(f"{kind} {one.file}:{one.line} {one.element} {one.message}" for kind, one in lines)


def plain(reading: Reading) -> object:
    """A reading without what is empty, to be compared with a golden file."""

    def bare(value: object) -> object:
        if isinstance(value, dict):
            return {key: bare(one) for key, one in value.items() if one not in (None, [], "") and one != {}}
        return [bare(one) for one in value] if isinstance(value, list) else value

    return bare(msgspec.to_builtins(reading))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_golden(name: str) -> None:
    found = plain(read((GOLDEN / f"{name}.xml").read_bytes(), *NAMES[name]))
    expected = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())
    assert found == expected


REFUSED = {
    "no_title_is_no_error_but_no_item": (manifest_12("", sco_12()), "Nothing in this organisation can be opened"),
    "missing_launch_address": (manifest_12(item(), sco_12().replace(' href="index.html">', ">")), "has no href"),
    "missing_page": (manifest_12(item(), sco_12(href="gone.html")), "“gone.html”, which is not in the package"),
    "page_outside": (manifest_12(item(), sco_12(href="../../etc/passwd")), "which leads out of the package"),
    "no_page_of_the_web": (manifest_12(item(), sco_12(href="javascript:alert(1)")), "leads to no file of the package"),
    "unknown_resource": (manifest_12(item(resource="R9"), sco_12()), "there is no resource of that name"),
    "identifier_twice": (manifest_12(item() + item(), sco_12()), "The identifier is used twice; it stands in line 5"),
    "resource_twice": (manifest_12(item(), sco_12() + sco_12()), "The identifier is used by two resources"),
    "no_identifier": (manifest_12(item().replace('identifier="I1" ', ""), sco_12()), "identifier is missing"),
    "other_scorm_type": (manifest_12(item(), sco_12(kind="page")), "scormType is “page”"),
    "mastery_score": (manifest_12(item(inside="<adlcp:masteryscore>high</adlcp:masteryscore>"), sco_12()), "must be a number"),
    "cartridge": (HEAD_12.replace("1.2<", "1.1.0<").replace("ADL SCORM", "IMS Common Cartridge").replace("1.1.0", "CC 1") + "<organizations/><resources/></manifest>", "“IMS Common Cartridge CC 1”"),
    "not_a_manifest": ("<html><body/></html>", "does not begin with <manifest>"),
    "no_organizations": (HEAD_12 + "<resources/></manifest>", "<organizations> is missing"),
    "no_resources": (HEAD_12 + "<organizations/></manifest>", "<resources> is missing"),
    "not_closed": (manifest_12('<item identifier="A"><title>T</title>', sco_12()), "<item>, which began in line 5, is not closed"),
    "entities": ('<!DOCTYPE x [<!ENTITY a "b">]><manifest>&a;</manifest>', "A document type (<!DOCTYPE …>) is not allowed"),
    "external_dtd": ('<!DOCTYPE manifest SYSTEM "http://example.org/x.dtd"><manifest/>', "is not allowed here"),
    "empty": ("", "well-formed"),
    "rule_without_action": (manifest_2004(item(inside="<imsss:sequencing><imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition='always'/></imsss:ruleConditions></imsss:preConditionRule></imsss:sequencingRules></imsss:sequencing>"), sco_2004()), "<ruleAction action=…> is missing"),
    "condition": (manifest_2004(item(inside="<imsss:sequencing><imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition='sometimes'/></imsss:ruleConditions><imsss:ruleAction action='skip'/></imsss:preConditionRule></imsss:sequencingRules></imsss:sequencing>"), sco_2004()), "condition is “sometimes”. It must be one of: satisfied"),
    "action_of_another_rule": (manifest_2004(item(inside="<imsss:sequencing><imsss:sequencingRules><imsss:preConditionRule><imsss:ruleConditions><imsss:ruleCondition condition='always'/></imsss:ruleConditions><imsss:ruleAction action='retry'/></imsss:preConditionRule></imsss:sequencingRules></imsss:sequencing>"), sco_2004()), "It must be one of: skip, disabled"),
    "percent": (manifest_2004(item(inside="<imsss:sequencing><imsss:rollupRules><imsss:rollupRule minimumPercent='50'><imsss:rollupConditions><imsss:rollupCondition condition='completed'/></imsss:rollupConditions><imsss:rollupAction action='completed'/></imsss:rollupRule></imsss:rollupRules></imsss:sequencing>"), sco_2004()), "minimumPercent is 50. It must be from 0 to 1"),
    "idref": (manifest_2004(item(inside="<imsss:sequencing IDRef='x'/>"), sco_2004()), "no such sequencing in the sequencingCollection"),
    "boolean": (manifest_2004(item(inside="<imsss:sequencing><imsss:controlMode flow='maybe'/></imsss:sequencing>"), sco_2004()), "It must be true or false"),
    "map": (manifest_2004(item(inside="<imsss:sequencing><imsss:objectives><imsss:primaryObjective><imsss:mapInfo/></imsss:primaryObjective></imsss:objectives></imsss:sequencing>"), sco_2004()), "targetObjectiveID is missing"),
    "duration": (manifest_2004(item(inside="<imsss:sequencing><imsss:limitConditions attemptAbsoluteDurationLimit='1h'/></imsss:sequencing>"), sco_2004()), "a duration such as PT1H30M"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_with_the_place_and_the_reason(name: str) -> None:
    text, words = REFUSED[name]
    found = read(text)
    assert found.package is None
    assert any(words in one.message for one in found.errors), told(found)
    assert all(one.file == manifest.FILE for one in found.errors)


MENDED = {
    "utf_16": (manifest_12(item(title="Übung"), sco_12()).replace("UTF-8", "UTF-16").encode("utf-16"), "", "Übung"),
    "byte_order_mark": (b"\xef\xbb\xbf" + manifest_12(item(title="Übung"), sco_12()).encode(), "", "Übung"),
    "latin_1": (manifest_12(item(title="Übung"), sco_12()).replace("UTF-8", "ISO-8859-1").encode("latin-1"), "", "Übung"),
    "not_the_encoding_it_says": (manifest_12(item(title="Übung"), sco_12()).encode("cp1252"), "read as Windows-1252", "Übung"),
    "says_utf_16_and_is_not": (manifest_12(item(title="Übung"), sco_12()).replace("UTF-8", "utf-16").encode(), "read as UTF-8", "Übung"),
    "space_before": (b"\r\n " + manifest_12(item(), sco_12()).encode(), "empty space before", "Lesson"),
    "case_of_the_file": (manifest_12(item(), sco_12(href="Index.HTML")).encode(), "the file is called “index.html”", "Lesson"),
    "backslashes": (manifest_12(item(), sco_12(href=".\\index.html")).encode(), "backslashes were read as /", "Lesson"),
    "leading_slash": (manifest_12(item(), sco_12(href="/index.html")).encode(), "the package's own folder", "Lesson"),
    "spelling_of_the_other_edition": (manifest_12(item(), sco_2004()).encode(), "is written scormtype", "Lesson"),
    "no_scorm_type": (manifest_12(item(), sco_12().replace(' adlcp:scormtype="sco"', "")).encode(), "It was taken for a SCO", "Lesson"),
    "listed_file_missing": (manifest_12(item(), sco_12() + sco_12("R2", "gone.html")).encode(), "“gone.html” is listed", "Lesson"),
    "dependency": (manifest_12(item(), sco_12().replace("</resource>", '<dependency identifierref="R7"/></resource>')).encode(), "It depends on the resource “R7”", "Lesson"),
    "no_title": (manifest_12(item().replace("<title>Lesson</title>", ""), sco_12()).encode(), "The item has no title", "I1"),
    "default_of_no_organization": (manifest_12(item(), sco_12()).replace('default="ORG"', 'default="X"').encode(), "“ORG” is played", "Lesson"),
    "no_version": (manifest_12(item(), sco_12()).replace("<schemaversion>1.2</schemaversion>", "").encode(), "was read as SCORM 1.2", "Lesson"),
    "namespace": (manifest_12(item(), sco_12()).replace("imscp_rootv1p1p2", "something").encode(), "It was read as one", "Lesson"),
    "true_in_capitals": (manifest_12(item().replace("identifierref", 'isvisible="TRUE" identifierref'), sco_12()).encode(), "it was read as true", "Lesson"),
    "other_web_site": (manifest_12(item(), sco_12(href="https://example.org/x")).encode(), "a page of another site", "Lesson"),
    "time": (manifest_12(item(inside="<adlcp:maxtimeallowed>long</adlcp:maxtimeallowed>"), sco_12()).encode(), "is no time such as", "Lesson"),
    "sequencing_in_12": (manifest_12(item(inside="<sequencing xmlns='http://www.imsglobal.org/xsd/imsss'/>"), sco_12()).encode(), "are of SCORM 2004", "Lesson"),
    "foreign_namespace_of_an_element": (manifest_12(item() + '<x:item xmlns:x="urn:x"/>', sco_12()).encode(), "which is not that of imscp", "Lesson"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(MENDED))
def test_read_in_spite_of_it(name: str) -> None:
    data, words, title = MENDED[name]
    found = read(data)
    assert found.package is not None, told(found)
    assert [one.title for one in found.package.organization.children] == [title]
    if words:
        assert any(words in one.message for one in found.warnings), told(found)
    else:
        assert found.warnings == []


def test_a_part_that_opens_a_page_itself_keeps_its_identifier_in_scorm_12() -> None:
    inner = item("I2", "R1", title="Inner")
    found = read(manifest_12(item("I1", "R1", inner, "Outer"), sco_12()))
    assert found.package is not None
    group = found.package.organization.children[0]
    assert (group.kind, group.identifier) == ("cluster", "I1.group")
    assert [(one.kind, one.identifier) for one in group.children] == [("sco", "I1"), ("sco", "I2")]
    found = read(manifest_2004(item("I1", "R1", inner, "Outer"), sco_2004()))
    assert found.package is not None
    assert [one.kind for one in found.package.organization.walk()] == ["organization", "cluster", "sco"]


def test_a_manifest_is_bounded() -> None:
    assert "MB are the most for XML" in told(read(b"<manifest>" + b" " * (100 << 20) + b"</manifest>"))
    deep = "".join(f'<item identifier="D{n}"><title>T</title>' for n in range(45)) + "</item>" * 45
    assert "deep inside each other" in told(read(manifest_12(deep, sco_12())))
    many = "".join(item(f"I{n}") for n in range(10_050))
    found = read(manifest_12(many, sco_12()))
    assert "more than 10,000 items" in told(found)
    assert len(found.errors) <= 101


@pytest.mark.parametrize(
    ("text", "length"),
    [("PT1H30M", 5400.0), ("P1DT0.5S", 86400.5), ("0001:30:00", 5400.0), ("00:00:01.50", 1.5), ("P", None), ("1h", None)],
)  # fmt: skip
def test_durations(text: str, length: float | None) -> None:
    assert seconds(text) == length


def test_addresses_are_written_as_a_browser_wants_them() -> None:
    names = Names(["a b/ü #1.html", "100%.html", "x.html"])
    assert names.find("a b/", "%C3%BC%20%231.html?q=1#top").url == "a%20b/%C3%BC%20%231.html?q=1#top"
    assert names.find("", "100%.html").url == "100%25.html"
    assert names.find("a/", "../x.html").path == "x.html"
    assert names.find("", "sub/../../x.html").problem == "leads out of the package"

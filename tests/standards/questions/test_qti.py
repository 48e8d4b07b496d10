"""QTI: items of three versions, packages, what is refused, and what is written is read as the same."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given, settings

from collegium.kit.xmltree import parse
from collegium.standards.comparing import canonical
from collegium.standards.qti import package, writer
from collegium.standards.questions import Draft, FileError, Found, Reading
from tests.standards.questions.drafts import drafts
from tests.standards.questions.qti_items import CASES, REFUSED, item, three


def read(files: dict[str, str]) -> Reading:
    """A package of these files."""
    return package.read_package(set(files), lambda name, _: files[name].encode())


def written(*given: Draft) -> dict[str, str]:
    """The package of some questions."""
    items = [writer.item(draft, place) for place, draft in enumerate(given, 1)]
    beside = {name: data.decode() for name, data in writer.manifest(items).items()}
    return {**beside, **{one.href: one.xml for one in items}}


@settings(max_examples=60, deadline=None)
@given(drafts())
def test_what_is_written_is_read_as_the_same(draft: Draft) -> None:
    files = written(draft)
    for name, text in files.items():
        if name.endswith(".xml"):
            parse(text.encode())
    found = read(files).found
    assert found[0].draft is not None, (files, found[0].remarks)
    assert found[0].remarks == []
    assert canonical(found[0].draft) == canonical(draft), files


@settings(max_examples=60, deadline=None)
@given(drafts())
def test_an_item_that_was_changed_elsewhere_is_read_as_it_is_then(draft: Draft) -> None:
    files = written(draft)
    changed = {
        name: text.replace("<qti-item-body>", "<qti-item-body><p>Mind:</p>") if name.startswith("items/") else text
        for name, text in files.items()
    }
    found = read(changed).found[0]
    if found.draft is not None:
        assert found.draft.text.startswith("<p>Mind:</p>")
        assert found.draft.type == draft.type or draft.type == "short_answer"


def test_most_questions_need_nothing_beside_the_item() -> None:
    plain = Draft(
        type="multiple_choice", text="<p>Which <strong>one</strong>?</p>", title="One", points=2,  # pyright: ignore
        options=[{"id": "a", "text": "This"}, {"id": "b", "text": "That", "html": "<em>That</em>"}],
        correct={"selected": "a", "shares": {"b": 0.25}}, feedback={"b": "Nearly."}, explanation="So it is.", tags=["x"],
    )  # fmt: skip
    files = written(plain)
    assert package.KEPT not in files
    assert "sha256" in written(msgspec.structs.replace(plain, hint="Look."))[package.KEPT]


@pytest.mark.parametrize("version", ["2.1", "2.2", "3.0"])
@pytest.mark.parametrize(("body", "wanted"), CASES.values(), ids=CASES)
def test_an_item_is_read(body: str, wanted: dict[str, object], version: str) -> None:
    text = item(body, version)
    reading = package.read_item((three(text) if version == "3.0" else text).encode())
    assert reading.version == version
    found = reading.found[0]
    assert found.draft is not None, found.remarks
    made = msgspec.to_builtins(canonical(found.draft))
    assert {name: made[name] for name in wanted if name != "remarks"} == {
        k: v for k, v in wanted.items() if k != "remarks"
    }
    assert [remark.words for remark in found.remarks] == wanted.get("remarks", [])


@pytest.mark.parametrize(("body", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_said_is_refused_in_words(body: str, words: str) -> None:
    for text in (item(body, "2.1"), three(item(body, "3.0"))):
        found = package.read_item(text.encode()).found[0]
        assert found.draft is None
        assert words in found.remarks[0].words, found.remarks


MANIFEST = """<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><metadata/><organizations/><resources>
<resource identifier="t" type="imsqti_test_xmlv2p1" href="test.xml"/>
<resource identifier="a" type="imsqti_item_xmlv2p1" href="items/a.xml"><metadata><lom><general>
 <keyword><string>claims</string></keyword></general></lom></metadata><file href="items/a.xml"/></resource>
<resource identifier="b" type="imsqti_item_xmlv2p1" href="items/gone.xml"/>
<resource identifier="c" type="imsqti_item_xmlv2p1" href="items/bad.xml"/>
</resources></manifest>"""


def test_a_package_brings_its_pictures_and_says_what_is_missing() -> None:
    body = '<itemBody><p>See <img src="../media/dot%20one.png" alt="A dot"/> <img src="../../etc/passwd" alt="x"/></p><extendedTextInteraction responseIdentifier="RESPONSE"/></itemBody>'
    files = {
        package.MANIFEST: MANIFEST, "items/a.xml": item(body, "2.1"), "items/bad.xml": "<assessmentItem><open>",
        "media/dot one.png": "x",
    }  # fmt: skip
    reading = read(files)
    key = hashlib.sha256(b"media/dot one.png").hexdigest()[:32]
    assert {name: one.entry for name, one in reading.files.items()} == {key: "media/dot one.png"}
    assert reading.remarks[0].words.startswith("The test itself")
    first, gone, bad = reading.found
    assert first.draft is not None
    assert first.draft.text == f'<p>See <img src="import:{key}" alt="A dot"> </p>'
    assert first.draft.tags == ["claims"]
    assert "is not in the package" in first.remarks[0].words
    assert refusal(gone) == "The manifest names “items/gone.xml”, which is not in the package."
    assert "not well-formed" in refusal(bad)


def refusal(found: Found) -> str:
    """Why a question is not taken."""
    assert found.draft is None
    return found.remarks[0].words


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("<manifest/>", "lists no items"),
        ("<manifest><resources><resource type='imsqti_xmlv1p2' href='a.xml'/></resources></manifest>", "QTI 1.2"),
        ("<!DOCTYPE m [<!ENTITY a 'a'>]><manifest>&a;</manifest>", "document type"),
        ("<quiz/>", "<manifest> was expected"),
    ],
    ids=["empty", "old", "entity", "other"],
)
def test_a_package_without_questions_is_refused(manifest: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        read({package.MANIFEST: manifest})


def test_pictures_go_into_the_package_and_come_out_of_it() -> None:
    draft = Draft(type="essay", text='<p>See <img src="package:media/1.png" alt="Dot">.</p>', hint="Look.")
    one = writer.item(draft, 1, ["media/1.png"])
    assert 'src="../media/1.png"' in one.xml
    assert '<file href="media/1.png"/>' in one.resource
    beside = {name: data.decode() for name, data in writer.manifest([one]).items()}
    files = {**beside, one.href: one.xml, "media/1.png": "x"}
    found = read(files).found[0].draft
    key = hashlib.sha256(b"media/1.png").hexdigest()[:32]
    assert found is not None
    assert found.text == f'<p>See <img src="import:{key}" alt="Dot">.</p>'
    assert found.hint == "Look."

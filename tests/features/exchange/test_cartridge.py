"""Cartridges of each version as courses: what is taken, how, and what is said of the rest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from collegium.features.exchange import cartridge, parts
from collegium.features.exchange.plan import Plan, Refused
from collegium.kit.unpack import UnpackError, open_archive
from tests.features.exchange import cartridges
from tests.features.exchange.cartridges import PDF, VERSIONS, Item, webcontent
from tests.features.exchange.test_packages import clean

# Packages that others wrote, where a folder of them lies beside the sources.
SAMPLES = next(
    (found for above in Path(__file__).parents if (found := above / "shared" / "samples" / "packages").is_dir()),
    Path("nowhere"),
)


def plan(path: Path) -> Plan:
    """What an import would do."""
    with open_archive(path) as archive:
        return cartridge.plan(archive, clean, name="claims.imscc")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cartridge_becomes_a_course(tmp_path: Path, version: str) -> None:
    found = plan(cartridges.usual(tmp_path / "a.imscc", version))
    assert (found.version, found.document.course.title, found.document.course.tags) == (
        version,
        "Claims handling",
        ["claims"],
    )
    assert [(module.title, [(one.title, one.type) for one in module.lessons]) for module in found.document.modules] == [
        ("First steps", [("Reading a claim", "text"), ("The form", "pdf"), ("The next page", "text")]),
        ("Going on", [("Law: The law", "external_link"), ("Law: Old", "text"), ("Talk", "text")]),
        ("Claims handling", [("The sheet", "text")]),
    ]
    page, form, _, link, old, talk, sheet = found.document.lessons()
    text = page.blocks[0]
    assert isinstance(text, parts.RichText)
    names = {file.id: file.filename for file in found.document.files}
    assert [names[name] for name in re.findall(r'"collegium-file:(\w+)"', text.html)] == ["point.png", "point.png"]
    for gone in ("script", "onload", "javascript:", "style", "IMS-CC"):
        assert gone not in text.html
    assert [names[one.file] for one in page.attachments] == ["form.pdf"]
    assert form.document == page.attachments[0].file
    assert link.link == "https://example.org/law"
    assert isinstance(old.blocks[0], parts.RichText)
    assert "http://example.org/old" in old.blocks[0].html
    assert isinstance(talk.blocks[0], parts.RichText)
    assert "<b>why</b>" in talk.blocks[0].html
    assert names[sheet.attachments[0].file] == "sheet.csv"


def test_the_report_says_what_becomes_of_everything(tmp_path: Path) -> None:
    report = plan(cartridges.usual(tmp_path / "a.imscc", "1.3")).report()
    said = {(one.sort, one.file, one.words) for one in report.findings}
    left_out = {words.partition(":")[0] for sort, _, words in said if sort == "left_out"}
    assert left_out == {"“Quiz”", "“Tool”", "“Lesson plan”", "“Gone”", "No lesson shows 1 file (19 bytes)"}
    assert any("comes with quizzes" in words or "Quizzes are imported when" in words for _, _, words in said)
    cleaned = {
        (one.words, one.line) for one in report.findings if one.sort == "cleaned" and one.file == "web/reading.html"
    }
    assert cleaned == {
        ("<style> was taken out.", 2),
        ("onload was taken out.", 3),
        ("<a> was taken out, 4 times.", 5),
        ("a script as href of <a> was taken out.", 7),
        ("<script> was taken out.", 8),
    }
    assert any("next.html cannot be kept" in words for _, _, words in said)
    assert all(one.line for one in report.findings if one.file == "imsmanifest.xml")


@pytest.mark.parametrize(
    ("page", "gone"),
    [
        ("<svg onload=alert(1)><p>x</p></svg>", "svg"),
        ("<iframe src='https://example.org'></iframe><p>x</p>", "iframe"),
        ("<p>x</p><img src=x onerror=alert(1)>", "onerror"),
        ("<p>x</p><object data='javascript:alert(1)'></object>", "object"),
        ("<p>x<a href=' java\tscript:alert(1)'>y</a></p>", "script"),
        ("<meta http-equiv=refresh content='0;url=//example.org'><p>x</p>", "refresh"),
    ],
    ids=["svg", "iframe", "onerror", "object", "javascript", "refresh"],
)
def test_hostile_pages_are_cleaned(tmp_path: Path, page: str, gone: str) -> None:
    path = cartridges.cartridge(tmp_path / "a.imscc", "1.2", [Item("P", "p")], [webcontent("p", "p.html", page)])
    block = next(plan(path).document.lessons()).blocks[0]
    assert isinstance(block, parts.RichText)
    assert gone not in block.html
    assert "x" in block.html


def test_references_out_of_the_package_lead_nowhere(tmp_path: Path) -> None:
    resource = webcontent(
        "p",
        "web/p.html",
        '<p>x</p><img src="../../../etc/passwd"><img src="/etc/passwd"><img src="https://example.org/x.png">',
    )
    text = plan(cartridges.cartridge(tmp_path / "a.imscc", "1.1", [Item("P", "p")], [resource])).document
    assert text.files == []


def test_a_cartridge_without_anything_to_learn_is_refused(tmp_path: Path) -> None:
    path = cartridges.cartridge(
        tmp_path / "a.imscc", "1.1", [Item("Gone", "nowhere")], [webcontent("p", "p.html", "x")]
    )
    with pytest.raises(Refused, match="Nothing in this cartridge can become a lesson"):
        plan(path)


def test_what_lies_beside_folders_and_deep_in_them_keeps_its_order(tmp_path: Path) -> None:
    resources = [webcontent(f"r{n}", f"{n}.pdf", PDF + bytes([65 + n])) for n in range(5)]
    items = [
        Item("Before", "r0"),
        Item(
            "Unit",
            children=[
                Item("A", "r1"),
                Item("Deep", children=[Item("Deeper", children=[Item("B", "r2")])]),
                Item("C", "r3"),
            ],
        ),
        Item("After", "r4"),
    ]
    found = plan(cartridges.cartridge(tmp_path / "a.imscc", "1.1", items, resources))
    assert [(m.title, [one.title for one in m.lessons]) for m in found.document.modules] == [
        ("Claims handling", ["Before"]),
        ("Unit", ["A", "Deep: Deeper: B", "C"]),
        ("Claims handling", ["After"]),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "scorm12-RuntimeBasicCalls_SCORM12.zip",
        "scorm2004-RuntimeBasicCalls_SCORM20043rdEdition.zip",
        "scorm12-MalformedXml_SCORM12.zip",
    ],
)
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample packages are not here")
def test_packages_of_other_kinds_are_named(name: str) -> None:
    with pytest.raises((Refused, UnpackError), match=r"SCORM|imsmanifest.xml, line|Line"):
        plan(SAMPLES / name)


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.parent.rglob("*.imscc")) or [None], ids=lambda path: path.name if path else "none"
)
def test_real_cartridges_are_read(path: Path | None) -> None:
    if path is None:
        pytest.skip("no sample cartridges are here")
    assert plan(path).report().lessons

"""The manifest of each version, and the files beside it."""

from __future__ import annotations

import pytest

from collegium.standards.cc import protocol
from collegium.standards.cc.protocol import CartridgeError
from tests.features.exchange.cartridges import VERSIONS, Item, Resource, link, manifest, topic, webcontent


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_read(version: str) -> None:
    resources = [
        webcontent("r1", "a%20b/page.html", "x"),
        link("r2", "Law", "https://example.org/"),
        topic("r3", "Talk", "x"),
    ]
    items = [Item("One", children=[Item("Page", "r1"), Item("Link", "r2")]), Item("Talk", "r3"), Item("Lost", "r9")]
    found = protocol.parse_manifest(manifest(version, items, resources).encode())
    assert (found.version, found.title, found.description, found.keywords) == (
        version,
        "Claims handling",
        "How a claim is handled.",
        ["claims"],
    )
    assert [(item.title, [child.resource for child in item.children]) for item in found.items] == [
        ("One", ["r1", "r2"]),
        ("Talk", []),
        ("Lost", []),
    ]
    assert {name: one.kind for name, one in found.resources.items()} == {"r1": "content", "r2": "link", "r3": "topic"}
    assert found.resources["r1"].href == "a b/page.html"
    assert [note.words for note in found.notes] == ["This item names a resource that is not there (r9)."]
    assert found.notes[0].line > 1


def test_base_addresses_add_up() -> None:
    text = manifest("1.1", [Item("One", "r")], [webcontent("r", "page.html", "x")])
    text = text.replace("<resources>", '<resources xml:base="content/">').replace(
        "<resource ", '<resource xml:base="one/" '
    )
    assert protocol.parse_manifest(text.encode()).resources["r"].href == "content/one/page.html"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("imsccv1p1/imscp_v1p1", "imscc/imscp_v1p1"), r"Common Cartridge 1\.0"),
        (("imsccv1p1/imscp_v1p1", "imscp_v1p1"), r"not that of a Common Cartridge 1\.1, 1\.2 or 1\.3"),
        (("<schema>IMS Common Cartridge", "<schema>ADL SCORM"), "SCORM package"),
        (("<organizations>", '<authorizations access="cartridge"/><organizations>'), "protected"),
        (("<resource ", '<resource protected="true" '), "protected"),
        (("<manifest", "<package><manifest"), "not well-formed"),
        (("<organizations>", "<!DOCTYPE x>"), "not well-formed|document type"),
    ],
    ids=["1.0", "content package", "scorm", "authorization", "protected resource", "broken", "document type"],
)
def test_what_is_not_read_is_said(change: tuple[str, str], words: str) -> None:
    text = manifest("1.1", [Item("One", "r")], [webcontent("r", "page.html", "x")]).replace(*change, 1)
    with pytest.raises(CartridgeError, match=words):
        protocol.parse_manifest(text.encode())


def test_a_manifest_of_a_hundred_megabytes_is_refused() -> None:
    with pytest.raises(CartridgeError, match="8 MB are the most"):
        protocol.parse_manifest(b"<manifest>" + b" " * 100_000_000)


def test_an_outline_that_is_too_deep_is_refused() -> None:
    item = Item("End", "r")
    for _ in range(20):
        item = Item("Folder", children=[item])
    with pytest.raises(CartridgeError, match="16 levels"):
        protocol.parse_manifest(manifest("1.3", [item, Item("x", "r")], [webcontent("r", "p.html", "x")]).encode())


@pytest.mark.parametrize(
    ("base", "address", "path"),
    [
        ("web", "../files/a.pdf", "files/a.pdf"),
        ("web", "a%20b.png?x=1#y", "web/a b.png"),
        ("", "./a.png", "a.png"),
        ("web", "../../out", None),
        ("web", "/etc/passwd", None),
        ("web", "https://example.org/a", None),
        ("web", "//example.org/a", None),
        ("web", "javascript:alert(1)", None),
        ("web", "#top", None),
        ("web", "http://[bad", None),
    ],
)
def test_references(base: str, address: str, path: str | None) -> None:
    assert protocol.resolve(base, address) == path


def test_links_topics_and_tools() -> None:
    made = link("l", "Law & order", "https://example.org/?a=1&b=2")
    assert protocol.parse_link(made.files["l.xml"].replace(b"{v}", b"1")) == protocol.WebLink(
        "Law & order", "https://example.org/?a=1&b=2"
    )
    with pytest.raises(CartridgeError, match="no address"):
        protocol.parse_link(b"<webLink><title>x</title></webLink>")
    said = protocol.parse_topic(topic("t", "Talk", "<p>Why?</p>").files["t.xml"].replace(b"{v}", b"3"))
    assert (said.title, said.text, said.is_html) == ("Talk", "<p>Why?</p>", True)
    assert not protocol.parse_topic(b"<topic><title>T</title><text>plain</text></topic>").is_html
    tool = b"<cartridge_basiclti_link xmlns:b='urn:b'><b:title>T</b:title><b:launch_url>http://x/</b:launch_url></cartridge_basiclti_link>"
    assert protocol.parse_tool(tool) == protocol.WebLink("T", "http://x/")
    with pytest.raises(CartridgeError, match="<topic> was expected"):
        protocol.parse_topic(b"<webLink/>")


@pytest.mark.parametrize(
    ("attributes", "inside", "alone"),
    [
        (' intendeduse="lessonplan"', "", True),
        (' intendeduse="syllabus"', "", False),
        (
            "",
            "<metadata><lom><educational><intendedEndUserRole><value>Instructor</value></intendedEndUserRole></educational></lom></metadata>",
            True,
        ),
        (
            "",
            "<metadata><lom><educational><intendedEndUserRole><value>Learner</value></intendedEndUserRole><intendedEndUserRole><value>Instructor</value></intendedEndUserRole></educational></lom></metadata>",
            False,
        ),
    ],
    ids=["lesson plan", "syllabus", "instructor", "both"],
)
def test_what_is_for_instructors(attributes: str, inside: str, alone: bool) -> None:
    resource = Resource("r", "webcontent", {"p.html": b""}, "p.html", attributes, inside)
    found = protocol.parse_manifest(manifest("1.2", [Item("One", "r")], [resource]).encode())
    assert found.resources["r"].for_teachers is alone

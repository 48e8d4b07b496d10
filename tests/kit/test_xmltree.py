"""XML that somebody sent: elements know their line, and what could do harm is refused with words."""

from __future__ import annotations

import pytest

from collegium.kit.xmltree import XmlError, parse


def test_elements_know_where_they_stand() -> None:
    root = parse(b'<a xmlns="urn:x" xmlns:y="urn:y">\n <b y:c="1">one\n two</b>\n <b><d>three</d></b>\n</a>')
    assert (root.name, root.space, root.line) == ("a", "urn:x", 1)
    assert [(node.name, node.line, node.attributes) for node in root.all("b")] == [("b", 2, {"c": "1"}), ("b", 4, {})]
    assert root.words("b") == "one two"
    assert [node.name for node in root.walk()] == ["a", "b", "b", "d"]
    assert root.words("nothing", "there") == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'<!DOCTYPE a [<!ENTITY x "y">]>\n<a>&x;</a>', "Line 1: a document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a document type"),
        (
            b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><a/>',
            "Line 2: a document type",
        ),
        (b"<a>&nbsp;</a>", "not well-formed"),
        (b"<a>\n<b></a>", "Line 2: this is not well-formed XML at column 6"),
        (b"", "not well-formed"),
        (b"<a>" * 70, "more than 64 deep"),
        (b"<a>" + b" " * (8 << 20) + b"</a>", "8 MB are the most"),
        (b'<?xml version="1.0" encoding="latin-17"?><a/>', "encoding"),
        (b"<a>\xff\xff</a>", "not well-formed"),
    ],
    ids=["entity", "external", "parameter", "undeclared", "open", "empty", "deep", "large", "encoding", "bytes"],
)
def test_what_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(XmlError, match=words):
        parse(data)


def test_elements_are_counted() -> None:
    with pytest.raises(XmlError, match="too many elements"):
        parse(b"<a>" + b"<b/>" * 10 + b"</a>", most=10)
    assert len(parse(b"<a>" + b"<b/>" * 10 + b"</a>", most=11).children) == 10

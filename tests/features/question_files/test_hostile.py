"""Files that are none, or mean harm: refused in words, in bounded time, and nothing changes."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile
from pathlib import Path

import pytest

from collegium.features.question_files.detecting import understand
from collegium.features.question_files.drafts import to_bank
from collegium.features.question_files.model import Refused
from collegium.features.question_files.reporting import report
from collegium.kit.unpack import UnpackError
from tests.features.uploads.support import picture


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


LAUGHS = "<!DOCTYPE quiz [" + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10)) + "]>"
REFUSED = {
    "empty-zip": (b"PK\x05\x06" + b"\0" * 18, "The archive is empty"),
    "picture": (picture(), "not a text file"),
    "qti12": (b"<questestinterop/>", "This is QTI 1.2"),
    "page": (b"<?xml version='1.0'?><html/>", "web page"),
    "entities": (b'<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;</quiz>', "document type"),
    "broken": (b"<quiz><question>", "not well-formed"),
    "deep": (b"<quiz>" + b"<a>" * 400 + b"</a>" * 400 + b"</quiz>", "deep inside each other"),
    "utf16": ("<quiz><question></quiz>".encode("utf-16"), "not well-formed"),
    "comments": (b"// nothing but this\n", "No questions were found"),
    "manifest": (b"<manifest/>", "manifest of a package alone"),
    "laughs": (f'<?xml version="1.0"?>{LAUGHS}<quiz>&l9;</quiz>'.encode(), "document type"),
    "outside": (b'<?xml version="1.0"?><!DOCTYPE quiz SYSTEM "file:///etc/passwd"><quiz/>', "document type"),
    "up": (zipped({"../questions.gift": b"What?{T}"}), "leads out of the archive"),
    "bomb": (zipped({"questions.gift": b"a" * 100_000_000}), "times as large"),
    "folder": (zipped({"bank/imsmanifest.xml": b"<manifest/>"}), "Zip what is in that folder"),
    "large": (b"What? {" + b"a" * 40_000_000, "larger than 32 MB"),
    "large-text": (b"What? {" + b"a" * 9_000_000, "are the most"),
    "nothing-known": (zipped({"photo.png": b"x"}), "no file with questions"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED)
def test_what_holds_no_questions_is_refused_in_words(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(data)
    with pytest.raises((Refused, UnpackError)) as refused:
        understand(path, "given")
    assert words in str(refused.value), str(refused.value)


BIG = 1_000_000
SLOW = {
    "formulas": b"A " + b"\\\\(" * (BIG // 3) + b"{T}",
    "tags": b"[html]" + b"<a" * (BIG // 2) + b"{T}",
    "comments": b"[html]" + b"<!--" * (BIG // 4) + b"{T}",
    "links": b"[markdown]" + b"[" * BIG + b"{T}",
    "stars": b"[markdown]" + b"*a" * (BIG // 2) + b"{T}",
    "braces": b"What? {=a\n\n" * (BIG // 12),
    "lines": b"What? {=a\n" + b"\nb\n" * (BIG // 3) + b"}",
    "answers": b"What? {" + b"~a" * (BIG // 2) + b"}",
    "images": b"[html]" + b'<img alt="' * (BIG // 10) + b"{T}",
    "cells": b"type,question\n" + b'essay,"' + b'a"' * (BIG // 2),
    "columns": b"type,question" + b",x" * 200_000 + b"\nessay,What?" + b",y" * 200_000,
    "cloze": b"<quiz><question type='cloze'><questiontext><text>" + b"{1:SA:" * (BIG // 6) + b"</text></questiontext></question></quiz>",
    "plugin": b"<quiz><question type='essay'><questiontext><text>" + b"@@PLUGINFILE@@/a " * (BIG // 17) + b"</text></questiontext></question></quiz>",
    "dollars": b"<quiz><question type='essay'><questiontext><text>" + b"$$" * (BIG // 2) + b"</text></questiontext></question></quiz>",
    "pattern": b"Which? {=" + b"*a" * 300 + b"}",
}  # fmt: skip


@pytest.mark.parametrize("data", SLOW.values(), ids=SLOW)
def test_no_text_takes_long(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(data)
    began = time.process_time()
    try:
        reading = understand(path, "given")
        report(reading, {})
    except Refused:
        pass
    took = time.process_time() - began
    assert took < 4, took


STRANGE = {
    "options": '{"options": "abc"}',
    "numbers": '{"options": [1, 2], "correct": {"selected": "a"}}',
    "nested": '{"options": [{"id": "a", "text": {"x": 1}}], "correct": {"selected": "a"}}',
    "key": '{"options": [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}], "correct": {"selected": ["a"]}}',
    "shares": '{"options": [{"id": "a", "text": "x"}, {"id": "b", "text": "y"}], "correct": {"selected": "a", "shares": []}}',
    "feedback": '{"options": [], "feedback": {"a": 3}}',
    "deep": "[" * 5000 + "]" * 5000,
}


@pytest.mark.parametrize("more", STRANGE.values(), ids=STRANGE)
def test_a_strange_key_costs_its_question_alone(more: str, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    cell = more.replace('"', '""')
    path.write_text(f'type,question,more\nmultiple_choice,What?,"{cell}"\nessay,Still?,\n')
    told, _ = report(understand(path, "given.csv"), {})
    assert [one.type for one in told.questions] == [None, "essay"]
    assert told.questions[0].notes


@pytest.mark.parametrize("points", ['"NaN"', '"-1"', '"1e9"'])
def test_a_strange_file_beside_an_item_costs_its_question_alone(points: str, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    text = '<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"/>'
    digest = hashlib.sha256(text.encode()).hexdigest()
    question = f'{{"type": "essay", "text": "<p>x</p>", "points": {points}}}'
    beside = f'{{"a.xml": {{"sha256": "{digest}", "question": {question}}}, "b.xml": {{"sha256": "{digest}", "question": 3}}}}'
    one = '<resource identifier="{0}" type="imsqti_item_xmlv3p0" href="{0}.xml"/>'
    manifest = f"<manifest><resources>{one.format('a')}{one.format('b')}</resources></manifest>"
    path.write_bytes(
        zipped(
            {
                "imsmanifest.xml": manifest.encode(),
                "a.xml": text.encode(),
                "b.xml": text.encode(),
                "collegium.json": beside.encode(),
            }
        )
    )
    told, _ = report(understand(path, "given"), {})
    assert [one.type for one in told.questions] == [None, None]


def test_script_in_a_question_does_not_reach_the_bank(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(
        b'[html]<p onclick\\="x()">Who<script>x()</script><img src\\=x onerror\\=x()></p>{'
        b'=<a href\\="javascript\\:x()">me</a>#<b onclick\\="x()">yes</b><script>x()</script> ~<iframe src\\="//evil.example"></iframe>you####<svg onload\\=x()></svg>so}'
    )
    draft = understand(path, "given").found[0].draft
    assert draft is not None
    made, lost = to_bank(draft)
    text = f"{made.question_html}{made.answer_options}{made.explanation}{made.option_feedback}"
    for word in ("script", "onclick", "onerror", "javascript", "iframe", "svg", "evil"):
        assert word not in text, text
    assert made.option_feedback == {"a": "<b>yes</b>"}
    assert any("script" in words for words in lost)


def test_letters_of_old_windows_are_told(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes("Größe – wie groß?{T}".encode("cp1252"))
    reading = understand(path, "given")
    assert reading.found[0].draft is not None
    assert reading.found[0].draft.text == "<p>Größe – wie groß?</p>"
    assert reading.remarks[0].words.startswith("The file was read as Windows-1252")

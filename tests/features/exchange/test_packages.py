"""Our own package: what is written is read again, byte for byte; what was changed, or is hostile, is refused in words."""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import nh3
import pytest
from hypothesis import HealthCheck, given, settings

from collegium.features.exchange import format, packages, parts
from collegium.features.exchange.parts import Document
from collegium.features.exchange.plan import Plan, Refused
from collegium.features.exchange.zipping import Changed, Outgoing
from collegium.kit.unpack import open_archive
from tests.features.exchange.cartridges import PDF, POINT
from tests.features.exchange.documents import content, documents, outgoing, pack, small

SCHEMA = Path(__file__).parents[3] / "docs" / "standards" / "course-package.schema.json"
FILES = [outgoing("f1", "point.png", POINT), outgoing("f2", "form.pdf", PDF)]


def clean(html: str) -> str:
    """A cleaner for tests: a few tags, and pictures of this site."""
    return nh3.clean(html, tags={"p", "b", "img"}, attributes={"img": {"src", "alt"}})


def plan(path: Path) -> Plan:
    """What an import would do."""
    with open_archive(path) as archive:
        return packages.plan(archive, clean)


def repack(path: Path, **changes: Any) -> Path:
    """The same package with its document, or some of its files, changed by functions of their bytes."""
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    for name, change in changes.items():
        entry = next(one for one in held if one.endswith(name.replace("__", ".")))
        held[entry] = change(held[entry])
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    return path


def edited(**fields: Any) -> Any:
    """A change of the document: values at paths such as course__title."""

    def change(data: bytes) -> bytes:
        document = json.loads(data)
        for path, value in fields.items():
            *above, last = path.split("__")
            place = document
            for one in above:
                place = place[int(one)] if one.isdigit() else place[one]
            if value is None:
                del place[last]
            else:
                place[last] = value
        return json.dumps(document).encode()

    return change


def test_the_schema_in_the_documents_is_the_one_that_is_read() -> None:
    assert json.loads(SCHEMA.read_text()) == json.loads(msgspec.json.encode(format.schema())), (
        "write docs/standards/course-package.schema.json anew: python -m tests.features.exchange.test_packages"
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_what_is_written_is_read_again(made: tuple[Document, list[Outgoing]]) -> None:
    document, files = made
    with tempfile.TemporaryDirectory() as folder:
        first = pack(document, files, Path(folder) / "1.zip")
        with open_archive(first) as archive:
            found = packages.plan(archive, lambda html: html)
            data = {file.id: archive.read(found.entries[file.id], 10_000) for file in found.document.files}
        assert msgspec.structs.replace(found.document, files=[]) == document
        text = zipfile.ZipFile(first).read(format.DOCUMENT)
        jsonschema_rs.validator_for(format.schema()).validate(json.loads(text))
        # What was read goes out again as the same bytes.
        again = [
            Outgoing(
                id=one.id,
                filename=one.filename,
                ending="bin",
                bytes=one.bytes,
                sha256=one.sha256,
                open=lambda d=data[one.id]: content(d),
            )
            for one in found.document.files
        ]
        assert pack(found.document, again, Path(folder) / "2.zip").read_bytes() == first.read_bytes()


def test_a_report_says_what_there_is(tmp_path: Path) -> None:
    report = plan(pack(small(), FILES, tmp_path / "a.zip")).report()
    assert (report.kind, report.title, report.lessons, report.file_count) == ("collegium", "Claims", 2, 2)
    assert report.bytes == len(POINT) + len(PDF)
    assert [(file.name, file.bytes) for file in report.files] == [("form.pdf", len(PDF)), ("point.png", len(POINT))]
    assert report.types == [("text", 1), ("pdf", 1)]
    assert report.modules[0].lessons[1].details == "1 attachment"
    assert report.findings == []


def test_one_content_is_written_once(tmp_path: Path) -> None:
    path = pack(small(), [FILES[0], outgoing("f2", "same.png", POINT)], tmp_path / "a.zip")
    assert len(zipfile.ZipFile(path).namelist()) == 2
    assert len(plan(path).document.files) == 2


def test_a_file_that_changed_ends_the_package(tmp_path: Path) -> None:
    lying = msgspec.structs.replace(FILES[0], sha256=hashlib.sha256(b"other").hexdigest())
    with pytest.raises(Changed):
        pack(small(), [lying, FILES[1]], tmp_path / "a.zip")
    with pytest.raises(Exception, match=r"not whole|not a zip"):
        plan(tmp_path / "a.zip")


def test_scripts_in_text_are_taken_out_and_told(tmp_path: Path) -> None:
    html = '<p onclick="x()">Hello</p>\n<script>alert(1)</script><img src="collegium-file:f1" alt="a"><img src="/files/0b62cd1e-27e2-4f03-a03d-4dd0ee0b0c9e">'
    document = small()
    lesson = msgspec.structs.replace(document.modules[0].lessons[0], blocks=[parts.RichText(html=html)])
    module = msgspec.structs.replace(document.modules[0], lessons=[lesson, document.modules[0].lessons[1]])
    found = plan(pack(msgspec.structs.replace(document, modules=[module]), FILES, tmp_path / "a.zip"))
    text = next(found.document.lessons()).blocks[0]
    assert isinstance(text, parts.RichText)
    assert "script" not in text.html
    assert "onclick" not in text.html
    assert 'src="collegium-file:f1"' in text.html
    assert [(one.sort, one.line, one.words) for one in found.findings] == [
        ("cleaned", 1, "Lesson “Reading”: onclick was taken out."),
        ("cleaned", 2, "Lesson “Reading”: <script> was taken out."),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"json": lambda _: b"{"}, "cannot be read"),
        ({"json": lambda _: b'{"format": "other"}'}, "is not a course"),
        ({"json": edited(version=2)}, "version 2 of the format, and this site reads version 1. A newer Collegium"),
        ({"json": edited(surprise=1)}, "unknown field `surprise`"),
        ({"json": edited(course__title="")}, "course.title"),
        ({"json": edited(course__category="cooking")}, "course.category"),
        ({"json": edited(course__price="NaN")}, "price is not a number"),
        ({"json": edited(modules__0__lessons__0__type="scorm")}, r"modules\[0\].lessons\[0\].type"),
        ({"json": edited(modules__0__lessons__1__unlock_after="l9")}, "waits for l9, which is not there"),
        ({"json": edited(modules__0__lessons__0__unlock_after="l2")}, "waits for itself"),
        ({"json": edited(modules__0__lessons__0__unlock_date="2026-01-01T00:00:00")}, "unlock_date"),
        ({"json": edited(modules__0__lessons__1__document="f7")}, "file f7 is used and not listed"),
        ({"json": edited(modules__0__lessons__0__completion_criteria="video_watched")}, "is no video lesson"),
        ({"json": edited(files__0__bytes=7)}, "has .* bytes, and collegium-course.json says 7"),
        ({"json": edited(files__0__path="files/../../etc/passwd")}, r"files\[0\].path"),
        ({"png": lambda data: data[:-1] + b"\x00"}, "its SHA-256 is another"),
    ],
    ids=[
        "broken", "other format", "newer", "unknown field", "no title", "category", "price", "type", "lost reference", "circle",
        "no zone", "lost file", "criterion", "size", "path", "checksum",
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = repack(pack(small(), FILES, tmp_path / "a.zip"), **change)
    with pytest.raises(Refused, match=words):
        plan(path)


def test_a_missing_file_and_a_foreign_one(tmp_path: Path) -> None:
    path = pack(small(), FILES, tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("notes.txt", "x")
    assert [one.file for one in plan(path).findings] == ["notes.txt"]
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if not name.endswith(".pdf")}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)
    with pytest.raises(Refused, match=r"“form.pdf” is listed .* and is not in the package"):
        plan(path)


def _film(playlist: bytes) -> tuple[Document, list[Outgoing]]:
    document = small()
    prepared = parts.Prepared(
        playlist="hls/index.m3u8", poster=None, variants=[],
        files=[parts.Rendition(path="hls/index.m3u8", file="p"), parts.Rendition(path="hls/a/one.ts", file="s")],
    )  # fmt: skip
    video = parts.Video(provider="upload", prepared=prepared, duration=60)
    lesson = parts.Lesson(id="l3", title="Film", type="video", completion_criteria="video_watched", video=video)
    module = msgspec.structs.replace(document.modules[0], lessons=[*document.modules[0].lessons, lesson])
    files = [*FILES, outgoing("p", "index.m3u8", playlist), outgoing("s", "one.ts", b"G" * 188)]
    return msgspec.structs.replace(document, modules=[module]), files


@pytest.mark.parametrize(
    "line",
    [
        "https://example.org/track.ts",
        "../../../other.ts",
        "//example.org/x.ts",
        '#EXT-X-KEY:METHOD=AES-128,URI="https://example.org/k"',
        "two.ts",
    ],
    ids=["elsewhere", "outside", "other host", "key", "missing"],
)
def test_a_playlist_names_its_own_files_only(tmp_path: Path, line: str) -> None:
    good = b"#EXTM3U\n#EXTINF:4,\na/one.ts\n"
    assert plan(pack(*_film(good), tmp_path / "good.zip")).report().lessons == 3
    with pytest.raises(Refused, match="which is not in the package"):
        plan(pack(*_film(good + line.encode() + b"\n"), tmp_path / "bad.zip"))


if __name__ == "__main__":
    SCHEMA.write_bytes(msgspec.json.format(msgspec.json.encode(format.schema()), indent=2) + b"\n")

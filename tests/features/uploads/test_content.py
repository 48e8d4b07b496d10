"""What a file is, is seen by its content: hostile files are refused in words, or cleaned."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from collegium.features.uploads import inspection
from collegium.features.uploads.model import PURPOSES, Refused
from collegium.features.uploads.names import clean, with_extension
from tests.features.uploads.support import picture, put, send
from tests.support.people import Person
from tests.support.site import Client

HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
)


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that unpacks to a picture of the size."""

    def part(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + b"\x01\0\0\0\0"
    rows = zlib.compress(bytes(1 + (width + 7) // 8) * min(height, 1000), 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def office(**more: bytes) -> bytes:
    return zipped(**{"[Content_Types].xml": b"<Types/>", "word__document.xml": b"<w/>", **more})


def gif_and_script() -> bytes:
    """A GIF whose size is a JavaScript comment: `GIF89a/*…*/=1;alert(1)`."""
    return b"GIF89a/*\0\0\0\0\0" + picture(form="GIF")[13:] + b"*/=1;alert(1)"


REFUSED: dict[str, tuple[str, bytes, str, str]] = {
    "script as picture": ("lesson_image", b"#!/bin/sh\nrm -rf /\n", "photo.png", "a program"),
    "page as film": ("lesson_video", HTML, "lesson.mp4", "a web page"),
    "page after blanks": ("attachment", b"\n\n   " + HTML, "notes.txt", "a web page"),
    "script as text": ("attachment", b"alert(1)", "notes.js", "scripts are not taken"),
    "drawing with script": ("lesson_image", SVG, "logo.svg", "SVG drawings can carry scripts"),
    "drawing as png": ("lesson_image", SVG, "logo.png", "SVG drawings can carry scripts"),
    "program": ("attachment", b"MZ" + bytes(100), "setup.pdf", "a program"),
    "nothing known": ("lesson_video", bytes(range(256)) * 8, "film.mp4", "cannot be seen"),
    "empty picture": ("lesson_image", b"\x89PNG\r\n\x1a\n", "a.png", "damaged"),
    "many pixels": ("lesson_image", bomb(20_000, 20_000), "a.png", "too many pixels"),
    "endless pixels": ("lesson_image", bomb(2_000_000, 2_000_000), "a.png", "too many pixels"),
    "half a picture": ("lesson_image", picture(600, 600, "JPEG")[:900], "a.jpg", "damaged"),
    "film as picture": ("lesson_image", b"\0\0\0\x20ftypisom" + bytes(100), "a.png", "This is a video"),
    "picture as film": ("lesson_video", picture(), "a.mp4", "This is a picture"),
    "PDF and page": ("lesson_pdf", PDF.replace(b"\n", b"\n%<html><script>1</script>\n", 1), "a.pdf", "besides"),
    "page before PDF": ("lesson_pdf", HTML + PDF, "a.pdf", "a web page"),
    "archive after PDF": ("lesson_pdf", PDF + zipped(a=b"1"), "a.pdf", "besides"),
    "PDF with script": (
        "lesson_pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(1)>>"), "a.pdf", "a script",
    ),
    "PDF that starts a program": (
        "lesson_pdf", PDF.replace(b"/Type/Page/", b"/Type/Page/AA<</O<</S/Launch/F(cmd)>>>>/"), "a.pdf", "a program",
    ),
    "PDF cut off": ("lesson_pdf", PDF[:120], "a.pdf", "cut off"),
    "PDF of nothing": ("lesson_pdf", b"%PDF-1.4\n%%EOF\n", "a.pdf", "damaged"),
    "text as PDF": ("lesson_pdf", b"Good morning", "a.pdf", "This is a text"),
    "archive as attachment": ("attachment", zipped(a=b"1"), "a.docx", "Archives are not taken"),
    "macros": ("attachment", office(**{"word__vbaProject.bin": b"1"}), "a.docx", "macros"),
    "way out of the archive": ("package", zipped(**{"..__..__etc__passwd": b"1"}), "a.zip", "out of its folder"),
    "archive bomb": ("package", zipped(a=bytes(120_000_000)), "a.zip", "far more"),
    "something before the archive": ("package", HTML + zipped(a=b"1"), "a.zip", "a web page"),
    "picture and archive": ("package", picture(form="JPEG") + zipped(a=b"1"), "a.zip", "This is a picture"),
    "old Office": ("attachment", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc", "old Office"),
    "latin text": ("attachment", "Größe".encode("latin-1"), "a.txt", "UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_words(case: str, tmp_path: Path) -> None:
    purpose, data, name, words = REFUSED[case]
    path = tmp_path / "sent"
    path.write_bytes(data)
    with pytest.raises(Refused) as refused:
        inspection.inspect(path, name, purpose, tmp_path)
    assert words in refused.value.detail
    assert refused.value.detail.endswith(".")


POLYGLOTS: dict[str, bytes] = {
    "GIF and script": gif_and_script(),
    "JPEG and archive": picture(form="JPEG") + zipped(a=b"<script>alert(1)</script>"),
    "JPEG and page": picture(form="JPEG", comment=b"<html><script>alert(1)</script>") + HTML,
    "PNG and page": picture() + HTML,
    "WebP and page": picture(form="WEBP") + HTML,
}


@pytest.mark.parametrize("case", POLYGLOTS)
def test_pictures_lose_what_is_no_picture(case: str, tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(POLYGLOTS[case])
    found = inspection.inspect(path, "photo.png", "lesson_image", tmp_path)
    cleaned = (tmp_path / str(found.cleaned)).read_bytes()
    assert b"alert" not in cleaned
    assert b"PK\x03\x04" not in cleaned
    with Image.open(io.BytesIO(cleaned)) as image:
        image.load()
        assert not image.getexif()


def test_where_a_picture_was_taken_is_not_passed_on(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "At home, Elm Street 5"
    exif[0x0112] = 6  # lies on its side
    path = tmp_path / "sent"
    path.write_bytes(picture(40, 20, "JPEG", exif=exif))
    found = inspection.inspect(path, "a.jpg", "thumbnail", tmp_path)
    assert (found.width, found.height) == (20, 40)
    assert b"Elm" not in (tmp_path / "cleaned").read_bytes()


def test_moving_pictures_still_move(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "green", "blue")]
    path = tmp_path / "sent"
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:], duration=200)
    inspection.inspect(path, "a.gif", "lesson_image", tmp_path)
    with Image.open(tmp_path / "cleaned") as image:
        assert getattr(image, "n_frames", 1) == 3


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "sent"
    path.write_bytes(bomb(16_000, 16_000))
    began = time.process_time()
    with pytest.raises(Refused):
        inspection.inspect(path, "a.png", "lesson_image", tmp_path)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("annual\x00re\nport\x1b[31m.pdf", "annualreport[31m.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200bb\u2066c.png", "abc.png"),
        ("..", "file"),
        ("", "file"),
        ("  .hidden. ", "hidden"),
        ('a<b>:"c|d?*.png', "a_b___c_d__.png"),
        ("x" * 500 + ".docx", "x" * 195 + ".docx"),
        ("Pru\u0308fung.pdf", "Pr\u00fcfung.pdf"),
    ],
    ids=["up", "up in Windows", "control", "turned", "unseen", "dots", "nothing", "edges", "signs", "long", "NFC"],
)
def test_names(given: str, kept: str) -> None:
    assert clean(given) == kept


def test_a_name_tells_what_the_file_is() -> None:
    assert with_extension("photo.mp4", "png") == "photo.png"
    assert with_extension("photo.JPEG", "jpg") == "photo.JPEG"
    assert with_extension("notes", "pdf") == "notes.pdf"


@pytest.fixture
def teacher(make_person: Callable[..., Person]) -> Person:
    return make_person("instructor")


async def test_the_way_of_a_picture(client: Client, teacher: Person) -> None:
    await client.login(teacher)
    sent = picture(64, 48) + HTML
    found = await send(client, sent, name="../x\u202egnp.exe", purpose="lesson_image")
    assert (found["state"], found["kind"], found["mime"]) == ("ready", "image", "image/png"), found
    assert found["filename"] == "xgnp.png"
    served = await client.get(found["url"])
    assert served.status_code == 200
    assert served.headers["content-type"] == "image/png"
    assert b"script" not in served.content
    assert len(served.content) == found["bytes"]
    small = await client.get(found["url"] + "/thumbnail")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    assert list((client.site.settings.data_dir / "uploads").iterdir()) == []


async def test_refused_by_the_first_bytes_and_at_the_end(client: Client, teacher: Person) -> None:
    await client.login(teacher)
    early = await send(client, HTML + bytes(20_000), name="lesson.mp4", purpose="lesson_video")
    assert early["code"] == "refused_file"
    assert "a web page" in early["detail"]
    late = await send(client, b"\0\0\0\x20ftypisom" + bytes(20_000), name="lesson.mp4", purpose="lesson_video")
    assert late["state"] == "refused"
    assert "cannot be read as a video" in late["refusal"]
    assert (await client.get(late["url"])).status_code == 404


@pytest.mark.parametrize(
    ("purpose", "name", "data", "kind", "mime"),
    [
        ("lesson_pdf", "plan.pdf", PDF, "document", "application/pdf"),
        ("attachment", "plan.txt", "Größe\n".encode(), "document", "text/plain"),
        ("captions", "en.vtt", b"WEBVTT\n\n00:00.000 --> 00:02.000\nHello\n", "captions", "text/vtt"),
        ("package", "course.zip", zipped(a=b"1"), "archive", "application/zip"),
    ],
    ids=["pdf", "text", "captions", "package"],
)
async def test_a_file_of_the_server(
    site: Any, teacher: Person, tmp_path: Path, purpose: str, name: str, data: bytes, kind: str, mime: str
) -> None:
    made = await put(site, teacher, data, tmp_path, name=name, purpose=purpose)
    assert (made.kind, made.mime_type, made.state, made.owner_id) == (kind, mime, "ready", teacher.id)
    assert await site.storage.get(made.storage_key) == data


async def test_captions_that_do_not_parse(site: Any, teacher: Person, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Line 3"):
        await put(site, teacher, b"WEBVTT\n\n00:00 -> 1\nHello\n", tmp_path, name="en.vtt", purpose="captions")


assert set(PURPOSES) >= {case[0] for case in REFUSED.values()}

"""Looks into one file, in a process of its own with little room: what a hostile file breaks here breaks nothing else.

``python -m collegium.features.uploads.inspection PATH NAME PURPOSE FOLDER`` prints a Finding or a refusal as JSON. What
was written anew, and a small picture, lie in FOLDER afterwards.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import msgspec

from collegium.features.uploads import signatures
from collegium.features.uploads.model import PURPOSES, Purpose, Refused
from collegium.features.uploads.names import split

MEMORY = 3 * 1024**3
CPU_S = 180
_MIMES = {
    "png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska",
    "avi": "video/x-msvideo", "wmv": "video/x-ms-wmv", "mpg": "video/mpeg", "ts": "video/mp2t", "flv": "video/x-flv",
    "ogv": "video/ogg", "mp3": "audio/mpeg", "m4a": "audio/mp4", "wav": "audio/wav", "ogg": "audio/ogg",
    "flac": "audio/flac", "pdf": "application/pdf", "zip": "application/zip",
}  # fmt: skip
_CALLED = {
    "html": "a web page",
    "svg": "an SVG drawing",
    "program": "a program",
    "office_old": "an old Office file",
    "pdf": "a PDF",
    "zip": "an archive",
    "image": "a picture",
    "video": "a video",
    "audio": "a sound",
    "text": "a text",
}


class Finding(msgspec.Struct, frozen=True):
    """What a file is. `cleaned` and `thumbnail` are names in the folder of the inspection; `moving`: for ffmpeg."""

    kind: str
    mime_type: str
    extension: str
    width: int | None = None
    height: int | None = None
    cleaned: str | None = None
    thumbnail: str | None = None
    moving: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What the process says: one of the two."""

    finding: Finding | None = None
    refusal: str | None = None


def first_look(head: bytes, name: str, purpose: Purpose) -> None:
    """Raises Refused when the first bytes already show that the rest need not come."""
    family, extension = signatures.sniff(head)
    if family == "svg":
        raise Refused("SVG drawings can carry scripts and are not taken. Save it as PNG and upload that.")
    if family in ("html", "program"):
        raise Refused(f"This is {_CALLED[family]}, whatever its name says. {_takes(purpose)}")
    if family == "office_old":
        raise Refused("Files of old Office versions are not taken. Save it as .docx, .xlsx or .pptx.")
    if extension == "heic":
        raise Refused("HEIC pictures cannot be shown in every browser. Save it as JPEG and upload that.")
    kinds = {
        "pdf": "document",
        "zip": "archive" if "archive" in purpose.kinds else "document",
        "text": "captions" if "captions" in purpose.kinds else "document",
    }
    kind = kinds.get(family, family)
    pdf_only = purpose is PURPOSES["lesson_pdf"]
    if kind in purpose.kinds and not (pdf_only and family != "pdf"):
        return
    what = f"This is {_CALLED[family]}. " if family in _CALLED else "What kind of file this is cannot be seen. "
    raise Refused(what + _takes(purpose))


def _takes(purpose: Purpose) -> str:
    return f"Taken here: {purpose.accepts}."


def inspect(path: Path, name: str, purpose_name: str, folder: Path) -> Finding:
    """What a file is, by reading it. Raises Refused with words for the person who sent it."""
    purpose = PURPOSES[purpose_name]
    with path.open("rb") as file:
        head = file.read(signatures.HEAD)
    if not head:
        raise Refused("This file is empty.")
    first_look(head, name, purpose)
    family, extension = signatures.sniff(head)
    if family == "image":
        return _image(path, folder)
    if family in ("video", "audio"):
        return Finding(family, _MIMES[extension], extension, moving=True)
    # The readers of documents are not loaded for the rest.
    from collegium.features.uploads import documents

    if family == "pdf":
        documents.check_pdf(path)
        return Finding("document", _MIMES["pdf"], "pdf")
    if family == "zip" and "archive" in purpose.kinds:
        names = documents.check_zip(path)
        if "document" not in purpose.kinds or "[Content_Types].xml" not in names:
            return Finding("archive", _MIMES["zip"], "zip")
    if family == "zip":
        extension, mime = documents.check_office(path)
        return Finding("document", mime, extension)
    if "captions" in purpose.kinds:
        return Finding("captions", "text/vtt", "vtt" if head.lstrip(b"\xef\xbb\xbf").startswith(b"WEBVTT") else "srt")
    extension, mime = documents.check_text(path, split(name)[1])
    return Finding("document", mime, extension)


def _image(path: Path, folder: Path) -> Finding:
    from collegium.features.uploads import images

    extension, width, height = images.clean(path, folder / "cleaned")
    small = images.thumbnail(folder / "cleaned", folder / "thumbnail.webp")
    thumbnail = "thumbnail.webp" if small else None
    return Finding("image", _MIMES[extension], extension, width, height, "cleaned", thumbnail)


def _restrain() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024**3, 1024**3))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def main() -> None:
    """The process: prints one Answer."""
    path, name, purpose, folder = sys.argv[1:5]
    _restrain()
    try:
        answer = Answer(finding=inspect(Path(path), name, purpose, Path(folder)))
    except Refused as refused:
        answer = Answer(refusal=refused.detail)
    except (MemoryError, RecursionError):
        answer = Answer(refusal="This file is too complicated to be checked, so it is not taken.")
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()

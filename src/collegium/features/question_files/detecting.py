"""Which format a file is in, by its content, and its questions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from collegium.features.question_files.model import Refused
from collegium.kit.unpack import Archive, Limits, open_archive, printable
from collegium.standards.gift import reader as gift
from collegium.standards.markup import decoded
from collegium.standards.moodle_xml import reader as moodle_xml
from collegium.standards.qti import package as qti
from collegium.standards.question_csv import reader as question_csv
from collegium.standards.questions import LARGEST_FILE, MOST_QUESTIONS, Embedded, FileError, Found, Reading, Remark

LIMITS = Limits(entries=10_000, total=1 << 30, one=200 << 20)
_ROOT = re.compile(
    r"\s*(?:<\?[^>]*>\s*|<!--(?:[^-]|-(?!->))*-->\s*|<!DOCTYPE[^>\[]*(?:\[[^\]]*\]\s*)?>\s*)*<([A-Za-z_][\w.:-]*)"
)
_KNOWN = (".gift", ".txt", ".xml", ".csv")
_FORMATS = "GIFT, Moodle XML, QTI 2.1, 2.2 or 3.0, or CSV"
_REFUSED = {
    "questestinterop": "This is QTI 1.2. Versions 2.1, 2.2 and 3.0 are read: export the questions as one of them.",
    "assessmentTest": "This is a test without its questions. Choose the package (.zip) that it came in.",
    "qti-assessment-test": "This is a test without its questions. Choose the package (.zip) that it came in.",
    "manifest": "This is the manifest of a package alone. Choose the package (.zip) that it came in.",
    "html": "This is a web page, not a file with questions.",
    "svg": "This is a picture, not a file with questions.",
}


def understand(path: Path, name: str) -> Reading:
    """The questions of a file. Raises Refused, UnpackError: nothing of it is taken then."""
    with path.open("rb") as file:
        head = file.read(4)
    if head in (b"PK\x03\x04", b"PK\x05\x06"):
        with open_archive(path, LIMITS) as archive:
            reading = _archive(archive)
    else:
        if path.stat().st_size > moodle_xml.LARGEST:
            raise Refused(
                f"The file is larger than {moodle_xml.LARGEST >> 20} MB. Divide it, or pack its parts as a zip."
            )
        reading = _text(path.read_bytes(), name)
    if not reading.found:
        raise Refused(f"No questions were found in it. A file with questions is in {_FORMATS}.")
    return reading


def save_picture(path: Path, embedded: Embedded, target: Path) -> None:
    """A picture of a file, whose path is given, as a file of its own. Raises UnpackError."""
    if embedded.entry:
        with open_archive(path, LIMITS) as archive:
            archive.write_to(embedded.entry, target)
    else:
        target.write_bytes(embedded.data)


def _text(data: bytes, name: str) -> Reading:
    read = _reader(data, name)
    try:
        return read(data)
    except FileError as problem:
        raise Refused(_with_line(problem)) from problem


def _with_line(problem: FileError) -> str:
    text = str(problem)
    return f"Line {problem.line}: {text}" if problem.line and not text.startswith("Line ") else text


def _reader(data: bytes, name: str) -> Callable[[bytes], Reading]:
    """What reads a file, by its first characters; raises Refused."""
    try:
        head, _ = decoded(data[:8192] if len(data) > 8192 else data)
    except ValueError as error:
        raise Refused(f"This is not a text file. Choose a file in {_FORMATS}.") from error
    head = head.lstrip("\ufeff \t\n")
    if head.startswith("<"):
        found = _ROOT.match(head)
        root = found[1].rpartition(":")[2] if found else ""
        if root == "quiz":
            return moodle_xml.read
        if root in ("assessmentItem", "qti-assessment-item"):
            return qti.read_item
        if root in _REFUSED:
            raise Refused(_REFUSED[root])
        # GIFT may begin with a tag of its first question.
        if head.startswith("<?xml") or name.lower().endswith(".xml"):
            raise Refused(
                f"This XML begins with <{root[:60]}>. Read are Moodle XML (<quiz>) and QTI (<assessmentItem>)."
            )
    first = next(line for line in head.split("\n", 3) if not line.lower().startswith("sep=")).lower()
    columns = set(re.split(r"[;,\t|]", first.replace('"', "").replace(" ", "_")))
    if name.lower().endswith(".csv") or {"type", "question"} <= columns:
        return question_csv.read
    return gift.read


def _archive(archive: Archive) -> Reading:
    if qti.MANIFEST in archive:
        try:
            return qti.read_package(set(archive.entries), archive.read)
        except FileError as problem:
            raise Refused(_with_line(problem)) from problem
    inside = next((entry for entry in archive.entries if entry.endswith(f"/{qti.MANIFEST}")), None)
    if inside:
        raise Refused(
            f"{qti.MANIFEST} lies in the folder “{printable(inside.rpartition('/')[0])}”."
            " Zip what is in that folder, not the folder."
        )
    names = sorted(entry for entry in archive.entries if entry.lower().endswith(_KNOWN) and "__MACOSX" not in entry)
    if not names:
        raise Refused(f"The zip holds no file with questions: {_FORMATS}.")
    return _joined([(name, _text(archive.read(name, _most(name)), name)) for name in names[:200]])


def _most(name: str) -> int:
    return moodle_xml.LARGEST if name.lower().endswith(".xml") else LARGEST_FILE


def _joined(given: list[tuple[str, Reading]]) -> Reading:
    """The questions of several files, numbered through."""
    found: list[Found] = []
    remarks: list[Remark] = []
    files: dict[str, Embedded] = {}
    for name, reading in given:
        place = printable(name)
        remarks += [msgspec.structs.replace(one, place=one.place or place) for one in reading.remarks]
        files |= reading.files
        for one in reading.found[: MOST_QUESTIONS - len(found)]:
            found.append(msgspec.structs.replace(one, number=len(found) + 1, place=place))
    formats = {reading.format for _, reading in given}
    if sum(len(reading.found) for _, reading in given) > len(found):
        remarks.append(Remark(f"Only the first {MOST_QUESTIONS:,} questions are read. Divide the file."))
    return Reading(format=formats.pop() if len(formats) == 1 else "several", found=found, remarks=remarks, files=files)

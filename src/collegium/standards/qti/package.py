"""QTI packages, read: the manifest (IMS Content Packaging, as QTI 2.1, 2.2 and 3.0 use it) and its items."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from collegium.kit.unpack import UnpackError
from collegium.kit.xmltree import Node
from collegium.standards.qti.item import read_item as read_question
from collegium.standards.qti.tree import root_of
from collegium.standards.questions import (
    LARGEST_FILE,
    MOST_QUESTIONS,
    Draft,
    Embedded,
    FileError,
    Found,
    Reading,
    Remark,
    Unreadable,
    attempt,
)

MANIFEST = "imsmanifest.xml"
KEPT = "collegium.json"
"""The file of a package that holds whole what its items cannot say, by the items' paths."""
LARGEST_KEPT = 64 << 20
ReadEntry = Callable[[str, int], bytes]
_VERSIONS = (("v3p0", "3.0"), ("v2p2", "2.2"), ("v2p1", "2.1"))
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif")


def read_item(data: bytes) -> Reading:
    """An item alone; raises FileError. Its pictures are not in the file."""
    root = root_of(data)

    def made(remarks: list[Remark]) -> Draft:
        def image(address: str, line: int) -> str:
            remarks.append(Remark(f"The picture “{address[:80]}” is not in the file.", line))
            return ""

        return read_question(root, image, remarks)

    found = attempt(1, root.line, made, name=root.attributes.get("title", ""))
    return Reading(format="qti", version=_version(root.space), found=[found])


def _version(text: str) -> str:
    return next((version for mark, version in _VERSIONS if mark in text), "")


class Kept(msgspec.Struct, frozen=True):
    """A question that its item cannot say, and the SHA-256 of that item."""

    sha256: str
    question: msgspec.Raw


class _Package:
    """A package while it is read."""

    def __init__(self, entries: set[str], read: ReadEntry) -> None:
        self.entries, self.read = entries, read
        self.files: dict[str, Embedded] = {}
        self.kept = self._kept()

    def _kept(self) -> dict[str, Kept]:
        if KEPT not in self.entries:
            return {}
        try:
            return msgspec.json.decode(self.read(KEPT, LARGEST_KEPT), type=dict[str, Kept])
        except (UnpackError, msgspec.DecodeError, RecursionError):
            # A file of that name that is not ours.
            return {}

    def whole(self, entry: str, data: bytes) -> Draft | None:
        """What we wrote beside an item, as long as the item is the one that we wrote."""
        kept = self.kept.get(entry)
        if kept is None or kept.sha256 != hashlib.sha256(data).hexdigest():
            return None
        try:
            return msgspec.json.decode(kept.question, type=Draft)
        except (msgspec.DecodeError, RecursionError):
            return None

    def image(self, place: str, remarks: list[Remark]) -> Callable[[str, int], str]:
        """What becomes of the pictures that an item names."""

        def address(given: str, line: int) -> str:
            entry = self.resolve(posixpath.dirname(place), given)
            if entry is None:
                remarks.append(Remark(f"The picture “{given[:80]}” is not in the package.", line))
                return ""
            if not entry.lower().endswith(_PICTURES):
                remarks.append(Remark(f"“{given[:80]}” is no picture that is taken, and was left out.", line))
                return ""
            key = hashlib.sha256(entry.encode()).hexdigest()[:32]
            self.files[key] = Embedded(posixpath.basename(entry), entry=entry)
            return f"import:{key}"

        return address

    def resolve(self, folder: str, address: str) -> str | None:
        """The entry that an address means; None for what is not in the package."""
        try:
            parts = urlsplit(address.strip())
        except ValueError:
            return None
        if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
            return None
        for path in (unquote(parts.path), parts.path):
            joined = posixpath.normpath(posixpath.join(folder, path))
            if joined in self.entries:
                return joined
        return None

    def item(self, place: int, entry: str, resource: Node) -> Found:
        """One item of it."""

        def made(remarks: list[Remark]) -> Draft:
            try:
                data = self.read(entry, LARGEST_FILE)
            except UnpackError as problem:
                raise Unreadable(str(problem)) from problem
            try:
                root = root_of(data)
            except FileError as problem:
                raise Unreadable(str(problem), problem.line) from problem
            image = self.image(entry, remarks)
            whole = self.whole(entry, data)
            if whole is not None:
                return _with_pictures(whole, self.image("", remarks))
            return read_question(root, image, remarks, _keywords(resource))

        name = resource.words("metadata", "lom", "general", "title", "string")
        return attempt(place, 0, made, name=name or posixpath.basename(entry), place=entry)


def read_package(entries: set[str], read: ReadEntry) -> Reading:
    """The items of a package, in the order of its manifest; raises FileError."""
    try:
        root = root_of(read(MANIFEST, LARGEST_FILE))
    except UnpackError as problem:
        raise FileError(str(problem)) from problem
    if root.name != "manifest":
        raise FileError(f"<manifest> was expected in {MANIFEST}, and <{root.name[:60]}> stands there.", root.line)
    package = _Package(entries, read)
    resources = (root.child("resources") or root).all("resource")
    types = [one.attributes.get("type", "") for one in resources]
    items = [one for one, type in zip(resources, types, strict=True) if type.startswith("imsqti_item")]
    if not items:
        if any("imsqti_xmlv1" in type for type in types):
            raise FileError(
                "Its questions are in QTI 1.2. Versions 2.1, 2.2 and 3.0 are read: export it as one of them."
            )
        raise FileError("The manifest lists no items of QTI 2.1, 2.2 or 3.0, so there are no questions.", root.line)
    remarks: list[Remark] = []
    if any(type.startswith(("imsqti_test", "imsqti_assessment")) for type in types):
        remarks.append(Remark("The test itself (order, sections, time) is not taken; its questions are."))
    if len(items) > MOST_QUESTIONS:
        remarks.append(
            Remark(f"Only the first {MOST_QUESTIONS:,} of {len(items):,} items are read. Divide the package.")
        )
    found: list[Found] = []
    for resource in items[:MOST_QUESTIONS]:
        href = resource.attributes.get("href", "")
        entry = package.resolve("", href)
        place = len(found) + 1
        if entry is None:
            why = Remark(f"The manifest names “{href[:80]}”, which is not in the package.", resource.line, MANIFEST)
            found.append(Found(number=place, line=resource.line, name=href[:80], draft=None, remarks=[why]))
        else:
            found.append(package.item(place, entry, resource))
    version = next((_version(type) for type in types if _version(type)), "")
    return Reading(format="qti", version=version, found=found, remarks=remarks, files=package.files)


def _keywords(resource: Node) -> list[str]:
    metadata = resource.child("metadata")
    return [one.words("string") or one.words() for one in metadata.walk() if one.name == "keyword"] if metadata else []


def _with_pictures(draft: Draft, image: Callable[[str, int], str]) -> Draft:
    """The draft with the pictures of the package in place of their addresses there."""

    def change(value: Any) -> Any:
        if isinstance(value, str) and "package:" in value:
            parts = value.split("package:")
            made = parts[0]
            for part in parts[1:]:
                path, mark, rest = part.partition('"')
                made += image(path, 0) + mark + rest
            return made
        if isinstance(value, list):
            return [change(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
        if isinstance(value, dict):
            return {name: change(one) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType]
        return value

    return msgspec.structs.replace(
        draft,
        text=change(draft.text),
        explanation=change(draft.explanation),
        options=change(draft.options),
        correct=change(draft.correct),
        feedback=change(draft.feedback),
    )

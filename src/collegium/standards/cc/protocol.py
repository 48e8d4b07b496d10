"""IMS Common Cartridge 1.1, 1.2 and 1.3: the manifest and the small XML files beside it, read and nothing else.

docs/standards/common-cartridge.md goes through the profile part by part and says what is read and what is not.
"""

from __future__ import annotations

import posixpath
import re
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from collegium.kit.xmltree import Node, XmlError, parse

MANIFEST = "imsmanifest.xml"
LARGEST = 8 << 20
"""Bytes of the manifest; of a file beside it ``LARGEST_PART``."""
LARGEST_PART = 2 << 20
DEEPEST_ITEM = 16

Kind = Literal["content", "application", "link", "topic", "quiz", "questions", "tool", "assignment", "other"]

_SPACES = {
    "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1": "1.1",
    "http://www.imsglobal.org/xsd/imsccv1p2/imscp_v1p1": "1.2",
    "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1": "1.3",
}
_FIRST_SPACE = "http://www.imsglobal.org/xsd/imscc/imscp_v1p1"
# The types of resources. Their version changes with the profile's, their beginning does not.
_TYPES: tuple[tuple[str, Kind], ...] = (
    (r"webcontent", "content"),
    (r"associatedcontent/imscc_xmlv1p\d/learning-application-resource", "application"),
    (r"imswl_xmlv1p\d", "link"),
    (r"imsdt_xmlv1p\d", "topic"),
    (r"imsqti_xmlv1p\d/imscc_xmlv1p\d/assessment", "quiz"),
    (r"imsqti_xmlv1p\d/imscc_xmlv1p\d/question-bank", "questions"),
    (r"imsbasiclti_xmlv1p\d(?:p\d)?", "tool"),
    (r"assignment_xmlv1p\d", "assignment"),
)


class CartridgeError(ValueError):
    """The cartridge is not read, or this file of it; the text says why. ``line`` counts from 1, 0 is the whole file."""

    def __init__(self, problem: str, line: int = 0) -> None:
        super().__init__(problem)
        self.line = line


class Note(msgspec.Struct, frozen=True):
    """Something of the manifest that was passed over, and where it stands."""

    line: int
    words: str


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource. Paths are those of the package's files, not yet looked for."""

    id: str
    kind: Kind
    type: str
    line: int
    href: str | None
    files: tuple[str, ...]
    depends: tuple[str, ...]
    for_teachers: bool
    """Its metadata or intended use names instructors alone."""


class Item(msgspec.Struct, frozen=True):
    """A place in the outline: a folder (no resource) or something to learn from."""

    title: str
    line: int
    resource: str | None
    children: list[Item]


class Cartridge(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest as it was read."""

    version: str
    thin: bool
    """A thin cartridge holds links alone (1.2 and 1.3)."""
    title: str
    description: str
    keywords: list[str]
    items: list[Item]
    resources: dict[str, Resource]
    notes: list[Note]


class WebLink(msgspec.Struct, frozen=True):
    """A title and an address, which is not judged here."""

    title: str
    url: str


class Topic(msgspec.Struct, frozen=True):
    """A topic to discuss. ``text`` is HTML when ``is_html``."""

    title: str
    text: str
    is_html: bool
    attachments: list[str]


def parse_manifest(data: bytes) -> Cartridge:
    """A cartridge's manifest. Raises CartridgeError for what is no cartridge of 1.1 to 1.3, or a protected one."""
    root = _root(data, "manifest", LARGEST)
    version, thin = _version(root)
    for node in root.walk():
        # Authorization: who may open it is asked of a service of its publisher.
        if node.name == "authorizations" or node.attributes.get("protected", "").lower() == "true":
            raise CartridgeError(
                "This cartridge is protected: its publisher's service decides who may open it, and that service is not"
                " asked here. Ask the publisher for one without authorization.",
                node.line,
            )
    notes: list[Note] = []
    base = _join("", root.attributes.get("base", ""))
    resources = _resources(root, base or "", notes)
    organizations = (root.child("organizations") or root).all("organization")
    if len(organizations) > 1:
        notes.append(Note(organizations[1].line, "Only the first organization is read; a cartridge has one."))
    items = [_item(node, resources, notes, 1) for node in organizations[0].all("item")] if organizations else []
    if len(items) == 1 and items[0].resource is None:
        items = items[0].children  # The first item is the root and has no title of its own.
    lom = (root.child("metadata") or root).child("lom")
    general = lom.child("general") if lom else None
    return Cartridge(
        version=version,
        thin=thin,
        title=general.words("title", "string") if general else "",
        description=general.words("description", "string") if general else "",
        keywords=[word for word in (node.words("string") for node in general.all("keyword")) if word]
        if general
        else [],
        items=items,
        resources=resources,
        notes=notes,
    )


def parse_link(data: bytes) -> WebLink:
    """A web link. Raises CartridgeError."""
    root = _root(data, "webLink", LARGEST_PART)
    url = root.child("url")
    address = url.attributes.get("href", "").strip() if url else ""
    if not address:
        raise CartridgeError("This web link has no address.", root.line)
    return WebLink(root.words("title"), address)


def parse_topic(data: bytes) -> Topic:
    """A discussion topic. Raises CartridgeError."""
    root = _root(data, "topic", LARGEST_PART)
    text = root.child("text")
    attachments = [node.attributes.get("href", "") for node in (root.child("attachments") or root).all("attachment")]
    # text/plain unless it says text/html.
    is_html = text is not None and text.attributes.get("texttype", "text/plain") == "text/html"
    return Topic(root.words("title"), text.text.strip() if text else "", is_html, [one for one in attachments if one])


def parse_tool(data: bytes) -> WebLink:
    """The title and launch address of a link to a learning tool (Basic LTI). Raises CartridgeError."""
    root = _root(data, "cartridge_basiclti_link", LARGEST_PART)
    return WebLink(root.words("title"), root.words("secure_launch_url") or root.words("launch_url"))


def resolve(base: str, address: str) -> str | None:
    """The package's file that an address in a file of the package means; None for what is not inside the package.

    ``base`` is the folder of the file that holds the address.
    """
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path:
        return None
    return _join(base, unquote(parts.path, errors="replace"))


def _root(data: bytes, name: str, largest: int) -> Node:
    try:
        root = parse(data, largest=largest)
    except XmlError as error:
        raise CartridgeError(str(error), error.line) from error
    if root.name != name:
        raise CartridgeError(f"<{name}> was expected, and <{root.name[:60]}> stands here.", root.line)
    return root


def _version(root: Node) -> tuple[str, bool]:
    metadata = root.child("metadata")
    schema = metadata.words("schema") if metadata else ""
    if "scorm" in schema.lower() or "adlcp" in root.space or any("adlnet" in n.space for n in root.children):
        raise CartridgeError(
            "This is a SCORM package, not a course. SCORM packages become lessons, which comes with SCORM."
        )
    if root.space == _FIRST_SPACE:
        raise CartridgeError(
            "This is a Common Cartridge 1.0. Versions 1.1, 1.2 and 1.3 are read: export it as one of them."
        )
    version = _SPACES.get(root.space)
    if version is None:
        raise CartridgeError(
            "This package has a manifest, but not that of a Common Cartridge 1.1, 1.2 or 1.3."
            " Export the course as one of these.",
            root.line,
        )
    return version, "thin" in schema.lower()


def _resources(root: Node, base: str, notes: list[Note]) -> dict[str, Resource]:
    found: dict[str, Resource] = {}
    parent = root.child("resources")
    if parent is None:
        raise CartridgeError("The manifest lists no resources, so there is nothing to import.", root.line)
    above = _join(base, parent.attributes.get("base", "")) or ""
    for node in parent.all("resource"):
        name = node.attributes.get("identifier", "")
        if not name or name in found:
            notes.append(Note(node.line, "A resource without an identifier of its own was passed over."))
            continue
        here = _join(above, node.attributes.get("base", "")) or ""
        listed = [file.attributes.get("href", "") for file in node.all("file")]
        files = tuple(path for path in (resolve(here, one) for one in listed) if path)
        if len(files) < len(listed):
            notes.append(
                Note(node.line, f"Resource {name[:80]} lists a file outside the package, which was passed over.")
            )
        href = node.attributes.get("href")
        kind = node.attributes.get("type", "")
        found[name] = Resource(
            id=name,
            kind=_kind(kind),
            type=kind,
            line=node.line,
            href=resolve(here, href) if href else None,
            files=files,
            depends=tuple(one.attributes.get("identifierref", "") for one in node.all("dependency")),
            for_teachers=_for_teachers(node),
        )
    return found


def _kind(kind: str) -> Kind:
    for pattern, word in _TYPES:
        if re.fullmatch(pattern, kind):
            return word
    return "other"


def _for_teachers(resource: Node) -> bool:
    if resource.attributes.get("intendeduse", "").lower() == "lessonplan":
        return True
    metadata = resource.child("metadata")
    roles = (
        [node.words("value").lower() for node in metadata.walk() if node.name == "intendedEndUserRole"]
        if metadata
        else []
    )
    return bool(roles) and not {"learner", "student"} & set(roles)


def _item(node: Node, resources: dict[str, Resource], notes: list[Note], depth: int) -> Item:
    if depth > DEEPEST_ITEM:
        raise CartridgeError(f"The outline is more than {DEEPEST_ITEM} levels deep.", node.line)
    reference = node.attributes.get("identifierref") or None
    if reference is not None and reference not in resources:
        notes.append(Note(node.line, f"This item names a resource that is not there ({reference[:80]})."))
    children = [_item(child, resources, notes, depth + 1) for child in node.all("item")]
    return Item(node.words("title"), node.line, reference if reference in resources else None, children)


def _join(base: str, path: str) -> str | None:
    if path.startswith("/"):
        return None
    joined = posixpath.normpath(posixpath.join(base, path)) if path else base
    if joined == ".":
        return ""
    return None if joined == ".." or joined.startswith("../") else joined

"""Reads ``imsmanifest.xml`` of SCORM 1.2 and SCORM 2004, 2nd to 4th edition. Bytes in, a package or reasons out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from collegium.kit.xmltree import Node, XmlError, parse
from collegium.standards.scorm import metadata, resources, sequencing
from collegium.standards.scorm.items import Context, organization
from collegium.standards.scorm.model import Item, Metadata, Notes, Package, Reading
from collegium.standards.scorm.places import Names
from collegium.standards.scorm.tree import Tree, family

FILE = "imsmanifest.xml"
LARGEST = 16 << 20
MOST_ELEMENTS = 400_000
_VERSIONS: dict[str, tuple[str, int | None]] = {
    "1.2": ("scorm_12", None),
    "CAM 1.3": ("scorm_2004", 2),
    "1.3": ("scorm_2004", 2),
    "2004 2ND EDITION": ("scorm_2004", 2),
    "2004 3RD EDITION": ("scorm_2004", 3),
    "2004 4TH EDITION": ("scorm_2004", 4),
}
_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")

Fetch = Callable[[str], bytes]
"""Gives the bytes of a small file of the package. Raises LookupError when there is none, ValueError when too large."""


def read(data: bytes, names: Iterable[str], fetch: Fetch | None = None, file: str = FILE) -> Reading:
    """What a manifest says, held against the names of the files in its package."""
    notes = Notes()
    tree = Tree(file, notes)
    package: Package | None = None
    try:
        package = _package(tree, _parsed(tree, data), Names(names), fetch)
    except XmlError as error:
        words = str(error).partition(": ")[2] if error.line else str(error)
        notes.error(file, error.line, "", words[:1].upper() + words[1:])
    return Reading(package=None if notes.errors else package, errors=notes.errors, warnings=notes.warnings)


# The document ---------------------------------------------------------------------------------------------


def _parsed(tree: Tree, data: bytes) -> Node:
    return parse(_readable(tree, data), largest=LARGEST, most=MOST_ELEMENTS)


def _readable(tree: Tree, data: bytes) -> bytes:
    """The document with what is often wrong about its encoding put right."""
    if len(data) > LARGEST or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if data[:1].isspace():
        tree.notes.warn(tree.file, 1, "", "There is empty space before the XML begins. It was passed over.")
        data = data.lstrip()
    if data[:4] in (b"<\0?\0", b"\0<\0?"):
        return data
    said = _DECLARED.match(data[:400])
    encoding = said.group(1).decode().lower() if said else "utf-8"
    if encoding in ("utf-16", "utf16", "ucs-2"):
        words = "It says that it is in UTF-16, and is not. It was read as UTF-8."
    elif encoding in ("utf-8", "utf8", "us-ascii", "ascii"):
        words = ""
    else:
        return data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
        words = (
            f"It says that it is in {encoding.upper()}, and is not. It was read as Windows-1252: look at the titles."
        )
    if not words:
        return data
    tree.notes.warn(tree.file, 1, "", words)
    return _DECLARATION.sub(lambda found: "\n" * found.group().count("\n"), text, count=1).encode()


# The package ----------------------------------------------------------------------------------------------


def _package(tree: Tree, root: Node, names: Names, fetch: Fetch | None) -> Package | None:
    if root.name != "manifest":
        tree.error(root, "The file does not begin with <manifest>, so it is no manifest of SCORM.")
        return None
    if family(root.space) != "imscp" and root.space:
        tree.warn(root, f"The namespace {root.space[:200]} is not that of a manifest. It was read as one.")
        root = _in_our_space(root)
    tree.look_for_strangers(root)
    version, standard, edition = _version(tree, root)
    found = resources.read(tree, root, names, is_2004=standard == "scorm_2004")
    context = Context(
        tree=tree, is_2004=standard == "scorm_2004", edition=edition, resources=found.resources,
        shared=sequencing.collection(tree, root) if standard == "scorm_2004" else {}, seen={}, used={},
    )  # fmt: skip
    if any(tree.children(root, "imscp", "manifest")):
        tree.warn(root, "There is a manifest inside the manifest. Only the outer one is read.", element="<manifest>")
    organizations, default = _organizations(tree, root, context)
    resources.check_opened(tree, found, context.used)
    if not organizations:
        return None
    return Package(
        standard="scorm_2004" if standard == "scorm_2004" else "scorm_12",
        edition=edition,
        identifier=(tree.attribute(root, "identifier") or "")[:255],
        schema_version=version[:60],
        metadata=_metadata(tree, root, fetch, names),
        organizations=organizations,
        default=default,
        resources=list(found.resources.values()),
    )


def _in_our_space(root: Node) -> Node:
    """The same tree, its elements of the unknown namespace put into that of manifests."""
    strange = root.space
    for node in root.walk():
        if node.space == strange:
            node.space = ""
    return root


def _version(tree: Tree, root: Node) -> tuple[str, str, int | None]:
    about = tree.child(root, "imscp", "metadata")
    found = tree.child(about, "imscp", "schemaversion") if about else None
    text = " ".join(found.text.split()) if found else ""
    known = _VERSIONS.get(text.upper().removeprefix("SCORM ").removeprefix("ADL ").strip())
    if known:
        return text, known[0], known[1]
    is_2004 = "imscp_v1p1" in root.space or any(
        "adlcp_v1p3" in node.space or family(node.space) in ("imsss", "adlseq") for node in root.walk()
    )
    if text and not is_2004 and not text.startswith("1."):
        schema = tree.words(about, "imscp", "schema") if about else ""
        said = f"{schema} {text}".strip()
        tree.error(
            found or root,
            f"The package says that it is “{said[:60]}”. SCORM 1.2 and SCORM 2004, 2nd to 4th edition, are read here.",
        )
    guess = "SCORM 2004, 3rd Edition" if is_2004 else "SCORM 1.2"
    what = f"says “{text[:40]}”" if text else "is missing"
    tree.warn(found or root, f"The version {what}. The package was read as {guess}.", element="<schemaversion>")
    return (text, "scorm_2004", 3) if is_2004 else (text, "scorm_12", None)


def _metadata(tree: Tree, root: Node, fetch: Fetch | None, names: Names) -> Metadata:
    about = tree.child(root, "imscp", "metadata")
    if about is None:
        return Metadata()
    inline = metadata.find(about)
    if inline:
        return metadata.read(inline)
    location = tree.child(about, "adlcp", "location")
    if location is None or not location.text.strip():
        return Metadata()
    place = names.find("", location.text)
    if place.path is None:
        tree.warn(location, f"The description “{location.text.strip()[:120]}” {place.problem or 'lies elsewhere'}.")
        return Metadata()
    try:
        found = metadata.find(parse(fetch(place.path) if fetch else b"", largest=LARGEST))
    except (XmlError, LookupError, ValueError) as error:
        tree.warn(location, f"The description in “{place.path}” cannot be read: {error}")
        return Metadata()
    return metadata.read(found)


# Organisations --------------------------------------------------------------------------------------------


def _organizations(tree: Tree, root: Node, context: Context) -> tuple[list[Item], str]:
    holder = tree.child(root, "imscp", "organizations")
    if holder is None:
        tree.error(root, "The element <organizations> is missing: it says what learners see and in which order.")
        return [], ""
    tree.look_for_strangers(holder)
    nodes = list(tree.children(holder, "imscp", "organization"))
    if not nodes:
        tree.error(
            holder, "There is no organisation in it: the package is a collection of files without anything to open."
        )
        return [], ""
    found = [organization(context, node, place) for place, node in enumerate(nodes, 1)]
    wanted = tree.attribute(holder, "default") or ""
    if not wanted:
        if len(found) > 1 or context.is_2004:
            tree.warn(holder, f"It does not say which organisation is the default. “{found[0].identifier}” is played.")
        return found, found[0].identifier
    if all(one.identifier != wanted for one in found):
        tree.warn(
            holder,
            f"The default is “{wanted[:80]}”, and there is none of that name. “{found[0].identifier}” is played.",
        )
        return found, found[0].identifier
    return found, wanted

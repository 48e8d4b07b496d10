"""The resources of a manifest: which page each one opens, and which files it names."""

from __future__ import annotations

import msgspec

from collegium.kit.xmltree import Node
from collegium.standards.scorm.model import Resource
from collegium.standards.scorm.places import Names, base_of
from collegium.standards.scorm.tree import Tree, named

_MISSING_TOLD = 20


class Found(msgspec.Struct):
    """Resources by their identifier; ``broken`` says of some why the page that they open cannot be shown."""

    resources: dict[str, Resource] = {}
    broken: dict[str, str] = {}
    missing: list[tuple[Node, str]] = []
    """Files that are listed and not there."""


def read(tree: Tree, root: Node, names: Names, *, is_2004: bool) -> Found:
    """All resources. A page that cannot be shown is judged when an item opens it: others may be incomplete."""
    found = Found()
    holder = tree.child(root, "imscp", "resources")
    if holder is None:
        tree.error(root, "The element <resources> is missing: it says which files belong to the package.")
        return found
    tree.look_for_strangers(holder)
    base = base_of(tree.attribute(root, "base") or "", tree.attribute(holder, "base") or "")
    for node in tree.children(holder, "imscp", "resource"):
        name = tree.attribute(node, "identifier") or ""
        if not name:
            tree.error(node, "The attribute identifier is missing: without it no item can open this resource.")
        elif name in found.resources:
            tree.error(node, "The identifier is used by two resources.")
        else:
            found.resources[name] = _resource(tree, node, name, base, names, found, is_2004)
    for resource in found.resources.values():
        for wanted in resource.dependencies:
            if wanted not in found.resources:
                tree.notes.warn(
                    tree.file, holder.line, f'<resource identifier="{resource.identifier[:80]}">',
                    f"It depends on the resource “{wanted[:80]}”, and there is none of that name.",
                )  # fmt: skip
    _tell_missing(tree, found.missing)
    return found


def _resource(tree: Tree, node: Node, name: str, base: str, names: Names, found: Found, is_2004: bool) -> Resource:
    base = base_of(base, tree.attribute(node, "base") or "")
    kind = tree.attribute(node, "scormType" if is_2004 else "scormtype")
    files: list[str] = []
    for one in tree.children(node, "imscp", "file"):
        href = tree.attribute(one, "href") or ""
        place = names.find(base, href)
        if place.path:
            files.append(place.path)
        elif place.problem:
            found.missing.append((one, href))
    return Resource(
        identifier=name[:255],
        type=(tree.attribute(node, "type") or "")[:200],
        scorm_type=(kind or "").lower(),
        href=_href(tree, node, base, names, found),
        files=files,
        dependencies=[tree.attribute(one, "identifierref") or "" for one in tree.children(node, "imscp", "dependency")],
    )


def _href(tree: Tree, node: Node, base: str, names: Names, found: Found) -> str | None:
    href, name = tree.attribute(node, "href"), node.attributes.get("identifier", "").strip()
    if not href:
        found.broken[name] = "has no href: it does not say which page to open"
        return None
    place = names.find(base, href)
    if place.problem:
        found.broken[name] = f"opens the page “{href[:200]}”, which {place.problem}"
        return None
    if place.mended:
        tree.warn(node, f"href “{href[:120]}”: {place.mended}.")
    if place.path is None:
        tree.warn(node, f"It opens {place.url[:200]}, a page of another site, which can report nothing to this one.")
    return place.url


def _tell_missing(tree: Tree, missing: list[tuple[Node, str]]) -> None:
    for node, href in missing[:_MISSING_TOLD]:
        tree.warn(node, f"The file “{href[:200]}” is listed and is not in the package.")
    if len(missing) > _MISSING_TOLD:
        more = len(missing) - _MISSING_TOLD
        tree.warn(missing[_MISSING_TOLD][0], f"And {more:,} more files are listed that are not in the package.")


def check_opened(tree: Tree, found: Found, used: dict[str, Node]) -> None:
    """What items open must be there, and say what it is. ``used``: resources, with the first item that opens each."""
    for name, item in used.items():
        kind, what = found.resources[name].scorm_type, f'<resource identifier="{name[:80]}">'
        if name in found.broken:
            words = f"The resource “{name[:80]}”, which this item opens, {found.broken[name]}."
            tree.error(item, words, element=f"{named(item)} → {what}")
        if not kind:
            words = "The resource does not say whether it is a SCO or an asset (scormType). It was taken for a SCO."
            tree.warn(item, words, element=what)
        elif kind not in ("sco", "asset"):
            tree.error(item, f"scormType is “{kind[:40]}”. It must be sco or asset.", element=what)

"""Organisations and items of a manifest, with what each edition says of them.

SCORM 1.2 CAM 2.3.2.4 and 2.3.2.5; SCORM 2004 4th edition CAM 3.4.1.
"""

from __future__ import annotations

from typing import Any

import msgspec

from collegium.kit.xmltree import Node
from collegium.standards.scorm import sequencing
from collegium.standards.scorm.model import Item, Kind, Resource
from collegium.standards.scorm.tree import Tree, seconds

DEEPEST = 40
MOST = 10_000
ACTIONS = ("exit,message", "exit,no message", "continue,message", "continue,no message")
HIDDEN = ("continue", "previous", "exit", "exitAll", "abandon", "abandonAll", "suspendAll")


class Context(msgspec.Struct):
    """What reading an item needs to know."""

    tree: Tree
    is_2004: bool
    edition: int | None
    resources: dict[str, Resource]
    shared: dict[str, Node]
    seen: dict[str, int]
    """Identifiers of items and organisations, with the line where each was met."""
    used: dict[str, Node]
    """Resources that an item launches, with the first of those items."""


def organization(context: Context, node: Node, place: int) -> Item:
    """One organisation with its items."""
    tree = context.tree
    identifier = _identifier(context, node, f"organization-{place}")
    title = tree.words(node, "imscp", "title")
    if not title:
        tree.warn(node, "The organisation has no title.")
    found = _sequencing(context, node)
    if context.is_2004:
        for space_name in ("objectivesGlobalToSystem", "sharedDataGlobalToSystem"):
            value = tree.flag(node, space_name)
            if value is not None:
                found[space_name] = value
    made = Item(
        identifier=identifier, title=title[:1000], kind="organization", sequencing=found,
        completion_threshold=_threshold(found), mastery_score=_passing(found),
    )  # fmt: skip
    tree.look_for_strangers(node)
    made.children = [_item(context, one, 1) for one in tree.children(node, "imscp", "item")]
    if not any(one.kind in ("sco", "asset") for one in made.walk()):
        tree.error(node, "Nothing in this organisation can be opened: no item in it names a resource.")
    return made


def _identifier(context: Context, node: Node, otherwise: str) -> str:
    tree = context.tree
    name = tree.attribute(node, "identifier") or ""
    if not name:
        tree.error(node, "The attribute identifier is missing: what learners do is recorded under it.")
        name = otherwise
    elif len(name) > 255:
        tree.error(node, "Its identifier is longer than 255 characters.")
    elif name in context.seen:
        tree.error(node, f"The identifier is used twice; it stands in line {context.seen[name]} as well.")
    context.seen.setdefault(name, node.line)
    if len(context.seen) > MOST:
        tree.error(node, f"There are more than {MOST:,} items. Divide the package.", element="<organizations>")
    return name


def _item(context: Context, node: Node, depth: int) -> Item:
    tree = context.tree
    item = Item(
        identifier=_identifier(context, node, f"item-line-{node.line}"),
        title=tree.words(node, "imscp", "title")[:1000],
        kind="cluster",
    )
    if not item.title:
        tree.warn(node, "The item has no title. Learners see its identifier.")
        item.title = item.identifier
    visible = tree.flag(node, "isvisible")
    item.is_visible = visible is not False
    tree.look_for_strangers(node)
    nodes = list(tree.children(node, "imscp", "item"))
    if depth >= DEEPEST and nodes:
        tree.error(node, f"Items lie more than {DEEPEST} deep inside each other.")
        nodes = []
    item.children = [_item(context, one, depth + 1) for one in nodes]
    item.sequencing = _sequencing(context, node)
    item.parameters = _text(tree, node, "parameters", tree.attribute(node, "parameters"), 4000)
    _say(context, node, item)
    return _launched(context, node, item)


def _launched(context: Context, node: Node, item: Item) -> Item:
    """Gives an item the resource that it names."""
    tree = context.tree
    name = tree.attribute(node, "identifierref")
    if not name:
        if not item.children:
            tree.warn(node, "The item names no resource and holds no other items, so there is nothing to open in it.")
        return item
    resource = context.resources.get(name)
    if resource is None:
        tree.error(node, f"It opens the resource “{name[:80]}” (identifierref), and there is no resource of that name.")
        return item
    context.used.setdefault(name, node)
    kind: Kind = "asset" if resource.scorm_type == "asset" else "sco"
    if not item.children:
        item.kind, item.href = kind, resource.href or ""
        return item
    if context.is_2004:
        # CAM 3.4.1.5: only a leaf may name a resource.
        tree.warn(node, "The item holds other items, so its own resource is not opened: SCORM 2004 opens leaves only.")
        return item
    tree.warn(node, "The item holds other items and opens a page as well. The page was put before them.")
    group = item.identifier + ".group"
    while group in context.seen or len(group) > 255:
        group = group[-200:] + "_"
    context.seen[group] = node.line
    own = Item(
        identifier=item.identifier, title=item.title, kind=kind, is_visible=item.is_visible, href=resource.href or "",
        parameters=item.parameters, launch_data=item.launch_data, mastery_score=item.mastery_score,
        max_time_allowed=item.max_time_allowed, time_limit_action=item.time_limit_action,
    )  # fmt: skip
    return Item(
        identifier=group, title=item.title, kind="cluster", is_visible=item.is_visible,
        prerequisites=item.prerequisites, children=[own, *item.children],
    )  # fmt: skip


def _text(tree: Tree, node: Node, name: str, value: str | None, most: int) -> str | None:
    if value and len(value) > most:
        tree.error(node, f"{name} has {len(value):,} characters, and {most:,} are the most.")
        return None
    return value or None


def _say(context: Context, node: Node, item: Item) -> None:
    """The elements of adlcp: each edition has its own spelling, and packages use the other's."""
    tree = context.tree
    data = next((one for one in node.children if one.name.lower() == "datafromlms" and one.space), None)
    item.launch_data = _text(tree, data or node, "dataFromLMS", data.text.strip() if data else None, 64_000)
    action = next((one for one in node.children if one.name.lower() == "timelimitaction"), None)
    if action and (word := ",".join(part.strip() for part in action.text.split(","))):
        item.time_limit_action = tree.one_of(action, "The time limit's action", word, ACTIONS)
    if context.is_2004:
        item.completion_threshold = _threshold(item.sequencing)
        item.mastery_score = _passing(item.sequencing)
        limit = item.sequencing.get("limitConditions", {}).get("attemptAbsoluteDurationLimit")
        item.max_time_allowed = seconds(limit) if limit else None
        return
    condition = tree.child(node, "adlcp", "prerequisites")
    if condition and condition.text.strip():
        kind = (tree.attribute(condition, "type") or "aicc_script").lower()
        if kind == "aicc_script":
            item.prerequisites = _text(tree, condition, "prerequisites", " ".join(condition.text.split()), 4000)
        else:
            tree.warn(condition, f"Prerequisites of the type “{kind[:40]}” are not known: left out.")
    score = tree.child(node, "adlcp", "masteryscore")
    if score and score.text.strip():
        item.mastery_score = tree.decimal(score, "masteryscore", score.text, 0, 100)
    allowed = tree.child(node, "adlcp", "maxtimeallowed")
    if allowed and allowed.text.strip():
        item.max_time_allowed = seconds(allowed.text)
        if item.max_time_allowed is None:
            tree.warn(allowed, f"“{allowed.text.strip()[:40]}” is no time such as 0001:30:00: left out.")


def _sequencing(context: Context, node: Node) -> dict[str, Any]:
    tree = context.tree
    if not context.is_2004:
        if any(one.name == "sequencing" for one in node.children):
            tree.warn(node, "Sequencing rules are of SCORM 2004, and this is a package of SCORM 1.2: left out.")
        return {}
    found = sequencing.read(tree, node, context.shared)
    if threshold := _completion(tree, node):
        found["completionThreshold"] = threshold
    presentation = tree.child(node, "adlnav", "presentation")
    interface = tree.child(presentation, "adlnav", "navigationInterface") if presentation else None
    hidden = [
        word
        for one in (tree.children(interface, "adlnav", "hideLMSUI") if interface else ())
        if (word := tree.one_of(one, "hideLMSUI", one.text.strip(), HIDDEN))
    ]
    if hidden:
        found["hideLMSUI"] = list(dict.fromkeys(hidden))
    data = tree.child(node, "adlcp", "data")
    maps = [_shared_data(tree, one) for one in (tree.children(data, "adlcp", "map") if data else ())]
    if maps:
        found["data"] = maps
    return found


def _shared_data(tree: Tree, node: Node) -> dict[str, Any]:
    target = tree.attribute(node, "targetID")
    if not target:
        tree.error(node, "The attribute targetID is missing: it says which store of data is shared.")
    flags = {name: tree.flag(node, name) for name in ("readSharedData", "writeSharedData")}
    return {"targetID": target or "", **{name: value for name, value in flags.items() if value is not None}}


def _completion(tree: Tree, node: Node) -> dict[str, Any]:
    """``completionThreshold``: a number in the 2nd and 3rd edition, attributes in the 4th (CAM 3.4.1.16)."""
    found = tree.child(node, "adlcp", "completionThreshold")
    if found is None:
        return {}
    if text := found.text.strip():
        least = tree.decimal(found, "completionThreshold", text, 0, 1)
        return {} if least is None else {"completedByMeasure": True, "minProgressMeasure": least}
    said = {
        "completedByMeasure": tree.flag(found, "completedByMeasure"),
        "minProgressMeasure": tree.number(found, "minProgressMeasure", 0, 1),
        "progressWeight": tree.number(found, "progressWeight", 0, 1),
    }
    return {name: value for name, value in said.items() if value is not None}


def _threshold(found: dict[str, Any]) -> float | None:
    """``cmi.completion_threshold``: of the 4th edition only where completion is told by the measure (RTE 4.2.5)."""
    said = found.get("completionThreshold", {})
    return said.get("minProgressMeasure", 1.0) if said.get("completedByMeasure") else None


def _passing(found: dict[str, Any]) -> float | None:
    """``cmi.scaled_passing_score``: of the primary objective where it is satisfied by measure (RTE 4.2.19)."""
    primary = found.get("objectives", {}).get("primary", {})
    return primary.get("minNormalizedMeasure", 1.0) if primary.get("satisfiedByMeasure") else None

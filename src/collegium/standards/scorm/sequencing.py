"""Sequencing of an activity as its manifest says it: names and values of the XML, defaults left to the engine.

Elements and attributes: IMS Simple Sequencing 1.0, binding 3; SCORM 2004 4th edition CAM 5.1 (imsss), 5.2 (adlseq).
"""

from __future__ import annotations

from typing import Any

from collegium.kit.xmltree import Node
from collegium.standards.scorm.tree import Tree, seconds

Found = dict[str, Any]

CONTROLS = (
    "choice", "choiceExit", "flow", "forwardOnly", "useCurrentAttemptObjectiveInfo", "useCurrentAttemptProgressInfo",
)  # fmt: skip
CHOICE = ("preventActivation", "constrainChoice")
DELIVERY = ("tracked", "completionSetByContent", "objectiveSetByContent")
# CAM 5.1.3: the conditions of rules.
CONDITIONS = (
    "satisfied", "objectiveStatusKnown", "objectiveMeasureKnown", "objectiveMeasureGreaterThan",
    "objectiveMeasureLessThan", "completed", "activityProgressKnown", "attempted", "attemptLimitExceeded",
    "timeLimitExceeded", "outsideAvailableTimeRange", "always",
)  # fmt: skip
ACTIONS = {
    "preConditionRule": ("skip", "disabled", "hiddenFromChoice", "stopForwardTraversal"),
    "postConditionRule": ("exitParent", "exitAll", "retry", "retryAll", "continue", "previous"),
    "exitConditionRule": ("exit",),
}
# CAM 5.1.6.
ROLLUP_CONDITIONS = (
    "satisfied", "objectiveStatusKnown", "objectiveMeasureKnown", "completed", "activityProgressKnown", "attempted",
    "attemptLimitExceeded", "timeLimitExceeded", "outsideAvailableTimeRange", "never",
)  # fmt: skip
CHILD_SETS = ("all", "any", "none", "atLeastCount", "atLeastPercent")
ROLLUP_ACTIONS = ("satisfied", "notSatisfied", "completed", "incomplete")
MAP_FLAGS = ("readSatisfiedStatus", "readNormalizedMeasure", "writeSatisfiedStatus", "writeNormalizedMeasure")
# CAM 5.2.3 of the 4th edition.
MORE_MAP_FLAGS = tuple(
    f"{way}{what}"
    for way in ("read", "write")
    for what in ("RawScore", "MinScore", "MaxScore", "CompletionStatus", "ProgressMeasure")
)
TIMES = ("never", "once", "onEachNewAttempt")
REQUIRED = ("requiredForSatisfied", "requiredForNotSatisfied", "requiredForCompleted", "requiredForIncomplete")
WHEN = ("always", "ifAttempted", "ifNotSkipped", "ifNotSuspended")
DURATIONS = ("attemptAbsoluteDurationLimit", "attemptExperiencedDurationLimit", "activityAbsoluteDurationLimit",
    "activityExperiencedDurationLimit")  # fmt: skip


def collection(tree: Tree, root: Node) -> dict[str, Node]:
    """The sequencing that items share, by its ID."""
    found: dict[str, Node] = {}
    for shared in tree.children(root, "imsss", "sequencingCollection"):
        for one in tree.children(shared, "imsss", "sequencing"):
            name = tree.attribute(one, "ID")
            if not name:
                tree.error(one, "It stands in a sequencingCollection and has no ID, so that no item can name it.")
            elif name in found:
                tree.error(one, f"The ID {name} is used twice in the sequencingCollection.")
            else:
                found[name] = one
    return found


def read(tree: Tree, holder: Node, shared: dict[str, Node]) -> Found:
    """What the sequencing of an item or organisation says, its IDRef resolved; empty without any."""
    own = tree.child(holder, "imsss", "sequencing")
    if own is None:
        return {}
    nodes = [own]
    if name := tree.attribute(own, "IDRef"):
        if name in shared:
            nodes.append(shared[name])
        else:
            tree.error(own, f"IDRef is “{name[:80]}”, and there is no such sequencing in the sequencingCollection.")

    def part(space: str, name: str) -> Node | None:
        # CAM 5.1: what an item says itself replaces the part of that name in what it refers to.
        return next((found for node in nodes if (found := tree.child(node, space, name))), None)

    parts = {
        "controlMode": _flags(tree, part("imsss", "controlMode"), CONTROLS),
        "constrainedChoiceConsiderations": _flags(tree, part("adlseq", "constrainedChoiceConsiderations"), CHOICE),
        "sequencingRules": _rules(tree, part("imsss", "sequencingRules")),
        "limitConditions": _limits(tree, part("imsss", "limitConditions")),
        "rollupRules": _rollup(tree, part("imsss", "rollupRules")),
        "rollupConsiderations": _considerations(tree, part("adlseq", "rollupConsiderations")),
        "objectives": _objectives(tree, part("imsss", "objectives"), part("adlseq", "objectives")),
        "randomizationControls": _randomization(tree, part("imsss", "randomizationControls")),
        "deliveryControls": _flags(tree, part("imsss", "deliveryControls"), DELIVERY),
    }
    return {name: found for name, found in parts.items() if found}


def _said(**values: Any) -> Found:
    return {name: value for name, value in values.items() if value is not None}


def _flags(tree: Tree, node: Node | None, names: tuple[str, ...]) -> Found:
    return _said(**{name: tree.flag(node, name) for name in names}) if node else {}


def _rules(tree: Tree, node: Node | None) -> Found:
    found: Found = {}
    if node is None:
        return found
    for kind, actions in ACTIONS.items():
        for rule in tree.children(node, "imsss", kind):
            if read_rule := _rule(tree, rule, actions):
                found.setdefault(kind, []).append(read_rule)
    return found


def _rule(tree: Tree, rule: Node, actions: tuple[str, ...]) -> Found | None:
    action = tree.child(rule, "imsss", "ruleAction")
    conditions = tree.child(rule, "imsss", "ruleConditions")
    if action is None or tree.attribute(action, "action") is None:
        tree.error(rule, "The rule does not say what to do: <ruleAction action=…> is missing.")
        return None
    if conditions is None or not any(tree.children(conditions, "imsss", "ruleCondition")):
        tree.error(rule, "The rule does not say when: <ruleCondition condition=…> is missing.")
        return None
    return _said(
        conditionCombination=tree.word(conditions, "conditionCombination", ("all", "any")),
        conditions=[
            _said(
                condition=_needed_word(tree, one, "condition", CONDITIONS),
                operator=tree.word(one, "operator", ("not", "noOp")),
                referencedObjective=tree.attribute(one, "referencedObjective"),
                measureThreshold=tree.number(one, "measureThreshold", -1, 1),
            )
            for one in tree.children(conditions, "imsss", "ruleCondition")
        ],
        action=tree.word(action, "action", actions),
    )


def _needed_word(tree: Tree, node: Node, name: str, among: tuple[str, ...]) -> str | None:
    if tree.attribute(node, name) is None:
        tree.error(node, f"The attribute {name} is missing. It must be one of: {', '.join(among)}.")
        return None
    return tree.word(node, name, among)


def _limits(tree: Tree, node: Node | None) -> Found:
    if node is None:
        return {}
    found = _said(attemptLimit=tree.count(node, "attemptLimit"))
    for name in DURATIONS:
        value = tree.attribute(node, name)
        if value is None:
            continue
        if seconds(value) is None or not value.startswith("P"):
            tree.error(node, f"{name} is “{value[:60]}”. It must be a duration such as PT1H30M.")
        else:
            found[name] = value
    for name in ("beginTimeLimit", "endTimeLimit"):
        if value := tree.attribute(node, name):
            found[name] = value[:60]
    return found


def _rollup(tree: Tree, node: Node | None) -> Found:
    if node is None:
        return {}
    rules: list[Found] = []
    for rule in tree.children(node, "imsss", "rollupRule"):
        action = tree.child(rule, "imsss", "rollupAction")
        conditions = tree.child(rule, "imsss", "rollupConditions")
        if action is None or tree.attribute(action, "action") is None:
            tree.error(rule, "The rule does not say what follows: <rollupAction action=…> is missing.")
            continue
        if conditions is None or not any(tree.children(conditions, "imsss", "rollupCondition")):
            tree.error(rule, "The rule does not say when: <rollupCondition condition=…> is missing.")
            continue
        rules.append(_said(
            childActivitySet=tree.word(rule, "childActivitySet", CHILD_SETS),
            minimumCount=tree.count(rule, "minimumCount"),
            minimumPercent=tree.number(rule, "minimumPercent", 0, 1),
            conditionCombination=tree.word(conditions, "conditionCombination", ("all", "any")),
            conditions=[
                _said(condition=_needed_word(tree, one, "condition", ROLLUP_CONDITIONS),
                      operator=tree.word(one, "operator", ("not", "noOp")))
                for one in tree.children(conditions, "imsss", "rollupCondition")
            ],
            action=tree.word(action, "action", ROLLUP_ACTIONS),
        ))  # fmt: skip
    return _said(
        rollupObjectiveSatisfied=tree.flag(node, "rollupObjectiveSatisfied"),
        rollupProgressCompletion=tree.flag(node, "rollupProgressCompletion"),
        objectiveMeasureWeight=tree.number(node, "objectiveMeasureWeight", 0, 1),
        rules=rules or None,
    )


def _considerations(tree: Tree, node: Node | None) -> Found:
    if node is None:
        return {}
    found = {name: tree.word(node, name, WHEN) for name in REQUIRED}
    return _said(**found, measureSatisfactionIfActive=tree.flag(node, "measureSatisfactionIfActive"))


def _objectives(tree: Tree, holder: Node | None, more: Node | None) -> Found:
    found: Found = {}
    by_name: dict[str, Found] = {}
    if holder:
        primary = tree.child(holder, "imsss", "primaryObjective")
        if primary:
            found["primary"] = _objective(tree, primary, by_name)
        others = [_objective(tree, one, by_name, needs_id=True) for one in tree.children(holder, "imsss", "objective")]
        if others:
            found["others"] = others
    for one in tree.children(more, "adlseq", "objective") if more else ():
        name = tree.attribute(one, "objectiveID") or ""
        if name not in by_name:
            tree.error(one, f"There is no objective “{name[:80]}” in <imsss:objectives> to which this could be added.")
            continue
        for map_ in tree.children(one, "adlseq", "mapInfo"):
            _merge(by_name[name].setdefault("maps", []), _map(tree, map_, MORE_MAP_FLAGS))
    return found


def _objective(tree: Tree, node: Node, by_name: dict[str, Found], *, needs_id: bool = False) -> Found:
    name = tree.attribute(node, "objectiveID")
    if needs_id and not name:
        tree.error(node, "An objective that is not the primary one needs an objectiveID.")
    measure = tree.words(node, "imsss", "minNormalizedMeasure")
    maps: list[Found] = []
    for map_ in tree.children(node, "imsss", "mapInfo"):
        _merge(maps, _map(tree, map_, MAP_FLAGS))
    found = _said(
        objectiveID=name or None,
        satisfiedByMeasure=tree.flag(node, "satisfiedByMeasure"),
        minNormalizedMeasure=tree.decimal(node, "minNormalizedMeasure", measure, -1, 1) if measure else None,
        maps=maps or None,
    )
    if name in by_name:
        tree.error(node, f"The objectiveID “{(name or '')[:80]}” is used twice in one activity.")
    by_name[name or ""] = found
    return found


def _map(tree: Tree, node: Node, flags: tuple[str, ...]) -> Found:
    target = tree.attribute(node, "targetObjectiveID")
    if not target:
        tree.error(node, "The attribute targetObjectiveID is missing: it says with which global objective to share.")
    return _said(targetObjectiveID=target or None, **{name: tree.flag(node, name) for name in flags})


def _merge(maps: list[Found], added: Found) -> None:
    target = added.get("targetObjectiveID")
    known = next((one for one in maps if one.get("targetObjectiveID") == target), None)
    if known is None:
        maps.append(added)
    else:
        known.update(added)


def _randomization(tree: Tree, node: Node | None) -> Found:
    if node is None:
        return {}
    return _said(
        randomizationTiming=tree.word(node, "randomizationTiming", TIMES),
        selectCount=tree.count(node, "selectCount"),
        reorderChildren=tree.flag(node, "reorderChildren"),
        selectionTiming=tree.word(node, "selectionTiming", TIMES),
    )

"""Items of QTI 2.1 for each interaction with what a reader finds, and the same in 3.0's names."""

from __future__ import annotations

import re
from typing import Any

V2 = "http://www.imsglobal.org/xsd/imsqti_v2p1"
SPACES = {
    "2.1": V2,
    "2.2": "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "3.0": "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
}
_HTML = {"p", "b", "img", "div", "table", "tr", "td", "strong", "em"}


def item(body: str, version: str) -> str:
    """An item with what is inside of it."""
    if "responseDeclaration" not in body:
        body = '<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="string"/>' + body
    return f'<assessmentItem xmlns="{SPACES[version]}" identifier="q" title="Named" adaptive="false" timeDependent="false">{body}</assessmentItem>'


def three(text: str) -> str:
    """The item by the names of QTI 3."""

    def dashed(name: str) -> str:
        return re.sub(r"[A-Z]", lambda one: f"-{one[0].lower()}", name)

    def tag(found: re.Match[str]) -> str:
        if found[2] in _HTML:
            return found[0]
        attributes = re.sub(r"(\s)([a-zA-Z]+)=", lambda one: f"{one[1]}{dashed(one[2])}=", found[3])
        return f"<{found[1]}qti-{dashed(found[2])}{attributes}>"

    return re.sub(r"<(/?)([A-Za-z]+)([^<>]*)>", tag, text)


def response(
    right: str, mapping: str = "", *, cardinality: str = "single", base: str = "identifier", name: str = "RESPONSE"
) -> str:
    """A declaration with right values set apart by bars."""
    values = "".join(f"<value>{one}</value>" for one in right.split("|") if one)
    correct = f"<correctResponse>{values}</correctResponse>" if values else ""
    return f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{base}">{correct}{mapping}</responseDeclaration>'


def mapping(*entries: tuple[str, float], extra: str = "") -> str:
    """A mapping."""
    lines = "".join(f'<mapEntry mapKey="{key}" mappedValue="{value}" caseSensitive="false"/>' for key, value in entries)
    return f'<mapping defaultValue="0"{extra}>{lines}</mapping>'


def template(name: str) -> str:
    """A standard way of giving points."""
    return f'<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/{name}"/>'


MATCH, MAP = template("match_correct"), template("map_response")
CHOICES = '<simpleChoice identifier="A">One</simpleChoice><simpleChoice identifier="B"><b>Two</b><feedbackInline outcomeIdentifier="F" identifier="B" showHide="show">No.</feedbackInline></simpleChoice>'
CHOICE = f'<itemBody><p>Look.</p><choiceInteraction responseIdentifier="RESPONSE" shuffle="true" maxChoices="1"><prompt>Which?</prompt>{CHOICES}</choiceInteraction></itemBody>'
OPTIONS = [{"id": "a", "text": "One"}, {"id": "b", "text": "Two", "html": "<b>Two</b>"}]
MATCHING = (
    '<itemBody><matchInteraction responseIdentifier="RESPONSE" maxAssociations="2"><prompt>Pair.</prompt>'
    '<simpleMatchSet><simpleAssociableChoice identifier="I" matchMax="1">Italy</simpleAssociableChoice><simpleAssociableChoice identifier="F" matchMax="1">France</simpleAssociableChoice></simpleMatchSet>'
    '<simpleMatchSet><simpleAssociableChoice identifier="P" matchMax="2">Paris</simpleAssociableChoice><simpleAssociableChoice identifier="R" matchMax="2">Rome</simpleAssociableChoice><simpleAssociableChoice identifier="M" matchMax="2">Madrid</simpleAssociableChoice></simpleMatchSet>'
    "</matchInteraction></itemBody>"
)
ENTRY = '<itemBody><p>Who?</p><p><textEntryInteraction responseIdentifier="RESPONSE"/></p></itemBody>'
TYPED = "Its words were dragged into the gaps; here they are typed."
EQUAL = (
    "<responseProcessing><responseCondition>"
    '<responseIf><equal toleranceMode="absolute" tolerance="0.1 0.1"><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></equal>'
    '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">2</baseValue></setOutcomeValue></responseIf>'
    '<responseElseIf><equal toleranceMode="relative" tolerance="5 5"><variable identifier="RESPONSE"/><baseValue baseType="float">3</baseValue></equal>'
    '<setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue></setOutcomeValue></responseElseIf>'
    "</responseCondition></responseProcessing>"
)
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "choice": (
        response("A") + CHOICE + MATCH,
        {
            "type": "multiple_choice",
            "title": "Named",
            "text": "<p>Look.</p><p>Which?</p>",
            "options": OPTIONS,
            "correct": {"selected": "a"},
            "points": "1.00",
            "feedback": {"b": "No."},
        },
    ),
    "choice-mapped": (
        response("A", mapping(("A", 4), ("B", 1))) + CHOICE + MAP,
        {"type": "multiple_choice", "correct": {"selected": "a", "shares": {"b": 0.25}}, "points": "4.00"},
    ),
    "several": (
        response("A", cardinality="multiple") + CHOICE.replace('maxChoices="1"', 'maxChoices="0"') + MATCH,
        {"type": "multiple_answer", "correct": {"selected": ["a"], "rule": "all_or_nothing"}},
    ),
    "several-mapped": (
        response("A", mapping(("A", 2), ("B", -2)), cardinality="multiple") + CHOICE + MAP,
        {"type": "multiple_answer", "correct": {"selected": ["a"]}, "points": "2.00"},
    ),
    "true-false": (
        response("false") + CHOICE.replace('"A"', '"true"').replace('"B"', '"false"') + MATCH,
        {"type": "true_false", "options": [], "correct": {"selected": "false"}},
    ),
    "unsaid": (
        response("A") + CHOICE,
        {
            "type": "multiple_choice",
            "remarks": ["It does not say how points are given; the right answer gives all of them."],
        },
    ),
    "order": (
        response("B|A", cardinality="ordered")
        + '<itemBody><orderInteraction responseIdentifier="RESPONSE"><prompt>Order.</prompt>'
        + CHOICES.split("<feedback")[0]
        + "</simpleChoice></orderInteraction></itemBody>"
        + MATCH,
        {
            "type": "ordering",
            "text": "<p>Order.</p>",
            "options": OPTIONS,
            "correct": {"order": ["b", "a"], "rule": "all_or_nothing"},
        },
    ),
    "match": (
        response("I R|F P", cardinality="multiple", base="directedPair") + MATCHING + MATCH,
        {
            "type": "matching",
            "text": "<p>Pair.</p>",
            "options": {
                "left": [{"id": "a", "text": "Italy"}, {"id": "b", "text": "France"}],
                "right": [{"id": "a", "text": "Rome"}, {"id": "b", "text": "Paris"}, {"id": "c", "text": "Madrid"}],
            },
            "correct": {"pairs": {"a": "a", "b": "b"}, "rule": "all_or_nothing"},
        },
    ),
    "match-mapped": (
        response("", mapping(("I R", 1), ("F P", 1)), cardinality="multiple", base="directedPair") + MATCHING + MAP,
        {"type": "matching", "correct": {"pairs": {"a": "a", "b": "b"}}, "points": "2.00"},
    ),
    "associate": (
        response("A B|C D", cardinality="multiple", base="pair")
        + '<itemBody><p>Join.</p><associateInteraction responseIdentifier="RESPONSE" maxAssociations="2">'
        + "".join(
            f'<simpleAssociableChoice identifier="{one}" matchMax="1">{one}{one}</simpleAssociableChoice>'
            for one in "ABCD"
        )
        + "</associateInteraction></itemBody>"
        + MATCH,
        {
            "type": "matching",
            "correct": {"pairs": {"a": "a", "b": "b"}, "rule": "all_or_nothing"},
            "remarks": ["Its pairs had no sides; the first of each stands on the left now."],
        },
    ),
    "gap-match": (
        response("W1 G1|W2 G2", cardinality="multiple", base="directedPair")
        + '<itemBody><gapMatchInteraction responseIdentifier="RESPONSE"><gapText identifier="W1" matchMax="1">risk</gapText><gapText identifier="W2" matchMax="1">cover</gapText><p>A <gap identifier="G2"/> for a <gap identifier="G1"/>.</p></gapMatchInteraction></itemBody>'
        + MATCH,
        {
            "type": "fill_blank",
            "text": "<p>A [[1]] for a [[2]].</p>",
            "correct": {"blanks": {"1": {"accepted": ["cover"]}, "2": {"accepted": ["risk"]}}},
            "remarks": [TYPED],
        },
    ),
    "entry": (
        response("York", mapping(("York", 1), ("york", 0.5)), base="string") + ENTRY + MAP,
        {
            "type": "short_answer",
            "text": "<p>Who?</p>",
            "correct": {"accepted": ["York", {"text": "york", "share": 0.5}]},
        },
    ),
    "entry-exact": (
        response("York", base="string") + ENTRY + MATCH,
        {"type": "short_answer", "correct": {"accepted": ["York"], "case_sensitive": True}},
    ),
    "number": (
        response("3.1", base="float") + ENTRY + EQUAL,
        {
            "type": "numeric",
            "correct": {
                "answers": [
                    {"value": 3.1, "tolerance": 0.1},
                    {"value": 3, "tolerance": 0.05, "relative": True, "share": 0.5},
                ]
            },
            "points": "2.00",
        },
    ),
    "slider": (
        response("7", base="integer")
        + '<itemBody><p>How much?</p><sliderInteraction responseIdentifier="RESPONSE" lowerBound="0" upperBound="10"/></itemBody>'
        + MATCH,
        {
            "type": "numeric",
            "correct": {"answers": [{"value": 7, "tolerance": 0}]},
            "remarks": ["It was a slider; here the number is typed."],
        },
    ),
    "gaps": (
        response("", mapping(("a", 1)), base="string", name="R1")
        + response("C", mapping(("C", 1)), name="R2")
        + '<itemBody><p>An <textEntryInteraction responseIdentifier="R1"/> and <inlineChoiceInteraction responseIdentifier="R2"><inlineChoice identifier="B">bee</inlineChoice><inlineChoice identifier="C">sea</inlineChoice></inlineChoiceInteraction>.</p></itemBody>'
        + MAP,
        {
            "type": "fill_blank",
            "text": "<p>An [[1]] and [[2]].</p>",
            "correct": {"blanks": {"1": {"accepted": ["a"]}, "2": {"accepted": ["sea"]}}},
            "points": "2.00",
            "remarks": ["Gap 2 was a list to choose from; here its word is typed."],
        },
    ),
    "essay": (
        '<outcomeDeclaration identifier="MAXSCORE" cardinality="single" baseType="float"><defaultValue><value>5</value></defaultValue></outcomeDeclaration><itemBody><p>Write.</p><rubricBlock view="scorer"><p>A cause.</p></rubricBlock><extendedTextInteraction responseIdentifier="RESPONSE"/></itemBody>',
        {
            "type": "essay",
            "text": "<p>Write.</p>",
            "points": "5.00",
            "rubric": [{"name": "What to look for", "description": "A cause.", "points": 5}],
        },
    ),
    "feedback": (
        response("A")
        + CHOICE
        + MATCH
        + '<modalFeedback outcomeIdentifier="F" identifier="A" showHide="show">Yes.</modalFeedback><modalFeedback outcomeIdentifier="F" identifier="incorrect" showHide="show"><p>No.</p></modalFeedback><modalFeedback outcomeIdentifier="F" identifier="solution" showHide="show">So.</modalFeedback>',
        {"type": "multiple_choice", "feedback": {"a": "Yes.", "b": "No.", "wrong": "No."}, "explanation": "So."},
    ),
}
REFUSED = {
    "program": (response("A") + CHOICE + '<responseProcessing><responseCondition><responseIf><gt><variable identifier="RESPONSE"/><baseValue baseType="float">1</baseValue></gt></responseIf></responseCondition></responseProcessing>', "is a program (<gt>)"),
    "template": (response("A") + CHOICE + template("map_response_point"), "map_response_point"),
    "template-values": ("<templateDeclaration identifier='X'/>" + response("A") + CHOICE + MATCH, "drawn anew"),
    "hotspot": (response("A") + '<itemBody><p>x</p><hotspotInteraction responseIdentifier="RESPONSE"/></itemBody>' + MATCH, "places of a picture"),
    "upload": (response("A") + '<itemBody><p>x</p><uploadInteraction responseIdentifier="RESPONSE"/></itemBody>' + MATCH, "a file is handed in"),
    "nothing": (response("A") + "<itemBody><p>Read.</p></itemBody>", "no interaction"),
    "two": (response("A") + CHOICE.replace("</itemBody>", '<choiceInteraction responseIdentifier="RESPONSE"/></itemBody>') + MATCH, "2 things at once"),
    "undeclared": (response("A", name="OTHER") + CHOICE + MATCH, "is not declared"),
    "no-body": (response("A"), "no body"),
    "uneven": (response("3", base="float") + ENTRY + EQUAL.replace("0.1 0.1", "0.1 0.5"), "on one side"),
}  # fmt: skip

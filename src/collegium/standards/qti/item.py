"""One QTI item as a question of the bank: QTI 2.1, 2.2 and 3.0 by the same names.

docs/standards/qti.md goes through the interactions and says what becomes of each.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from collegium.kit.xmltree import Node
from collegium.standards.markup import block, inline, words
from collegium.standards.qti.declarations import Entry, Response, points_of, responses_of
from collegium.standards.qti.processing import processing_of
from collegium.standards.qti.tree import Image, find, html_of
from collegium.standards.questions import (
    BLANK,
    Answer,
    Draft,
    Json,
    Remark,
    Unreadable,
    accepted,
    blanks,
    choices,
    gap,
    matching,
    names,
    number,
    option,
    plain_number,
)

_WRITTEN = ("textEntryInteraction", "inlineChoiceInteraction")
_WHY = {
    "hottextInteraction": "words of a text are chosen", "hotspotInteraction": "places of a picture are chosen",
    "graphicOrderInteraction": "places of a picture are ordered",
    "positionObjectInteraction": "things are placed on a picture",
    "graphicAssociateInteraction": "places of a picture are joined",
    "selectPointInteraction": "points of a picture are chosen",
    "graphicGapMatchInteraction": "things are dragged onto a picture", "mediaInteraction": "it plays media",
    "drawingInteraction": "something is drawn", "uploadInteraction": "a file is handed in",
    "customInteraction": "it is a program of its own", "portableCustomInteraction": "it is a program of its own",
    "endAttemptInteraction": "it has several steps",
}  # fmt: skip
TITLE = 80
"""Characters of the text that stand as the title of an item without one."""
_SAID = {
    "right": "right",
    "correct": "right",
    "wrong": "wrong",
    "incorrect": "wrong",
    "partly": "partly",
    "partial": "partly",
}
Parts = tuple[str, Any, Json | None, dict[str, str]]


def read_item(root: Node, image: Image, remarks: list[Remark], tags: list[str] | None = None) -> Draft:
    """The question of an item; raises Unreadable."""
    if root.name != "assessmentItem":
        raise Unreadable(f"<assessmentItem> was expected, and <{root.name[:60]}> stands here.", root.line)
    if root.attributes.get("adaptive", "false").lower() == "true":
        raise Unreadable("It is adaptive: it changes with the answer, in several steps.", root.line)
    drawn = root.child("templateDeclaration") or root.child("templateProcessing")
    if drawn:
        raise Unreadable("Its values are drawn anew for each learner, by a program.", drawn.line)
    if root.child("assessmentStimulusRef"):
        remarks.append(Remark("The text that it shares with other questions is not taken.", root.line))
    return _Item(root, image, remarks).draft(tags or [])


class _Item:
    """An item while it is read."""

    def __init__(self, root: Node, image: Image, remarks: list[Remark]) -> None:
        self.root, self.image, self.remarks = root, image, remarks
        body = root.child("itemBody")
        if body is None:
            raise Unreadable("It has no body.", root.line)
        self.body = body
        self.responses = responses_of(root)
        self.processing = processing_of(root)
        self.found = [one for one in body.walk() if one.name.endswith("Interaction")]

    def draft(self, tags: list[str]) -> Draft:
        """The question."""
        type, options, correct, feedback = self._parts()
        text = self._body_text()
        explanation, said = self._modal()
        title = " ".join(self.root.attributes.get("title", "").split())
        first = " ".join(words(text).split())[:TITLE].strip()
        declared = points_of(self.root)
        points = declared if declared is not None else self.total
        if points is None or points < 0:
            points = Decimal(1)
        if not self.processing.stated and type != "essay":
            self.remarks.append(
                Remark("It does not say how points are given; the right answer gives all of them.", self.root.line)
            )
        return Draft(
            type=type,  # pyright: ignore[reportArgumentType]
            title="" if title == first else title,
            text=text,
            options=options,
            correct=correct,
            points=points,
            feedback={**feedback, **said},
            explanation=explanation,
            tags=tags,
            rubric=self._rubric(points) if type == "essay" else [],
        )

    total: Decimal | None = None
    """The most that its mapping gives, where it has one."""

    # Text -------------------------------------------------------------------------------------------------

    def _body_text(self) -> str:
        place = 0

        def inside(node: Node) -> str | None:
            nonlocal place
            if node.name in _WRITTEN or node.name == "gap":
                place += 1
                return gap(place) if self.gaps else (BLANK if not self._stands_alone(node) else "")
            if node.name in ("rubricBlock", "infoControl", "feedbackBlock", "feedbackInline", "templateBlock"):
                kept = node.name == "rubricBlock" and "candidate" in node.attributes.get("view", "candidate")
                return block(html_of(node, self.image, inside)) if kept else ""
            if node.name == "gapMatchInteraction":
                kept = Node(
                    "div", "", node.line, {}, [one for one in node.children if one.name not in ("gapText", "gapImg")]
                )
                return html_of(kept, self.image, inside)
            if node.name.endswith("Interaction"):
                prompt = node.child("prompt")
                return block(inline(html_of(prompt, self.image))) if prompt else ""
            return None

        made = html_of(self.body, self.image, inside).strip()
        # The paragraph in which an answer alone was typed.
        return block(made.removesuffix("<p></p>").strip())

    gaps = False
    """Whether it is a text with gaps."""

    def _stands_alone(self, node: Node) -> bool:
        """Whether an entry is all there is in the last part of the body."""
        last = self.body.children[-1] if self.body.children else None
        return last is not None and (last is node or (last.children == [node] and not last.text.strip()))

    def _modal(self) -> tuple[str, dict[str, str]]:
        """The explanation, and what is said to answers."""
        said: dict[str, str] = {}
        explanation = ""
        for node in self.root.all("modalFeedback"):
            name = node.attributes.get("identifier", "")
            content = node.child("contentBody") or node
            text = inline(html_of(content, self.image))
            if not words(text) and "<img" not in text:
                continue
            if name.lower() in _SAID:
                said[_SAID[name.lower()]] = text
            elif name in self.named:
                said[self.named[name]] = text
            elif name.lower() in ("explanation", "solution", "general"):
                explanation = text
            else:
                self.remarks.append(Remark(f"Feedback “{name[:40]}” belongs to no answer and was left out.", node.line))
        return explanation, said

    @property
    def named(self) -> dict[str, str]:
        """The options that feedback may be for, by their identifiers."""
        return self._named

    _named: dict[str, str] = {}  # noqa: RUF012

    def _rubric(self, points: Decimal) -> list[Json]:
        texts = [
            words(html_of(node, self.image))
            for node in find(self.body, "rubricBlock")
            if "scorer" in node.attributes.get("view", "")
        ]
        text = "\n".join(one for one in texts if one)[:2000]
        return [{"name": "What to look for", "description": text, "points": plain_number(points)}] if text else []

    # Parts ------------------------------------------------------------------------------------------------

    def _parts(self) -> Parts:
        if not self.found:
            raise Unreadable("It asks nothing: it has no interaction.", self.body.line)
        first = self.found[0]
        if len(self.found) > 1 and any(one.name not in _WRITTEN for one in self.found):
            raise Unreadable(f"It asks {len(self.found)} things at once. Make an item of each.", self.found[1].line)
        known: dict[str, Callable[[Node, Response], Parts]] = {
            "choiceInteraction": self.choice, "orderInteraction": self.order, "matchInteraction": self.match,
            "associateInteraction": self.associate, "extendedTextInteraction": self.essay,
            "sliderInteraction": self.slider, "gapMatchInteraction": self.gap_match,
        }  # fmt: skip
        if first.name in _WRITTEN:
            single = len(self.found) == 1 and first.name == "textEntryInteraction" and self._stands_alone(first)
            return self.entry(first) if single else self.blanks()
        if first.name not in known:
            why = _WHY.get(first.name, "there is no such type here")
            raise Unreadable(f"<{first.name[:40]}> is not taken: {why}.", first.line, f"<{first.name[:40]}>")
        return known[first.name](first, self.response(first))

    def response(self, node: Node) -> Response:
        """The declaration that an interaction names."""
        name = node.attributes.get("responseIdentifier", "")
        found = self.responses.get(name)
        if found is None:
            raise Unreadable(f"It names the response “{name[:40]}”, which is not declared.", node.line)
        return found

    def shares(self, response: Response, ids: list[str], *, several: bool) -> dict[str, float]:
        """What each of some responses is worth, as a share of the points."""
        if self.processing.rule == "match":
            return {name: 1 / len(response.correct) if several else 1 for name in response.correct}
        values = {name: response.mapping.get(name, Entry(response.default, True)).value for name in ids}
        positive = [value for value in values.values() if value > 0]
        best = Decimal(0)
        if positive:
            best = sum(positive, Decimal(0)) if several else max(positive)
        if response.most is not None and response.most > 0:
            best = min(best, response.most)
        self.total = best
        best = points_of(self.root) or best
        if best <= 0:
            raise Unreadable("No answer to it gives points.", self.root.line, "mapping")
        return {name: plain_number(value / best) for name, value in values.items()}

    def choice(self, node: Node, response: Response) -> Parts:
        """One of several, or several."""
        given = node.all("simpleChoice")
        ids = [one.attributes.get("identifier", "") for one in given]
        multiple = response.cardinality != "single"
        exact = self.processing.rule == "match"
        shares = self.shares(response, ids, several=multiple)
        inner = {one.attributes.get("identifier", ""): self._inline_feedback(one) for one in given}
        if sorted(ids) == ["false", "true"] and not multiple:
            right = max(ids, key=lambda name: shares.get(name, 0))
            self._named = {"true": "true", "false": "false"}
            return "true_false", [], {"selected": right}, {name: text for name, text in inner.items() if text}
        self._named = dict(zip(ids, names(len(ids)), strict=False))
        answers = [
            Answer(html_of(one, self.image, _without_feedback), shares.get(name, 0), inner[name])
            for one, name in zip(given, ids, strict=True)
        ]
        if exact and any(name not in ids for name in response.correct):
            raise Unreadable("The right answer is none of its choices.", node.line, "correctResponse")
        return choices(answers, multiple=multiple, rule="all_or_nothing" if multiple and exact else "")

    def _inline_feedback(self, node: Node) -> str:
        found = find(node, "feedbackInline", "feedbackBlock")
        return inline(html_of(found[0], self.image)) if found else ""

    def order(self, node: Node, response: Response) -> Parts:
        """Things in an order."""
        given = node.all("simpleChoice")
        ids = [one.attributes.get("identifier", "") for one in given]
        if self.processing.rule != "match" or sorted(response.correct) != sorted(ids):
            raise Unreadable("Its right order does not name each thing once.", node.line, "correctResponse")
        if not 2 <= len(ids) <= 20:
            raise Unreadable(f"It has {len(ids)} things to order; 2 to 20 are possible.", node.line)
        new = dict(zip(ids, names(len(ids)), strict=True))
        options = [option(html_of(one, self.image), new[name]) for one, name in zip(given, ids, strict=True)]
        return "ordering", options, {"order": [new[name] for name in response.correct], "rule": "all_or_nothing"}, {}

    def pairs(self, response: Response) -> list[tuple[str, str]]:
        """The pairs that are right."""
        given = list(response.correct)
        if self.processing.rule == "map":
            given = [name for name, entry in response.mapping.items() if entry.value > 0]
            worth = {response.mapping[name].value for name in given}
            self.total = sum((response.mapping[name].value for name in given), Decimal(0))
            if len(worth) > 1:
                self.remarks.append(
                    Remark("Its pairs give different points; here each counts the same.", self.root.line)
                )
            if any(entry.value < 0 for entry in response.mapping.values()) or response.default < 0:
                self.remarks.append(Remark("Wrong pairs take points in the file; here they give none.", self.root.line))
        made = [tuple(one.split(" ")) for one in given]
        if any(len(one) != 2 for one in made):
            raise Unreadable("One of its right pairs does not name two things.", self.root.line, "responseDeclaration")
        return [(one[0], one[1]) for one in made]

    def match(self, node: Node, response: Response) -> Parts:
        """Two sides."""
        sides = node.all("simpleMatchSet")
        if len(sides) != 2:
            raise Unreadable("A match has two sides.", node.line)
        left, right = (
            {
                one.attributes.get("identifier", ""): html_of(one, self.image)
                for one in side.all("simpleAssociableChoice")
            }
            for side in sides
        )
        return self._matched(left, right, self.pairs(response), node)

    def associate(self, node: Node, response: Response) -> Parts:
        """Pairs without sides: the first of each pair goes to the left."""
        given = {
            one.attributes.get("identifier", ""): html_of(one, self.image) for one in node.all("simpleAssociableChoice")
        }
        pairs = self.pairs(response)
        if len({name for pair in pairs for name in pair}) < 2 * len(pairs):
            raise Unreadable("One of its things belongs to several others, which cannot be said here.", node.line)
        self.remarks.append(Remark("Its pairs had no sides; the first of each stands on the left now.", node.line))
        firsts = [pair[0] for pair in pairs]
        left = {name: given[name] for name in firsts if name in given}
        right = {name: html for name, html in given.items() if name not in left}
        return self._matched(left, right, pairs, node)

    def _matched(self, left: dict[str, str], right: dict[str, str], pairs: list[tuple[str, str]], node: Node) -> Parts:
        known = dict(pairs)
        if len(known) < len(pairs) or set(known) != set(left) or not set(known.values()) <= set(right):
            raise Unreadable("Each thing on the left needs one right partner.", node.line, "responseDeclaration")
        spare = [html for name, html in right.items() if name not in known.values()]
        options, key = matching([(html, right[known[name]]) for name, html in left.items()], spare)
        exact = self.processing.rule == "match" and self.processing.stated
        return "matching", options, {**key, **({"rule": "all_or_nothing"} if exact else {})}, {}

    def essay(self, node: Node, response: Response) -> Parts:
        """A text that a person grades."""
        if response.correct or response.mapping:
            self.remarks.append(
                Remark("It is graded by a person here; the answers in the file are left out.", node.line)
            )
        return "essay", [], None, {}

    def slider(self, node: Node, response: Response) -> Parts:
        """A number on a scale, as a number that is typed."""
        self.remarks.append(Remark("It was a slider; here the number is typed.", node.line))
        return self._number(response, node)

    def entry(self, node: Node) -> Parts:
        """A word or a number that is typed."""
        response = self.response(node)
        if response.base_type in ("float", "integer"):
            return self._number(response, node)
        if not response.correct and not response.mapping:
            return "short_answer", [], None, {}
        return "short_answer", [], self._texts(response), {}

    def _texts(self, response: Response, total: bool = True) -> Json:
        """The accepted texts of an entry. Case counts as the clause says: unless a mapping says that it does not."""
        given = {name: Entry(Decimal(1), True) for name in response.correct}
        best = Decimal(1)
        if self.processing.rule == "map" and response.mapping:
            given = response.mapping
            best = max(entry.value for entry in given.values())
            if total:
                self.total = best
                best = points_of(self.root) or best
        if best <= 0 or not given:
            raise Unreadable("No answer to it gives points.", self.root.line, "mapping")
        answers = [Answer(text, max(0, plain_number(entry.value / best))) for text, entry in given.items()]
        key: Json = {"accepted": accepted(answers)}
        if any(entry.case_sensitive for entry in given.values()):
            key["case_sensitive"] = True
        return key

    def _number(self, response: Response, node: Node) -> Parts:
        answers: list[Json] = []
        worth = [one.score for one in self.processing.numbers]
        best = points_of(self.root) or (max(worth) if worth else Decimal(1))
        for one in self.processing.numbers:
            value = one.value if one.value is not None else number((response.correct or [""])[0])
            off = one.tolerance / 100 if one.relative else one.tolerance
            answer: Json = {"value": plain_number(value), "tolerance": plain_number(abs(off))}
            if one.relative:
                answer["relative"] = True
            share = plain_number(one.score / best) if best else 1
            answers.append({**answer, "share": share} if share != 1 else answer)
        if worth:
            self.total = max(worth)
        elif self.processing.rule == "map":
            best = points_of(self.root) or max((one.value for one in response.mapping.values()), default=Decimal(1))
            for text, entry in response.mapping.items():
                share = plain_number(entry.value / best) if best > 0 else 0
                if share > 0:
                    answer = {"value": plain_number(number(text)), "tolerance": 0}
                    answers.append({**answer, "share": share} if share != 1 else answer)
            self.total = best
        else:
            answers = [{"value": plain_number(number(text)), "tolerance": 0} for text in response.correct]
        if not 1 <= len(answers) <= 20 or any(not 0 <= one.get("share", 1) <= 1 for one in answers):
            raise Unreadable("It needs 1 to 20 right numbers, each worth at most all points.", node.line)
        return "numeric", [], {"answers": answers}, {}

    def blanks(self) -> Parts:
        """A text with gaps."""
        self.gaps = True
        texts: list[Json] = []
        total = Decimal(0)
        for place, node in enumerate(self.found, 1):
            response = self.response(node)
            total += max((one.value for one in response.mapping.values()), default=Decimal(1))
            if node.name == "inlineChoiceInteraction":
                texts.append(self._chosen(node, response, place))
            elif response.base_type in ("float", "integer") and response.correct:
                texts.append({"numeric": {"value": plain_number(number(response.correct[0])), "tolerance": 0}})
            else:
                texts.append(self._texts(response, total=False))
        options, key = blanks(texts)
        if self.processing.rule == "map":
            self.total = total
        elif len(texts) > 1:
            key["rule"] = "all_or_nothing"
        return "fill_blank", options, key, {}

    def _chosen(self, node: Node, response: Response, place: int) -> Json:
        self.remarks.append(Remark(f"Gap {place} was a list to choose from; here its word is typed.", node.line))
        given = {
            one.attributes.get("identifier", ""): words(html_of(one, self.image)) for one in node.all("inlineChoice")
        }
        right = [name for name, entry in response.mapping.items() if entry.value > 0] or response.correct
        texts = [given[name] for name in right if name in given]
        if not texts:
            raise Unreadable(f"The right word for gap {place} is none of its list.", node.line)
        return {"accepted": accepted([Answer(text, 1) for text in texts])}

    def gap_match(self, node: Node, response: Response) -> Parts:
        """Words that are dragged into gaps, as gaps to type in."""
        self.gaps = True
        given = {one.attributes.get("identifier", ""): words(html_of(one, self.image)) for one in node.all("gapText")}
        pairs = {target: source for source, target in self.pairs(response)}
        texts: list[Json] = []
        for one in find(node, "gap"):
            word = given.get(pairs.get(one.attributes.get("identifier", ""), ""))
            if not word:
                raise Unreadable("One of its gaps has no right word.", one.line)
            texts.append({"accepted": accepted([Answer(word, 1)])})
        self.remarks.append(Remark("Its words were dragged into the gaps; here they are typed.", node.line))
        options, key = blanks(texts)
        return "fill_blank", options, key, {}


def _without_feedback(node: Node) -> str | None:
    return "" if node.name in ("feedbackInline", "feedbackBlock") else None

"""Moodle XML, read: the questions that Moodle exports with all they have (docs.moodle.org, "Moodle XML format").

docs/standards/moodle-xml.md goes through the types and says what becomes of each.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from collegium.kit.xmltree import Node, XmlError, parse
from collegium.standards.markup import block, from_auto, from_markdown, from_plain, inline, with_formulas, words
from collegium.standards.moodle_xml import gaps
from collegium.standards.questions import (
    MOST_NUMBERS,
    MOST_QUESTIONS,
    Answer,
    Draft,
    Embedded,
    FileError,
    Found,
    Json,
    Reading,
    Remark,
    Unreadable,
    attempt,
    category_tags,
    choices,
    matching,
    names,
    number,
    option,
    plain_number,
    share_of,
    starred,
)

LARGEST = 32 << 20
"""Bytes of a file, pictures in it included."""
LONGEST_HTML = 200_000
"""Characters of one text, before it is cleaned."""
LARGEST_PICTURE = 12 << 20
_PLUGIN = re.compile(r"@@PLUGINFILE@@(/[^\"'\s<>)?#]*)[^\"'\s<>)]*")
_SOURCE = re.compile(r'<img\b[^>]*?\bsrc=["\']?$')
_OTHER = {
    "calculated": "it calculates with values of its own",
    "calculatedsimple": "it calculates with values of its own",
    "calculatedmulti": "it calculates with values of its own",
    "random": "it draws from a category; draw by tag in the quiz instead",
    "ddimageortext": "things are dragged onto a picture",
    "ddmarker": "marks are dragged onto a picture",
    "coderunner": "it runs programs",
    "stack": "it needs a system for algebra",
}
Parts = tuple[str, Any, Json | None, dict[str, str]]


def read(data: bytes) -> Reading:
    """The questions of a file; raises FileError for what is no Moodle XML."""
    try:
        root = parse(data, largest=LARGEST, deepest=24, most=400_000)
    except XmlError as error:
        raise FileError(str(error), error.line) from error
    if root.name != "quiz":
        raise FileError(f"<quiz> was expected at the beginning, and <{root.name[:60]}> stands there.", root.line)
    file = _File()
    given = root.all("question")
    found: list[Found] = []
    category = ""
    for node in given:
        if node.attributes.get("type") == "category":
            category = node.words("category", "text")
            continue
        if len(found) == MOST_QUESTIONS:
            file.remarks.append(
                Remark(f"Only the first {MOST_QUESTIONS:,} questions are read. Divide the file.", node.line)
            )
            break
        found.append(file.question(len(found) + 1, node, category))
    if any(node.child("idnumber") and node.words("idnumber") for node in given):
        file.remarks.append(Remark("ID numbers are not kept. Tags and categories are, as tags."))
    if any(len(node.all("hint")) > 0 for node in given):
        file.remarks.append(
            Remark("Penalties for further tries are not taken: a question is answered once in an attempt.")
        )
    return Reading(format="moodle_xml", found=found, remarks=file.remarks, files=file.files)


class _File:
    """A file while it is read: its pictures are collected."""

    def __init__(self) -> None:
        self.remarks: list[Remark] = []
        self.files: dict[str, Embedded] = {}

    def question(self, place: int, node: Node, category: str) -> Found:
        """One question of it."""

        def made(remarks: list[Remark]) -> Draft:
            return _Question(node, self.files, remarks).draft(category)

        return attempt(place, node.line, made, name=node.words("name", "text")[:80])


class _Question:
    """A question while it is read."""

    def __init__(self, node: Node, files: dict[str, Embedded], remarks: list[Remark]) -> None:
        self.node, self.files, self.remarks = node, files, remarks

    def draft(self, category: str) -> Draft:
        """What the bank keeps of it; raises Unreadable."""
        node = self.node
        kind = node.attributes.get("type", "")
        known: dict[str, Callable[[], Parts]] = {
            "multichoice": self.multichoice, "truefalse": self.truefalse, "shortanswer": self.shortanswer,
            "numerical": self.numerical, "matching": self.matching, "match": self.matching, "essay": self.essay,
            "ordering": self.ordering,
        }  # fmt: skip
        text = block(self.html(node.child("questiontext")))
        if kind in ("cloze", "multianswer"):
            text, parts = gaps.cloze(text, self.remarks, node.line)
        elif kind in ("ddwtos", "gapselect"):
            text, parts = gaps.words_to_place(text, node, self.remarks)
        elif kind in known:
            parts = known[kind]()
        elif kind == "description":
            raise Unreadable("This is text without a question. It was left out.", node.line)
        else:
            why = _OTHER.get(kind, "there is no such type here")
            raise Unreadable(f"Questions of the type “{kind[:40]}” are not taken: {why}.", node.line, "question")
        type, options, correct, feedback = parts
        hints = [words(self.html(one)) for one in node.all("hint")]
        limit = node.words("maxwordlimit")
        return Draft(
            type=type,  # pyright: ignore[reportArgumentType]
            title=node.words("name", "text"),
            text=text,
            options=options,
            correct=correct,
            feedback=feedback,
            points=self._points(),
            explanation=inline(self.html(node.child("generalfeedback"))),
            hint="\n".join(hint for hint in hints if hint)[:2000],
            tags=[
                *category_tags(category),
                *(tag.words("text") for tags in node.all("tags") for tag in tags.all("tag")),
            ],
            rubric=self._rubric() if type == "essay" else [],
            word_limit=int(limit) if type == "essay" and limit.isdigit() and 1 <= int(limit) <= 10_000 else None,
        )

    def _points(self) -> Decimal:
        text = self.node.words("defaultgrade") or self.node.words("defaultmark")
        return number(text) if text else Decimal(1)

    def html(self, node: Node | None) -> str:
        """A text with its format and its files."""
        if node is None:
            return ""
        child = node.child("text")
        text = (child or node).text.strip()
        if len(text) > LONGEST_HTML or text.count("@@PLUGINFILE@@") > 100:
            raise Unreadable(
                f"A text of it has {len(text):,} characters or more than 100 files: too much to be read.",
                node.line,
                node.name,
            )
        format = node.attributes.get("format", "html")
        if format == "markdown":
            made = from_markdown(text)
        elif format in ("plain_text", "plain"):
            made = from_plain(text)
        else:
            made = text if format == "html" else from_auto(text)
        return self._with_files(with_formulas(made), node)

    def _with_files(self, html: str, node: Node) -> str:
        if "@@PLUGINFILE@@" not in html:
            return html
        held = {f"{one.attributes.get('path', '/')}{one.attributes.get('name', '')}": one for one in node.all("file")}

        def address(found: re.Match[str]) -> str:
            path = unquote(found[1])
            one = held.get(path)
            name = path.rpartition("/")[2][:200]
            if one is None:
                self.remarks.append(Remark(f"The file “{name}” is named and not in the file.", node.line))
            elif not _SOURCE.search(html[max(0, found.start() - 2000) : found.start()]):
                self.remarks.append(
                    Remark(f"The file “{name}” is no picture in the text, and was left out.", node.line)
                )
            else:
                return self._file(name, one) or ""
            return ""

        return _PLUGIN.sub(address, html)

    def _file(self, name: str, node: Node) -> str:
        if node.attributes.get("encoding", "base64") != "base64" or len(node.text) > LARGEST_PICTURE * 4 // 3:
            self.remarks.append(
                Remark(f"The picture “{name}” is too large, or not in base64. It was left out.", node.line)
            )
            return ""
        try:
            data = base64.b64decode("".join(node.text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.remarks.append(Remark(f"The picture “{name}” is damaged, and was left out.", node.line))
            return ""
        key = hashlib.sha256(data).hexdigest()[:32]
        self.files.setdefault(key, Embedded(name, data))
        return f"import:{key}"

    # Types ------------------------------------------------------------------------------------------------

    def _share(self, node: Node) -> float:
        return share_of(number(node.attributes.get("fraction", "0")))

    def answers(self, *, plain: bool = False) -> list[Answer]:
        """The answers with their shares and feedback, as HTML or as plain text."""
        found: list[Answer] = []
        for node in self.node.all("answer"):
            text = self.html(node)
            if plain:
                child = node.child("text")
                text = " ".join((child or node).text.split())
            found.append(Answer(text, self._share(node), self.html(node.child("feedback"))))
        return found

    def said(self) -> dict[str, str]:
        """What is said to an answer that is right, partly right or wrong."""
        given = (("right", "correctfeedback"), ("partly", "partiallycorrectfeedback"), ("wrong", "incorrectfeedback"))
        made = {name: inline(self.html(self.node.child(child))) for name, child in given}
        return {name: text for name, text in made.items() if words(text)}

    def multichoice(self) -> Parts:
        """One right answer, or several."""
        single = self.node.words("single").lower() not in ("false", "0")
        type, options, key, feedback = choices(self.answers(), multiple=not single)
        return type, options, key, {**self.said(), **feedback}

    def truefalse(self) -> Parts:
        """True or false."""
        given = {one.html.strip().lower(): one for one in self.answers(plain=True)}
        if set(given) != {"true", "false"}:
            raise Unreadable("Its two answers are not true and false.", self.node.line, "answer")
        right = "true" if given["true"].share > given["false"].share else "false"
        feedback = {name: text for name, one in given.items() if (text := inline(one.feedback))}
        return "true_false", [], {"selected": right}, feedback

    def shortanswer(self) -> Parts:
        """Accepted texts."""
        key, said = starred(self.answers(plain=True), self.remarks, self.node.line)
        if self.node.words("usecase") == "1":
            key["case_sensitive"] = True
        return "short_answer", [], key, said

    def numerical(self) -> Parts:
        """Numbers, with units."""
        answers: list[Json] = []
        said: dict[str, str] = {}
        for node in self.node.all("answer"):
            text, share, feedback = node.words("text"), self._share(node), inline(self.html(node.child("feedback")))
            if text == "*" or share <= 0:
                said = {"wrong": feedback} if feedback and text == "*" else said
                continue
            off = abs(number(node.words("tolerance") or "0"))
            one: Json = {"value": plain_number(number(text)), "tolerance": plain_number(off)}
            if share > 1:
                raise Unreadable(f"One of its answers is worth {share * 100:g} percent; 100 are the most.", node.line)
            answers.append(
                one | ({"share": share} if share != 1 else {}) | ({"feedback": feedback} if feedback else {})
            )
        if not 1 <= len(answers) <= MOST_NUMBERS:
            raise Unreadable(f"It has {len(answers)} right numbers; 1 to {MOST_NUMBERS} are possible.", self.node.line)
        return "numeric", [], {"answers": answers, **self._units()}, said

    def _units(self) -> Json:
        found: Json = {}
        for unit in (self.node.child("units") or Node("", "", 0, {}, [])).all("unit"):
            name, times = unit.words("unit_name"), number(unit.words("multiplier") or "1")
            if times <= 0:
                raise Unreadable(f"The unit “{name[:40]}” has a multiplier that is not above 0.", unit.line, "unit")
            # The file says how many of the unit are one of the first; here it is the other way round.
            if name:
                found[name[:40]] = plain_number(1 / times if times != 1 else times)
        if not found:
            return {}
        graded = self.node.words("unitgradingtype") not in ("", "0")
        if graded and self.node.words("unitpenalty") not in ("", "1", "1.0", "1.0000000"):
            self.remarks.append(
                Remark("An answer without its unit gets no points; in the file it lost a part.", self.node.line)
            )
        return {"units": found, "unit": "required" if graded else "optional"}

    def matching(self) -> Parts:
        """Pairs; an answer without a question belongs to nothing."""
        pairs: list[tuple[str, str]] = []
        spare: list[str] = []
        for node in self.node.all("subquestion"):
            left = self.html(node)
            answer = node.child("answer")
            right = from_plain(answer.words("text")) if answer else ""
            if words(left) or "<img" in left:
                pairs.append((left, right))
            elif right:
                spare.append(right)
        options, key = matching(pairs, spare)
        return "matching", options, key, self.said()

    def ordering(self) -> Parts:
        """Things in their right order."""
        given = self.answers()
        if not 2 <= len(given) <= 20:
            raise Unreadable(f"It has {len(given)} things to order; 2 to 20 are possible.", self.node.line)
        ids = names(len(given))
        options = [option(one.html, name) for one, name in zip(given, ids, strict=True)]
        grading = self.node.words("gradingtype").upper()
        rule = {"ALL_OR_NOTHING": "all_or_nothing", "-1": "all_or_nothing"}.get(grading, "")
        if not rule and (grading.startswith(("RELATIVE", "LONGEST")) or grading in ("1", "2", "3", "4", "5", "6")):
            rule = "pairs"
        return "ordering", options, {"order": ids, **({"rule": rule} if rule else {})}, self.said()

    def essay(self) -> Parts:
        """A text that a person grades."""
        if self.node.words("responseformat") == "noinline" or self.node.words("attachmentsrequired") not in ("", "0"):
            self.remarks.append(Remark("It asks for files to be handed in; here it asks for a text.", self.node.line))
        if words(self.html(self.node.child("responsetemplate"))):
            self.remarks.append(Remark("The text that learners begin with was left out.", self.node.line))
        return "essay", [], None, {}

    def _rubric(self) -> list[Json]:
        text = words(self.html(self.node.child("graderinfo")))
        if len(text) > 2000:
            self.remarks.append(Remark("What graders should look for was cut to 2,000 characters.", self.node.line))
        points = plain_number(min(Decimal(999), self._points()))
        return [{"name": "What to look for", "description": text[:2000], "points": points}] if text else []

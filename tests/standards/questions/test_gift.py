"""GIFT: the samples of its community, files of our own, and what is written is read as the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from collegium.standards.comparing import canonical
from collegium.standards.gift import reader, syntax, writer
from collegium.standards.gift.syntax import Choice, Question, Range, Text
from collegium.standards.markup import decoded
from collegium.standards.questions import Draft
from tests.standards.questions.drafts import drafts

# Beside the folder of the project or one of those above it; tests that need it are skipped without.
SAMPLES = next(
    (found for above in Path(__file__).parents if (found := above / "shared" / "samples" / "gift").is_dir()),
    Path("shared/samples/gift"),
)
KINDS = {
    "choice": "MC", "true_false": "TF", "short": "Short", "matching": "Matching", "numeric": "Numerical", "essay": "Essay",
    "description": "Description",
}  # fmt: skip


def plain(text: str) -> str:
    """Without the spaces that readers put around a gap."""
    return re.sub(r"\s*_____\s*", "_____", text)


def said(text: Text | None) -> Any:
    """A text as the samples write it."""
    return None if text is None else {"format": text.format, "text": plain(text.text)}


def weight(one: Choice | Range) -> Any:
    """A weight as the samples write it."""
    return None if one.weight is None else float(one.weight)


def choice(one: Choice) -> Any:
    """An answer as the samples write it."""
    return {"isCorrect": one.right, "weight": weight(one), "text": said(one.text), "feedback": said(one.feedback)}


def numbers(found: Question) -> Any:
    """Numbers as the samples write them: one alone is no list."""
    return [
        {
            "isCorrect": one.right, "weight": weight(one), "feedback": said(one.feedback),
            "text": {"format": found.stem.format, "text": "*"} if one.value is None else
            {"type": "range", "number": float(one.value), "range": float(one.tolerance or 0)},
        }
        for one in found.numbers
    ]  # fmt: skip


def shown(found: Question) -> dict[str, Any]:
    """A question as the samples write it."""
    made: dict[str, Any] = {
        "type": KINDS[found.kind], "title": found.title or None, "stem": said(found.stem), "id": found.id or None,
        "tags": list(found.tags) or None, "hasEmbeddedAnswers": found.embedded, "globalFeedback": said(found.general),
    }  # fmt: skip
    if found.kind in ("choice", "short"):
        made["choices"] = [choice(one) for one in found.choices]
    elif found.kind == "true_false":
        made |= {
            "isTrue": found.is_true,
            "trueFeedback": said(found.wrong_feedback),
            "falseFeedback": said(found.right_feedback),
        }
    elif found.kind == "matching":
        made["matchPairs"] = [{"subquestion": said(one.left), "subanswer": one.right} for one in found.pairs]
    elif found.kind == "numeric":
        made["choices"] = numbers(found)
    return made


def expected(given: dict[str, Any]) -> dict[str, Any]:
    """What a sample says, with one number alone as a list of one."""
    made = {"globalFeedback": None, **given, "stem": {**given["stem"], "text": plain(given["stem"]["text"])}}
    if isinstance(made.get("choices"), dict):
        one = {"type": "range", "number": made["choices"]["number"], "range": made["choices"].get("range", 0)}
        made["choices"] = [{"isCorrect": True, "weight": None, "text": one, "feedback": None}]
    return made


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not on this machine")
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.gift")), ids=lambda path: path.stem)
def test_a_sample_is_read_as_a_correct_reader_reads_it(path: Path) -> None:
    wanted = json.loads(path.with_suffix(".json").read_text())
    text, _ = decoded(path.read_bytes())
    found = [shown(syntax.parse(piece)) for piece in syntax.pieces(text)]
    assert found == [expected(one) for one in wanted if one["type"] != "Category"]
    for one in reader.read(path.read_bytes()).found:
        assert one.draft or one.remarks


GOLDEN = Path(__file__).parent / "golden"


def test_a_file_with_everything_is_read_as_written_down() -> None:
    found = reader.read((GOLDEN / "everything.gift").read_bytes()).found
    wanted = json.loads((GOLDEN / "everything.gift.json").read_text())
    assert [report(one) for one in found] == wanted


def report(one: Any) -> dict[str, Any]:
    """A question and its remarks, as the golden file has them."""
    draft = msgspec.to_builtins(one.draft) if one.draft else None
    if draft:
        draft = {name: value for name, value in draft.items() if value not in ("", [], {}, None, "1.00", "medium")}
    return {"line": one.line, "draft": draft, "remarks": [f"{remark.line}: {remark.words}" for remark in one.remarks]}


@settings(max_examples=70, deadline=None)
@given(drafts(rich=False))
def test_what_is_written_without_a_remark_is_read_as_the_same(draft: Draft) -> None:
    written = writer.write(draft)
    found = reader.read((writer.HEAD + written.text).encode()).found
    if not found:
        assert "Left out" in written.remarks[-1]
        return
    assert len(found) == 1, written.text
    if not written.remarks:
        assert found[0].remarks == [], written.text
        assert found[0].draft is not None
        assert canonical(found[0].draft) == canonical(draft), written.text
    else:
        assert found[0].draft is not None or "Left out" in written.remarks[-1], written.text


BAD = {
    "never-closed": ("What?{=a\n\nWho?{=b}", "never closed"),
    "no-opening": ("What? }\n\nWho?{=b}", "without a {"),
    "two-pairs": ("Water is {=1} and {=2} things\n\nWho?{=b}", "more than one pair"),
    "no-arrow": ("Match{=a->b =c}\n\nWho?{=b}", "no ->"),
    "title": ("::What?{=a}\n\nWho?{=b}", "does not end with ::"),
    "no-number": ("How many?{#three}\n\nWho?{=b}", "is not a number"),
    "text-before": ("What?{yes =a}\n\nWho?{=b}", "Begin each answer"),
    "million": ("What?{" + "~a" * 1_000_000 + "}\n\nWho?{=b}", "1,000,000 answers"),
    "long": ("What " * 100_000 + "{=a}\n\nWho?{=b}", "499,999 characters"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_said_and_stops_nothing(text: str, words: str) -> None:
    found = reader.read(text.encode()).found
    assert found[0].draft is None
    assert words in found[0].remarks[0].words
    assert found[-1].draft is not None

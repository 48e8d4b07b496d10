"""Questions of every type, for any two ways of writing them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

from collegium.standards.questions import Answer, Draft, accepted, blanks, choices, escape, gap, matching, plain_number

_LETTERS = st.characters(
    codec="utf-8",
    categories=("L", "N", "P", "S", "Zs"),
    exclude_characters="\xa0\u2028\u2029",
    include_characters="~=#{}:\\%[]<>&\"'*,;|→",
)
WORDS = st.text(_LETTERS, min_size=1, max_size=24).map(lambda text: " ".join(text.split())).filter(bool)
SHARES = st.sampled_from([1 / 3, 0.5, 0.25, 2 / 3, 0.1, 0.07, 0.3333, 0.123456789, 1 / 7, 1])
VALUES = st.decimals(min_value=-(10**6), max_value=10**6, places=3).map(plain_number)


def html() -> st.SearchStrategy[str]:
    """Text as the bank keeps it, inline."""
    return st.one_of(
        WORDS.map(escape),
        st.tuples(WORDS, WORDS).map(lambda two: f"<strong>{escape(two[0])}</strong> {escape(two[1])}"),
        WORDS.map(lambda text: f"{escape(text)}<br>{escape(text)}"),
        st.sampled_from(["x + 1"]).map(lambda tex: f'Solve <span data-math="{tex}">{tex}</span>'),
    )


@st.composite
def choice(draw: st.DrawFn, multiple: bool) -> dict[str, Any]:
    """A choice of one or of several, with shares and feedback."""
    texts = draw(st.lists(html(), min_size=2, max_size=5, unique=True))
    said = [draw(st.one_of(st.just(""), html())) for _ in texts]
    rule = draw(st.sampled_from(["", "shares"])) if multiple else ""
    right = draw(st.integers(0, len(texts) - 1))
    if multiple and not rule:
        rights = {right, draw(st.integers(0, len(texts) - 1))}
        worth: list[float] = [1 / len(rights) if n in rights else -1 / len(rights) for n in range(len(texts))]
    else:
        worth = [draw(st.one_of(st.just(0), SHARES, SHARES.map(lambda x: -x))) for _ in texts]
        worth[right] = 1
    answers = [Answer(text, share, feedback) for text, share, feedback in zip(texts, worth, said, strict=True)]
    kind, options, key, feedback = choices(answers, multiple=multiple)
    return {"type": kind, "options": options, "correct": key, "feedback": feedback}


@st.composite
def short(draw: st.DrawFn) -> dict[str, Any]:
    """Accepted texts, with shares and feedback."""
    texts = draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    answers = [Answer(text, draw(SHARES), draw(st.one_of(st.just(""), html()))) for text in texts]
    key: dict[str, Any] = {"accepted": accepted(answers)}
    if draw(st.booleans()) and any("*" in text for text in texts):
        key["wildcards"] = True
    wrong = draw(st.one_of(st.just(""), html()))
    return {"type": "short_answer", "correct": key, "feedback": {"wrong": wrong} if wrong else {}}


@st.composite
def numeric(draw: st.DrawFn) -> dict[str, Any]:
    """Numbers with what they may be off by."""
    answers: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        one: dict[str, Any] = {"value": draw(VALUES), "tolerance": abs(draw(VALUES))}
        if draw(st.booleans()):
            one |= {"share": draw(SHARES), "feedback": draw(html())}
        answers.append(one)
    return {"type": "numeric", "correct": {"answers": answers}}


@st.composite
def pairs(draw: st.DrawFn) -> dict[str, Any]:
    """A matching; some answers belong to several, some to none."""
    lefts = draw(st.lists(html(), min_size=2, max_size=4, unique=True))
    rights = draw(st.lists(WORDS, min_size=2, max_size=4, unique=True))
    picked = [rights[0], rights[1], *(draw(st.sampled_from(rights)) for _ in lefts[2:])]
    spare = [escape(text) for text in rights if text not in picked]
    options, key = matching([(left, escape(right)) for left, right in zip(lefts, picked, strict=True)], spare)
    return {"type": "matching", "options": options, "correct": key}


@st.composite
def true_false(draw: st.DrawFn) -> dict[str, Any]:
    """True or false."""
    said = {name: draw(st.one_of(st.just(""), html())) for name in ("true", "false")}
    feedback = {name: text for name, text in said.items() if text}
    return {
        "type": "true_false",
        "correct": {"selected": draw(st.sampled_from(["true", "false"]))},
        "feedback": feedback,
    }


@st.composite
def ordering(draw: st.DrawFn) -> dict[str, Any]:
    """Things in an order."""
    texts = draw(st.lists(html(), min_size=2, max_size=5, unique=True))
    options = choices([Answer(text, 1) for text in texts], multiple=True)[1]
    order = draw(st.permutations([one["id"] for one in options]))
    return {"type": "ordering", "options": options, "correct": {"order": list(order)}}


@st.composite
def fill_blank(draw: st.DrawFn) -> dict[str, Any]:
    """A text with gaps."""
    texts = draw(st.lists(WORDS, min_size=1, max_size=3))
    options, key = blanks([{"accepted": [text], "typos": draw(st.sampled_from([0, 1]))} for text in texts])
    text = " ".join(f"{escape(draw(WORDS))} {gap(n)}" for n in range(1, len(texts) + 1))
    return {"type": "fill_blank", "options": options, "correct": key, "text": f"<p>{text} after</p>"}


PARTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "multiple_choice": choice(False),
    "multiple_answer": choice(True),
    "true_false": true_false(),
    "short_answer": short(),
    "numeric": numeric(),
    "matching": pairs(),
    "essay": st.just({"type": "essay"}),
    "ordering": ordering(),
    "fill_blank": fill_blank(),
}


@st.composite
def drafts(draw: st.DrawFn, *, rich: bool = True) -> Draft:
    """Any question; ``rich`` ones also have points, a difficulty and a hint."""
    part = draw(st.sampled_from(sorted(PARTS)).flatmap(lambda name: PARTS[name]))
    made = Draft(**{
        "text": f"<p>{draw(html())}</p>",
        "title": draw(st.one_of(st.just(""), WORDS)),
        "explanation": draw(st.one_of(st.just(""), html())),
        "tags": draw(st.lists(WORDS, max_size=3, unique=True)),
        **part,
    })  # fmt: skip
    if not rich:
        return made
    return msgspec.structs.replace(
        made,
        points=draw(st.decimals(0, 100, places=2)).quantize(Decimal("0.01")),
        difficulty=draw(st.sampled_from(["easy", "medium", "hard"])),
        hint=draw(st.one_of(st.just(""), WORDS)),
    )

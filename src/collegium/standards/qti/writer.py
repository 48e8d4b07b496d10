"""QTI 3.0, written: each question as an item, and the manifest of the package.

Where an item cannot say all of a question, the question stands whole in a file beside it, with the item's SHA-256, so
that what comes back here is the same, and what was changed elsewhere is read as it is then.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec

from collegium.standards.comparing import canonical
from collegium.standards.markup import words
from collegium.standards.qti.item import TITLE, read_item
from collegium.standards.qti.package import KEPT, MANIFEST, Kept
from collegium.standards.qti.tree import root_of
from collegium.standards.qti.xhtml import attribute, text_of, xhtml
from collegium.standards.questions import (
    Draft,
    FileError,
    Json,
    Unreadable,
    checked,
    gap,
    number_text,
    option_html,
    with_feedback,
)  # fmt: skip

ASI = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
CP = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
LOM = "http://ltsc.ieee.org/xsd/LOM"
_TEMPLATES = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates"
_SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqti_asiv3p0_v1p0.xsd"
_GAP = re.compile(r"\[\[([0-9]{1,2})\]\]")


Change = Callable[[str], str]


class Item(msgspec.Struct, frozen=True):
    """An item as a file of a package, what the manifest says of it, and the question whole where it cannot say it."""

    href: str
    xml: str
    resource: str
    kept: Kept | None


def item(draft: Draft, place: int, pictures: Sequence[str] = ()) -> Item:
    """A question as an item. HTML names its pictures ``package:<path>``; ``pictures`` lists the paths."""
    draft = canonical(draft)
    name = f"question_{place:05}"
    xml = _item(draft, name)
    href = f"items/{name}.xml"
    kept = None
    if not _says_all(xml, draft):
        kept = Kept(sha256=hashlib.sha256(xml.encode()).hexdigest(), question=msgspec.Raw(msgspec.json.encode(draft)))
    keywords = "".join(f"<lom:keyword><lom:string>{text_of(tag)}</lom:string></lom:keyword>" for tag in draft.tags)
    lom = f"<lom:lom><lom:general>{keywords}</lom:general></lom:lom>"
    metadata = f"<metadata>{lom}</metadata>" if keywords else ""
    files = "".join(f"<file href={attribute(path)}/>" for path in dict.fromkeys([href, *pictures]))
    resource = f'<resource identifier="{name}" type="imsqti_item_xmlv3p0" href="{href}">{metadata}{files}</resource>\n'
    return Item(href, xml, resource, kept)


def manifest(items: Sequence[Item]) -> dict[str, bytes]:
    """The manifest of a package with these items, and the file beside it where there is one, by their paths."""
    kept = {one.href: one.kept for one in items if one.kept}
    beside = f'<resource identifier="kept" type="webcontent" href="{KEPT}"><file href="{KEPT}"/></resource>\n'
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest xmlns="{CP}" xmlns:lom="{LOM}" identifier="questions">\n'
        "<metadata><schema>QTI Package</schema><schemaversion>3.0.0</schemaversion></metadata>\n"
        f"<organizations/>\n<resources>\n{''.join(one.resource for one in items)}{beside if kept else ''}</resources>\n"
        "</manifest>\n"
    )
    return {**({KEPT: msgspec.json.encode(kept)} if kept else {}), MANIFEST: text.encode()}


def _says_all(xml: str, draft: Draft) -> bool:
    """Whether reading the item gives the question whole."""
    try:
        remarks: list[Any] = []
        found = read_item(
            root_of(xml.encode()), lambda address, _: f"package:{address.removeprefix('../')}", remarks, draft.tags
        )
        return not remarks and canonical(checked(found, remarks)) == draft and not remarks
    except (Unreadable, FileError):
        return False


def _item(draft: Draft, name: str) -> str:
    title = draft.title or " ".join(words(draft.text).split())[:TITLE].strip()
    parts = {
        "multiple_choice": _choice, "multiple_answer": _choice, "true_false": _choice, "short_answer": _short,
        "numeric": _numeric, "matching": _matching, "ordering": _ordering, "fill_blank": _blanks, "essay": _essay,
    }[draft.type](draft)  # fmt: skip
    declared, body, processing = parts
    feedback, outcomes, sets = _feedback(draft)
    most = number_text(float(draft.points))
    score = (
        f'<qti-outcome-declaration identifier="SCORE" cardinality="single" base-type="float" normal-maximum="{most}">'
        "<qti-default-value><qti-value>0</qti-value></qti-default-value></qti-outcome-declaration>\n"
        '<qti-outcome-declaration identifier="MAXSCORE" cardinality="single" base-type="float">'
        f"<qti-default-value><qti-value>{most}</qti-value></qti-default-value></qti-outcome-declaration>\n"
    )
    if processing.startswith("template:") and sets:
        mapped = '<qti-map-response identifier="RESPONSE"/>'
        processing = f'<qti-set-outcome-value identifier="SCORE">{mapped}</qti-set-outcome-value>'
    if processing.startswith("template:"):
        processing = f'<qti-response-processing template="{_TEMPLATES}/{processing[9:]}.xml"/>\n'
    elif processing:
        processing = f"<qti-response-processing>{processing}{sets}</qti-response-processing>\n"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<qti-assessment-item xmlns="{ASI}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:schemaLocation="{ASI} {_SCHEMA}" identifier="{name}" title={attribute(title)}'
        f' adaptive="false" time-dependent="false">\n{declared}{score}{outcomes}'
        f"<qti-item-body>{body}</qti-item-body>\n{processing}{feedback}</qti-assessment-item>\n"
    )


Parts = tuple[str, str, str]
"""The declarations of responses, the body, and the processing: elements, or ``template:`` and its name."""


def _declared(
    base: str, right: Sequence[str], mapping: str = "", *, name: str = "RESPONSE", cardinality: str = "single"
) -> str:
    values = "".join(f"<qti-value>{text_of(one)}</qti-value>" for one in right)
    correct = f"<qti-correct-response>{values}</qti-correct-response>" if right else ""
    return (
        f'<qti-response-declaration identifier="{name}" cardinality="{cardinality}" base-type="{base}">'
        f"{correct}{mapping}</qti-response-declaration>\n"
    )


def _mapping(entries: dict[str, Decimal], *, bounds: Decimal | None = None, case: bool | None = None) -> str:
    sensitive = "" if case is None else f' case-sensitive="{"true" if case else "false"}"'
    lines = "".join(
        f"<qti-map-entry map-key={attribute(key)} mapped-value={attribute(_plain(value))}{sensitive}/>"
        for key, value in entries.items()
    )
    limits = f' lower-bound="0" upper-bound="{_plain(bounds)}"' if bounds is not None else ""
    return f'<qti-mapping default-value="0"{limits}>{lines}</qti-mapping>' if lines else ""


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _worth(share: float, points: Decimal) -> Decimal:
    return Decimal(repr(float(share))) * points


def _body(html: str) -> str:
    return xhtml(html.replace("package:", "../"))


def _choice(draft: Draft) -> Parts:
    key = cast("Json", draft.correct)
    options = cast("list[Json]", draft.options)
    if draft.type == "true_false":
        options = [{"id": "true", "text": "True"}, {"id": "false", "text": "False"}]
    several = draft.type == "multiple_answer"
    right: list[str] = key["selected"] if several else [key["selected"]]
    shares: dict[str, float] = dict(key.get("shares", {}))
    if several and key.get("rule", "balanced") != "shares":
        even = 1 / len(right)
        shares = {one["id"]: even if one["id"] in right else -even for one in options}
    elif not several:
        shares[right[0]] = 1
    entries = {one["id"]: _worth(shares[one["id"]], draft.points) for one in options if shares.get(one["id"])}
    lines = "".join(
        f'<qti-simple-choice identifier="{one["id"]}">{_body(option_html(one))}</qti-simple-choice>' for one in options
    )
    exact = key.get("rule") == "all_or_nothing"
    mapping = "" if exact else _mapping(entries, bounds=draft.points if several else None)
    body = (
        f'{_body(draft.text)}<qti-choice-interaction response-identifier="RESPONSE" shuffle="false"'
        f' max-choices="{0 if several else 1}">{lines}</qti-choice-interaction>'
    )
    declared = _declared("identifier", right, mapping, cardinality="multiple" if several else "single")
    return declared, body, _exactly(draft.points) if exact else "template:map_response"


def _exactly(points: Decimal) -> str:
    """All points for the right answer."""
    return (
        "<qti-response-condition><qti-response-if>"
        '<qti-match><qti-variable identifier="RESPONSE"/><qti-correct identifier="RESPONSE"/></qti-match>'
        f'<qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">{_plain(points)}</qti-base-value>'
        "</qti-set-outcome-value></qti-response-if></qti-response-condition>"
    )


def _entries(key: Json, points: Decimal) -> tuple[list[str], str]:
    """The best text and the mapping of accepted ones."""
    if "accepted" not in key:
        return [], ""
    texts: list[Json] = [{"text": one} if isinstance(one, str) else one for one in key["accepted"]]
    entries = {one["text"]: _worth(one.get("share", 1), points) for one in texts}
    best = max(texts, key=lambda one: one.get("share", 1))["text"]
    return [best], _mapping(entries, case=bool(key.get("case_sensitive")))


_ENTRY = '<qti-text-entry-interaction response-identifier="{name}"/>'


def _short(draft: Draft) -> Parts:
    if draft.correct is None:
        return _declared("string", []), f"{_body(draft.text)}<p>{_ENTRY.format(name='RESPONSE')}</p>", ""
    right, mapping = _entries(draft.correct, draft.points)
    body = f"{_body(draft.text)}<p>{_ENTRY.format(name='RESPONSE')}</p>"
    return _declared("string", right, mapping), body, "template:map_response"


def _numeric(draft: Draft) -> Parts:
    answers = cast("list[Json]", cast("Json", draft.correct)["answers"])
    branches: list[str] = []
    for place, one in enumerate(answers):
        off = number_text(one.get("tolerance", 0))
        mode = "absolute"
        if one.get("relative"):
            mode, off = "relative", _plain(Decimal(repr(float(one["tolerance"]))) * 100)
        tag = "qti-response-if" if place == 0 else "qti-response-else-if"
        branches.append(
            f'<{tag}><qti-equal tolerance-mode="{mode}" tolerance="{off} {off}"><qti-variable identifier="RESPONSE"/>'
            f'<qti-base-value base-type="float">{number_text(one["value"])}</qti-base-value></qti-equal>'
            '<qti-set-outcome-value identifier="SCORE"><qti-base-value base-type="float">'
            f"{_plain(_worth(one.get('share', 1), draft.points))}</qti-base-value></qti-set-outcome-value></{tag}>"
        )
    declared = _declared("float", [number_text(answers[0]["value"])])
    body = f"{_body(draft.text)}<p>{_ENTRY.format(name='RESPONSE')}</p>"
    return declared, body, f"<qti-response-condition>{''.join(branches)}</qti-response-condition>"


def _matching(draft: Draft) -> Parts:
    key = cast("Json", draft.correct)
    left, right = draft.options["left"], draft.options["right"]
    pairs = [f"left_{a} right_{b}" for a, b in key["pairs"].items()]
    exact = key.get("rule") == "all_or_nothing"
    worth = _worth(1 / len(pairs), draft.points)
    mapping = "" if exact else _mapping(dict.fromkeys(pairs, worth), bounds=draft.points)
    sides = "".join(
        "<qti-simple-match-set>"
        + "".join(
            f'<qti-simple-associable-choice identifier="{side}_{one["id"]}" match-max="{most}">'
            f"{_body(option_html(one))}</qti-simple-associable-choice>"
            for one in options
        )
        + "</qti-simple-match-set>"
        for side, most, options in (("left", 1, left), ("right", len(left), right))
    )
    body = (
        f'{_body(draft.text)}<qti-match-interaction response-identifier="RESPONSE" shuffle="false"'
        f' max-associations="{len(left)}">{sides}</qti-match-interaction>'
    )
    declared = _declared("directedPair", pairs, mapping, cardinality="multiple")
    return declared, body, _exactly(draft.points) if exact else "template:map_response"


def _ordering(draft: Draft) -> Parts:
    lines = "".join(
        f'<qti-simple-choice identifier="{one["id"]}">{_body(option_html(one))}</qti-simple-choice>'
        for one in draft.options
    )
    opened = '<qti-order-interaction response-identifier="RESPONSE" shuffle="true">'
    body = f"{_body(draft.text)}{opened}{lines}</qti-order-interaction>"
    declared = _declared("identifier", cast("Json", draft.correct)["order"], cardinality="ordered")
    return declared, body, _exactly(draft.points)


def _blanks(draft: Draft) -> Parts:
    keys = cast("Json", draft.correct)["blanks"]
    points = draft.points / len(keys)
    declared: list[str] = []
    for name, key in keys.items():
        right, mapping = _entries(key, points)
        base = "string"
        if "numeric" in key:
            right, base = [number_text(key["numeric"]["value"])], "float"
            mapping = _mapping({right[0]: points})
        declared.append(_declared(base, right, mapping, name=f"RESPONSE_{name}"))
    made = _GAP.sub(lambda one: f"\ue000{one[1]}\ue001" if one[1] in keys else one[0], draft.text)
    body = re.sub("\ue000([0-9]+)\ue001", lambda one: _ENTRY.format(name=f"RESPONSE_{one[1]}"), _body(made))
    missing = "".join(
        f"<p>{_ENTRY.format(name=f'RESPONSE_{name}')}</p>" for name in keys if gap(name) not in draft.text
    )
    total = "".join(f'<qti-map-response identifier="RESPONSE_{name}"/>' for name in keys)
    processing = f'<qti-set-outcome-value identifier="SCORE"><qti-sum>{total}</qti-sum></qti-set-outcome-value>'
    return "".join(declared), body + missing, processing


def _essay(draft: Draft) -> Parts:
    rubric = "".join(
        f"<p>{text_of(one['name'])} ({one['points']:g}): {text_of(one.get('description', ''))}</p>"
        for one in draft.rubric
    )
    content = f"<qti-content-body>{rubric}</qti-content-body>"
    told = f'<qti-rubric-block view="scorer" use="scoring">{content}</qti-rubric-block>'
    body = f'{_body(draft.text)}<qti-extended-text-interaction response-identifier="RESPONSE"/>'
    return _declared("string", []), body + (told if rubric else ""), ""


def _feedback(draft: Draft) -> tuple[str, str, str]:
    """Feedback at the end of an item, the outcomes that show it, and what sets them."""
    ids = {"true", "false"} if draft.type == "true_false" else set[str]()
    if draft.type in ("multiple_choice", "multiple_answer"):
        ids = {one["id"] for one in cast("list[Json]", draft.options)}
    said = {name: text for name, text in draft.feedback.items() if name in ids}
    modal = (
        '<qti-modal-feedback outcome-identifier="{}" identifier="{}" show-hide="show">'
        "<qti-content-body>{}</qti-content-body></qti-modal-feedback>\n"
    )
    made = "".join(modal.format("FEEDBACK", name, _body(text)) for name, text in said.items())
    outcomes = sets = ""
    if said:
        cardinality = "multiple" if draft.type == "multiple_answer" else "single"
        outcomes = (
            f'<qti-outcome-declaration identifier="FEEDBACK" cardinality="{cardinality}" base-type="identifier"/>\n'
        )
        sets = (
            '<qti-set-outcome-value identifier="FEEDBACK"><qti-variable identifier="RESPONSE"/></qti-set-outcome-value>'
        )
    if draft.explanation:
        made += modal.format("SOLUTION", "explanation", _body(draft.explanation))
        outcomes += (
            '<qti-outcome-declaration identifier="SOLUTION" cardinality="single" base-type="identifier">'
            "<qti-default-value><qti-value>explanation</qti-value></qti-default-value></qti-outcome-declaration>\n"
        )
    return made, outcomes, sets


def changed(draft: Draft, change: Change) -> Draft:
    """The draft with each HTML text of question, explanation, options and feedback as ``change`` makes it."""

    def options(given: Any) -> Any:
        if isinstance(given, dict):
            return {side: options(listed) for side, listed in cast("Json", given).items()}
        return [{**one, "html": change(one["html"])} if "html" in one else one for one in cast("list[Json]", given)]

    return msgspec.structs.replace(
        draft,
        text=change(draft.text),
        explanation=change(draft.explanation),
        options=options(draft.options),
        correct=with_feedback(draft.correct, change),
        feedback={name: change(said) for name, said in draft.feedback.items()},
    )

"""Whether two drafts say the same: ids by order, and without what goes without saying."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from collegium.standards.questions import Draft, Json, names


def canonical(draft: Draft) -> Draft:
    """The same question in the one form that two ways of writing it share."""
    options, correct, feedback = draft.options, draft.correct, draft.feedback
    if draft.type in ("multiple_choice", "multiple_answer", "ordering"):
        given = cast("list[Json]", options)
        new = dict(zip((one["id"] for one in given), names(len(given)), strict=True))
        options = [_renamed(one, new) for one in given]
        correct = _renamed_key(correct or {}, new)
        feedback = {new.get(name, name): text for name, text in feedback.items()}
    elif draft.type == "matching":
        options, correct = _matching(cast("Json", options), cast("Json", correct))
    elif draft.type == "short_answer" and correct:
        correct = _text_key(correct)
    elif draft.type == "fill_blank" and correct:
        texts = {name: _text_key(one) for name, one in correct["blanks"].items()}
        correct = _without({**correct, "blanks": texts}, rule="share")
    elif draft.type == "numeric" and correct:
        correct = _numeric_key(correct)
    return msgspec.structs.replace(draft, options=options, correct=correct, feedback=dict(sorted(feedback.items())))


def _without(given: Json, **plain: Any) -> Json:
    return {name: value for name, value in given.items() if name not in plain or value != plain[name]}


def _renamed(one: Json, new: dict[str, str]) -> Json:
    return {**one, "id": new[one["id"]]}


def _renamed_key(correct: Json, new: dict[str, str]) -> Json:
    made: Json = dict(correct)
    if "shares" in correct:
        made["shares"] = {new[name]: share for name, share in correct["shares"].items() if share}
    if isinstance(correct.get("order"), list):
        made["order"] = [new[name] for name in correct["order"]]
        return _without(made, rule="share")
    if isinstance(correct.get("selected"), str):
        shares = {**made.get("shares", {}), new[correct["selected"]]: 1}
        made["selected"] = next(name for name in new.values() if shares.get(name) == 1)
        made["shares"] = {name: shares[name] for name in new.values() if name in shares and name != made["selected"]}
        return _without(made, shares={})
    made["selected"] = [new[name] for name in new if name in correct["selected"]]
    if made.get("rule") == "shares" and "shares" in made:
        even = 1 / len(made["selected"])
        balanced = {name: even if name in made["selected"] else -even for name in new.values()}
        if all(abs(balanced[name] - made["shares"].get(name, 0)) < 1e-6 for name in balanced):
            del made["rule"], made["shares"]
        else:
            made["shares"] = {name: made["shares"][name] for name in new.values() if name in made["shares"]}
    return _without(made, rule="balanced")


def _matching(options: Json, correct: Json) -> tuple[Json, Json]:
    left, right, pairs = options["left"], options["right"], correct["pairs"]
    used = list(dict.fromkeys(pairs[one["id"]] for one in left))
    order = [*used, *(one["id"] for one in right if one["id"] not in used)]
    new_left = dict(zip((one["id"] for one in left), names(len(left)), strict=True))
    new_right = dict(zip(order, names(len(order)), strict=True))
    by_id = {one["id"]: one for one in right}
    made = {
        "left": [_renamed(one, new_left) for one in left],
        "right": [_renamed(by_id[name], new_right) for name in order],
    }
    key = {**correct, "pairs": {new: new_right[pairs[old]] for old, new in new_left.items()}}
    return made, _without(key, rule="share")


def _text_key(given: Json) -> Json:
    made = _without(given, case_sensitive=False, accents_count=False, typos=0, wildcards=False)
    if "accepted" not in made:
        return made
    texts: list[Any] = []
    for one in made["accepted"]:
        text = {"text": one, "share": 1} if isinstance(one, str) else {"share": 1, **_without(one, feedback="")}
        texts.append(text["text"] if set(text) == {"text", "share"} and text["share"] == 1 else text)
    made["accepted"] = texts
    if made.get("wildcards") and not any("*" in (one if isinstance(one, str) else one["text"]) for one in texts):
        del made["wildcards"]
    return made


def _numeric_key(given: Json) -> Json:
    made = _without(given, units={}, unit="none")
    made["answers"] = [
        {"tolerance": 0, **_without(one, relative=False, share=1, feedback="")} for one in given["answers"]
    ]
    return made

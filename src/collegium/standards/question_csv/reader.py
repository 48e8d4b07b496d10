"""Questions in a table, read: one a row, in the columns of docs/standards/question-csv.md."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from collegium.standards.markup import block, decoded, from_auto, inline, with_formulas, words
from collegium.standards.question_csv.columns import READ, SAID, TYPES, bare, split
from collegium.standards.questions import (
    LARGEST_FILE,
    MOST_NUMBERS,
    MOST_QUESTIONS,
    Answer,
    Draft,
    FileError,
    Found,
    Json,
    Reading,
    Remark,
    Unreadable,
    accepted,
    attempt,
    blanks,
    choices,
    matching,
    names,
    number,
    option,
    plain_number,
    share_of,
)

_OFF = re.compile(r"(.+?)(?:\s*(?:±|\+/-|\+-)\s*(.+?)(\s*%)?)?")
_TRUE = {
    "true": "true",
    "t": "true",
    "yes": "true",
    "1": "true",
    "false": "false",
    "f": "false",
    "no": "false",
    "0": "false",
}
_MORE = {"title", "text", "options", "correct", "explanation", "feedback", "hint", "tags", "rubric", "word_limit"}
_NAME = re.compile(r"[\s_/-]+")
MOST_COLUMNS = 200
MOST_LINES = 400
"""Lines of one cell: with more, a quotation mark was opened and not closed."""

Row = dict[str, str]


def read(data: bytes) -> Reading:
    """The questions of a table; raises FileError for what is none. A remark's line is its row."""
    if len(data) > LARGEST_FILE:
        raise FileError(
            f"The file has {len(data) / 1e6:.1f} MB, and {LARGEST_FILE / 1e6:.0f} MB are the most. Divide it."
        )
    try:
        text, encoding = decoded(data)
    except ValueError as error:
        raise FileError(str(error)) from error
    remarks = (
        [Remark(f"The file was read as {encoding}. Save it as UTF-8 to be sure of its letters.")] if encoding else []
    )
    first, _, rest = text.partition("\n")
    separator = first[4:5] if first.lower().startswith("sep=") else ""
    rows = _rows(rest if separator else text, separator or _separator(first))
    header, start = _header(rows, remarks)
    found: list[Found] = []
    for place, cells in enumerate(rows, start + 1):
        if cells is not None and not any(cell.strip() for cell in cells):
            continue
        if len(found) == MOST_QUESTIONS:
            remarks.append(Remark(f"Only the first {MOST_QUESTIONS:,} questions are read. Divide the file.", place))
            break
        found.append(_question(len(found) + 1, place, header, cells))
    return Reading(format="csv", found=found, remarks=remarks)


def _separator(first: str) -> str:
    return max((";", ",", "\t"), key=first.count)


def _rows(text: str, separator: str) -> Iterator[list[str] | None]:
    """The rows; None for one that cannot be read, as a cell without end."""
    given = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    while True:
        try:
            yield next(given)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _header(rows: Iterator[list[str] | None], remarks: list[Remark]) -> tuple[list[str], int]:
    place = 0
    cells: list[str] | None = None
    for place, cells in enumerate(rows, 1):  # noqa: B007
        if cells is None or any(cell.strip() for cell in cells):
            break
    else:
        raise FileError("The file is empty. Its first row names the columns: type, question and more.")
    header = [_NAME.sub("_", cell.strip().lower()) for cell in cells or []]
    if len(header) > MOST_COLUMNS:
        raise FileError(f"The first row names {len(header):,} columns, and {MOST_COLUMNS} are the most.", place)
    missing = [name for name in ("type", "question") if name not in header]
    if missing:
        raise FileError(
            f"The first row has no column “{missing[0]}”. It names the columns: type, question, option_1, correct, …"
            " Download the template to see them.",
            place,
        )
    double = [name for name in header if name and header.count(name) > 1]
    if double:
        raise FileError(f"Two columns are called “{double[0][:60]}”. Rename one.", place)
    for column, name in enumerate(header, 1):
        if name and name not in READ:
            remarks.append(
                Remark(f"The column “{name[:60]}” is not known and was left out.", place, f"column {column}")
            )
    return header, place


def _question(place: int, line: int, header: list[str], cells: list[str] | None) -> Found:
    def read(remarks: list[Remark]) -> Draft:
        if cells is None or any(cell.count("\n") > MOST_LINES for cell in cells):
            raise Unreadable("A cell of this row does not end. A quotation mark may be missing.", line)
        if any(cell.strip() for cell in cells[len(header) :]):
            raise Unreadable(
                f"The row has {len(cells)} cells, and the first row names {len(header)} columns."
                " A cell that holds the separator needs quotation marks around it.",
                line,
            )
        row = {name: bare(cell.strip()) for name, cell in zip(header, cells, strict=False) if cell.strip()}
        return _Row(row, line).draft(remarks)

    name = (
        " ".join((cells or [""])[header.index("question")].split())[:80]
        if cells and len(cells) > header.index("question")
        else ""
    )
    return attempt(place, line, read, name=words(name))


class _Row:
    """A row as it becomes a question."""

    def __init__(self, row: Row, line: int) -> None:
        self.row, self.line = row, line
        self.options = [(n, row[f"option_{n}"]) for n in range(1, 31) if f"option_{n}" in row]

    def wrong(self, problem: str, column: str) -> Unreadable:
        return Unreadable(problem, self.line, f"column {column}")

    def within(self, column: str, made: Callable[[], Any]) -> Any:
        """Names the column in what is wrong with it."""
        try:
            return made()
        except Unreadable as problem:
            raise Unreadable(str(problem), self.line, problem.place or f"column {column}") from problem

    def html(self, column: str) -> str:
        return with_formulas(from_auto(self.row.get(column, "")))

    def draft(self, remarks: list[Remark]) -> Draft:
        row = self.row
        given = _NAME.sub(" ", row.get("type", "").lower()).strip()
        kind = TYPES.get(given)
        if kind is None:
            what = f"There is no type “{row.get('type', '')[:40]}”." if given else "The type is missing."
            raise self.wrong(f"{what} It is one of: {', '.join(sorted(set(TYPES.values())))}.", "type")
        more: Json = self.within("more", self._more) if row.get("more") else {}
        options: Any = []
        correct: Json | None = None
        feedback: dict[str, str] = {}
        if "options" not in more and "correct" not in more:
            options, correct, feedback = getattr(self, f"_{kind}")()
        feedback |= {name: inline(self.html(f"feedback_{name}")) for name in SAID if row.get(f"feedback_{name}")}
        difficulty = row.get("difficulty", "medium").lower()
        if difficulty not in ("easy", "medium", "hard"):
            raise self.wrong(f"“{difficulty[:40]}” is no difficulty: easy, medium or hard.", "difficulty")
        made: Json = {
            "type": kind, "text": block(self.html("question")), "title": row.get("title", ""), "options": options,
            "correct": correct, "feedback": feedback, "explanation": inline(self.html("explanation")),
            "hint": row.get("hint", ""), "difficulty": difficulty,
            "points": self.within("points", lambda: number(row["points"])) if row.get("points") else Decimal(1),
            "tags": [tag for tag in split(row.get("tags", ""), ";") if tag],
        }  # fmt: skip
        try:
            return msgspec.convert({**made, **more}, Draft)
        except msgspec.ValidationError as error:
            raise self.wrong(f"What stands in it does not fit: {str(error)[:200]}.", "more") from error

    def _more(self) -> Json:
        try:
            found = msgspec.json.decode(self.row["more"], type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unreadable("This is not JSON. Leave the cell empty, or as it was exported.") from error
        if set(found) - _MORE:
            raise Unreadable(f"“{min(set(found) - _MORE)[:40]}” is not known in this cell.")
        return found

    # Types ------------------------------------------------------------------------------------------------

    def _feedback(self, number: int) -> str:
        return inline(self.html(f"feedback_{number}"))

    def _shares(self) -> dict[int, float]:
        """Percentages by place, as shares."""
        given = split(self.row.get("shares", ""), ";")
        return self.within(
            "shares",
            lambda: {place: share_of(number(text.removesuffix("%"))) for place, text in enumerate(given, 1) if text},
        )

    def _right(self) -> list[int]:
        """The numbers of the options that are right; a letter or the option's own words do too."""
        known = {text.casefold(): n for n, text in self.options}
        known |= {chr(96 + n): n for n, _ in self.options if n <= 26} | {str(n): n for n, _ in self.options}
        whole = self.row.get("correct", "").casefold()
        parts = [whole] if whole in known else [one for one in re.split(r"\s*[;,|]\s*", whole) if one]
        if not parts:
            raise self.wrong("Say which options are right by their numbers: 2, or 1;3.", "correct")
        unknown = next((one for one in parts if one not in known), None)
        if unknown is not None:
            raise self.wrong(
                f"There is no option “{unknown[:40]}”. Name the right ones by number: 2, or 1;3.", "correct"
            )
        return [known[one] for one in parts]

    def _chosen(self, multiple: bool) -> tuple[Any, Json, dict[str, str]]:
        right, shares, rule = self._right(), self._shares(), self.row.get("rule", "").lower()
        if not multiple and len(right) > 1:
            raise self.wrong("Only one option can be right. For more than one the type is multiple_answer.", "correct")
        if multiple and rule not in ("", "balanced", "all_or_nothing", "shares"):
            raise self.wrong("The rule is balanced, all_or_nothing or shares.", "rule")
        even = 1 / len(right)
        if multiple and not shares and rule != "shares":
            shares = {n: even if n in right else -even for n, _ in self.options}
        elif not multiple:
            shares |= {right[0]: 1}
        elif any(shares.get(n, 0) <= 0 for n in right) or any(
            share > 0 and n not in right for n, share in shares.items()
        ):
            raise self.wrong("Each right option needs a share above 0 percent, and no other one has that.", "shares")
        answers = [
            Answer(with_formulas(from_auto(text)), shares.get(n, 0), self._feedback(n)) for n, text in self.options
        ]
        _, options, key, feedback = self.within("option_1", lambda: choices(answers, multiple=multiple, rule=rule))
        if not multiple and key["selected"] != options[[n for n, _ in self.options].index(right[0])]["id"]:
            raise self.wrong(
                "An option before the right one is worth 100 percent too. Name it as the right one.", "shares"
            )
        return options, key, feedback

    def _multiple_choice(self) -> tuple[Any, Json, dict[str, str]]:
        return self._chosen(False)

    def _multiple_answer(self) -> tuple[Any, Json, dict[str, str]]:
        return self._chosen(True)

    def _true_false(self) -> tuple[Any, Json, dict[str, str]]:
        right = _TRUE.get(self.row.get("correct", "").lower())
        if right is None:
            raise self.wrong("Say true or false.", "correct")
        said = {"true": self._feedback(1), "false": self._feedback(2)}
        return [], {"selected": right}, {name: text for name, text in said.items() if text}

    def _essay(self) -> tuple[Any, None, dict[str, str]]:
        return [], None, {}

    def _texts(self, given: list[str], feedback: Callable[[int], str], shares: dict[int, float]) -> Json:
        answers = [Answer(text, shares.get(n, 1), feedback(n)) for n, text in enumerate(given, 1)]
        key: Json = {"accepted": accepted(answers)}
        for setting in (one.lower() for one in split(self.row.get("settings", ""), ";") if one):
            name, _, value = (part.strip() for part in setting.partition("="))
            if name in ("case_sensitive", "accents_count", "wildcards") and value in ("", "true"):
                key[name] = True
            elif name == "typos" and value in ("0", "1", "2", "3"):
                key[name] = int(value)
            else:
                raise self.wrong(
                    f"“{setting[:40]}” is not known: case_sensitive; accents_count; wildcards; typos=1.", "settings"
                )
        return key

    def _short_answer(self) -> tuple[Any, Json | None, dict[str, str]]:
        if not self.options:
            return [], None, {}
        places = [n for n, _ in self.options]
        shares = {n: share for n, (_, share) in enumerate(((p, self._shares().get(p, 1)) for p in places), 1)}
        given = [text for _, text in self.options]
        key = self.within("option_1", lambda: self._texts(given, lambda n: self._feedback(places[n - 1]), shares))
        return [], key, {}

    def _fill_blank(self) -> tuple[Any, Json, dict[str, str]]:
        texts = [
            self.within(f"option_{n}", lambda text=text: self._texts(split(text, "|"), lambda _: "", {}))
            for n, text in self.options
        ]
        options, key = self.within("option_1", lambda: blanks(texts))
        self._gaps(len(options))
        return options, self._ruled(key, ("share", "all_or_nothing")), {}

    def _gaps(self, number: int) -> None:
        text = self.row.get("question", "")
        missing = next((n for n in range(1, number + 1) if f"[[{n}]]" not in text), None)
        if missing:
            raise self.wrong(
                f"The text has no gap [[{missing}]], and option_{missing} says what belongs there.", "question"
            )

    def _matching(self) -> tuple[Any, Json, dict[str, str]]:
        pairs: list[tuple[str, str]] = []
        spare: list[str] = []
        for n, text in self.options:
            left, arrow, right = text.rpartition("->")
            if not arrow or not right.strip():
                raise self.wrong(
                    "Write each pair as: left -> right. For an answer without a left side: -> right.", f"option_{n}"
                )
            made = with_formulas(from_auto(right))
            if left.strip():
                pairs.append((with_formulas(from_auto(left)), made))
            else:
                spare.append(made)
        options, key = self.within("option_1", lambda: matching(pairs, spare))
        return options, self._ruled(key, ("share", "all_or_nothing")), {}

    def _ordering(self) -> tuple[Any, Json, dict[str, str]]:
        ids = names(len(self.options))
        if not 2 <= len(ids) <= 20:
            raise self.wrong(f"There are {len(ids)} things to order; 2 to 20 are possible.", "option_1")
        options = [
            self.within(f"option_{n}", lambda text=text, name=name: option(with_formulas(from_auto(text)), name))
            for (n, text), name in zip(self.options, ids, strict=True)
        ]
        order = ids
        if self.row.get("correct"):
            places = [n for n, _ in self.options]
            order = [ids[places.index(n)] for n in self._right()]
            if sorted(order) != sorted(ids):
                raise self.wrong("Name each option once, in the right order: 2;3;1.", "correct")
        return options, self._ruled({"order": order}, ("share", "pairs", "all_or_nothing")), {}

    def _ruled(self, key: Json, known: tuple[str, ...]) -> Json:
        rule = self.row.get("rule", "share").lower()
        if rule not in known:
            raise self.wrong(f"“{rule[:40]}” is no rule here: {', '.join(known)}.", "rule")
        return key if rule == "share" else {**key, "rule": rule}

    def _numeric(self) -> tuple[Any, Json, dict[str, str]]:
        shares = self._shares()
        answers = [
            self.within(f"option_{n}", lambda n=n, text=text: self._number(text, n, shares)) for n, text in self.options
        ]
        if not 1 <= len(answers) <= MOST_NUMBERS:
            raise self.wrong(f"There are {len(answers)} right numbers; 1 to {MOST_NUMBERS} are possible.", "option_1")
        key: Json = {"answers": answers}
        units = self.within("units", self._units)
        if units:
            asked = self.row.get("unit", "required").lower()
            if asked not in ("required", "optional"):
                raise self.wrong("A unit is required or optional.", "unit")
            key |= {"units": units, "unit": asked}
        return [], key, {}

    def _number(self, text: str, n: int, shares: dict[int, float]) -> Json:
        if ".." in text:
            low, high = (number(part) for part in text.split("..", 1))
            value, off, percent = (low + high) / 2, abs(high - low) / 2, None
        else:
            found = _OFF.fullmatch(text) if len(text) <= 200 else None
            if not found:
                raise Unreadable(f"“{text[:40]}” is not a number.")
            value, off, percent = number(found[1]), number(found[2]) if found[2] else Decimal(0), found[3]
        made: Json = {"value": plain_number(value), "tolerance": plain_number(abs(off) / 100 if percent else abs(off))}
        if percent:
            made["relative"] = True
        share = shares.get(n, 1)
        if not 0 <= share <= 1:
            raise Unreadable("A number is worth 0 to 100 percent.")
        if share != 1:
            made["share"] = share
        said = self._feedback(n)
        return {**made, "feedback": said} if said else made

    def _units(self) -> Json:
        found: Json = {}
        for one in split(self.row.get("units", ""), ";"):
            name, mark, factor = (part.strip() for part in one.partition("="))
            if name:
                found[name] = plain_number(number(factor)) if mark else 1
        return found

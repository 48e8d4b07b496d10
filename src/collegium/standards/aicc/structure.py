"""Reads the structure of an AICC course: .crs, .au, .des, .cst, and .pre and .ort where they are there.

AICC CMI Guidelines for Interoperability (CMI001) 4.0, chapter 6: the files; columns and keys know no case.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

import msgspec

from collegium.standards.scorm.model import Item, Metadata, Notes, Package, Reading
from collegium.standards.scorm.places import Names
from collegium.standards.scorm.tree import seconds

Fetch = Callable[[str], bytes]
Row = dict[str, str]

LARGEST = 4 << 20
MOST_UNITS = 10_000
_ROOT = "root"
_ACTIONS = {
    "e": "exit", "exit": "exit", "c": "continue", "continue": "continue",
    "m": "message", "message": "message", "n": "no message", "no message": "no message",
}  # fmt: skip
_SECTION = re.compile(r"^\s*\[([^\]]+)\]\s*$")


class Files(msgspec.Struct, frozen=True):
    """Where in a package the tables of one course lie. The last two may be missing."""

    course: str
    units: str | None
    descriptors: str | None
    structure: str | None
    prerequisites: str | None = None
    objectives: str | None = None


def find(names: Iterable[str]) -> Files | None:
    """The tables of the course whose .crs lies nearest to the root; None when there is none."""
    listed = sorted(names)
    courses = [name for name in listed if name.lower().endswith(".crs")]
    if not courses:
        return None
    course = min(courses, key=lambda name: (name.count("/"), name))
    stem = PurePosixPath(course).with_suffix("").as_posix().lower()
    folder = course.rpartition("/")[0]

    def beside(ending: str) -> str | None:
        alike = [name for name in listed if name.lower().endswith(ending) and name.rpartition("/")[0] == folder]
        return next((name for name in alike if name.lower() == stem + ending), alike[0] if len(alike) == 1 else None)

    return Files(
        course=course, units=beside(".au"), descriptors=beside(".des"), structure=beside(".cst"),
        prerequisites=beside(".pre"), objectives=beside(".ort"),
    )  # fmt: skip


def read(files: Files, names: Iterable[str], fetch: Fetch) -> Reading:
    """The course that the tables describe. ``fetch`` raises ValueError, with words, for a file that is too large."""
    notes = Notes()
    package = _Course(files, Names(names), fetch, notes).package()
    return Reading(package=None if notes.errors else package, errors=notes.errors, warnings=notes.warnings)


class _Course:
    def __init__(self, files: Files, names: Names, fetch: Fetch, notes: Notes) -> None:
        self.files, self.names, self.fetch, self.notes = files, names, fetch, notes
        self.folder = files.course.rpartition("/")[0] + "/" if "/" in files.course else ""
        self.passwords: dict[str, str] = {}

    def package(self) -> Package | None:
        course = self._sections(self.files.course)
        about = course.get("course", {})
        if not about:
            self.notes.error(self.files.course, 0, "[Course]", "The section [Course] is missing: it names the course.")
        version = about.get("version", "")
        units = self._units()
        descriptions = {row["system_id"].lower(): row for row in self._rows(self.files.descriptors, ".des", "titles")}
        root = self._tree(units, descriptions, about)
        if root is None:
            return None
        return Package(
            standard="aicc",
            edition=None,
            identifier=about.get("course_id", "")[:255],
            schema_version=version[:60],
            metadata=Metadata(
                title=about.get("course_title", "")[:300],
                description=course.get("course_description", {}).get("", "")[:20_000],
            ),
            organizations=[root],
            default=root.identifier,
            extra={"passwords": self.passwords, "objectives": self._objectives()},
        )

    # The files -----------------------------------------------------------------------------------------------

    def _text(self, name: str) -> str:
        try:
            data = self.fetch(name)
        except (LookupError, ValueError) as error:
            self.notes.error(name, 0, "", f"The file cannot be read: {error}")
            return ""
        if len(data) > LARGEST:
            self.notes.error(name, 0, "", f"The file is larger than {LARGEST >> 20} MB, which no such table is.")
            return ""
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16", "replace")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")

    def _sections(self, name: str) -> dict[str, Row]:
        """A file of ``[section]`` and ``key=value``; under an empty key what stands in it without one."""
        found: dict[str, Row] = {}
        section: Row = {}
        for line in self._text(name).splitlines():
            if head := _SECTION.match(line):
                section = found.setdefault(head.group(1).strip().lower(), {})
            elif line.strip() and not line.lstrip().startswith(";"):
                key, is_pair, value = line.partition("=")
                # The description is free text, which may hold an equals sign.
                if is_pair and section is not found.get("course_description"):
                    section[key.strip().lower()] = value.strip().strip('"')
                else:
                    section[""] = f"{section.get('', '')} {line.strip()}".strip()
        return found

    def _rows(self, name: str | None, ending: str, what: str) -> list[Row]:
        """The rows of a table whose first line names its columns; each has ``system_id``."""
        if name is None:
            words = f"There is no {ending} file beside it, with the same name. It holds the {what}."
            self.notes.error(self.files.course, 0, "", words)
            return []
        table = self._table(name)
        if not table:
            return []
        columns = [column.strip().lower() for column in table[0][1]]
        if "system_id" not in columns:
            first = ", ".join(columns)[:100]
            self.notes.error(name, table[0][0], "system_id", f"The first line must name the columns; it has: {first}.")
            return []
        found: list[Row] = []
        for line, cells in table[1:]:
            row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
            if not row.get("system_id"):
                self.notes.error(name, line, "system_id", "The row has no system_id.")
                continue
            if len(cells) > len(columns):
                words = f"The row has {len(cells)} values, and there are {len(columns)} columns. The rest was left out."
                self.notes.warn(name, line, row["system_id"][:80], words)
            found.append({**row, "": str(line)})
        return found

    def _table(self, name: str) -> list[tuple[int, list[str]]]:
        """The lines of a CSV file that are not empty, with their numbers."""
        reader = csv.reader(io.StringIO(self._text(name)), skipinitialspace=True)
        found: list[tuple[int, list[str]]] = []
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    found.append((reader.line_num, cells))
        except csv.Error as error:
            self.notes.error(
                name, reader.line_num, "", f"The line cannot be read as values set apart by commas: {error}"
            )
        if not found:
            self.notes.error(name, 0, "", "The file is empty.")
        return found

    # What they say -------------------------------------------------------------------------------------------

    def _units(self) -> dict[str, Item]:
        name, found = self.files.units or "", dict[str, Item]()
        for row in self._rows(self.files.units, ".au", "pages that are opened"):
            key, line = row["system_id"], int(row[""])
            if key.lower() in found:
                self.notes.error(name, line, key[:80], "The system_id is used twice.")
                continue
            if len(found) >= MOST_UNITS:
                self.notes.error(name, line, key[:80], f"There are more than {MOST_UNITS:,} units. Divide the course.")
                break
            found[key.lower()] = self._unit(name, line, key, row)
        return found

    def _unit(self, file: str, line: int, key: str, row: Row) -> Item:
        item = Item(identifier=key[:255], title=key, kind="sco")
        href = row.get("file_name", "") or row.get("command_line", "")
        place = self.names.find(self.folder, href) if href else None
        if place is None:
            self.notes.error(file, line, key[:80], "The unit has no file_name: it does not say which page to open.")
        elif place.problem:
            self.notes.error(file, line, key[:80], f"The page to be opened, “{href[:200]}”, {place.problem}.")
        else:
            item.href = place.url
            if place.mended:
                self.notes.warn(file, line, key[:80], f"file_name “{href[:120]}”: {place.mended}.")
        item.parameters = row.get("web_launch", "")[:4000] or None
        item.launch_data = row.get("core_vendor", "")[:64_000] or None
        if score := row.get("mastery_score"):
            item.mastery_score = self._score(file, line, key, score)
        if allowed := row.get("max_time_allowed"):
            length = seconds(allowed)
            if length is None:
                words = f"max_time_allowed is “{allowed[:40]}”, which is no time such as 01:30:00: left out."
                self.notes.warn(file, line, key[:80], words)
            # Nothing is no limit: so the tools that make these files mean it.
            item.max_time_allowed = length or None
        if action := row.get("time_limit_action"):
            words = [_ACTIONS.get(part.strip().lower(), "") for part in action.split(",")]
            if len(words) == 2 and all(words) and item.max_time_allowed:
                item.time_limit_action = ",".join(words)
            elif not all(words):
                self.notes.warn(file, line, key[:80], f"time_limit_action “{action[:40]}” is not known: left out.")
        if password := row.get("au_password"):
            self.passwords[key] = password[:255]
        return item

    def _score(self, file: str, line: int, key: str, text: str) -> float | None:
        try:
            score = float(text)
        except ValueError:
            score = -1.0
        if not 0 <= score <= 100:
            self.notes.error(file, line, key[:80], f"mastery_score is “{text[:40]}”. It must be from 0 to 100.")
            return None
        return score

    def _tree(self, units: dict[str, Item], descriptions: dict[str, Row], about: Row) -> Item | None:
        members = self._members()
        name = self.files.structure or self.files.course
        identifier = about.get("course_id") or "course"
        # Both are keys of the same package.
        while identifier.lower() in units or identifier.lower() in members:
            identifier += "-course"
        root = Item(identifier=identifier[:255], title=about.get("course_title", "")[:1000], kind="organization")
        wanted = self._prerequisites()
        used: set[str] = {_ROOT}

        def child(key: str, line: int, depth: int) -> Item | None:
            plain = key.lower()
            if plain in used:
                self.notes.error(name, line, key[:80], "It is named twice. Each block and each unit has one place.")
                return None
            used.add(plain)
            item = units.get(plain) or (Item(identifier=key[:255], title=key, kind="cluster"))
            if plain not in units and plain not in members:
                words = "It is in the structure and in no other file: there is no unit or block of this system_id."
                self.notes.error(name, line, key[:80], words)
                return None
            said = descriptions.get(plain, {})
            item.title = (said.get("title") or key)[:1000]
            item.prerequisites = wanted.get(plain)
            if plain in members:
                item.kind, item.children = "cluster", children(plain, depth + 1)
            return item

        def children(block: str, depth: int) -> list[Item]:
            if depth > 40:
                self.notes.error(name, 0, block[:80], "Blocks lie more than 40 deep inside each other.")
                return []
            line, keys = members.get(block, (0, []))
            return [found for key in keys if (found := child(key, line, depth))]

        root.children = children(_ROOT, 1)
        if _ROOT not in members and self.files.structure:
            self.notes.error(name, 0, "ROOT", "There is no row for the block ROOT, with which the course begins.")
        for key, unit in units.items():
            if key not in used:
                self.notes.warn(name, 0, unit.identifier[:80], "The unit is in no block: learners do not see it.")
        if not any(item.kind == "sco" for item in root.walk()):
            self.notes.error(name, 0, "", "Nothing in this course can be opened: its structure names no unit.")
            return None
        return root

    def _members(self) -> dict[str, tuple[int, list[str]]]:
        """What lies in each block, with the line that says so."""
        name, found = self.files.structure, dict[str, tuple[int, list[str]]]()
        if name is None:
            words = "There is no .cst file beside it, with the same name. It holds the structure."
            self.notes.error(self.files.course, 0, "", words)
            return found
        for line, cells in self._table(name):
            block, *rest = [cell.strip() for cell in cells]
            if block.lower() == "block":
                continue
            line_before, before = found.get(block.lower(), (line, []))
            found[block.lower()] = (line_before, before + [cell for cell in rest if cell])
        return found

    def _prerequisites(self) -> dict[str, str]:
        name = self.files.prerequisites
        found: dict[str, str] = {}
        for line, cells in self._table(name) if name else []:
            key, *rest = [cell.strip() for cell in cells]
            if key.lower() in ("structure_element", "block") or not rest or not rest[0]:
                continue
            if len(rest[0]) > 4000:
                self.notes.error(name or "", line, key[:80], "The prerequisites are longer than 4,000 characters.")
                continue
            found[key.lower()] = rest[0]
        return found

    def _objectives(self) -> dict[str, list[str]]:
        name = self.files.objectives
        found: dict[str, list[str]] = {}
        for _, cells in self._table(name) if name else []:
            key, *rest = [cell.strip() for cell in cells]
            if key.lower() not in ("course_element", "structure_element") and rest:
                found.setdefault(key, []).extend(cell for cell in rest if cell)
        return found

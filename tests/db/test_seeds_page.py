"""docs/reference/seeds.md: every name of the source documents is on it, and whatever it leads to exists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collegium.access.stage import Stage
from tests.support import seed_names, seeds

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "seeds.md"
SECTION = re.compile(r"^## ([VSNPL]): ", re.MULTILINE)
TARGET = re.compile(r"`([^`]+)`(?:, |$)")
NAME = r"[a-z_][a-z0-9_]*"
PLACE = rf"(?:(?:private|auth)\.)?{NAME}"

# What a target looks like, and the question whose answer says that it exists.
GRAMMAR: tuple[tuple[str, str], ...] = (
    (rf"view (?P<place>{PLACE})", "select 1 from pg_class where oid = to_regclass(%(place)s) and relkind = 'v'"),
    (
        rf"function (?P<schema>public|private)\.(?P<name>{NAME})",
        "select 1 from pg_proc where pronamespace = %(schema)s::regnamespace and proname = %(name)s",
    ),
    (
        rf"trigger (?P<name>{NAME}) on (?P<place>{PLACE})",
        "select 1 from pg_trigger where tgrelid = to_regclass(%(place)s) and tgname = %(name)s and tgenabled <> 'D'",
    ),
    (
        rf'policy "(?P<name>[^"]+)" on (?P<place>{PLACE})',
        "select 1 from pg_policy where polrelid = to_regclass(%(place)s) and polname = %(name)s",
    ),
    (rf"index (?P<place>{PLACE})", "select 1 from pg_index where indexrelid = to_regclass(%(place)s) and indisvalid"),
    (
        rf"constraint (?P<name>{NAME}) on (?P<place>{PLACE})",
        "select 1 from pg_constraint where conrelid = to_regclass(%(place)s) and conname = %(name)s and convalidated",
    ),
    (rf"type (?P<place>{NAME})", "select 1 from pg_type where oid = to_regtype(%(place)s) and typtype = 'e'"),
    (
        rf"type (?P<place>{NAME})\.(?P<name>{NAME})",
        "select 1 from pg_enum where enumtypid = to_regtype(%(place)s) and enumlabel = %(name)s",
    ),
    (
        rf"value (?P<name>[\w.]+) of (?P<place>{PLACE})\.(?P<column>{NAME})",
        "select 1 from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)"
        " where k.conrelid = to_regclass(%(place)s) and k.contype = 'c' and a.attname = %(column)s"
        " and pg_get_constraintdef(k.oid) like '%%''' || %(name)s || '''%%'",
    ),
    (
        rf"(?!(?:private|auth)\.{NAME}$)(?P<place>{PLACE})\.(?P<column>{NAME})",
        "select 1 from pg_attribute a join pg_class c on c.oid = a.attrelid where attrelid = to_regclass(%(place)s)"
        " and attname = %(column)s and attnum > 0 and not attisdropped and relkind in ('r', 'p', 'v')",
    ),
    (
        rf"(?P<place>{PLACE})",
        "select 1 from pg_class where oid = to_regclass(%(place)s) and relkind in ('r', 'p')",
    ),
)


@dataclass(frozen=True)
class Row:
    document: str
    kind: str
    name: str
    targets: tuple[str, ...]
    why: str


def rows(page: str) -> list[Row]:
    """The rows of the page; a line that is none, or whose targets are not written as the grammar says, is refused."""
    found: list[Row] = []
    parts = SECTION.split(page)[1:]
    for document, text in zip(parts[::2], parts[1::2], strict=True):
        for line in text.splitlines():
            if line.startswith("| ") and not line.startswith(("| kind ", "| --- ")):
                cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split(" | ")]
                kind, name, lives, *why = cells
                found.append(Row(document, kind, name, targets(lives), " | ".join(why)))
    return found


def targets(cell: str) -> tuple[str, ...]:
    """The targets of a cell; none for a dash."""
    if cell == "–":
        return ()
    found = tuple(TARGET.findall(cell))
    assert found, f"not a list of targets: {cell}"
    assert not TARGET.sub("", cell), f"not a list of targets: {cell}"
    return found


def exists(stage: Stage, target: str) -> bool:
    """Whether the database has it; False too for what no line of the grammar reads."""
    if named := re.fullmatch(r"invariant (\w+)", target):
        return (ROOT / "db" / "invariants" / f"{named[1]}.sql").exists()
    for pattern, question in GRAMMAR:
        if found := re.fullmatch(pattern, target):
            given: dict[str, Any] = found.groupdict()
            if "place" in given and "." not in given["place"]:
                given["place"] = f"public.{given['place']}"
            return bool(stage.owner(question, **given))
    return False


def is_the_name(row: Row) -> bool:
    """Whether the first target is the document's own name, so that nothing needs to be said."""
    first = row.targets[0] if row.targets else ""
    if value := re.fullmatch(r"value (\S+) of (\S+)", first):
        return f"{value[2]}.{value[1]}" == row.name
    bare = first if first.startswith('"') else re.sub(r"^[a-z]+ ", "", first)
    return bare.removeprefix("public.").removeprefix("private.") in (
        row.name,
        *(f"{row.name} on {t}" for t in bare.split(" on ")[1:]),
    )


ROWS = rows(PAGE.read_text(encoding="utf-8"))


def test_every_target_exists(stage: Stage) -> None:
    missing = [f"{row.name}: {target}" for row in ROWS for target in row.targets if not exists(stage, target)]
    assert not missing, "\n".join(missing)


def test_what_moved_or_must_not_exist_has_a_reason() -> None:
    database = {"table", "column", "view", "type", "value", "constraint", "index", "policy", "trigger", "function"}
    silent = [
        row.name for row in ROWS if not row.why and (not row.targets or (row.kind in database and not is_the_name(row)))
    ]
    assert not silent


def test_no_name_stands_twice() -> None:
    keys = [(row.document, row.kind, row.name) for row in ROWS]
    assert len(keys) == len(set(keys))


@seeds.needs_seeds
@pytest.mark.parametrize("document", ["V", "S", "N", "P", "L"])
def test_every_name_of_the_document_is_on_the_page(document: str) -> None:
    on_it = {(row.kind, row.name) for row in ROWS if row.document == document}
    names = seed_names.names(document)
    assert len(names) > {"V": 20, "S": 30, "N": 500, "P": 45, "L": 140}[document], "the document was not read"
    assert not names - on_it


@pytest.mark.parametrize("name", ["public_certificate_verification", "enrollments_partitioned"])
def test_what_must_not_exist_does_not(stage: Stage, name: str) -> None:
    assert [row.targets for row in ROWS if row.name == name] == [()]
    assert not stage.owner("select 1 from pg_class where relname = %(name)s", name=name)


# The mistakes


def mistakes() -> list[tuple[str, str, list[str]]]:
    """Document, what it does, tests: of the page's first table."""
    text = SECTION.split(PAGE.read_text(encoding="utf-8"))[0]
    lines = re.findall(r"^\| ([A-Z+]+) \| (.*) \| (`test_.*`) \|$", text, re.MULTILINE)
    return [(document, what, re.findall(r"`([^`]+)`", tests)) for document, what, tests in lines]


def has_test(file: str, name: str) -> bool:
    return f"def {name}(" in (ROOT / "tests" / "db" / file).read_text(encoding="utf-8")


def test_each_mistake_has_a_test_here_and_one_on_the_seed() -> None:
    assert len(mistakes()) == 17
    for document, what, tests in mistakes():
        assert tests, what
        for test in tests:
            file, _, name = test.partition("::")
            assert name.startswith(f"test_{document.lower().replace('+', '_')}_"), name
            assert has_test(file, name), f"{test} is not there"
            assert has_test("test_seed_mistakes_on_the_seeds.py", f"{name}_on_the_seed"), (
                f"{name} is not tried on the seed"
            )


@seeds.needs_seeds
def test_each_mistake_of_the_design_is_on_the_page() -> None:
    found = seeds.folder()
    assert found
    design = (found.parent / "design" / "schema.md").read_text(encoding="utf-8")
    section = design[design.index("## Mistakes in the seeds") :]
    lines = re.findall(r"^\| ([NLS+]+) \| (.*?) \| .* \|$", section, re.MULTILINE)
    assert [(document, what) for document, what, _ in mistakes()] == lines


# The grammar

RIGHT = (
    "courses",
    "courses.slug",
    "members.first_name",
    "private.attempt_questions",
    "view members",
    "function public.verify_certificate",
    "function private.is_admin",
    "trigger on_auth_user_created on auth.users",
    "trigger trigger_update_enrollment_progress on lesson_progress",
    'policy "Members can self-enroll" on enrollments',
    "index idx_courses_status",
    "constraint unique_enrollment_lesson on lesson_progress",
    "type user_role",
    "type user_role.super_admin",
    "value leadership of courses.category",
    "invariant rls_on_every_table",
)
WRONG = (
    "course",
    "members",  # A view is named as one.
    "courses.slugs",
    "private.courses",
    "view courses",
    "function public.is_admin",
    "function verify_certificate",
    "trigger on_auth_user_created on profiles",
    'policy "Members can update own progress" on enrollments',
    'policy "Members can self-enroll" on courses',
    "index courses",
    "constraint unique_enrollment_lesson on enrollments",
    "type difficulty_level",
    "type user_role.owner",
    "value leader of courses.category",
    "value published of courses.category",
    "invariant nothing_at_all",
    "somewhere else",
    "",
)


@pytest.mark.parametrize("target", RIGHT)
def test_a_right_target_is_found(stage: Stage, target: str) -> None:
    assert exists(stage, target)


@pytest.mark.parametrize("target", WRONG)
def test_a_wrong_target_is_noticed(stage: Stage, target: str) -> None:
    assert not exists(stage, target)


def test_cells_are_lists_of_targets() -> None:
    assert targets("`a`, `view b`") == ("a", "view b")
    assert targets("–") == ()
    for cell in ("a", "`a` and `b`", "`a`,`b`", "not there yet", ""):
        with pytest.raises(AssertionError, match="not a list of targets"):
            targets(cell)


def test_rows_are_read() -> None:
    page = "# x\n\n| N | no row | `a` |\n\n## V: it\n\n| kind | name |\n| --- | --- |\n| table | a | `b` | it \\| moved |\n| view | c | – |  |\n"
    assert rows(page) == [Row("V", "table", "a", ("b",), "it \\| moved"), Row("V", "view", "c", (), "")]
    assert not is_the_name(rows(page)[0])
    assert is_the_name(Row("N", "value", "courses.status.draft", ("value draft of courses.status",), ""))
    assert is_the_name(Row("P", "trigger", "t", ("trigger t on a",), ""))

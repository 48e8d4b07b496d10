"""The text of a row and the walk along the chain, without a database."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.features.audit.chain import FIELDS, GENESIS, Finding, Sealed, Walk, digest, hash_of, text

# Surrogates and NUL are no text for PostgreSQL.
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
VALUES = st.none() | WORDS | st.sampled_from(["-", "1:", "2:a,", ",", "-,", "0:,-,"])
ROWS = st.tuples(st.integers(1, 99), st.lists(VALUES, min_size=len(FIELDS), max_size=len(FIELDS)))


def read(said: str) -> tuple[int, list[str | None]]:
    """The row again, from its text."""
    rest = said.encode().removeprefix(b"collegium-audit-1,")
    values: list[str | None] = []
    while rest:
        if rest.startswith(b"-,"):
            values.append(None)
            rest = rest[2:]
        else:
            length, _, rest = rest.partition(b":")
            values.append(rest[: int(length)].decode())
            assert rest[int(length) : int(length) + 1] == b","
            rest = rest[int(length) + 1 :]
    assert values[0] is not None
    return int(values[0]), values[1:]


@given(ROWS)
def test_a_row_can_be_read_from_its_text_so_no_two_rows_share_one(row: tuple[int, list[str | None]]) -> None:
    assert read(text(*row)) == row


@given(ROWS, ROWS)
def test_different_rows_have_different_texts(
    one: tuple[int, list[str | None]], other: tuple[int, list[str | None]]
) -> None:
    assert (text(*one) == text(*other)) == (one == other)


@given(st.tuples(WORDS, WORDS, WORDS), st.tuples(WORDS, WORDS, WORDS))
def test_different_personal_values_have_different_digests(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (digest(b"salt", *one) == digest(b"salt", *other)) == (one == other)


# The walk ---------------------------------------------------------------------------------------------------


def chain(length: int) -> list[Sealed]:
    rows: list[Sealed] = []
    before = GENESIS
    for position in range(1, length + 1):
        fields = ["" for _ in FIELDS]
        fields[0], fields[6], fields[7] = str(position * 10), "courses", f"record {position}"
        rows.append(
            Sealed(position=position, fields=fields, previous_hash=before, hash=hash_of(before, position, fields))
        )
        before = rows[-1].hash
    return rows


def at(row: Sealed, position: int) -> Sealed:
    return Sealed(position=position, fields=row.fields, previous_hash=row.previous_hash, hash=row.hash)


def forged(row: Sealed, words: str, *, rehash: bool = False, previous: bytes | None = None) -> Sealed:
    fields = [*row.fields]
    fields[13] = words
    before = row.previous_hash if previous is None else previous
    new = hash_of(before, row.position, fields) if rehash else row.hash
    return Sealed(position=row.position, fields=fields, previous_hash=before, hash=new)


def found(rows: list[Sealed], genuine: list[Sealed]) -> list[Finding]:
    walk = Walk()
    for row in sorted(rows, key=lambda row: (row.position, row.id)):
        walk.step(row)
    return walk.finish(head=len(genuine), head_hash=genuine[-1].hash if genuine else GENESIS)


def kinds(findings: list[Finding]) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.position) for finding in findings]


def test_a_whole_chain_is_whole() -> None:
    rows = chain(20)
    assert found(rows, rows) == []
    assert found([], []) == []


@pytest.mark.parametrize("place", [1, 2, 7, 10])
@pytest.mark.parametrize("rehash", [False, True])
def test_an_altered_row(place: int, rehash: bool) -> None:
    rows = chain(10)
    changed = [*rows]
    changed[place - 1] = forged(rows[place - 1], "forged", rehash=rehash)
    findings = found(changed, rows)
    assert kinds(findings) == [("altered", place)]
    assert (findings[0].id, findings[0].table_name, findings[0].record_id) == (place * 10, "courses", f"record {place}")


@pytest.mark.parametrize(("first", "last"), [(1, 1), (4, 4), (4, 6), (10, 10), (1, 10), (9, 10)])
@pytest.mark.parametrize("renumbered", [False, True])
def test_removed_rows(first: int, last: int, renumbered: bool) -> None:
    rows = chain(10)
    left = [row for row in rows if not first <= row.position <= last]
    if renumbered:
        left = [at(row, position) for position, row in enumerate(left, 1)]
    findings = found(left, rows)
    assert kinds(findings) == [("removed", first)]
    assert (f"Position {first} was" if first == last else f"Positions {first} to {last} were") in findings[0].words


@pytest.mark.parametrize("place", [1, 2, 6, 10])
@pytest.mark.parametrize("rehash", [False, True])
@pytest.mark.parametrize("renumbered", [False, True])
def test_an_inserted_row(place: int, rehash: bool, renumbered: bool) -> None:
    rows = chain(10)
    new = forged(rows[place - 1], "slipped in", rehash=rehash)
    new = Sealed(position=place, fields=["5", *new.fields[1:]], previous_hash=new.previous_hash, hash=new.hash)
    if rehash:
        new = forged(new, "slipped in", rehash=True)
    rest = [at(row, row.position + 1) if renumbered and row.position >= place else row for row in rows]
    findings = found([*rest, new], rows)
    assert [(finding.kind, finding.id) for finding in findings] == [("inserted", 5)]


@pytest.mark.parametrize(("one", "other"), [(2, 3), (2, 7), (1, 10), (9, 10), (1, 2)])
def test_rows_in_another_order(one: int, other: int) -> None:
    rows = chain(10)
    changed = [*rows]
    changed[one - 1], changed[other - 1] = at(rows[other - 1], one), at(rows[one - 1], other)
    findings = found(changed, rows)
    assert {finding.kind for finding in findings} == {"moved"}
    assert {finding.position for finding in findings} == {one, other}


def test_two_things_at_once() -> None:
    rows = chain(30)
    changed = [row for row in rows if row.position not in (12, 13)]
    changed[4] = forged(rows[4], "forged")
    changed[-2] = forged(rows[-2], "forged", rehash=True)
    assert kinds(found(changed, rows)) == [("altered", 5), ("removed", 12), ("altered", 29)]


def test_a_walk_from_the_middle_trusts_what_it_is_given() -> None:
    rows = chain(10)
    walk = Walk(start=4, before=rows[3].hash)
    for row in rows[4:]:
        walk.step(row)
    assert walk.finish(head=10, head_hash=rows[-1].hash) == []
    wrong = Walk(start=4, before=rows[2].hash)
    for row in rows[4:]:
        wrong.step(row)
    assert kinds(wrong.finish(head=10, head_hash=rows[-1].hash)) == [("altered", 5)]


def test_a_log_that_is_wrong_all_over_ends_the_walk() -> None:
    rows = chain(1500)
    walk = Walk()
    steps = 0
    for row in rows:
        walk.step(Sealed(position=row.position, fields=row.fields, previous_hash=row.previous_hash, hash=GENESIS))
        steps += 1
        if walk.full:
            break
    assert steps < 1100


Change = Callable[[list[Sealed], random.Random], list[Sealed]]


def alter(rows: list[Sealed], dice: random.Random) -> list[Sealed]:
    place = dice.randrange(len(rows))
    return [*rows[:place], forged(rows[place], "forged", rehash=dice.random() < 0.5), *rows[place + 1 :]]


def remove(rows: list[Sealed], dice: random.Random) -> list[Sealed]:
    place = dice.randrange(len(rows))
    left = [*rows[:place], *rows[place + 1 :]]
    return [at(row, position) for position, row in enumerate(left, 1)] if dice.random() < 0.5 else left


def swap(rows: list[Sealed], dice: random.Random) -> list[Sealed]:
    one, other = dice.sample(range(len(rows)), 2)
    changed = [*rows]
    changed[one], changed[other] = at(rows[other], rows[one].position), at(rows[one], rows[other].position)
    return changed


@given(st.integers(2, 25), st.lists(st.sampled_from([alter, remove, swap]), min_size=1, max_size=3), st.integers(0))
def test_whatever_is_done_something_is_found(length: int, changes: list[Change], seed: int) -> None:
    rows = chain(length)
    changed = rows
    dice = random.Random(seed)
    for change in changes:
        if len(changed) > 1:
            changed = change(changed, dice)
    assert bool(found(changed, rows)) == (changed != rows)

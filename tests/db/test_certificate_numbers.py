"""A certificate's number tells nothing, cannot be guessed, and is never given twice."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from collegium.access.stage import Stage, key

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
MANY = 20_000


@pytest.fixture(scope="module")
def numbers(guild_connection: psycopg.Connection[tuple[Any, ...]]) -> list[str]:
    """Twenty thousand numbers in the order in which they were made."""
    with guild_connection.transaction(force_rollback=True):
        return Stage(guild_connection).value(
            "select array_agg(private.new_certificate_number(now()) order by n) from generate_series(1, %(n)s) n",
            n=MANY,
        )


def test_the_format(numbers: list[str]) -> None:
    for number in numbers:
        assert re.fullmatch(r"CERT-\d{4}-[2-9A-HJ-NP-Z]{8}", number)
    assert len(set(numbers)) == MANY
    assert not set("01IO") & set(ALPHABET)


def test_the_year_is_that_of_the_issue_in_utc(stage: Stage) -> None:
    stage.owner("set local timezone to 'Pacific/Kiritimati'")
    number = stage.value("select private.new_certificate_number('2026-12-31 23:59:59+00')")
    assert number.startswith("CERT-2026-")


def test_every_character_is_equally_likely_in_every_place(numbers: list[str]) -> None:
    """Chi-squared with 31 degrees of freedom: above 90 once in ten million times."""
    expected = MANY / len(ALPHABET)
    for place in range(8):
        seen = Counter(number[-8:][place] for number in numbers)
        assert set(seen) == set(ALPHABET)
        assert sum((seen[letter] - expected) ** 2 / expected for letter in ALPHABET) < 90, place


def test_a_place_tells_nothing_of_the_next(numbers: list[str]) -> None:
    """Chi-squared over pairs, 1023 degrees of freedom: 1300 lies more than six standard deviations above the mean."""
    expected = MANY / len(ALPHABET) ** 2
    for place in range(7):
        seen = Counter(number[-8:][place : place + 2] for number in numbers)
        assert sum((seen[a + b] - expected) ** 2 / expected for a in ALPHABET for b in ALPHABET) < 1300, place


def test_a_number_tells_nothing_of_its_time_or_of_the_one_before(numbers: list[str]) -> None:
    values = [
        sum(ALPHABET.index(letter) << 5 * place for place, letter in enumerate(number[-8:][::-1])) for number in numbers
    ]
    middle = sum(values) / MANY
    spread = sum((value - middle) ** 2 for value in values)
    with_order = sum((value - middle) * (n - MANY / 2) for n, value in enumerate(values))
    order_spread = sum((n - MANY / 2) ** 2 for n in range(MANY))
    assert abs(with_order / (spread * order_spread) ** 0.5) < 0.04
    with_next = sum((a - middle) * (b - middle) for a, b in pairwise(values))
    assert abs(with_next / spread) < 0.04
    rising = sum(b > a for a, b in pairwise(values)) / MANY
    assert 0.48 < rising < 0.52


def test_a_number_that_is_taken_is_drawn_again(stage: Stage) -> None:
    taken = stage.value("select number from public.certificates where id = %(certificate)s")
    stage.owner("create sequence private.draws")
    stage.owner(
        "create or replace function private.new_certificate_number(p_on timestamptz) returns text language sql as $$"
        " select case when nextval('private.draws') <= 3 then %(taken)s else 'CERT-2026-23456789' end $$",
        taken=taken,
    )
    for lesson in ("welcome", "reading", "locked"):
        stage.owner(f"select private.complete_lesson(%(enrollment)s, %({lesson})s)")
    assert stage.value("select last_value from private.draws") == 4
    rows = stage.owner(
        "select number from public.certificates where member_id = %(owner)s order by issued_at, number = %(t)s desc",
        t=taken,
    )
    assert rows == [(taken,), ("CERT-2026-23456789",)]
    jobs = "select count(*) from procrastinate.procrastinate_jobs where args ->> 'certificate_id' = (select id::text from public.certificates where number = 'CERT-2026-23456789')"
    assert stage.value(jobs) == 1


@pytest.mark.parametrize(
    "number", ["CERT-2026-0BCDEFGH", "CERT-2026-ABCDEFGI", "CERT-26-ABCDEFGH", "cert-2026-ABCDEFGH"]
)
def test_no_other_number_can_be_kept(stage: Stage, number: str) -> None:
    outcome = stage.attempt("service_role", "update public.certificates set number = %(n)s", n=number)
    assert outcome.state == "23514"


def test_verification_answers_valid_revoked_and_unknown(stage: Stage) -> None:
    number = stage.value("select number from public.certificates where id = %(certificate)s")

    def verify(text: str, who: str = "anon") -> dict[str, object]:
        return stage.act(who, "select public.verify_certificate(%(t)s)", t=text).rows[0][0]

    for text in (number, number.lower(), f"\t{number[:9]} \n{number[9:]} "):
        assert verify(text)["status"] == "valid"
    assert set(verify(number)) == {
        *("status", "valid", "certificate_number", "member_name", "course_title", "completion_date"),
        *("issued_at", "ce_credits", "revoked_at"),
    }
    for text in ("", number[:-1], f"{number}A", number.replace("-", ""), "%", "' or true --"):
        assert verify(text) == {"status": "unknown", "valid": False, "message": "Certificate not found"}
    stage.owner(
        "update public.certificates set revoked_at = now(), revoked_by = %(admin)s, revoked_reason = 'Private' where id = %(id)s",
        id=key("certificate"),
    )
    assert (verify(number)["status"], verify(number)["valid"]) == ("revoked", False)
    assert "Private" not in str(verify(number))

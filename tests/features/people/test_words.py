"""Passwords, addresses, marks and browsers: the rules without a database."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from collegium.features.people import passwords
from collegium.features.people.addresses import network_name, network_range, normal_address, normal_email
from collegium.features.people.agents import describe
from collegium.features.people.attempts import delay_after
from collegium.features.people.devices import MOST_MARKS, find_mark, with_mark
from collegium.kit.errors import waiting_time

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "5 characters"),
        ("x" * 201, "at most 200"),
        ("1234567890", "tried first"),
        ("Password2024!", "tried first"),
        ("  QWERTYUIOP  ", "tried first"),
        ("abababababab", "same few"),
        ("i am mara.okafor here", "e-mail name"),
        ("I AM MARA.OKAFOR HERE", "e-mail name"),
    ],
)
def test_passwords_that_are_not_accepted(password: str, words: str) -> None:
    assert words in (passwords.complaint(password.strip(), "mara.okafor@guild.test") or "")


@pytest.mark.parametrize(
    "password", ["a quiet harbour", "Übermut am Fenster", "correct horse 9 staples", "jo and the sea"]
)
def test_passwords_that_are_accepted(password: str) -> None:
    assert passwords.complaint(password, "jo@guild.test") is None


async def test_a_password_is_the_same_from_every_keyboard() -> None:
    composed, decomposed = "Übermut am Fenster", "U\u0308bermut am Fenster"
    kept = await passwords.hash_password(composed)
    assert await passwords.is_right(kept, decomposed)
    assert not await passwords.is_right(kept, "Ubermut am Fenster")


async def test_hashes_are_argon2id_with_the_agreed_cost() -> None:
    kept = await passwords.hash_password("a quiet harbour")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.is_outdated(kept)
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x"))


async def test_what_is_no_hash_is_no_password() -> None:
    assert not await passwords.is_right(None, "a quiet harbour")
    assert not await passwords.is_right("", "")
    assert not await passwords.is_right("$2a$10$abcdefghijklmnopqrstuv", "a quiet harbour")


def test_the_hash_of_nobody_costs_as_much_as_any() -> None:
    assert not passwords.is_outdated(passwords.NOBODY)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" Ada@Guild.Test ", "ada@guild.test"),
        ("ada+courses@guild.test", "ada+courses@guild.test"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@guild", None),
        ("ada@192.0.2.1", None),
        ("ada", None),
        ("", None),
        ("@guild.test", None),
        ("ada..b@guild.test", None),
        ("ada@guild.test\nBcc: all@guild.test", None),
        ("ada@guild.test>", None),
        ("a" * 65 + "@guild.test", None),
        ("ada@" + "a" * 64 + ".test", None),
        ("ada@-guild.test", None),
    ],
)
def test_addresses_have_one_form(text: str, normal: str | None) -> None:
    assert normal_email(text) == normal


def test_a_network_is_an_ipv4_address_or_an_ipv6_64() -> None:
    assert network_name("203.0.113.4") == network_name("::ffff:203.0.113.4") == "203.0.113.4"
    assert network_name("2001:db8:1:2:aaaa::1") == network_name("2001:db8:1:2::ffff") == "2001:db8:1:2::/64"
    assert network_name("2001:db8:1:3::1") != network_name("2001:db8:1:2::1")
    assert network_range("2001:db8:1:2::9") == ("2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert network_range("203.0.113.4") == ("203.0.113.4", "203.0.113.4")
    assert (network_name(None), network_range("socket"), normal_address("socket")) == ("unknown", None, None)


def test_the_delay_doubles_up_to_fifteen_minutes() -> None:
    assert [delay_after(count) for count in range(8)] == [0, 0, 0, 0, 2, 4, 8, 16]
    assert [delay_after(count) for count in (12, 13, 500, 100_000)] == [512, 900, 900, 900]


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (48, "48 seconds"), (101, "2 minutes"), (900, "15 minutes")]
)
def test_waiting_times_in_words(seconds: int, words: str) -> None:
    assert waiting_time(seconds) == words


def test_a_mark_counts_for_one_account_and_one_site() -> None:
    marks = with_mark("", KEY, "ada@guild.test")
    assert find_mark(marks, KEY, "ada@guild.test")
    assert find_mark(marks, KEY, "mara@guild.test") is None
    assert find_mark(marks, OTHER_KEY, "ada@guild.test") is None
    assert "ada" not in marks


def test_a_mark_stays_the_same_and_the_oldest_goes() -> None:
    marks = with_mark("", KEY, "ada@guild.test")
    first = find_mark(marks, KEY, "ada@guild.test")
    assert find_mark(with_mark(marks, KEY, "ada@guild.test"), KEY, "ada@guild.test") == first
    for number in range(MOST_MARKS):
        marks = with_mark(marks, KEY, f"person{number}@guild.test")
    assert find_mark(marks, KEY, "ada@guild.test") is None
    assert find_mark(marks, KEY, "person0@guild.test")


@pytest.mark.parametrize("marks", ["~~~", "ä.ö", "a.b~" * 500, "." * 90, "\x00.\x00"])
def test_marks_that_were_made_up_are_no_marks(marks: str) -> None:
    assert find_mark(marks, KEY, "ada@guild.test") is None


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari on macOS"),
        ("curl/8.5.0", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_in_words(agent: str, words: str) -> None:
    assert describe(agent) == words

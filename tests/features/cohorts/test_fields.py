"""Days and times of cohorts: zones, clocks that are put forward and back, and what belongs together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collegium.features.cohorts import fields, service
from collegium.features.cohorts.model import Cohort, Offer, Place
from collegium.kit.errors import Invalid

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns")
MINUTES = st.integers(0, 60 * 24 * 365 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def cohort(**given: object) -> Cohort:
    values: dict[str, object] = {
        "id": uuid4(), "name": "Spring", "description": None, "starts_at": NOW, "ends_at": None, "enrollment_opens_at": None,
        "enrollment_closes_at": None, "capacity": None, "seats_taken": 0, "is_closed": False, "time_zone": "UTC",
        "state": "open",
    }  # fmt: skip
    return Cohort(**(values | given))  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(MINUTES, st.sampled_from(ZONES))
def test_a_field_that_is_not_touched_changes_nothing(at: datetime, name: str) -> None:
    """Also in the hour that comes twice."""
    zone = ZoneInfo(name)
    assert fields.read_moment(fields.show_moment(at, zone), zone, at) == at


@settings(max_examples=200, deadline=None)
@given(MINUTES, st.sampled_from(ZONES))
def test_what_is_read_shows_what_was_typed(at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    typed = f"{at:%Y-%m-%dT%H:%M}"
    local = at.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at.replace(tzinfo=None):
        with pytest.raises(ValueError, match="clocks go forward"):
            fields.read_moment(typed, zone)
        return
    found = fields.read_moment(typed, zone)
    assert found is not None
    assert fields.show_moment(found, zone) == typed


@pytest.mark.parametrize(
    ("typed", "zone", "words"),
    [
        ("2027-03-14T02:30", "America/New_York", "clocks go forward"),
        ("2027-03-28T02:30", "Europe/Berlin", "clocks go forward"),
        ("tomorrow", "UTC", "a day and a time"),
        ("1999-12-31T23:59", "UTC", "2000 to 2200"),
        ("2027-02-30T10:00", "UTC", "a day and a time"),
    ],
)
def test_times_that_are_none(typed: str, zone: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fields.read_moment(typed, ZoneInfo(zone))


RIGHT = {"name": "Spring", "starts_at": "2027-03-01T09:00", "time_zone": "Europe/Berlin"}


def test_a_cohort_begins_by_the_clocks_of_its_zone() -> None:
    wanted = fields.read(RIGHT | {"capacity": "12", "ends_at": "2027-07-01T09:00"})
    assert wanted.starts_at == datetime(2027, 3, 1, 8, tzinfo=UTC)
    assert wanted.ends_at == datetime(2027, 7, 1, 7, tzinfo=UTC)
    assert wanted.capacity == 12


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"name": " \t "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"description": "x" * 1001}, "description"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"starts_at": ""}, "starts_at"),
        ({"ends_at": "2027-03-01T09:00"}, "ends_at"),
        ({"enrollment_opens_at": "2027-02-02T09:00", "enrollment_closes_at": "2027-02-01T09:00"}, "enrollment_closes_at"),
        ({"ends_at": "2027-04-01T09:00", "enrollment_closes_at": "2027-04-02T09:00"}, "enrollment_closes_at"),
        ({"ends_at": "2027-04-01T09:00", "enrollment_opens_at": "2027-04-01T09:00"}, "enrollment_opens_at"),
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "100001"}, "capacity"),
        ({"capacity": "1e3"}, "capacity"),
        ({"capacity": "٣"}, "capacity"),
    ],
    ids=[
        "no name", "long name", "long description", "no zone", "a path", "no beginning", "ends at once", "closes first",
        "closes late", "opens late", "no place", "many", "exponent", "other digits",
    ],
)  # fmt: skip
def test_what_a_cohort_cannot_be(change: dict[str, str], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        fields.read(RIGHT | change)
    assert list(refused.value.fields) == [wrong]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Open for enrollment"),
        ({"capacity": 2, "seats_taken": 2}, "Full"),
        ({"state": "planned"}, "Planned"),
        ({"state": "closed"}, "Enrollment closed"),
        ({"state": "closed", "is_closed": True}, "Closed by hand"),
        ({"state": "closed", "is_closed": True, "ends_at": NOW}, "Over"),
    ],
)
def test_states_in_words(given: dict[str, object], words: str) -> None:
    assert cohort(**given).words(NOW) == words


def test_what_is_offered_and_ticked_at_first() -> None:
    spring, full, autumn = cohort(name="Spring"), cohort(name="Full", capacity=1, seats_taken=1), cohort(name="Autumn")
    been = Place(uuid4(), spring.id, "Spring", NOW, None, "completed")
    offer = Offer([spring, full, autumn], [], only=False)
    assert [one.name for one in offer.open] == ["Spring", "Autumn"]
    assert offer.chosen("") == str(spring.id)
    assert offer.chosen(str(autumn.id)) == str(autumn.id)
    assert offer.chosen(str(full.id)) == str(spring.id)
    assert offer.chosen("none") == "none"
    assert Offer([spring], [], only=True).chosen("none") == str(spring.id)
    assert [one.name for one in Offer([spring, autumn], [been], only=True).open] == ["Autumn"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@b.test", ["a@b.test"]),
        ("A@b.test, a@B.test;\nc@d.test", ["A@b.test", "c@d.test"]),
        ("Mara Okafor <mara@guild.test>, Ines <i@guild.test>", ["mara@guild.test", "i@guild.test"]),
    ],
)
def test_addresses_as_people_paste_them(text: str, found: list[str]) -> None:
    assert service.addresses(text) == found


@pytest.mark.parametrize("text", ["", "Mara", "a@", "@", "a@b@c", " ".join(f"p{n}@guild.test" for n in range(201))])
def test_what_are_no_addresses(text: str) -> None:
    with pytest.raises(Invalid):
        service.addresses(text)

"""Prices and what is bought at them."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("price", "open_price")


# The owner's employer has its people pay less for the paid course; a sale is over.
FOUND = """
insert into public.prices (id, course_id, name, audience, organisation_id, amount, valid_from, valid_until) values
    (%(price)s, %(paid)s, 'For Guild Brokers', 'organisation', %(organisation)s, 60, '2020-01-01', null),
    (%(open_price)s, %(paid)s, 'Summer sale', 'everybody', null, 40, '2020-01-01', '2020-02-01');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "prices": {
        "select": "yes   yes   yes   yes   yes   yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
    "prices: of an organisation": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 yes   42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     yes   -     -     42501 yes   yes   yes",
    },
}


PROBES: dict[str, Probe] = {
    "prices": Probe(
        "a price of the paid course that everybody pays",
        "id = %(open_price)s",
        "(id, course_id, name, amount) values (%(new)s, %(paid)s, 'Autumn sale', 0)",
        "id = %(new)s",
        ("amount", "1"),
    ),
    "prices: of an organisation": Probe(
        "what people of one organisation pay for the paid course",
        "id = %(price)s",
        "(id, course_id, name, audience, organisation_id, amount)"
        " values (%(new)s, %(paid)s, 'Autumn sale', 'organisation', %(organisation)s, 0)",
        "id = %(new)s",
        ("amount", "1"),
    ),
}


MOVES: dict[str, tuple[str, str]] = {
    "prices": ("id = %(open_price)s", "course_id = %(open)s"),
}


FUNCTIONS: dict[str, str] = {
    "private.complete_purchase": "service_role",
    "private.is_price_rule": "service_role",
    "private.price_for": "service_role",
    "public.begin_purchase": "authenticated",
    "public.have_i_paid": "authenticated",
    "public.price_for_me": "anon authenticated service_role",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    moves=MOVES,
    functions=FUNCTIONS,
    wholly_writable=("prices",),
)

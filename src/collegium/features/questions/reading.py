"""Reading what addresses and forms name: banks, and fields that come several times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from collegium.features.questions.forms import Sent
from collegium.features.questions.model import Bank, Organisation
from collegium.kit.errors import NotFound
from collegium.web.pages import WebRequest

MOST = 200


async def read_sent(request: WebRequest) -> Sent:
    """The fields of a form; NUL and half characters, which PostgreSQL cannot keep, are left out."""
    form = await request.form()
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            clean = value.encode("utf-8", "ignore").decode().replace("\x00", "").replace("\r\n", "\n")
            fields.setdefault(name, []).append(clean)
    return Sent(fields)


def bank_of(name: str, course_id: UUID | None, organisations: Sequence[Organisation]) -> Bank:
    """The bank that an address names: nothing for the course's, ``shared``, or an organisation's id."""
    if not name:
        return Bank(course_id)
    if name == "shared":
        return Bank()
    for one in organisations:
        if str(one.id) == name:
            return Bank(None, one.id)
    raise NotFound("There is no such bank that you may look through.")


def bank_name(bank: Bank) -> str:
    """A bank as an address names it."""
    if bank.course_id:
        return ""
    return str(bank.organisation_id) if bank.organisation_id else "shared"


def uuids(values: Iterable[str]) -> list[UUID]:
    """The ids among some texts, each once, at most as many as one page can hold."""
    found: dict[UUID, None] = {}
    for value in values:
        try:
            found[UUID(value)] = None
        except ValueError:
            continue
    return list(found)[:MOST]

"""Whose bank a page is about: that of a course, in the studio, or an organisation's, for those who manage it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from collegium.features.questions import service
from collegium.features.questions.reading import bank_name, bank_of
from collegium.features.questions.service import Bank, Organisation, Question
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound
from collegium.web import pages
from collegium.web.pages import WebRequest

OF_COURSE = "/studio/{course_id:uuid}/questions"
OF_ORGANISATION = "/organisations/{organisation_id:uuid}/questions"


def both(rest: str = "") -> list[str]:
    """The addresses of a page that courses and organisations have."""
    return [OF_COURSE + rest, OF_ORGANISATION + rest]


def organisation_path(organisation_id: UUID) -> str:
    """Where an organisation's bank is looked after."""
    return f"/organisations/{organisation_id}/questions"


@dataclass(frozen=True, slots=True)
class Home:
    """The bank that a page stands in, and what belongs to its layout. One of course and organisation is given."""

    bank: Bank
    path: str
    organisations: Sequence[Organisation]
    course: asyncpg.Record | None = None
    organisation: Organisation | None = None

    @property
    def layout(self) -> dict[str, Any]:
        """What the templates of all its pages need."""
        return {"studio_course": self.course, "studio_organisation": self.organisation, "path": self.path}

    def named(self, name: str) -> Bank:
        """The bank that an address or a form names; its own without a name. Raises NotFound."""
        if not name or name == "course":
            return self.bank
        if self.bank.course_id is None and name == "shared":
            raise NotFound("The bank that all courses share is in the studio of each course.")
        return bank_of(name, self.bank.course_id, self.organisations)

    def name_of(self, bank: Bank) -> str:
        """A bank as an address names it: nothing for its own."""
        return "" if bank == self.bank else bank_name(bank)

    def whole(self, found: Question) -> Question:
        """The question, when it may be looked at from here; raises NotFound."""
        if self.course is None and found.organisation_id != self.bank.organisation_id:
            raise NotFound("There is no such question in this organisation's bank.")
        if self.course is not None and found.course_id not in (None, self.bank.course_id):
            raise NotFound("There is no such question in this course's bank.")
        return found

    def banks(self, *, shared: bool) -> list[tuple[str, str, bool]]:
        """The banks beside each other: name in addresses, words, and whether the person may write there."""
        others = [(str(one.id), one.name, one.kept) for one in self.organisations]
        if self.organisation is None:
            return [("", "This course", True), ("shared", "Shared by all courses", shared), *others]
        own = self.organisation
        return [("", own.name, True), *(one for one in others if one[2] and one[0] != str(own.id))]


@asynccontextmanager
async def at_home(request: WebRequest) -> AsyncGenerator[tuple[Transaction, Home]]:
    """The request's transaction, and the home that its address names.

    Raises SignInNeeded, Forbidden for who does not teach (in the studio), NotFound for what is not the person's.
    """
    given = request.path_params
    course_id = given.get("course_id")
    if course_id is not None:
        pages.require_teacher(request)
    else:
        pages.require_viewer(request)
    async with pages.transaction(request) as tx:
        organisations = await service.banks(tx)
        if course_id is not None:
            course = await service.course(tx, course_id)
            yield tx, Home(Bank(course_id), f"/studio/{course_id}/questions", organisations, course=course)
        else:
            own = await service.organisation(tx, given["organisation_id"])
            yield tx, Home(Bank(None, own.id), organisation_path(own.id), organisations, organisation=own)

"""The front door: what is offered to learners, and a team's work on cohorts. The database decides who may."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from uuid import UUID

from collegium.features.cohorts import fields
from collegium.features.cohorts.model import (
    Added,
    Cohort,
    Member,
    MemberPlace,
    Members,
    Offer,
    Place,
    TeamCohort,
)
from collegium.kit import queries
from collegium.kit.db import Actor, Database, Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound

__all__ = ["Added", "Cohort", "Member", "MemberPlace", "Members", "Offer", "Place", "TeamCohort"]

Q = queries.load("collegium.features.cohorts")
PAGE_SIZE = 50
MOST_ADDRESSES = 200
NO_SUCH_COHORT = "There is no such cohort in this course."
_SLUG = re.compile(r"[a-z0-9-]{1,120}")
_ADDRESS = re.compile(r"[^\s@<>,;]{1,200}@[^\s@<>,;]{1,200}")


class ChangedMeanwhile(Conflict):
    """Somebody else saved the cohort after the form was filled; ``theirs`` is what differs, as the form has it."""

    def __init__(self, theirs: Mapping[str, str]) -> None:
        super().__init__("Somebody else changed this cohort meanwhile. Save once more to put yours in its place.")
        self.theirs = dict(theirs)


# For learners ----------------------------------------------------------------------------------------------------


async def offer(tx: Transaction, actor: Actor, course_id: UUID, *, only: bool, sold: bool = False) -> Offer:
    """What the actor may choose from in a course, which is taken in cohorts ``only`` or at any time too.

    Of a course that is ``sold``, also the cohort that the actor named when he ordered it.
    """
    cohorts = await tx.all(Cohort, Q.offered, course_id)
    if actor.user_id is None:
        return Offer(cohorts, [], only)
    ordered: UUID | None = await tx.fetchval(Q.ordered, course_id) if sold else None
    return Offer(cohorts, await tx.all(Place, Q.my_places, course_id), only, ordered)


async def offer_of(tx: Transaction, actor: Actor, slug: str) -> Offer:
    """The same by the course's address. Raises NotFound."""
    row = await tx.fetchrow(Q.course_to_offer, slug) if _SLUG.fullmatch(slug) else None
    if row is None:
        raise NotFound("There is no such course, or it is not open to you.", code="no_such_course")
    return await offer(tx, actor, row["id"], only=row["cohorts_only"])


# For teams -------------------------------------------------------------------------------------------------------


async def cohorts(tx: Transaction, course_id: UUID, *, over: bool = False) -> list[TeamCohort]:
    """The cohorts that go on or are to come, or those that are over."""
    return await tx.all(TeamCohort, Q.of_course, course_id, over)


async def how_many(tx: Transaction, course_id: UUID) -> tuple[int, int, bool]:
    """How many go on or are to come, how many are over, and whether the course is taken in cohorts only."""
    row = await tx.fetchrow(Q.how_many, course_id)
    if row is None:
        raise NotFound("There is no such course.")
    return row["current"], row["over"], row["cohorts_only"]


async def cohort(tx: Transaction, course_id: UUID, cohort_id: UUID) -> TeamCohort:
    """One cohort. Raises NotFound."""
    found = await tx.maybe(TeamCohort, Q.cohort, course_id, cohort_id)
    if found is None:
        raise NotFound(NO_SUCH_COHORT, code="no_such_cohort")
    return found


async def make(tx: Transaction, course_id: UUID, given: Mapping[str, str]) -> UUID:
    """Makes a cohort of what a form has. Raises Invalid, and Conflict for a name that is taken."""
    wanted = fields.read(given)
    made: UUID = await tx.fetchval(Q.make, course_id, *_columns(wanted))
    return made


async def change(tx: Transaction, course_id: UUID, cohort_id: UUID, given: Mapping[str, str], was: str) -> None:
    """Changes a cohort to what a form has, which was filled with what ``was`` is the mark of.

    Raises Invalid; ChangedMeanwhile; Conflict for a name that is taken or fewer places than people; NotFound.
    """
    # The people first: everybody locks them before their cohort.
    await tx.execute(Q.hold, course_id, cohort_id)
    now = await cohort(tx, course_id, cohort_id)
    wanted = fields.read(given, now)
    if was != fields.mark(now):
        theirs = fields.texts(now)
        raise ChangedMeanwhile({name: theirs[name] for name in fields.NAMES if theirs[name] != given.get(name, "")})
    if await tx.fetchval(Q.change, course_id, cohort_id, *_columns(wanted)) is None:
        raise NotFound(NO_SUCH_COHORT, code="no_such_cohort")


def _columns(wanted: fields.Wanted) -> tuple[object, ...]:
    return (
        wanted.name, wanted.description, wanted.starts_at, wanted.ends_at, wanted.enrollment_opens_at,
        wanted.enrollment_closes_at, wanted.capacity, wanted.time_zone,
    )  # fmt: skip


async def set_closed(tx: Transaction, course_id: UUID, cohort_id: UUID, closed: bool) -> str:
    """Closes a cohort by hand, or opens it again; answers its name. Raises NotFound."""
    return _named(await tx.fetchval(Q.set_closed, course_id, cohort_id, closed))


async def remove(tx: Transaction, course_id: UUID, cohort_id: UUID) -> str:
    """Removes a cohort that nobody was ever in; answers its name. Raises NotFound and Conflict."""
    return _named(await tx.fetchval(Q.remove, course_id, cohort_id))


def _named(name: str | None) -> str:
    if name is None:
        raise NotFound(NO_SUCH_COHORT, code="no_such_cohort")
    return name


async def set_cohorts_only(tx: Transaction, course_id: UUID, only: bool) -> None:
    """Says whether the course is taken in cohorts only. Raises NotFound for who does not teach it."""
    if await tx.fetchval(Q.set_cohorts_only, course_id, only) is None:
        raise NotFound("There is no course here that you may edit.")


async def members(
    tx: Transaction, course_id: UUID, cohort_id: UUID, words: str = "", after: MemberPlace | None = None,
    *, size: int = PAGE_SIZE,
) -> Members:  # fmt: skip
    """People of a cohort whose name or address has the words, by name, a page at a time."""
    place = (after.last_name, after.first_name, after.enrollment_id) if after else (None, None, None)
    found = await tx.all(Member, Q.members, course_id, cohort_id, words, *place, size + 1)
    shown = found[:size]
    last = shown[-1] if len(found) > size else None
    return Members(shown, MemberPlace(last.last_name, last.first_name, last.enrollment_id) if last else None)


async def every_member(
    db: Database, actor: Actor, course_id: UUID, cohort_id: UUID, *, size: int = 500
) -> AsyncIterator[list[Member]]:
    """All people of a cohort in pages, each read in a transaction of its own: a slow reader holds nothing open."""
    after: MemberPlace | None = None
    while True:
        async with db.transaction(actor, read_only=True) as tx:
            page = await members(tx, course_id, cohort_id, after=after, size=size)
        yield page.people
        after = page.next
        if after is None:
            return


async def member(tx: Transaction, course_id: UUID, cohort_id: UUID, enrollment_id: UUID) -> Member:
    """One person of a cohort. Raises NotFound."""
    found = await tx.maybe(Member, Q.member, course_id, cohort_id, enrollment_id)
    if found is None:
        raise NotFound("There is no such person in this cohort.")
    return found


async def move(tx: Transaction, enrollment_id: UUID, cohort_id: str, reason: str) -> None:
    """Moves somebody to another cohort; he is told, and reads the reason. Raises Invalid, NotFound, Conflict."""
    errors: dict[str, str] = {}
    target = None
    try:
        target = UUID(cohort_id)
    except ValueError:
        errors["cohort"] = "Choose a cohort."
    if not reason.strip():
        errors["reason"] = "Say why. The person reads it."
    elif len(reason.strip()) > 500:
        errors["reason"] = "Reason: at most 500 characters."
    if errors:
        raise Invalid("Nobody was moved.", fields=errors)
    await tx.execute(Q.move, enrollment_id, target, reason)


def addresses(text: str) -> list[str]:
    """The e-mail addresses in a text, each once, parted by spaces, commas, semicolons or new lines. Raises Invalid.

    ``Mara Okafor <mara@example.org>``, as mail programs copy it, is the address alone.
    """
    found: dict[str, str] = {}
    for part in re.findall(r"[^\s,;<>]*@[^\s,;<>]*", text):
        if not _ADDRESS.fullmatch(part):
            raise Invalid("Nobody was added.", fields={"emails": f"“{part[:80]}” is not an e-mail address."})
        found.setdefault(part.lower(), part)
    if not found:
        raise Invalid("Nobody was added.", fields={"emails": "Give at least one e-mail address."})
    if len(found) > MOST_ADDRESSES:
        words = f"At most {MOST_ADDRESSES} addresses at a time; these are {len(found)}."
        raise Invalid("Nobody was added.", fields={"emails": words})
    return list(found.values())


async def add(tx: Transaction, course_id: UUID, cohort_id: UUID, text: str) -> list[Added]:
    """Puts the people with these addresses into a cohort and tells them. Raises Invalid, NotFound, Conflict."""
    return await tx.all(Added, Q.add, course_id, cohort_id, addresses(text))

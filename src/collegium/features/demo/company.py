"""The demonstration's cohorts, and what members ask each other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from collegium.features.cohorts import service as cohorts
from collegium.features.discussions.service import forum
from collegium.kit.db import person
from collegium.kit.site import Site

IN_COHORTS = "prospecting-without-pressure"
# Name, begins in so many days, places, what is said of it.
COHORTS = (
    ("Winter evenings", 21, 24, "Six Tuesdays from seven in the evening, with one call that you make between them."),
    ("Spring, two days", 140, 16, "Two whole days one week apart, for those who come from far away."),
)
TITLE = "Do you count cover through work?"
QUESTION = "My client has two years of pay through her employer. Do you take all of it off the need, or part of it?"
REPLIES = (
    "I take half of it. She may change jobs, and then it is gone.",
    "Write down both figures and let her choose. Show what the family has if it is gone, and what a policy of her own"
    " costs today. It is her decision, and the file shows that she made it.",
)


async def fill(site: Site, teacher: UUID, gathering: UUID, asking: UUID, members: tuple[UUID, UUID]) -> None:
    """Plans the cohorts of one course; in another a member asks, a member replies, and so does its teacher."""
    today = datetime.now(UTC).replace(minute=0)
    async with site.db.transaction(person(teacher)) as tx:
        for name, days, places, words in COHORTS:
            begins = today.replace(hour=19) + timedelta(days=days)
            wanted = {
                "name": name, "description": words, "time_zone": "America/New_York", "capacity": str(places),
                "starts_at": begins.strftime("%Y-%m-%dT%H:%M"),
                "ends_at": (begins + timedelta(days=42)).strftime("%Y-%m-%dT%H:%M"),
            }  # fmt: skip
            await cohorts.make(tx, gathering, wanted)
    asks, replies = members
    async with site.db.transaction(person(asks)) as tx:
        thread = await forum.start(tx, asking, TITLE, QUESTION)
    async with site.db.transaction(person(replies)) as tx:
        await forum.reply(tx, thread, REPLIES[0])
    async with site.db.transaction(person(teacher)) as tx:
        await forum.mark_answer(tx, thread, await forum.reply(tx, thread, REPLIES[1]))

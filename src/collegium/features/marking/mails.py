"""Mail to learners whose work was graded, returned or asked for again."""

from __future__ import annotations

from uuid import UUID

from collegium.features.marking.model import Decision
from collegium.kit import queries
from collegium.kit.db import SYSTEM
from collegium.kit.mail import compose, queue_mail
from collegium.kit.site import Site

Q = queries.load("collegium.features.marking")
KINDS: dict[Decision, str] = {
    "graded": "work_graded",
    "returned": "work_returned",
    "resubmission_requested": "work_asked_again",
}


async def tell(site: Site, submission_id: UUID, title: str, decision: Decision) -> None:
    """Queues a message to everybody whose work was marked and who wants mail of it. It holds no grade: mail is read
    by others too."""
    kind = KINDS[decision]
    async with site.db.transaction(SYSTEM) as tx:
        for row in await tx.fetch(Q.people_to_tell, submission_id, kind):
            content = compose(
                f"marking/mail/{kind}",
                site_name=site.settings.site_name,
                email=row["email"],
                first_name=row["first_name"],
                title=title,
                link=site.url(f"/submissions/{row['submission_id']}"),
            )
            await queue_mail(tx, row["email"], kind, content.subject, content.text, content.html, row["id"])

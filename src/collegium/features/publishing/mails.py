"""Who hears by mail of a course's steps: reviewers when one is submitted, its team when somebody decides."""

from __future__ import annotations

from collegium.features.publishing.model import Standing, Status
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.mail import compose, queue_mail
from collegium.kit.site import Site
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.publishing")


async def tell(tx: Transaction, site: Site, viewer: Viewer, before: Standing, to: Status, note: str) -> None:
    """Queues the messages of a step, in a transaction of the system. Steps that nobody waits for tell nobody."""
    course = before.course
    if to == "under_review":
        kind, reviewers = "course_submitted", True
    elif course.status == "under_review" and not before.rights.team:
        kind, reviewers = ("course_approved" if to == "published" else "course_sent_back"), False
    else:
        return
    for row in await tx.fetch(Q.people_to_tell, course.id, reviewers, viewer.id):
        content = compose(
            f"publishing/mail/{kind}",
            site_name=site.settings.site_name,
            email=row["email"],
            first_name=row["first_name"],
            title=course.title,
            by=viewer.name,
            note=note.strip(),
            link=site.url(f"/studio/{course.id}/publish"),
        )
        await queue_mail(tx, row["email"], kind, content.subject, content.text, content.html, row["id"])

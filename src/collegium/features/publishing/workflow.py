"""From draft to published and on: the check list, the steps, what changed, and moving learners."""

from __future__ import annotations

from uuid import UUID

from collegium.features.publishing import mails
from collegium.features.publishing.model import Change, Check, Move, Released, Rights, Standing, Status, Step
from collegium.features.studio import service as studio
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.errors import Forbidden, NotFound
from collegium.kit.site import Site
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.publishing")
MOVES_SHOWN = 200
# Of each thing: in order, missing (blocking by the database's word), where it is mended and what the link says.
_COURSE = {
    "no_description": ("It has a description.", "The description is missing.", "/settings#about", "Write it"),
    "no_lesson": ("It has lessons.", "There is no lesson yet.", "", "Add one in the outline"),
    "no_required_lesson": (
        "At least one lesson is required.",
        "No lesson is required, so nobody could complete the course.",
        "",
        "Make one required",
    ),
    "no_short_description": (
        "It has a line for the catalogue.",
        "The short description for the catalogue is missing.",
        "/settings#about",
        "Write it",
    ),
    "no_objectives": (
        "Its objectives are named.",
        "No learning objective is named.",
        "/settings#learning",
        "Name them",
    ),
    "no_length": ("Its length is given.", "Nobody can see how long it takes.", "/settings#learning", "Give its length"),
    "no_credits": (
        "It gives continuing education credits.",
        "It gives no continuing education credits.",
        "/settings#recognition",
        "Look at credits",
    ),
    "no_certificate": (
        "Who completes it gets a certificate.",
        "It gives no certificate.",
        "/settings#recognition",
        "Look at certificates",
    ),
    "no_author_profile": (
        "Its author is introduced.",
        "The course has no author whom learners can read about.",
        "/people",
        "Look at the team",
    ),
    "enrollment_over": (
        "Enrollment has not ended.",
        "The enrollment window has ended: nobody could enrol.",
        "/settings#enrollment",
        "Change the window",
    ),
    "enrollment_off": (
        "It takes enrollments.",
        "It does not take enrollments.",
        "/settings#enrollment",
        "Open enrollment",
    ),
}
_LESSON = {
    "no_content": ("“{title}” has nothing in it yet.", "/lessons/{lesson}", "Fill it"),
    "video_failed": ("The video of “{title}” could not be prepared.", "/lessons/{lesson}/video", "See why"),
    "video_not_ready": (
        "The video of “{title}” is still being prepared.",
        "/lessons/{lesson}/video",
        "See how far it is",
    ),
    "opens_never": (
        "“{title}” could never open: it waits for itself.",
        "/lessons/{lesson}/settings",
        "Change what it waits for",
    ),
    "empty_module": ("The module “{title}” has no lesson.", "", "Go to the outline"),
}
_EVERY_LESSON = {
    ("no_content", "empty_module"): "Every lesson has content.",
    ("video_failed", "video_not_ready"): "Every video is ready.",
    ("opens_never",): "Every lesson can open.",
}


async def standing(tx: Transaction, course_id: UUID) -> Standing:
    """Where a course stands and what the actor is to it. Raises NotFound unless he may edit it."""
    course = await studio.course(tx, course_id)
    row = await tx.fetchrow(Q.standing, course_id)
    if row is None:
        raise NotFound("There is no course here that you may edit.")
    return Standing(
        course=course,
        rights=Rights(author=row["author"], team=bool(row["team"]), admin=row["admin"]),
        version=row["version"],
        version_id=row["version_id"],
        learners=row["learners"],
    )


async def checks(tx: Transaction, course_id: UUID) -> list[Check]:
    """The check list: first what forbids publication, then what should be thought of, then what is in order."""
    base = f"/studio/{course_id}"
    found = await tx.fetch(Q.problems, course_id)
    codes = {row["code"] for row in found}
    lines: list[Check] = []
    for row in found:
        if row["code"] in _COURSE:
            _, words, path, link = _COURSE[row["code"]]
        else:
            words, path, link = _LESSON[row["code"]]
        lesson, title = row["lesson_id"], row["title"]
        lines.append(
            Check(
                ok=False,
                blocking=row["blocking"],
                words=words.format(title=title),
                path=base + path.format(lesson=lesson),
                link=link,
            )
        )
    lines.sort(key=lambda line: not line.blocking)
    lines += [Check(True, False, words[0], "", "") for code, words in _COURSE.items() if code not in codes]
    if "no_lesson" not in codes:
        lines += [Check(True, False, words, "", "") for group, words in _EVERY_LESSON.items() if not codes & set(group)]
    return lines


async def changes(tx: Transaction, course_id: UUID) -> list[Change]:
    """What is new, changed and removed since the version published last."""
    return await tx.all(Change, Q.changes, course_id)


async def history(tx: Transaction, course_id: UUID) -> list[Step]:
    """The last fifty steps of a course, the latest first."""
    return await tx.all(Step, Q.history, course_id)


async def moves(tx: Transaction, course_id: UUID) -> list[Move]:
    """What a move to the newest version would change, for the first two hundred learners under way and one more."""
    return await tx.all(Move, Q.moves, course_id, MOVES_SHOWN + 1)


async def still_asked(tx: Transaction, course_id: UUID) -> list[Released]:
    """Lessons that learners under way must do and those who begin now need not."""
    return await tx.all(Released, Q.still_asked, course_id)


async def set_status(site: Site, tx: Transaction, viewer: Viewer, course_id: UUID, to: Status, note: str) -> None:
    """Takes a course a step further and tells those whom it concerns.

    Raises NotFound, Conflict (not_ready, no_such_step), Forbidden (review_needed, authors_only) or Invalid.
    """
    before = await standing(tx, course_id)
    unreviewed = to == "published" and before.course.status in ("draft", "under_review") and not before.rights.decides
    if unreviewed and site.settings.publish_without_review:
        if not before.rights.leads:
            raise Forbidden("Only the author of the course or an administrator can publish it.", code="authors_only")
        async with site.db.transaction(SYSTEM) as system:
            await system.execute(Q.publish_unreviewed, course_id, note, viewer.id)
    else:
        await tx.execute(Q.set_status, course_id, to, note)
    async with site.db.transaction(SYSTEM) as system:
        await mails.tell(system, site, viewer, before, to, note)


async def publish_changes(tx: Transaction, course_id: UUID) -> None:
    """Makes the drafts of a published course live, and a version. Raises NotFound or Conflict."""
    await tx.execute(Q.publish_changes, course_id)


async def move_all(tx: Transaction, course_id: UUID, version_id: UUID) -> int:
    """Moves everybody under way to the newest version; answers how many. Raises NotFound or Conflict."""
    moved: int = await tx.fetchval(Q.move_all, course_id, version_id)
    return moved


async def release(tx: Transaction, course_id: UUID, lesson_id: UUID, reason: str) -> int:
    """Lets learners off a lesson that the course no longer asks for; answers how many. Raises Conflict or Invalid."""
    released: int = await tx.fetchval(Q.release, course_id, lesson_id, reason)
    return released

"""The forum of a course: discussions, posts, reports. The database decides who may; see its functions."""

from __future__ import annotations

import re
from uuid import UUID

from collegium.features.discussions.model import (
    Discussion,
    Forum,
    Post,
    Posts,
    Report,
    Reports,
    Thread,
    ThreadPlace,
    Threads,
    TimePlace,
)
from collegium.features.discussions.reviews import Q
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, NotFound

THREADS = 20
POSTS = 50
REPORTS = 20
LONGEST_BODY = 10_000
LONGEST_TITLE = 200
LONGEST_REASON = 500
_SLUG = re.compile(r"[a-z0-9-]{1,120}")
NO_FORUM = "There is no discussion here that you take part in. Enrol in the course first."


async def forum(tx: Transaction, slug: str) -> Forum:
    """The forum of a course. Raises NotFound where there is none, and for who has no part in it."""
    if not _SLUG.fullmatch(slug):
        raise NotFound(NO_FORUM, code="no_forum")
    return await tx.one(Forum, Q.see_forum, slug)


async def threads(
    tx: Transaction,
    course_id: UUID,
    words: str = "",
    *,
    unanswered: bool = False,
    after: ThreadPlace | None = None,
) -> Threads:
    """One page of discussions, pinned ones first, then those where something was said last."""
    place = (after.is_pinned, after.last_post_at, after.id) if after else (None, None, None)
    rows = await tx.all(Thread, Q.list_discussions, course_id, THREADS + 1, words, unanswered, *place)
    last = rows[THREADS - 1] if len(rows) > THREADS else None
    return Threads(rows[:THREADS], ThreadPlace(last.is_pinned, last.last_post_at, last.id) if last else None)


async def discussion(tx: Transaction, slug: str, discussion_id: UUID) -> Discussion:
    """A discussion of a course. Raises NotFound for who has no part in it, and under another course's address."""
    found = await tx.one(Discussion, Q.see_discussion, discussion_id)
    if found.slug != slug:
        raise NotFound("This discussion is not there any more.", code="no_forum")
    return found


async def posts(tx: Transaction, discussion_id: UUID, after: TimePlace | None = None) -> Posts:
    """One page of posts, the oldest first. Raises NotFound for who has no part in it."""
    place = (after.created_at, after.id) if after else (None, None)
    rows = await tx.all(Post, Q.read_discussion, discussion_id, POSTS + 1, *place)
    last = rows[POSTS - 1] if len(rows) > POSTS else None
    return Posts(rows[:POSTS], TimePlace(last.created_at, last.id) if last else None)


async def see(tx: Transaction, discussion_id: UUID) -> None:
    """Notes that the actor saw all of a discussion. Raises NotFound for who has no part in it."""
    await tx.execute(Q.see_posts, discussion_id)


async def see_all(tx: Transaction, course_id: UUID) -> None:
    """Notes that nothing in the forum of a course is new to the actor. Raises NotFound for who has no part in it."""
    await tx.execute(Q.see_all_posts, course_id)


def _body(text: str) -> str:
    body = text.replace("\r\n", "\n").strip()
    if not body:
        raise Invalid("Write something first.", fields={"body": "Write something first."})
    if len(body) > LONGEST_BODY:
        words = f"A post has at most {LONGEST_BODY:,} characters; this one has {len(body):,}."
        raise Invalid(words, fields={"body": words})
    return body


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        words = "Give the discussion a title."
        raise Invalid(words, fields={"title": words})
    if len(title) > LONGEST_TITLE:
        words = f"A title has at most {LONGEST_TITLE} characters; this one has {len(title)}."
        raise Invalid(words, fields={"title": words})
    return title


def _reason(text: str) -> str:
    reason = text.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        words = f"Say why, in at most {LONGEST_REASON} characters."
        raise Invalid(words, fields={"body": words})
    return reason


async def lesson_title(tx: Transaction, course_id: UUID, lesson_id: UUID | None) -> str | None:
    """The title of the lesson that a new discussion is about; None for one that is not the actor's to see."""
    return await tx.fetchval(Q.lesson_title, course_id, lesson_id) if lesson_id else None


async def start(tx: Transaction, course_id: UUID, title: str, body: str, lesson_id: UUID | None = None) -> UUID:
    """Begins a discussion. Raises Invalid, NotFound, and TooMany in the database's words for who posts too fast."""
    wrong: dict[str, str] = {}
    for check, text in ((_title, title), (_body, body)):
        try:
            check(text)
        except Invalid as problem:
            wrong |= problem.fields
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    return await tx.fetchval(Q.start_discussion, course_id, _title(title), _body(body), lesson_id)


async def reply(tx: Transaction, discussion_id: UUID, body: str, parent: UUID | None = None) -> UUID:
    """Adds a post; whoever is answered is told. Raises Invalid, NotFound, Conflict (closed, or the post is gone)."""
    return await tx.fetchval(Q.post_reply, discussion_id, _body(body), parent)


async def edit(tx: Transaction, post_id: UUID, body: str) -> None:
    """Changes the actor's own post; that it was edited is shown. Raises Invalid, NotFound, Conflict."""
    await tx.execute(Q.edit_post, post_id, _body(body))


async def take_back(tx: Transaction, post_id: UUID) -> None:
    """Takes the actor's own post back; its place among the replies stays. Raises NotFound, Conflict."""
    await tx.execute(Q.delete_post, post_id)


async def rename(tx: Transaction, discussion_id: UUID, title: str) -> None:
    """Gives a discussion another title. Raises Invalid, NotFound, Forbidden, Conflict."""
    await tx.execute(Q.rename_discussion, discussion_id, _title(title))


async def report(tx: Transaction, post_id: UUID, reason: str) -> None:
    """Asks the team to look at a post. Raises Invalid, NotFound, Conflict (own_post)."""
    await tx.execute(Q.report_post, post_id, _reason(reason))


# For the team ----------------------------------------------------------------------------------------------------


async def hide(tx: Transaction, post_id: UUID, reason: str) -> None:
    """Hides a post, and settles what was reported of it. Raises Invalid, NotFound, Forbidden."""
    await tx.execute(Q.settle_reports, post_id, _reason(reason))


async def show(tx: Transaction, post_id: UUID) -> None:
    """Shows a hidden post again. Raises NotFound, Forbidden."""
    await tx.execute(Q.hide_post, post_id, None)


async def keep(tx: Transaction, post_id: UUID) -> None:
    """Settles what was reported of a post, and leaves it as it is. Raises NotFound, Forbidden."""
    await tx.execute(Q.settle_reports, post_id, None)


async def mark_answer(tx: Transaction, discussion_id: UUID, post_id: UUID | None) -> None:
    """Marks a reply as the answer, or none. Raises NotFound, Forbidden, Conflict."""
    await tx.execute(Q.mark_answer, discussion_id, post_id)


async def moderate(tx: Transaction, discussion_id: UUID, *, pinned: bool | None, locked: bool | None) -> None:
    """Pins or closes a discussion; None leaves it. Raises NotFound, Forbidden."""
    await tx.execute(Q.moderate_discussion, discussion_id, pinned, locked)


async def reports(tx: Transaction, course_id: UUID, *, is_open: bool, after: TimePlace | None = None) -> Reports:
    """One page of the reports of a course, the newest first; nothing for who does not moderate it."""
    place = (after.created_at, after.id) if after else (None, None)
    rows = await tx.all(Report, Q.list_reports, course_id, is_open, REPORTS + 1, *place)
    last = rows[REPORTS - 1] if len(rows) > REPORTS else None
    return Reports(rows[:REPORTS], TimePlace(last.created_at, last.id) if last else None)


async def is_on(tx: Transaction, course_id: UUID) -> bool:
    """Whether a course has a forum."""
    row = await tx.fetchrow(Q.rules_of_course, course_id)
    return row is not None and bool(row["enable_discussion_forum"])


async def turn(tx: Transaction, course_id: UUID, *, on: bool) -> None:
    """Turns the forum of a course on or off; what was said is kept. Raises NotFound for who does not teach it."""
    if await tx.fetchval(Q.set_forum, course_id, on) is None:
        raise NotFound("This course is not there any more, or is not yours.")

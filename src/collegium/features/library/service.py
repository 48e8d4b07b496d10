"""A member's own collections: putting videos in order, watching them, sharing them by link, making a course of them."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

import msgspec

from collegium.features.library.model import (
    KINDS,
    Collection,
    Cursor,
    Part,
    PartOrder,
    Share,
    Shared,
    SharedPart,
    Shelf,
    Summary,
)
from collegium.kit import queries
from collegium.kit.db import ANON, SYSTEM, Transaction
from collegium.kit.errors import Conflict, Invalid, NotFound
from collegium.kit.site import Site

Q = queries.load("collegium.features.library")
PAGE_SIZE = 20
LONGEST_NAME = 255
LONGEST_SEARCH = 100
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f/\\]")
GONE = "This collection is not there any more, or is not yours."
Direction = Literal["up", "down"]


# One's own -------------------------------------------------------------------------------------------------------


async def shelf(tx: Transaction, words: str = "", after: Cursor | None = None) -> Shelf:
    """One page of the actor's own collections, the newest first; ``words`` stand in one of its names."""
    place = (after.created_at, after.id) if after else (None, None)
    rows = await tx.all(Summary, Q.my_collections, *place, words.strip()[:LONGEST_SEARCH], PAGE_SIZE + 1)
    shown = rows[:PAGE_SIZE]
    last = shown[-1] if len(rows) > PAGE_SIZE else None
    return Shelf(shown, Cursor(last.created_at, last.id) if last else None)


async def collection(tx: Transaction, collection_id: UUID) -> Collection:
    """One's own collection. Raises NotFound for anybody else's, also to administrators."""
    row = await tx.fetchrow(Q.my_collection, collection_id)
    if row is None:
        raise NotFound(GONE, code="no_such_session")
    columns = dict(row)
    columns["parts"] = msgspec.convert(columns["parts"], list[Part])
    columns["share"] = msgspec.convert(columns["share"], Share | None)
    return Collection(**columns)


def name_of(text: str, what: str = "collection") -> str:
    """A name as it is kept. Raises Invalid for none, or one that is too long."""
    name = " ".join(text.split())
    if not name:
        raise Invalid(f"Give the {what} a name.", fields={"name": f"Give the {what} a name."})
    if len(name) > LONGEST_NAME:
        words = f"A name has at most {LONGEST_NAME} characters; this one has {len(name)}."
        raise Invalid(words, fields={"name": words})
    return name


def _kind(text: str) -> str:
    if text not in dict(KINDS):
        raise Invalid("Choose one of the ways of playing.", fields={"session_type": "Choose one of these."})
    return text


async def create(tx: Transaction, name: str, session_type: str = KINDS[0][0]) -> UUID:
    """Begins a collection with one part, so that a video has a place to go. Raises Invalid."""
    made: UUID = await tx.fetchval(Q.add_collection, name_of(name), _kind(session_type))
    await tx.fetchval(Q.add_part, made, "Part 1")
    return made


async def change(tx: Transaction, collection_id: UUID, name: str, session_type: str) -> None:
    """Renames a collection or has it play in another way. Raises Invalid, NotFound."""
    if await tx.fetchval(Q.change_collection, collection_id, name_of(name), _kind(session_type)) is None:
        raise NotFound(GONE, code="no_such_session")


async def add_part(tx: Transaction, collection_id: UUID, name: str) -> UUID:
    """Adds a part at the end. Raises Invalid, NotFound, Conflict when there are too many."""
    return await tx.fetchval(Q.add_part, collection_id, name_of(name, "part"))


async def rename_part(tx: Transaction, collection_id: UUID, part_id: UUID, name: str) -> None:
    """Raises Invalid, NotFound."""
    if await tx.fetchval(Q.rename_part, collection_id, part_id, name_of(name, "part")) is None:
        raise NotFound("This part is not there any more.", code="no_such_part")


async def add_video(tx: Transaction, part_id: UUID, file_id: UUID) -> UUID:
    """Puts a file that the actor uploaded for a collection at the end of a part of his own.

    What the file is was found out by looking into it. Raises in the database's words NotFound, Conflict
    (file_not_ready, part_full) and Invalid.
    """
    return await tx.fetchval(Q.add_video, part_id, file_id)


async def rename_video(tx: Transaction, collection_id: UUID, video_id: UUID, name: str) -> None:
    """Raises Invalid, also for a name with a slash, and NotFound."""
    kept = name_of(name, "video")
    if _CONTROL.search(kept):
        words = "A video's name has no slashes."
        raise Invalid(words, fields={"name": words})
    if await tx.fetchval(Q.rename_video, collection_id, video_id, kept) is None:
        raise NotFound("This video is not there any more.", code="no_such_video")


async def order(tx: Transaction, collection_id: UUID, wanted: Sequence[PartOrder]) -> None:
    """Puts all parts and videos into an order, in one call of the database.

    Raises NotFound, and Invalid in the database's words when the collection holds other things than were named.
    """
    await tx.execute(Q.order_collection, collection_id, msgspec.to_builtins(wanted))


def read_order(text: str) -> list[PartOrder]:
    """An order as the page sends it, in JSON. Raises Invalid."""
    try:
        return msgspec.json.decode(text, type=list[PartOrder])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Invalid("This order cannot be read. Load the page again; nothing was moved.") from error


async def move(tx: Transaction, collection_id: UUID, item: UUID, to: Direction) -> None:
    """Moves a part or a video one place; a video goes on into the neighbouring part. At the end nothing happens."""
    found = await collection(tx, collection_id)
    wanted = [PartOrder(part.id, [clip.id for clip in part.videos]) for part in found.parts]
    moved = moved_part(wanted, item, to) or moved_video(wanted, item, to)
    if moved is None:
        raise NotFound("This is not part of the collection any more.", code="no_such_part")
    await order(tx, collection_id, moved)


def moved_part(parts: list[PartOrder], item: UUID, to: Direction) -> list[PartOrder] | None:
    """The order with a part moved one place; None when it is no part."""
    at = next((number for number, part in enumerate(parts) if part.module == item), None)
    if at is None:
        return None
    other = max(0, min(len(parts) - 1, at + (-1 if to == "up" else 1)))
    changed = list(parts)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


def moved_video(parts: list[PartOrder], item: UUID, to: Direction) -> list[PartOrder] | None:
    """The order with a video moved one place, over the border of its part if need be; None when it is no video."""
    at = next((number for number, part in enumerate(parts) if item in part.videos), None)
    if at is None:
        return None
    lists = [list(part.videos) for part in parts]
    place = lists[at].index(item)
    step = -1 if to == "up" else 1
    if 0 <= place + step < len(lists[at]):
        lists[at][place], lists[at][place + step] = lists[at][place + step], lists[at][place]
    elif 0 <= at + step < len(lists):
        lists[at].pop(place)
        lists[at + step].insert(len(lists[at + step]) if step < 0 else 0, item)
    return [PartOrder(part.module, videos) for part, videos in zip(parts, lists, strict=True)]


async def file_key(tx: Transaction, video_id: UUID) -> str:
    """The stored file of a video that the actor may see. Raises NotFound."""
    key: str | None = await tx.fetchval(Q.video_file, video_id)
    if key is None:
        raise NotFound("This video is not there any more, or is not yours.", code="no_such_video")
    return key


# Removing --------------------------------------------------------------------------------------------------------


async def remove(tx: Transaction, collection_id: UUID) -> str:
    """Removes a collection with its parts and videos; answers its name. Raises NotFound."""
    name: str | None = await tx.fetchval(Q.remove_collection, collection_id)
    if name is None:
        raise NotFound(GONE, code="no_such_session")
    return name


async def remove_part(tx: Transaction, collection_id: UUID, part_id: UUID) -> str:
    """Removes a part with its videos; answers its name. Raises NotFound."""
    name: str | None = await tx.fetchval(Q.remove_part, collection_id, part_id)
    if name is None:
        raise NotFound("This part is not there any more.", code="no_such_part")
    return name


async def remove_video(tx: Transaction, collection_id: UUID, video_id: UUID) -> str:
    """Takes a video out; answers its name. Raises NotFound."""
    name: str | None = await tx.fetchval(Q.remove_video, collection_id, video_id)
    if name is None:
        raise NotFound("This video is not there any more.", code="no_such_video")
    return name


# Sharing ---------------------------------------------------------------------------------------------------------


def token_of(site: Site, share_id: UUID) -> str:
    """The token in a link. It follows from the site's secret, so that it is kept nowhere and can be shown again."""
    made = hmac.digest(site.key("collection link"), share_id.bytes, "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def link_of(site: Site, share: Share) -> str:
    """The address that the owner passes on."""
    return site.url(f"/library/shared/{token_of(site, share.id)}")


async def share(site: Site, tx: Transaction, collection_id: UUID, expires_at: datetime | None, now: datetime) -> Share:
    """Makes a link to one's own collection; one that there was leads nowhere from now on.

    Raises NotFound, and Invalid for an end that is not to come.
    """
    found = await collection(tx, collection_id)
    if not found.clips:
        raise Conflict("There is nothing to share yet. Add a video first.", code="session_empty")
    if expires_at is not None and expires_at <= now:
        words = "Choose a day that is still to come."
        raise Invalid(words, fields={"until": words})
    await tx.execute(Q.withdraw_link, collection_id)
    share_id = uuid4()
    return await tx.one(Share, Q.share_collection, share_id, collection_id, token_of(site, share_id), expires_at)


async def withdraw(tx: Transaction, collection_id: UUID) -> None:
    """Takes the link to one's own collection back. Raises NotFound when there was none."""
    if await tx.fetchval(Q.withdraw_link, collection_id) is None:
        raise NotFound("There is no link to this collection.", code="no_such_link")


NO_SUCH_LINK = "This link leads nowhere. It may not be whole, it may have run out, or its owner has taken it back."


async def shared(site: Site, token: str) -> Shared:
    """What a link shows, to anybody. Raises NotFound, with the same words whatever the reason."""
    row = None
    if _TOKEN.fullmatch(token):
        async with site.db.transaction(ANON, read_only=True) as tx:
            row = await tx.fetchrow(Q.shared_collection, token)
    if row is None:
        raise NotFound(NO_SUCH_LINK, code="no_such_link")
    columns = dict(row)
    columns["parts"] = msgspec.convert(columns["parts"], list[SharedPart])
    return Shared(**columns)


async def shared_file_key(site: Site, token: str, video_id: UUID) -> str:
    """The stored file of a video that a link shows now. Raises NotFound."""
    key: str | None = None
    if _TOKEN.fullmatch(token):
        async with site.db.transaction(SYSTEM, read_only=True) as tx:
            key = await tx.fetchval(Q.shared_file, token, video_id)
    if key is None:
        raise NotFound(NO_SUCH_LINK, code="no_such_link")
    return key


# Making a course -------------------------------------------------------------------------------------------------


async def make_course(tx: Transaction, collection_id: UUID) -> UUID:
    """Makes a draft course of one's own collection and answers it. Its videos wait to be prepared for lessons.

    Raises with the database's words Forbidden (teachers_only), NotFound, Conflict (session_empty, videos_not_ready).
    """
    return await tx.fetchval(Q.make_course, collection_id)

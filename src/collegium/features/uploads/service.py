"""Uploads: files that people send, piece by piece, and the library of those that passed their check.

Other features use `ready_file` and `register`; `/uploads` and `/files` use the rest.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec

from collegium.features.uploads import checking, parts, receiving, tidying
from collegium.features.uploads.inspection import first_look
from collegium.features.uploads.model import (
    GB,
    LARGEST,
    PURPOSES,
    Begin,
    MediaFile,
    Purpose,
    Refused,
    Result,
    Stored,
    Upload,
    Usage,
)
from collegium.features.uploads.names import clean
from collegium.features.uploads.scanning import ScanFailed
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Actor, Transaction
from collegium.kit.dumps import FILES_LOCK
from collegium.kit.errors import Forbidden, Invalid, NotFound, Problem
from collegium.kit.jobs import defer
from collegium.kit.maintenance import Outcome
from collegium.kit.site import Site

__all__ = [
    "LARGEST", "PURPOSES", "Begin", "MediaFile", "Purpose", "Refused", "Result", "ScanFailed", "Stored", "Upload",
    "Usage", "append", "begin", "check", "end", "find", "position", "ready_file", "register", "remove", "result",
    "size_in_words", "stored_file", "tidy", "usage", "workspace",
]  # fmt: skip

Q = queries.load("collegium.features.uploads")
CHECK = "uploads.check"
SPARE = GB
"""Bytes that stay free on the disk of files under way."""
check = checking.check


def size_in_words(size: float) -> str:
    """1.5 MB."""
    if size < 1000:
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} TB"


def _too_large(words: str) -> Problem:
    return Problem(words, status=413, code="too_large", title="Too large")


def purpose_of(name: str) -> Purpose:
    """The purpose of that name; raises Invalid."""
    found = PURPOSES.get(name)
    if found is None:
        raise Invalid("What this file is for is not known. Reload the page and choose it again.", code="bad_purpose")
    return found


# Beginning ------------------------------------------------------------------------------------------------


async def begin(site: Site, actor: Actor, teacher: bool, wish: Begin) -> UUID:
    """Makes room for an upload; answers the file's id. Nothing has been sent yet.

    Raises Invalid, Forbidden, and Problem 413 for what is too large or beyond a quota, in words.
    """
    purpose = purpose_of(wish.purpose)
    name = clean(wish.filename)
    if wish.length < 1:
        raise Invalid(f'"{name}" is empty. Choose another file.', code="empty_file")
    if wish.length > purpose.most:
        raise _too_large(
            f'{purpose.words} may have up to {size_in_words(purpose.most)}; "{name}" has '
            f"{size_in_words(wish.length)}. Make it smaller and choose it again."
        )
    if wish.purpose == "submission":
        await _may_hand_in(site, actor, wish)
    elif wish.course_id is not None:
        async with site.db.transaction(actor, read_only=True) as tx:
            if not await tx.fetchval(Q.teaches, wish.course_id):
                raise Forbidden("You can add files to courses that you teach, and this is none of them.")
    elif wish.purpose != "collection" and not teacher:
        raise Forbidden("The media library is for instructors.")
    if parts.room(site) < wish.length + SPARE:
        raise Problem(
            "The site's disk has no room for this file. Tell the association's office.",
            status=413, code="disk_full", title="No room",
        )  # fmt: skip
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.one_at_a_time)
        await _check_quotas(site, tx, actor.user_id, wish.length)
        file_id: UUID = await tx.fetchval(
            Q.add_file,
            actor.user_id,
            wish.course_id,
            wish.purpose,
            name,
            purpose.guess,
            wish.length,
            wish.assignment_id if wish.purpose == "submission" else None,
        )
        await tx.execute(Q.add_upload, file_id, actor.user_id, wish.length)
    return file_id


async def _may_hand_in(site: Site, actor: Actor, wish: Begin) -> None:
    """Whether a file could be handed in; the database says why not. It belongs to no course's library."""
    if wish.assignment_id is None or wish.course_id is not None:
        raise Invalid("For which assignment this is, is not known. Reload the page and choose it again.")
    async with site.db.transaction(actor, read_only=True) as tx:
        await tx.execute(Q.may_hand_in, wish.assignment_id, wish.length)


async def usage(site: Site, person: UUID | None) -> tuple[Usage, Usage]:
    """What a person, and everybody together, store and may store. The site's is counted only where it is limited."""
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        return await _usage(site, tx, person)


async def _usage(site: Site, tx: Transaction, person: UUID | None) -> tuple[Usage, Usage]:
    mine = int(site.settings.quota_person_gb * GB) or None
    whole = int(site.settings.quota_site_gb * GB) or None
    used: int = await tx.fetchval(Q.used_by_person, person)
    by_all: int = await tx.fetchval(Q.used_by_site) if whole else 0
    return Usage(used, mine), Usage(by_all, whole)


async def _check_quotas(site: Site, tx: Transaction, person: UUID | None, length: int) -> None:
    mine, whole = await _usage(site, tx, person)
    for found, whose, help_ in (
        (mine, "you", "Delete files that you no longer need in the media library"),
        (whole, "this site", "Ask the association's office for room"),
    ):
        if found.most is not None and found.used + length > found.most:
            left = size_in_words(max(0, found.most - found.used))
            raise Problem(
                f"This file has {size_in_words(length)}, and {left} of {size_in_words(found.most)} are left for "
                f"{whose}. {help_}, then choose it again.",
                status=413,
                code="quota",
                title="No room left",
            )


# Sending --------------------------------------------------------------------------------------------------


async def find(site: Site, actor: Actor, file_id: UUID) -> Upload:
    """An upload of the person who asks; raises NotFound, and Problem 410 when it has expired."""
    async with site.db.transaction(actor, read_only=True) as tx:
        upload = await tx.maybe(Upload, Q.own_upload, file_id)
    if upload is None:
        raise NotFound("There is no such upload. Choose the file again; it begins anew.", code="no_such_upload")
    if upload.expired and upload.state == "uploading":
        raise Problem(
            "This upload rested for too long and was removed. Choose the file again; it begins anew.",
            status=410, code="upload_expired", title="No longer there",
        )  # fmt: skip
    return upload


async def position(site: Site, actor: Actor, file_id: UUID) -> Upload:
    """An upload with what is really on disk, after a writer that hears nothing more has saved what it got."""
    await find(site, actor, file_id)
    await parts.give_way(site, file_id)
    upload = await find(site, actor, file_id)
    if upload.state != "uploading":
        return upload
    # After a restore of the database the disk may know less.
    there = min(upload.received, parts.size(site, file_id))
    return msgspec.structs.replace(upload, received=there)


async def append(
    site: Site, actor: Actor, file_id: UUID, offset: int, incoming: receiving.Incoming
) -> tuple[int, datetime]:
    """Adds what a request brings, from `offset` on; answers the new offset and when the upload expires.

    Raises Problem: 404, 409 for another offset, 410, 413 for more bytes than announced, 422 for a file whose beginning
    shows that it is not taken, 423 while somebody else writes, 460 for a checksum that does not fit.
    """
    upload = await position(site, actor, file_id)
    if upload.refusal is not None:
        raise Refused(upload.refusal)
    if offset != upload.received:
        raise Problem(
            f"This upload stands at {upload.received} bytes, not at {offset}.", status=409, code="wrong_offset",
            title="Another place", headers={"Upload-Offset": str(upload.received)},
        )  # fmt: skip
    if incoming.length is not None and offset + incoming.length > upload.length:
        raise _too_large("More bytes were sent than this file was said to have. Choose the file again.")
    if upload.state != "uploading":
        return upload.length, upload.expires_at
    writer = await parts.open_writer(site, file_id)
    try:
        # Somebody may have written between the look and the lock.
        if (await position(site, actor, file_id)).received != offset:
            raise Problem("This upload has moved on.", status=409, code="wrong_offset", title="Another place")
        await writer.back_to(offset)
        return await receiving.receive(
            incoming, writer, upload, lambda at: _note(site, file_id, upload.length, at), lambda: _look(site, upload)
        )
    finally:
        await parts.close_writer(site, file_id, writer)


async def _note(site: Site, file_id: UUID, length: int, received: int) -> datetime:
    """Writes down what is on disk; with the last byte the file goes to its check."""
    async with site.db.transaction(SYSTEM) as tx:
        expires: datetime | None = await tx.fetchval(Q.note_received, file_id, received)
        if expires is None:
            raise NotFound("This upload was given up meanwhile.", code="no_such_upload")
        if received == length:
            await tx.execute(Q.note_arrived, file_id)
            await defer(tx, CHECK, {"file_id": str(file_id)}, queueing_lock=f"{CHECK}:{file_id}")
    return expires


async def _look(site: Site, upload: Upload) -> None:
    """Refuses by the first bytes what need not be sent to its end."""
    with parts.path(site, upload.file_id).open("rb") as file:
        head = file.read(8192)
    try:
        first_look(head, upload.filename, PURPOSES[upload.purpose])
    except Refused as refused:
        async with site.db.transaction(SYSTEM) as tx:
            await tx.execute(Q.put_refused, upload.file_id, refused.detail[:500])
        parts.remove(site, upload.file_id)
        raise


async def end(site: Site, actor: Actor, file_id: UUID) -> None:
    """Gives an upload up and forgets what was sent; raises NotFound."""
    await find(site, actor, file_id)
    async with site.db.transaction(actor) as tx:
        await tx.fetchval(Q.end_upload, file_id)
    await parts.give_way(site, file_id)
    parts.remove(site, file_id)


# Using ----------------------------------------------------------------------------------------------------


async def result(tx: Transaction, file_id: UUID) -> Result:
    """What became of an upload; raises NotFound for who may not see the file."""
    return await tx.one(Result, Q.result, file_id)


async def stored_file(tx: Transaction, file_id: UUID) -> Stored:
    """A file that whoever asks may fetch; raises NotFound."""
    found = await tx.maybe(Stored, Q.stored_file, file_id)
    if found is None:
        raise NotFound("This file is not there any more, or it is not for you.", code="no_such_file")
    return found


async def ready_file(tx: Transaction, file_id: UUID, kinds: set[str]) -> MediaFile:
    """A file of the library that may be put somewhere, of one of some kinds.

    Raises NotFound for who may not see it, Invalid while it is not ready or when it is of another kind.
    """
    found = await tx.maybe(MediaFile, Q.ready_file, file_id)
    if found is None:
        raise NotFound("This file is not in the media library any more. Choose another one.", code="no_such_file")
    if found.state != "ready":
        words = "was not accepted" if found.state == "refused" else "is still being checked"
        raise Invalid(f'"{found.filename}" {words}. Choose another one, or wait a moment.', code="file_not_ready")
    if found.kind not in kinds:
        wanted = " or ".join(sorted(kinds))
        raise Invalid(f'"{found.filename}" is of another kind. Choose: {wanted}.', code="file_of_another_kind")
    return found


async def register(
    site: Site, tx: Transaction, *, path: Path, filename: str, course_id: UUID | None, purpose: str
) -> MediaFile:
    """Takes a file that the server itself holds into the library, after the same checks; `path` is left as it is.

    It belongs to the person of the transaction (to nobody in a system transaction) and exists when that commits.
    Raises Refused, Forbidden, Invalid and Problem 413 as an upload does; ScanFailed when a scanner does not answer.
    """
    rule = purpose_of(purpose)
    name, length = clean(filename), await asyncio.to_thread(lambda: path.stat().st_size)
    owner: UUID | None = await tx.fetchval("select auth.uid()")
    if length < 1:
        raise Invalid(f'"{name}" is empty.', code="empty_file")
    if length > rule.most:
        raise _too_large(f'{rule.words} may have up to {size_in_words(rule.most)}; "{name}" has more.')
    if owner is not None and course_id is not None and not await tx.fetchval(Q.teaches, course_id):
        raise Forbidden("You can add files to courses that you teach, and this is none of them.")
    if owner is not None:
        await as_service(tx, lambda: _check_quotas(site, tx, owner, length))
    file_id = uuid4()
    found = await checking.examine(site, path, name, purpose, file_id, owner)
    await as_service(
        tx,
        lambda: tx.execute(Q.add_registered, file_id, owner, course_id, purpose, *msgspec.structs.astuple(found)),
    )
    return MediaFile(
        file_id, owner, course_id, found.filename, found.kind, found.mime_type, found.byte_size, found.storage_key,
        "ready",
    )  # fmt: skip


@contextmanager
def workspace(site: Site) -> Generator[Path]:
    """An empty folder for large files that are being worked on; what a killed process leaves in it is tidied away."""
    with tempfile.TemporaryDirectory(prefix=".check-", dir=parts.folder(site), ignore_cleanup_errors=True) as name:
        yield Path(name)


async def as_service(tx: Transaction, work: Callable[[], Awaitable[Any]]) -> None:
    """Does something within a person's transaction that only the service may do, after the rules were asked."""
    role: str = await tx.fetchval("select current_user::text")
    if role not in ("authenticated", "service_role"):
        raise Forbidden("Sign in to add files.")
    await tx.execute("set local role service_role")
    await work()
    await tx.execute(f"set local role {role}")


async def remove(site: Site, file_id: UUID, keys: list[str]) -> None:
    """Removes the bytes of a deleted file. What cannot be removed while a backup copies files stays an orphan."""
    parts.remove(site, file_id)
    async with site.db.transaction(SYSTEM) as tx:
        if not await tx.fetchval("select pg_try_advisory_xact_lock($1)", FILES_LOCK):
            return
        for key in keys:
            await site.storage.delete(key)


async def tidy(site: Site) -> Outcome:
    """Removes by the clock what nobody finished, what was refused long ago, and bytes without a row."""
    return await tidying.tidy(site, CHECK)


async def tidy_work(site: Site) -> Outcome:
    """Removes by the clock what learners uploaded for assignments and never handed in."""
    return await tidying.tidy_work(site)

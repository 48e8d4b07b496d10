"""From a file that arrived to one that may be used: scanned, looked into, cleaned, stored."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from collegium.features.media import service as media
from collegium.features.uploads import inspection, parts, scanning
from collegium.features.uploads.inspection import Answer, Finding
from collegium.features.uploads.model import PURPOSES, Refused
from collegium.features.uploads.names import with_extension
from collegium.kit import queries
from collegium.kit.db import SYSTEM
from collegium.kit.site import Site

Q = queries.load("collegium.features.uploads")
INSPECTION_S = 240
_PIECE = 1 << 20
log = structlog.get_logger("collegium.uploads")


class Checked(msgspec.Struct, frozen=True):
    """A file that passed its check and lies in the store."""

    filename: str
    kind: str
    mime_type: str
    byte_size: int
    sha256: str
    storage_key: str
    thumbnail_key: str | None
    width: int | None
    height: int | None
    duration: float | None


async def check(site: Site, file_id: UUID) -> None:
    """Checks a file that arrived; afterwards it is ready or refused with words.

    Raises ScanFailed when a scanner does not answer: the file goes on waiting, and is tried again.
    """
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        row = await tx.fetchrow(Q.to_check, file_id)
    if row is None:
        return
    path = parts.path(site, file_id)
    try:
        if parts.size(site, file_id) != row["byte_size"]:
            raise Refused("The bytes of this upload are no longer here. Upload the file again.")
        found = await examine(
            site, path, row["filename"], row["purpose"], file_id, row["owner_id"], row["allowed_file_types"]
        )
    except Refused as refused:
        async with site.db.transaction(SYSTEM) as tx:
            await tx.execute(Q.put_refused, file_id, refused.detail[:500])
    else:
        async with site.db.transaction(SYSTEM) as tx:
            kept = await tx.fetchval(Q.put_ready, file_id, *msgspec.structs.astuple(found))
        if kept is None:
            # Deleted while it was looked at.
            for key in filter(None, (found.storage_key, found.thumbnail_key)):
                await site.storage.delete(key)
    parts.remove(site, file_id)


async def examine(
    site: Site,
    path: Path,
    filename: str,
    purpose: str,
    file_id: UUID,
    owner_id: UUID | None,
    endings: Sequence[str] | None = None,
) -> Checked:
    """Scans, looks into, cleans and stores one file. Raises Refused and ScanFailed.

    ``endings``: what the content may be, where whoever asks for the file takes less than its purpose would.
    """
    await scanning.scan(site.settings, path)
    # On the disk of the files under way, so that nothing large lands in a small memory disk.
    with tempfile.TemporaryDirectory(prefix=".check-", dir=parts.folder(site)) as name:
        folder = Path(name)
        finding = await _inspect(path, filename, purpose, folder)
        duration: float | None = None
        if endings is not None and finding.extension not in endings:
            taken = ", ".join(f".{ending}" for ending in endings)
            raise Refused(f"By its content this is a .{finding.extension} file. Taken here: {taken}."[:500])
        if finding.moving:
            finding, duration = await _play(site, path, finding, folder)
        elif finding.kind == "captions":
            await asyncio.to_thread(_read_captions, path)
        return await _store(site, path, filename, purpose, finding, duration, folder, file_id, owner_id)


async def _inspect(path: Path, filename: str, purpose: str, folder: Path) -> Finding:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", inspection.__name__, str(path), filename, purpose, str(folder),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(INSPECTION_S):
            said, errors = await process.communicate()
    except BaseException as error:
        process.kill()
        await process.wait()
        if isinstance(error, TimeoutError):
            raise Refused("This file is too complicated to be checked, so it is not taken.") from None
        raise
    if process.returncode != 0:
        log.warning("inspection_failed", code=process.returncode, said=errors.decode("utf-8", "replace")[-2000:])
        raise Refused("This file could not be checked: it is damaged or too complicated. Save it again and try that.")
    answer = msgspec.json.decode(said, type=Answer)
    if answer.finding is None:
        raise Refused(answer.refusal or "This file is not taken.")
    return answer.finding


async def _play(site: Site, path: Path, finding: Finding, folder: Path) -> tuple[Finding, float]:
    """What ffmpeg says of a film or a sound: measures and length, and a picture of a film."""
    try:
        ffmpeg = media.looking.find_ffmpeg(site.settings.ffmpeg)
        if finding.kind == "audio":
            return finding, await media.looking.sound_seconds(path, ffmpeg=ffmpeg)
        info = await media.looking.probe(path, ffmpeg=ffmpeg)
        shown = await media.looking.still(path, folder / "still.jpg", info.duration_seconds / 10, ffmpeg=ffmpeg)
    except media.looking.FfmpegMissing as error:
        raise scanning.ScanFailed(str(error)) from error
    except media.looking.MediaError as error:
        raise Refused(str(error)) from error
    thumbnail = "still.jpg" if shown else None
    measured = msgspec.structs.replace(finding, width=info.width, height=info.height, thumbnail=thumbnail)
    return measured, info.duration_seconds


def _read_captions(path: Path) -> None:
    data = path.read_bytes()
    try:
        data.decode("utf-8")
        if not media.looking.captions.parse(data):
            raise Refused("There are no captions in this file.")
    except UnicodeDecodeError:
        raise Refused("These captions are not in UTF-8. Save the file again with the encoding UTF-8.") from None
    except media.looking.captions.CaptionError as error:
        raise Refused(f"These captions cannot be read. {error}") from error


async def _store(
    site: Site,
    path: Path,
    filename: str,
    purpose: str,
    finding: Finding,
    duration: float | None,
    folder: Path,
    file_id: UUID,
    owner_id: UUID | None,
) -> Checked:
    source = folder / finding.cleaned if finding.cleaned else path
    key = storage_key(file_id, finding.extension, purpose, owner_id)
    digest, size = await asyncio.to_thread(_digest, source)
    if size > PURPOSES[purpose].most * 2:
        raise Refused("Written anew, this picture is far larger than before. Save it as JPEG and upload that.")
    await site.storage.put(key, source)
    thumbnail_key = None
    if finding.thumbnail:
        thumbnail_key = f"files/{file_id}/{finding.thumbnail}"
        await site.storage.put(thumbnail_key, folder / finding.thumbnail)
    name = with_extension(filename, finding.extension)
    return Checked(
        name, finding.kind, finding.mime_type, size, digest, key, thumbnail_key, finding.width, finding.height, duration
    )


def storage_key(file_id: UUID, extension: str, purpose: str, owner_id: UUID | None) -> str:
    """Where a file lies: a person's collections and his work under that person, all others by themselves."""
    if purpose == "submission" and owner_id is not None:
        return f"assignment-submissions/{owner_id}/{file_id}.{extension}"
    if purpose == "collection" and owner_id is not None:
        return f"sessions/{owner_id}/{file_id}.{extension}"
    return f"files/{file_id}/original.{extension}"


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size

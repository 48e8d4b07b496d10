"""The work behind an import, as its job does it: fetch, read, unpack, store; whole, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import structlog

from collegium.features.packages.archive import LIMITS, Contents, look_into
from collegium.features.packages.model import Refused, Told
from collegium.features.packages.storing import StoredFile, unpack
from collegium.features.uploads import service as uploads
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction
from collegium.kit.dumps import FILES_LOCK
from collegium.kit.progress import GivenUp, Progress
from collegium.kit.site import Site
from collegium.kit.unpack import UnpackError, open_archive
from collegium.standards.scorm.model import Finding, Item, Package

Q = queries.load("collegium.features.packages")
log = structlog.get_logger("collegium.packages")
OURS = "Something went wrong on our side, and nothing was stored. Try again; if it happens again, tell the office."
_VERSIONS = {"scorm_12": "1.2", "scorm_2004": "2004", "aicc": "aicc"}
_LONGEST_SEQUENCING = 190_000
_LARGEST_MANIFEST = 8 << 20


class Run(msgspec.Struct, frozen=True):
    """One try at importing a package."""

    id: UUID
    title: str
    file_name: str | None
    new_version_of: UUID | None
    storage_key: str


def _noting(site: Site, package_id: UUID, run_id: UUID) -> Callable[[int, str], Awaitable[bool]]:
    async def note(share: int, step: str) -> bool:
        async with site.db.transaction(SYSTEM) as tx:
            return await tx.fetchval(Q.note_progress, package_id, run_id, share, step) is not None

    return note


async def import_package(site: Site, package_id: UUID) -> None:
    """Imports the archive of a package that waits. Afterwards it is ready, or failed with reasons."""
    run_id = uuid4()
    async with site.db.transaction(SYSTEM) as tx:
        run = await tx.maybe(Run, Q.start_run, package_id, run_id)
        if run is None:
            gone = [Told("The archive is not in the media library any more. Upload it again.")]
            await tx.execute(Q.archive_gone, package_id, gone)
            return
    prefix = f"scorm/{run_id}"
    progress = Progress(_noting(site, package_id, run_id), "Fetching the archive")
    try:
        with uploads.workspace(site) as folder:
            await _import(site, run, run_id, prefix, folder, progress)
    except GivenUp:
        await _remove(site, prefix)
    except (Refused, UnpackError) as refused:
        await _fail(site, package_id, run_id, [Told(str(refused)[:2000])], [])
        await _remove(site, prefix)
    except BaseException:
        await asyncio.shield(_fail(site, package_id, run_id, [Told(OURS)], []))
        await asyncio.shield(_remove(site, prefix))
        raise


async def _import(site: Site, run: Run, run_id: UUID, prefix: str, folder: Path, progress: Progress) -> None:
    path = await _fetched(site, run, folder, progress)

    def work() -> tuple[Contents, list[StoredFile]]:
        with open_archive(path, LIMITS) as archive:
            progress.step = "Reading the manifest"
            contents = look_into(archive)
            if contents.reading.package is None:
                return contents, []
            progress.total = int(archive.size * 1.1) + 1
            progress.step = f"Unpacking {len(contents.files):,} files"
            return contents, unpack(archive, contents.files, folder / "files", progress.count)

    contents, files = await progress.thread(work)
    reading = contents.reading
    package = reading.package
    errors = [_told(one) for one in reading.errors]
    if package is not None:
        errors += _too_much(package)
    if package is None or errors:
        await _fail(site, run.id, run_id, errors, [_told(one) for one in reading.warnings])
        return
    progress.step = "Storing the files"
    await progress.tell(now=True)
    await site.storage.put_folder(prefix, folder / "files")
    async with site.db.transaction(SYSTEM) as tx:
        await _write(tx, run, run_id, prefix, package, files, reading.warnings)


async def _fetched(site: Site, run: Run, folder: Path, progress: Progress) -> Path:
    """The archive as a file of this machine: where it lies, or a copy."""
    here = site.storage.local_path(run.storage_key)
    if here is not None:
        if not here.exists():
            raise Refused("The archive is not there any more. Upload it again.")
        return here
    path = folder / "package.zip"
    with path.open("wb") as file:
        async for chunk in site.storage.stream(run.storage_key):
            await asyncio.to_thread(file.write, chunk)
            await progress.tell()
    return path


def _told(finding: Finding) -> Told:
    return Told(finding.message[:900], finding.file[:300], finding.line, finding.element[:300])


def _too_much(package: Package) -> list[Told]:
    """What the database would not take, in words."""
    found = [
        Told("Its sequencing rules are too long to be kept. Take rules out that repeat.", element=item.identifier)
        for root in package.organizations
        for item in root.walk()
        if item.sequencing and len(msgspec.json.encode(item.sequencing)) > _LONGEST_SEQUENCING
    ]
    if len(msgspec.json.encode(package.resources)) > _LARGEST_MANIFEST:
        found.append(Told("The manifest lists more resources than can be kept. Divide the package."))
    return found


async def _write(
    tx: Transaction, run: Run, run_id: UUID, prefix: str, package: Package, files: list[StoredFile],
    warnings: list[Finding],
) -> None:  # fmt: skip
    """The rows of a package whose files are stored. Raises GivenUp when nobody waits for it any more."""
    launched = next((item.href for item in package.organization.walk() if item.href), None)
    kept = {"metadata": package.metadata, "resources": package.resources, "identifier": package.identifier}
    manifest = msgspec.to_builtins({**kept, "schemaversion": package.schema_version, "extra": package.extra})
    written = await tx.fetchval(
        Q.note_ready, run.id, run_id, _plain(package.title), _plain(package.metadata.description) or None,
        _VERSIONS[package.standard], package.edition, launched if launched and len(launched) <= 1024 else None,
        manifest, prefix + "/", len(files), sum(file.size for file in files), [_told(one) for one in warnings],
    )  # fmt: skip
    if written is None:
        raise GivenUp
    await tx.execute(Q.add_items, run.id, [row for root in package.organizations for row in _rows(root, package)])
    await tx.execute(
        Q.add_files, run.id, prefix + "/",
        [file.path for file in files], [file.stored_as for file in files], [file.size for file in files],
        [file.media_type for file in files],
    )  # fmt: skip
    if run.new_version_of is not None:
        await tx.execute(Q.take_over, run.id)


def _plain(text: str) -> str:
    """Text without the characters that the database does not keep."""
    return text.replace("\0", "")


def _rows(root: Item, package: Package) -> list[dict[str, Any]]:
    """An organisation and its items as rows, parents first."""
    found: list[dict[str, Any]] = []

    def add(item: Item, parent: UUID | None, place: int) -> None:
        row_id = uuid4()
        found.append({
            "id": row_id, "identifier": item.identifier, "organization": root.identifier, "parent_id": parent,
            "item_order": place, "kind": item.kind, "is_default": item is root and root.identifier == package.default,
            "title": item.title, "is_visible": item.is_visible, "launch_href": item.href,
            "parameters": item.parameters, "launch_data": item.launch_data, "prerequisites": item.prerequisites,
            "mastery_score": item.mastery_score, "completion_threshold": item.completion_threshold,
            "max_time_allowed": item.max_time_allowed, "time_limit_action": item.time_limit_action,
            "sequencing": item.sequencing,
        })  # fmt: skip
        for number, child in enumerate(item.children, 1):
            add(child, row_id, number)

    add(root, None, [one.identifier for one in package.organizations].index(root.identifier) + 1)
    return found


async def _fail(site: Site, package_id: UUID, run_id: UUID, errors: list[Told], warnings: list[Told]) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.note_failed, package_id, run_id, errors, warnings)


async def _remove(site: Site, prefix: str) -> None:
    """Removes what a run had stored that did not end well."""
    removed = await site.storage.delete(prefix)
    if removed:
        log.info("import_undone", prefix=prefix, files=removed)


async def remove_files(site: Site, prefix: str) -> None:
    """The files of a deleted package. While a backup copies files they stay for the nightly round."""
    async with site.db.transaction(SYSTEM) as tx:
        if await tx.fetchval("select pg_try_advisory_xact_lock($1)", FILES_LOCK):
            await site.storage.delete(prefix.rstrip("/"))

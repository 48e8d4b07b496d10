"""The work behind an import and a copy, as jobs do it: read a package, make a course."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog

from collegium.features.authoring import service as authoring
from collegium.features.exchange import cartridge, format, packages, writing
from collegium.features.exchange.parts import Document, File
from collegium.features.exchange.plan import Finding, Plan, Refused, Report
from collegium.features.exchange.reading import Q, Stored, describe
from collegium.features.exchange.writing import Fetch, Made, Maker
from collegium.features.uploads import service as uploads
from collegium.kit.db import SYSTEM, Transaction, person
from collegium.kit.errors import Problem
from collegium.kit.progress import GivenUp, Progress
from collegium.kit.site import Site
from collegium.kit.unpack import Archive, Limits, UnpackError, megabytes, open_archive
from collegium.standards.cc import protocol

log = structlog.get_logger("collegium.exchange")
LIMITS = Limits()
OURS = "Something went wrong on our side, and nothing was written. Try again; if it happens again, tell the office."


class Work(msgspec.Struct, frozen=True):
    """What a job is to do."""

    id: UUID
    owner_id: UUID
    kind: str | None
    state: str
    file_name: str
    source_course_id: UUID | None
    wished_title: str | None
    storage_key: str | None


def _noting(site: Site, import_id: UUID) -> Callable[[int, str], Awaitable[bool]]:
    async def note(share: int, step: str) -> bool:
        async with site.db.transaction(SYSTEM) as tx:
            return await tx.fetchval(Q.note_progress, import_id, share, step[:200]) is not None

    return note


async def _work(site: Site, import_id: UUID, state: str) -> Work | None:
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        found = await tx.maybe(Work, Q.work, import_id)
    return found if found and found.state == state else None


async def read_package(site: Site, import_id: UUID) -> None:
    """The dry run: reads a package through and keeps what an import would do. Nothing else is written."""
    work = await _work(site, import_id, "reading")
    if work is None:
        return
    progress = Progress(_noting(site, import_id))
    with tempfile.TemporaryDirectory(prefix="collegium-import-") as folder:
        try:
            path = await _download(site, work, Path(folder), progress)
            progress.step = "Reading the package"
            plan = await progress.thread(lambda: _planned(path, work.file_name, progress))
        except GivenUp:
            return
        except (Refused, UnpackError) as refused:
            await _note_read(site, work, None, "refused", None, str(refused)[:2000])
            return
        except Exception:
            await _fail(site, work, OURS)
            raise
    await _note_read(site, work, plan.kind, "ready", msgspec.to_builtins(plan.report()), None)


async def make_course(site: Site, import_id: UUID) -> None:
    """Makes the course of a package that was read, or the copy of a course: whole, or not at all."""
    work = await _work(site, import_id, "importing")
    if work is None:
        return
    progress = Progress(_noting(site, import_id))
    with tempfile.TemporaryDirectory(prefix="collegium-import-") as folder:
        try:
            made = await (_copied if work.kind == "copy" else _imported)(site, work, Path(folder), progress)
        except GivenUp:
            return
        except (Refused, UnpackError) as refused:
            await _fail(site, work, str(refused))
            return
        except Problem as problem:
            await _fail(site, work, f"{problem.detail} Nothing was written.")
            return
        except Exception:
            await _fail(site, work, OURS)
            raise
    late = await writing.attach_tracks(site, made)
    if late:
        log.warning("captions_not_taken", course=str(made.course), number=len(late))


async def _download(site: Site, work: Work, folder: Path, progress: Progress) -> Path:
    if work.storage_key is None:
        raise Refused("The package is not in your media library any more. Upload it again.")
    progress.step = "Fetching the package"
    await progress.tell(now=True)
    path = folder / "package.zip"
    with path.open("wb") as file:
        async for chunk in site.storage.stream(work.storage_key):
            await asyncio.to_thread(file.write, chunk)
            await progress.tell()
    return path


def _planned(path: Path, name: str, progress: Progress) -> Plan:
    with open_archive(path, LIMITS) as archive:
        return plan_of(archive, name, progress)


def plan_of(archive: Archive, name: str, progress: Progress | None = None) -> Plan:
    """What a package of either kind becomes. Raises Refused and UnpackError."""
    if progress:
        progress.total, progress.done = archive.size, 0
    count = progress.count if progress else None
    if format.DOCUMENT in archive:
        plan = packages.plan(archive, authoring.clean_html, count)
    elif protocol.MANIFEST in archive:
        plan = cartridge.plan(archive, authoring.clean_html, name=name, progress=count)
    else:
        for wanted in (format.DOCUMENT, protocol.MANIFEST):
            inside = next((entry for entry in archive.entries if entry.endswith(f"/{wanted}")), None)
            if inside:
                folder = inside.removesuffix(f"/{wanted}")
                raise Refused(
                    f"{wanted} lies in the folder “{folder[:120]}”. Zip what is in that folder, not the folder."
                )
        raise Refused(
            f"This archive is no course: it holds neither {format.DOCUMENT} (a course of Collegium) nor"
            f" {protocol.MANIFEST} (a Common Cartridge)."
        )
    return _looked_at(plan, archive)


def _looked_at(plan: Plan, archive: Archive) -> Plan:
    """Leaves out files that the library would not take, by their first bytes and their size."""
    refused: dict[str, str] = {}
    files = {file.id: file for file in plan.document.files}
    for name, purpose in writing.purposes(plan.document).items():
        file, rule = files[name], uploads.PURPOSES[purpose]
        if file.bytes > rule.most:
            refused[name] = f"{rule.words} may have up to {megabytes(rule.most)}, and it has {megabytes(file.bytes)}."
            continue
        try:
            uploads.first_look(next(archive.stream(plan.entries[name]), b"")[:8192], file.filename, rule)
        except uploads.Refused as problem:
            refused[name] = problem.detail
    if not refused:
        return plan
    findings = [
        Finding(sort="left_out", words=f"{files[name].filename}: {why}", file=plan.entries[name])
        for name, why in refused.items()
    ]
    return msgspec.structs.replace(
        plan, document=_without(plan.document, set(refused)), findings=[*plan.findings, *findings]
    )


def _without(document: Document, names: set[str]) -> Document:
    modules = [
        msgspec.structs.replace(
            module,
            lessons=[
                msgspec.structs.replace(
                    lesson, attachments=[one for one in lesson.attachments if one.file not in names]
                )
                for lesson in module.lessons
            ],
        )
        for module in document.modules
    ]
    return msgspec.structs.replace(
        document, modules=modules, files=[file for file in document.files if file.id not in names]
    )


async def _imported(site: Site, work: Work, folder: Path, progress: Progress) -> Made:
    path = await _download(site, work, folder, progress)

    def opened() -> tuple[Any, Archive, Plan]:
        opening = open_archive(path, LIMITS)
        archive = opening.__enter__()
        try:
            return opening, archive, plan_of(archive, work.file_name, progress)
        except BaseException:
            opening.__exit__(None, None, None)
            raise

    progress.step = "Reading the package"
    opening, archive, plan = await progress.thread(opened)
    try:

        async def fetch(name: str, target: Path) -> None:
            await asyncio.to_thread(archive.write_to, plan.entries[name], target)

        return await _write(site, work, plan.document, fetch, plan.report(), progress)
    finally:
        opening.__exit__(None, None, None)


async def _copied(site: Site, work: Work, folder: Path, progress: Progress) -> Made:
    del folder
    if work.source_course_id is None:
        raise Refused("The course that was to be copied is not there any more.")
    async with site.db.transaction(person(work.owner_id), read_only=True) as tx:
        found = await describe(site, tx, work.source_course_id, author=False, everything=True)
    stored = {file.id: file for file in found.files}
    course = msgspec.structs.replace(found.document.course, title=work.wished_title or found.document.course.title)
    document = msgspec.structs.replace(found.document, course=course, files=[_listed(file) for file in found.files])

    async def fetch(name: str, target: Path) -> None:
        with target.open("wb") as file:
            async for chunk in site.storage.stream(stored[name].key):
                await asyncio.to_thread(file.write, chunk)

    findings = [Finding(sort="left_out", words=f"{one.what}: {one.why}") for one in document.left_out]
    plan = Plan(kind="collegium", version="1", document=document, entries={}, findings=findings)
    return await _write(site, work, document, fetch, plan.report(), progress)


def _listed(file: Stored) -> File:
    digest = file.sha256 or "0" * 64
    return File(
        id=file.id, path=f"files/{digest}.{file.ending}", filename=file.filename, bytes=file.bytes, sha256=digest
    )


async def _write(site: Site, work: Work, document: Document, fetch: Fetch, report: Report, progress: Progress) -> Made:
    progress.total, progress.done = sum(file.bytes for file in document.files) or 1, 0

    async def note(done: int, step: str) -> None:
        progress.done, progress.step = done, step
        await progress.tell()

    maker: Maker | None = None
    try:
        async with site.db.transaction(person(work.owner_id)) as tx:
            maker = Maker(site, tx, document, fetch, note)
            made = await maker.make()
            told = msgspec.structs.replace(report, findings=[*report.findings, *made.findings])
            await uploads.as_service(tx, lambda: _finish(tx, work, made.course, told))
    except BaseException:
        if maker:
            await asyncio.shield(maker.undo())
        raise
    return made


async def _finish(tx: Transaction, work: Work, course: UUID, report: Report) -> None:
    if work.source_course_id:
        await tx.execute(Q.carry_over, course, work.source_course_id)
    if await tx.fetchval(Q.note_made, work.id, course, msgspec.to_builtins(report)) is None:
        raise GivenUp


async def _note_read(
    site: Site, work: Work, kind: str | None, state: str, report: dict[str, object] | None, problem: str | None
) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.note_read, work.id, kind, state, report, problem)


async def _fail(site: Site, work: Work, words: str) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.note_failed, work.id, words)

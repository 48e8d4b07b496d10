"""The work behind an import, as jobs do it: read a file, put the chosen questions into the bank."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from uuid import UUID

import msgspec

from collegium.features.question_files.detecting import save_picture, understand
from collegium.features.question_files.drafts import to_bank
from collegium.features.question_files.model import Refused, Report, Work
from collegium.features.question_files.reporting import pictures_of, report, with_known
from collegium.features.questions import service as questions
from collegium.features.uploads import service as uploads
from collegium.kit import queries
from collegium.kit.db import SYSTEM, Transaction, person
from collegium.kit.errors import Problem
from collegium.kit.site import Site
from collegium.kit.unpack import UnpackError
from collegium.standards.questions import Draft, Embedded, Reading

Q = queries.load("collegium.features.question_files")
OURS = "Something went wrong on our side, and nothing was written. Try again; if it happens again, tell the office."
EVERY = 0.7
"""Seconds between two notes of how far a job is."""


class GivenUp(Exception):
    """The import was cancelled by its owner, or is none any more."""


async def _work(site: Site, import_id: UUID, state: str) -> Work | None:
    async with site.db.transaction(SYSTEM, read_only=True) as tx:
        found = await tx.maybe(Work, Q.work, import_id)
    return found if found and found.state == state else None


async def _tell(site: Site, work: Work, share: int, step: str) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        if await tx.fetchval(Q.note_progress, work.id, share, step[:200]) is None:
            raise GivenUp


async def _fail(site: Site, work: Work, words: str) -> None:
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.note_failed, work.id, words)


async def _fetch(site: Site, work: Work, folder: Path) -> Path:
    """The file as it was sent, in a folder of this job."""
    path = folder / "sent"
    if work.content is not None:
        await asyncio.to_thread(path.write_bytes, work.content)
    elif work.storage_key is not None:
        with path.open("wb") as file:
            async for chunk in site.storage.stream(work.storage_key):
                await asyncio.to_thread(file.write, chunk)
    else:
        raise Refused("The file is not here any more. Choose it again.")
    return path


async def read_file(site: Site, import_id: UUID) -> None:
    """The dry run: reads a file through and keeps what an import would do. Nothing else is written."""
    work = await _work(site, import_id, "reading")
    if work is None:
        return
    with tempfile.TemporaryDirectory(prefix="collegium-questions-") as folder:
        try:
            await _tell(site, work, 10, "Reading the file")
            path = await _fetch(site, work, Path(folder))
            reading = await asyncio.to_thread(understand, path, work.file_name)
            await _tell(site, work, 60, "Comparing with the bank")
            refused = await asyncio.to_thread(_refused_pictures, path, reading, Path(folder))
            told, texts = await asyncio.to_thread(report, reading, refused)
            async with site.db.transaction(person(work.owner_id), read_only=True) as tx:
                known: set[str] = {
                    row["question_text"]
                    for row in await tx.fetch(Q.known_texts, work.course_id, work.organisation_id, list(texts.values()))
                }
            told = with_known(told, texts, known)
        except GivenUp:
            return
        except (Refused, UnpackError) as refusal:
            await _note_read(site, work, "refused", None, str(refusal)[:2000])
            return
        except Exception:
            await _fail(site, work, OURS)
            raise
    await _note_read(site, work, "ready", told, None)


async def _note_read(site: Site, work: Work, state: str, told: Report | None, problem: str | None) -> None:
    content = msgspec.to_builtins(told) if told else None
    async with site.db.transaction(SYSTEM) as tx:
        await tx.execute(Q.note_read, work.id, told.format if told else None, state, content, problem)


def _refused_pictures(path: Path, reading: Reading, folder: Path) -> dict[str, str]:
    """Why pictures of the file would not be taken, by their first bytes and their size."""
    rule = uploads.PURPOSES["lesson_image"]
    found: dict[str, str] = {}
    for key, embedded in reading.files.items():
        target = folder / f"{key}.look"
        try:
            save_picture(path, embedded, target)
            size = target.stat().st_size
            with target.open("rb") as file:
                head = file.read(8192)
            if not 0 < size <= rule.most:
                found[key] = f"The picture “{embedded.name}” is empty or larger than 25 MB. It is left out."
            else:
                uploads.first_look(head, embedded.name, rule)
        except (uploads.Refused, UnpackError) as problem:
            why = problem.detail if isinstance(problem, Problem) else str(problem)
            found[key] = f"A picture is left out. {why}"
        finally:
            target.unlink(missing_ok=True)
    return found


async def make_questions(site: Site, import_id: UUID) -> None:
    """Puts the chosen questions of a file that was read into the bank: all of them, or none."""
    work = await _work(site, import_id, "importing")
    if work is None:
        return
    stored: list[str] = []
    with tempfile.TemporaryDirectory(prefix="collegium-questions-") as folder:
        try:
            await _make(site, work, Path(folder), stored)
            return
        except GivenUp:
            await _undo(site, stored)
        except (Refused, UnpackError) as refused:
            await _undo(site, stored)
            await _fail(site, work, str(refused))
        except Problem as problem:
            await _undo(site, stored)
            await _fail(site, work, f"{problem.detail} Nothing was written.")
        except BaseException:
            await asyncio.shield(_undo(site, stored))
            await asyncio.shield(_fail(site, work, OURS))
            raise


async def _undo(site: Site, stored: list[str]) -> None:
    """What a rollback does not take back."""
    for key in stored:
        await site.storage.delete(key)


async def _make(site: Site, work: Work, folder: Path, stored: list[str]) -> None:
    await _tell(site, work, 1, "Reading the file")
    path = await _fetch(site, work, folder)
    reading = await asyncio.to_thread(understand, path, work.file_name)
    refused = await asyncio.to_thread(_refused_pictures, path, reading, folder)
    chosen = set(work.chosen or [])
    drafts = [found.draft for found in reading.found if found.number in chosen and found.draft]
    if not drafts:
        raise Refused("None of the chosen questions can be imported. Choose others.")
    told = time.monotonic()
    async with site.db.transaction(person(work.owner_id)) as tx:
        pictures = _Pictures(site, tx, work, path, folder, reading.files, refused, stored)
        for done, draft in enumerate(drafts):
            addresses = await pictures.of(draft)
            made, _ = to_bank(draft, lambda key, known=addresses: known.get(key, ""))
            await questions.create_question(tx, work.course_id, made, work.organisation_id)
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                await _tell(site, work, 99 * done // len(drafts), f"{done + 1} of {len(drafts)} questions")
        await uploads.as_service(tx, lambda: _finish(tx, work, len(drafts)))


async def _finish(tx: Transaction, work: Work, number: int) -> None:
    # In the same transaction: either the questions are there and it says so, or neither.
    if await tx.fetchval(Q.note_made, work.id, number) is None:
        raise GivenUp


class _Pictures:
    """The pictures of a file, each stored once, when the first question needs it."""

    def __init__(
        self, site: Site, tx: Transaction, work: Work, path: Path, folder: Path,
        files: dict[str, Embedded], refused: dict[str, str], stored: list[str],
    ) -> None:  # fmt: skip
        self._site, self._tx, self._work, self._path, self._folder = site, tx, work, path, folder
        self._files, self._refused, self._stored = files, refused, stored
        self._addresses: dict[str, str] = {}

    async def of(self, draft: Draft) -> dict[str, str]:
        """Where the pictures of a question are, by their keys."""
        for key in dict.fromkeys(pictures_of(draft)):
            embedded = self._files.get(key)
            if key in self._addresses or key in self._refused or embedded is None:
                continue
            target = self._folder / key
            await asyncio.to_thread(save_picture, self._path, embedded, target)
            file = await uploads.register(
                self._site, self._tx, path=target, filename=embedded.name, course_id=self._work.course_id,
                purpose="lesson_image",
            )  # fmt: skip
            self._stored.append(file.storage_key)
            self._addresses[key] = f"/files/{file.id}"
            target.unlink()
        return self._addresses

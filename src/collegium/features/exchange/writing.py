"""A document as a new draft: files first, then rows, all in the transaction of the person who imports."""

from __future__ import annotations

import asyncio
import posixpath
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec

from collegium.features.authoring import service as authoring
from collegium.features.documents import service as documents
from collegium.features.exchange import format, parts
from collegium.features.exchange.parts import Document
from collegium.features.exchange.plan import Finding
from collegium.features.exchange.reading import Q
from collegium.features.media import service as media
from collegium.features.studio import service as studio
from collegium.features.uploads import service as uploads
from collegium.features.uploads.service import MediaFile
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid, Problem
from collegium.kit.site import Site

Fetch = Callable[[str, Path], Awaitable[None]]
"""Writes a file of the document, by its id, to a path."""
Note = Callable[[int, str], Awaitable[None]]
"""Is told the bytes of files that are done, and what is being done. What it raises ends the work."""

CAPTIONS = 5 << 20
_RANKS = ("lesson_pdf", "lesson_video", "thumbnail", "lesson_image", "attachment")


class Track(msgspec.Struct, frozen=True):
    """Captions to attach once the course is there."""

    video: UUID
    lang: str
    label: str
    data: bytes


class Made(msgspec.Struct, frozen=True):
    """A course that was made, what could not be, and captions that follow after the commit."""

    course: UUID
    findings: list[Finding]
    tracks: list[Track]


def purposes(document: Document) -> dict[str, str]:
    """What each file of the library is for; files of prepared films and captions are not in it."""
    found: dict[str, str] = {}

    listed = {file.id for file in document.files}

    def want(name: str | None, purpose: str) -> None:
        if name in listed and (name not in found or _RANKS.index(purpose) < _RANKS.index(found[name])):
            found[name] = purpose

    want(document.course.thumbnail, "thumbnail")
    want(document.course.syllabus, "attachment")
    for lesson in document.lessons():
        for block in lesson.blocks:
            if isinstance(block, parts.RichText):
                for name in format.files_in(block.html):
                    want(name, "lesson_image")
            elif isinstance(block, parts.Image):
                want(block.file, "lesson_image")
            elif isinstance(block, parts.VideoBlock):
                want(block.file, "lesson_video")
            elif isinstance(block, parts.FileBlock):
                want(block.file, "attachment")
        want(lesson.document, "lesson_pdf")
        want(lesson.video.original if lesson.video else None, "lesson_video")
        for attachment in lesson.attachments:
            want(attachment.file, "attachment")
    return found


class Maker:
    """Makes one course of one document. :meth:`undo` takes back what a rollback does not."""

    def __init__(self, site: Site, tx: Transaction, document: Document, fetch: Fetch, note: Note) -> None:
        self._site, self._tx, self._document, self._fetch, self._note = site, tx, document, fetch, note
        self._names = {file.id: file for file in document.files}
        self._files: dict[str, MediaFile] = {}
        self._stored: list[str] = []
        self._findings: list[Finding] = []
        self._tracks: list[Track] = []
        self._done = 0

    async def undo(self) -> None:
        """Removes what was put into the store."""
        for key in self._stored:
            await self._site.storage.delete(key)

    async def make(self) -> Made:
        """The new draft of the actor. Raises Problem in words."""
        with tempfile.TemporaryDirectory(prefix="collegium-import-") as scratch:
            folder = Path(scratch)
            await self._register(folder)
            videos = {lesson.id: await self._prepared(lesson, folder) for lesson in self._document.lessons()}
            await self._note(self._done, "Writing the course")
            course = await self._course()
            modules = await self._modules(course)
            lessons = await self._lessons(course, modules, videos, folder)
        await self._order(course, modules, lessons)
        if self._files:
            await self._service(Q.give_files, course, [file.id for file in self._files.values()])
        return Made(course, self._findings, self._tracks)

    # Files ------------------------------------------------------------------------------------------------

    async def _register(self, folder: Path) -> None:
        for name, purpose in purposes(self._document).items():
            file = self._names[name]
            await self._note(self._done, f"Checking {file.filename}"[:200])
            path = folder / "file"
            await self._fetch(name, path)
            try:
                made = await uploads.register(
                    self._site, self._tx, path=path, filename=file.filename, course_id=None, purpose=purpose
                )
                self._files[name] = made
                # With the small picture that was made of it.
                self._stored.append(posixpath.dirname(made.storage_key))
            except (uploads.Refused, Invalid) as refused:
                self._find(f"{file.filename} was not taken: {refused.detail}")
            finally:
                await asyncio.to_thread(path.unlink, missing_ok=True)
            self._done += file.bytes

    async def _prepared(self, lesson: parts.Lesson, folder: Path) -> UUID | None:
        """Puts the files of a prepared film into the store, under the id that the film will have."""
        if lesson.video is None or lesson.video.prepared is None:
            return None
        video = uuid4()
        self._stored.append(f"videos/{video}")
        for one in lesson.video.prepared.files:
            await self._note(self._done, f"Film of {lesson.title}"[:200])
            path = folder / "file"
            await self._fetch(one.file, path)
            await self._site.storage.put(f"videos/{video}/{one.path}", path)
            await asyncio.to_thread(path.unlink)
            self._done += self._names[one.file].bytes
        return video

    def _address(self, name: str) -> str:
        file = self._files.get(name)
        # An address of nothing: cleaning takes the picture out.
        return f"/files/{file.id}" if file else "about:blank"

    # Rows -------------------------------------------------------------------------------------------------

    async def _course(self) -> UUID:
        given = self._document.course
        wish = studio.NewCourse(title=given.title, category=given.category, description=given.description)
        course = await studio.create_course(self._tx, wish)
        picture = self._address(given.thumbnail) if given.thumbnail in self._files else None
        syllabus = self._address(given.syllabus) if given.syllabus in self._files else None
        await self._tx.execute(
            Q.set_course, course, given.short_description, given.learning_objectives, given.target_audience, given.tags,
            given.difficulty_level, given.ce_credits, given.pricing_type, given.price, given.member_price,
            given.currency, given.delivery_format, given.estimated_duration_minutes, given.allow_enrollment,
            given.max_enrollments,
            given.enrollment_start_date, given.enrollment_end_date, given.course_start_date, given.course_end_date,
            given.completion_certificate, given.enable_discussion_forum, given.enable_peer_review, picture,
            given.promo_video, syllabus,
        )  # fmt: skip
        for one in given.prerequisites:
            await self._tx.execute(Q.add_prerequisite, course, one.title, one.slug, one.requirement)
        return course

    async def _modules(self, course: UUID) -> dict[str, UUID]:
        return {module.id: await studio.add_module(self._tx, course, module.title) for module in self._document.modules}

    async def _lessons(
        self, course: UUID, modules: dict[str, UUID], videos: dict[str, UUID | None], folder: Path
    ) -> dict[str, UUID]:
        made: dict[str, UUID] = {}
        for module in self._document.modules:
            for lesson in module.lessons:
                made[lesson.id] = one = await studio.add_lesson(
                    self._tx,
                    modules[module.id],
                    lesson.type,
                    lesson.title,
                    description=lesson.description or None,
                    require_completion=lesson.require_completion,
                    is_preview=lesson.is_preview,
                    completion_criteria=lesson.completion_criteria,
                    min_time_seconds=lesson.min_time_seconds,
                    watched_percentage_required=lesson.watched_percentage_required,
                    estimated_duration_minutes=lesson.estimated_duration_minutes,
                    learning_objectives=lesson.learning_objectives,
                )
                await self._content(course, one, lesson)
                if lesson.video:
                    await self._video(course, one, lesson, lesson.video, videos[lesson.id], folder)
        return made

    async def _content(self, course: UUID, lesson_id: UUID, lesson: parts.Lesson) -> None:
        place = 0
        for block in lesson.blocks:
            content = self._block(block)
            if content is not None:
                place += 1
                kind = block.__struct_config__.tag
                await self._tx.execute(Q.add_block, lesson_id, course, kind, content, place)
        if lesson.link:
            await self._tx.execute(Q.add_link, lesson_id, course, lesson.link)
        paper = self._files.get(lesson.document or "")
        if paper:
            # A refusal by the table ends the transaction but for what lies before the mark.
            await self._tx.execute("savepoint paper")
            try:
                await documents.place_document(self._site, self._tx, lesson_id, paper.id)
            except Invalid as refused:
                await self._tx.execute("rollback to savepoint paper")
                self._find(f"Lesson “{lesson.title}” has no document: {refused.detail}")
        for one in lesson.attachments:
            file = self._files.get(one.file)
            if file:
                await documents.attach_file(
                    self._tx,
                    lesson_id,
                    file.id,
                    description=one.description or None,
                    requires_enrollment=one.requires_enrollment,
                )

    def _block(self, block: parts.Block) -> dict[str, object] | None:
        if isinstance(block, parts.RichText):
            html = authoring.clean_html(format.with_addresses(block.html, self._address))
            return {"html": html, "plain_text": authoring.plain_text(html)}
        if isinstance(block, parts.Youtube):
            return {"video_id": block.video_id, "title": block.title}
        file = self._files.get(block.file)
        if file is None:
            return None
        url = f"/files/{file.id}"
        if isinstance(block, parts.Image):
            return {"url": url, "alt_text": block.alt_text, "caption": block.caption}
        if isinstance(block, parts.VideoBlock):
            return {"url": url}
        return {"url": url, "filename": file.filename, "file_type": file.mime_type, "file_size": file.byte_size}

    async def _video(
        self,
        course: UUID,
        lesson_id: UUID,
        lesson: parts.Lesson,
        video: parts.Video,
        prepared: UUID | None,
        folder: Path,
    ) -> None:
        original = self._files.get(video.original or "")
        transcript: list[object] = [] if video.captions else msgspec.to_builtins(video.transcript)
        if prepared and video.prepared:
            found = prepared
            ready = video.prepared
            key = original.storage_key if original else None
            named = (ready.playlist, ready.poster, ready.storyboard)
            paths = [f"videos/{prepared}/{path}" if path else None for path in named]
            values = (
                key,
                original.id if original else None,
                *paths,
                video.duration,
                video.max_rate,
                transcript,
                msgspec.to_builtins(ready.variants),
            )
            await self._service(Q.add_prepared_video, found, lesson_id, course, *values)
        elif video.url:
            found = await media.attach_provider(self._tx, lesson_id, video.url)
            await self._tx.execute(Q.set_length, lesson_id, video.duration)
            await self._service(Q.set_film, found, video.max_rate, transcript)
        elif original:
            found = await media.attach_upload(self._site, self._tx, lesson_id, original.id)
            await self._service(Q.set_film, found, video.max_rate, transcript)
        else:
            self._find(f"Lesson “{lesson.title}” has no film: its file was not taken.")
            return
        for track in video.captions:
            path = folder / "track"
            await self._fetch(track.file, path)
            data = await asyncio.to_thread(path.read_bytes)
            await asyncio.to_thread(path.unlink)
            self._tracks.append(Track(found, track.lang, track.label, data[:CAPTIONS]))

    async def _service(self, query: str, *values: object) -> Any:
        """What only the service may write; the person's right to the course was asked by the rows before."""
        kept: list[object] = []

        async def work() -> None:
            kept.append(await self._tx.fetchval(query, *values))

        await uploads.as_service(self._tx, work)
        return kept[0]

    async def _order(self, course: UUID, modules: dict[str, UUID], lessons: dict[str, UUID]) -> None:
        """What waits for what, once everything is there."""
        for module in self._document.modules:
            after = modules[module.unlock_after] if module.unlock_after else None
            await self._tx.execute(
                Q.set_module, modules[module.id], module.description, module.learning_objectives, module.is_preview,
                after, module.unlock_date, module.estimated_duration_minutes,
            )  # fmt: skip
            for lesson in module.lessons:
                one = lessons[lesson.id]
                await self._tx.execute(
                    Q.set_lesson, one, lessons[lesson.unlock_after] if lesson.unlock_after else None,
                    lesson.unlock_date, lesson.enable_video_controls, lesson.allow_download,
                )  # fmt: skip
                for before in lesson.prerequisites:
                    await self._tx.execute(Q.add_lesson_prerequisite, one, lessons[before], course)

    def _find(self, words: str) -> None:
        self._findings.append(Finding(sort="left_out", words=words))


async def attach_tracks(site: Site, made: Made) -> list[Finding]:
    """Puts captions to the films of a course that is there; answers what could not be read."""
    findings: list[Finding] = []
    for track in made.tracks:
        try:
            await media.attach_captions(site, track.video, media.captions.parse(track.data), track.lang, track.label)
        except (ValueError, Problem) as error:
            findings.append(Finding(sort="left_out", words=f"Captions “{track.label}” were not taken: {error}"))
    return findings

"""A course of this site as a document, and where its files lie."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast, get_args
from uuid import UUID

import asyncpg
import msgspec

from collegium.features.exchange import format, parts
from collegium.features.exchange.cartridge import file_name
from collegium.features.exchange.parts import Document, LeftOut
from collegium.features.studio import service as studio
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.site import Site
from collegium.kit.storage import Missing

Q = queries.load("collegium.features.exchange")

_FILE = re.compile(r"/files/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_RENDITION = re.compile(r"([A-Za-z0-9_-]+/){0,4}[A-Za-z0-9_-]+\.(m3u8|ts|m4s|mp4|jpg|webp|vtt)")
_LATER = {
    "quiz": "Quizzes come to packages when they come to the studio.",
    "assignment": "Assignments stay with their course: packages do not hold them.",
    "live_session": "A live session has a date and people; it stays with its course.",
    "scorm": "A SCORM package stays in its library: upload its own archive at the other site.",
}
PLAYABLE = get_args(parts.LessonType)


class Stored(msgspec.Struct, frozen=True):
    """A file that belongs to a course: its id in the document, and where it lies."""

    id: str
    key: str
    filename: str
    bytes: int
    sha256: str | None

    @property
    def ending(self) -> str:
        """The ending of its name, as it stands in a package."""
        ending = posixpath.splitext(self.filename)[1].lower().removeprefix(".")
        return ending if ending.isascii() and ending.isalnum() and len(ending) <= 10 else "bin"


class Described(msgspec.Struct, frozen=True):
    """A course as a document without its list of files, and the files."""

    document: Document
    files: list[Stored]

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.bytes for file in self.files)


async def describe(
    site: Site, tx: Transaction, course_id: UUID, *, author: bool, everything: bool = False
) -> Described:
    """A course that the actor teaches. ``everything``: prepared films too, where their original is there.

    Raises NotFound for who does not teach it.
    """
    row = await tx.fetchrow(Q.course, course_id)
    if row is None:
        await studio.course(tx, course_id)
        raise AssertionError("unreachable")
    reader = _Reader(site, tx, course_id, everything)
    return await reader.read(row, author)


class _Reader:
    def __init__(self, site: Site, tx: Transaction, course_id: UUID, everything: bool) -> None:
        self._site, self._tx, self._course, self._everything = site, tx, course_id, everything
        self._files: dict[str, Stored] = {}
        self._by_id: dict[UUID, asyncpg.Record] = {}
        self._by_key: dict[str, asyncpg.Record] = {}
        self._left_out: list[LeftOut] = []

    async def read(self, row: asyncpg.Record, author: bool) -> Described:
        tx, course = self._tx, self._course
        modules = await tx.fetch(Q.modules, course)
        lessons = await tx.fetch(Q.lessons, course)
        blocks = await tx.fetch(Q.blocks, course)
        attachments = await tx.fetch(Q.attachments, course)
        documents = await tx.fetch(Q.documents, course)
        videos = await tx.fetch(Q.videos, course)
        await self._know(
            [str(block["content"]) for block in blocks] + [row["thumbnail_url"] or "", row["syllabus_url"] or ""],
            [one["file_url"] for one in attachments]
            + [one["file_key"] for one in documents]
            + [one["source_key"] for one in videos if one["source_key"]],
        )  # fmt: skip
        taken = [lesson for lesson in lessons if lesson["lesson_type"] in PLAYABLE]
        for lesson in lessons:
            if lesson["lesson_type"] not in PLAYABLE:
                self._leave_out(f"Lesson “{lesson['title']}”", _LATER[lesson["lesson_type"]])
        pieces, files = _by_lesson(blocks), _by_lesson(attachments)
        module_names = {one["id"]: f"m{place}" for place, one in enumerate(modules, 1)}
        names = {one["id"]: f"l{place}" for place, one in enumerate(taken, 1)}
        made: dict[UUID, list[parts.Lesson]] = {one["id"]: [] for one in modules}
        bodies = {one["id"]: self._blocks(one, pieces.get(one["id"], [])) for one in taken}
        films = {one["lesson_id"]: await self._video(one) for one in videos if one["lesson_id"] in names}
        attached = {one["id"]: self._attachments(files.get(one["id"], [])) for one in taken}
        papers = {
            one["lesson_id"]: self._key(one["file_key"], one["file_name"], one["file_size_bytes"]) for one in documents
        }
        for lesson in taken:
            one = lesson["id"]
            made[lesson["module_id"]].append(
                self._lesson(lesson, names, bodies[one], papers.get(one), films.get(one), attached[one])
            )
        document = Document(
            format="collegium-course",
            version=1,
            made_at=datetime.now(UTC).replace(microsecond=0),
            made_by="Collegium",
            course=await self._described_course(row, author),
            modules=[self._module(one, module_names, made[one["id"]]) for one in modules],
            left_out=self._left_out,
        )
        return Described(document, list(self._files.values()))

    async def _know(self, texts: Sequence[str], keys: Sequence[str]) -> None:
        ids = {UUID(found) for text in texts for found in _FILE.findall(text)}
        for row in await self._tx.fetch(Q.stored_files, list(ids), list(keys)):
            self._by_id[row["id"]] = self._by_key[row["storage_key"]] = row

    def _file(self, found: UUID) -> str | None:
        row = self._by_id.get(found)
        return self._put(row["storage_key"], row["filename"], row["byte_size"], row["sha256"]) if row else None

    def _key(self, key: str, filename: str, size: int | None) -> str:
        row = self._by_key.get(key)
        return self._put(key, filename, row["byte_size"] if row else (size or 0), row["sha256"] if row else None)

    def _put(self, key: str, filename: str, size: int, sha256: str | None) -> str:
        known = self._files.get(f"{key}\n{filename}")
        if known is None:
            known = Stored(f"f{len(self._files) + 1}", key, file_name(filename), size, sha256)
            self._files[f"{key}\n{filename}"] = known
        return known.id

    def _address(self, url: object) -> str | None:
        found = _FILE.fullmatch(str(url or ""))
        return self._file(UUID(found[1])) if found else None

    def _leave_out(self, what: str, why: str) -> None:
        self._left_out.append(LeftOut(what=what[:300], why=why[:500]))

    async def _described_course(self, row: asyncpg.Record, author: bool) -> parts.Course:
        same = (
            "title", "description", "tags", "category", "difficulty_level", "ce_credits", "pricing_type", "price",
            "member_price", "currency", "delivery_format", "estimated_duration_minutes", "allow_enrollment",
            "max_enrollments", "enrollment_start_date", "enrollment_end_date", "course_start_date", "course_end_date",
            "completion_certificate", "enable_discussion_forum", "enable_peer_review",
        )  # fmt: skip
        promo = row["promo_video_url"] or ""
        [counts] = await self._tx.fetch(Q.not_taken, self._course)
        for name, what, why in (
            ("quizzes", "Quizzes", _LATER["quiz"]),
            ("assignments", "Assignments", _LATER["assignment"]),
            ("sessions", "Live sessions", _LATER["live_session"]),
            (
                "prices",
                "Dated prices and prices for groups",
                "They are agreements of this site. The ordinary price goes along.",
            ),
        ):
            if counts[name]:
                self._leave_out(f"{what} ({counts[name]})", why)
        prerequisites = [
            parts.Prerequisite(requirement=one["requirement"], title=one["title"], slug=one["slug"])
            for one in await self._tx.fetch(Q.prerequisites, self._course)
        ]
        fits = re.fullmatch(r"https://[^\s/?#@]+([/?#]\S*)?", promo) is not None
        return parts.Course(
            **{name: row[name] for name in same},
            short_description=row["short_description"] or "",
            target_audience=row["target_audience"] or "",
            learning_objectives=_words(row["learning_objectives"]),
            author=row["author"] if author else None,
            thumbnail=self._address(row["thumbnail_url"]),
            syllabus=self._address(row["syllabus_url"]),
            promo_video=promo if fits else None,
            prerequisites=prerequisites,
        )

    def _module(self, row: asyncpg.Record, names: dict[UUID, str], lessons: list[parts.Lesson]) -> parts.Module:
        return parts.Module(
            id=names[row["id"]],
            title=row["title"],
            description=row["description"] or "",
            learning_objectives=_words(row["learning_objectives"]),
            is_preview=row["is_preview"],
            unlock_after=names.get(row["unlock_after_module_id"]),
            unlock_date=row["unlock_date"],
            estimated_duration_minutes=row["estimated_duration_minutes"],
            lessons=lessons,
        )

    def _lesson(
        self,
        row: asyncpg.Record,
        names: dict[UUID, str],
        blocks: list[parts.Block],
        document: str | None,
        video: parts.Video | None,
        attachments: list[parts.Attachment],
    ) -> parts.Lesson:
        same = (
            "title", "is_preview", "unlock_date", "require_completion", "min_time_seconds",
            "watched_percentage_required", "estimated_duration_minutes", "enable_video_controls", "allow_download",
        )  # fmt: skip
        waits = [row["unlock_after_lesson_id"], *row["prerequisites"]]
        if any(one is not None and one not in names for one in waits):
            self._leave_out(f"What lesson “{row['title']}” waits for", "It waits for a lesson that no package holds.")
        criteria = row["completion_criteria"]
        return parts.Lesson(
            **{name: row[name] for name in same},
            id=names[row["id"]],
            type=row["lesson_type"],
            description=row["description"] or "",
            learning_objectives=_words(row["learning_objectives"]),
            unlock_after=names.get(row["unlock_after_lesson_id"]),
            # In the order of the course.
            prerequisites=[name for one, name in names.items() if one in row["prerequisites"]],
            completion_criteria=criteria if criteria in get_args(parts.Criteria) else "marked_complete",
            link=row["content_url"],
            blocks=blocks,
            document=document,
            video=video,
            attachments=attachments,
        )

    def _blocks(self, lesson: asyncpg.Record, rows: list[asyncpg.Record]) -> list[parts.Block]:
        found: list[parts.Block] = []
        for row in rows:
            block = self._block(row["type"], cast("dict[str, Any]", row["content"]))
            if block is None:
                self._leave_out(
                    f"A piece of lesson “{lesson['title']}” ({row['type']})", "Its file is not in this site's library."
                )
            else:
                found.append(block)
        return found

    def _block(self, kind: str, content: dict[str, Any]) -> parts.Block | None:
        if kind == "rich_text":
            return parts.RichText(html=format.without_addresses(content["html"], self._file))
        if kind == "youtube":
            return parts.Youtube(video_id=content["video_id"], title=str(content.get("title") or "")[:1000])
        file = self._address(content["url"])
        if file is None:
            return None
        if kind == "image":
            return parts.Image(
                file=file, alt_text=content["alt_text"][:1000], caption=str(content.get("caption") or "")[:1000]
            )
        return parts.VideoBlock(file=file) if kind == "video" else parts.FileBlock(file=file)

    def _attachments(self, rows: list[asyncpg.Record]) -> list[parts.Attachment]:
        return [
            parts.Attachment(
                file=self._key(row["file_url"], row["file_name"], row["file_size_bytes"]),
                description=row["description"] or "",
                requires_enrollment=row["requires_enrollment"],
            )
            for row in rows
        ]

    async def _video(self, row: asyncpg.Record) -> parts.Video | None:
        if row["external_url"]:
            provider = row["hosting_provider"]
            return parts.Video(
                provider=provider, url=row["external_url"], duration=row["duration"] or 1, max_rate=row["max_rate"]
            )
        source: str | None = row["source_key"]
        original = await self._found(source, posixpath.basename(source)) if source else None
        prepared = await self._prepared(row) if self._everything or original is None else None
        if original is None and prepared is None:
            return None
        tracks = [(track, await self._found(track["key"], f"{track['lang']}.vtt")) for track in row["captions"]]
        return parts.Video(
            provider="upload",
            original=original,
            prepared=prepared,
            duration=row["duration"] or 1,
            max_rate=row["max_rate"],
            captions=[parts.Captions(lang=one["lang"], label=one["label"], file=file) for one, file in tracks if file],
            transcript=[parts.Cue(start=one["start"], end=one["end"], text=one["text"]) for one in row["transcript"]],
        )

    async def _found(self, key: str, filename: str) -> str | None:
        """A file by its key, whose size the store is asked for when the library does not know it."""
        row = self._by_key.get(key)
        if row:
            return self._file(row["id"])
        try:
            meta = await self._site.storage.head(key)
        except Missing:
            self._leave_out(filename, "The file is not in the store any more.")
            return None
        return self._put(key, filename, meta.size, None)

    async def _prepared(self, row: asyncpg.Record) -> parts.Prepared | None:
        folder = f"videos/{row['id']}"
        playlist = row["playlist_key"]
        if row["processing_state"] != "ready" or not playlist or not playlist.startswith(folder + "/"):
            return None
        tracks = {track["key"] for track in row["captions"]}
        # Only the folder in which the playlist lies: beside it may be what earlier runs made.
        files: list[parts.Rendition] = []
        for meta in await self._site.storage.list(posixpath.dirname(playlist)):
            path = meta.key.removeprefix(folder + "/")
            if meta.key not in tracks and _RENDITION.fullmatch(path):
                files.append(
                    parts.Rendition(path=path, file=self._put(meta.key, posixpath.basename(path), meta.size, None))
                )
        known = {one.path for one in files}
        for key in (row["poster_key"], row["storyboard_key"]):
            path = (key or "").removeprefix(folder + "/")
            if (
                path
                and path not in known
                and _RENDITION.fullmatch(path)
                and (file := await self._found(key, posixpath.basename(path)))
            ):
                files.append(parts.Rendition(path=path, file=file))
                known.add(path)

        def below(key: str | None) -> str | None:
            path = (key or "").removeprefix(folder + "/")
            return path if path in known else None

        found = below(playlist)
        if found is None:
            return None
        return parts.Prepared(
            playlist=found,
            poster=below(row["poster_key"]),
            storyboard=below(row["storyboard_key"]),
            variants=_variants(row["renditions"]),
            files=files,
        )


def _by_lesson(rows: Sequence[asyncpg.Record]) -> dict[UUID, list[asyncpg.Record]]:
    found: dict[UUID, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row["lesson_id"], []).append(row)
    return found


def _variants(rows: Any) -> list[parts.Variant]:
    names = parts.Variant.__struct_fields__
    return [parts.Variant(**{name: one[name] for name in names}) for one in rows if all(name in one for name in names)]


def _words(rows: Any) -> list[str]:
    return [one[:1000] for one in rows if isinstance(one, str)][:100]

"""A course with every kind of part, and how tests bring courses in and out."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from uuid import UUID

from collegium.features.exchange import format, parts, service
from collegium.features.exchange.parts import Document
from collegium.kit.db import person
from collegium.kit.site import Site
from tests.features.exchange.cartridges import PDF
from tests.features.exchange.documents import DAY, outgoing
from tests.features.uploads.support import picture, put
from tests.support.people import Person
from tests.support.site import Client, run_jobs

PAPER, PICTURE = PDF, picture(40, 30)

FILES = [
    outgoing("f1", "point.png", PICTURE),
    outgoing("f2", "form.pdf", PAPER),
    outgoing("f3", "notes.txt", b"Read this first.\n"),
]


def rich() -> Document:
    """A course with every kind of part that does not need ffmpeg."""
    text = '<h2>Begin</h2><p>Look: <img src="collegium-file:f1" alt="A point"> and <a href="https://example.org/law" rel="noopener noreferrer">the law</a>.</p>'
    blocks = [
        parts.RichText(html=text),
        parts.Image(file="f1", alt_text="A point", caption="Large"),
        parts.FileBlock(file="f3"),
        parts.Youtube(video_id="dQw4w9WgXcQ", title="A song"),
    ]
    lessons = [
        parts.Lesson(
            id="l1", title="Reading", type="text", blocks=blocks, description="What it says.", learning_objectives=["To read"],
            is_preview=True, completion_criteria="time_spent", min_time_seconds=90, estimated_duration_minutes=7,
        ),
        parts.Lesson(
            id="l2", title="The form", type="pdf", document="f2", unlock_after="l1", allow_download=True,
            attachments=[parts.Attachment(file="f3", description="To keep", requires_enrollment=False), parts.Attachment(file="f2")],
        ),
        parts.Lesson(id="l3", title="The law", type="external_link", link="https://example.org/law", prerequisites=["l1", "l2"], require_completion=False),
    ]  # fmt: skip
    course = parts.Course(
        title="Claims", description="What a claim is.", category="compliance", short_description="Claims, briefly.", tags=["claims", "forms"],
        target_audience="Adjusters", learning_objectives=["To file a claim"], difficulty_level="advanced", pricing_type="paid",
        price=parts.Decimal("49.50"), member_price=parts.Decimal("0.00"), ce_credits=parts.Decimal("1.50"), max_enrollments=30,
        estimated_duration_minutes=90, enrollment_end_date=DAY, thumbnail="f1", completion_certificate=False, enable_discussion_forum=True,
        prerequisites=[parts.Prerequisite(requirement="Basics of insurance"), parts.Prerequisite(title="Reading", slug="no-such")],
    )  # fmt: skip
    modules = [
        parts.Module(id="m1", title="First", description="Where it begins.", lessons=lessons[:2], is_preview=True),
        parts.Module(
            id="m2",
            title="Second",
            unlock_after="m1",
            unlock_date=DAY,
            lessons=lessons[2:],
            learning_objectives=["To go on"],
        ),
    ]
    return Document(
        format="collegium-course", version=1, made_at=DAY, made_by="Collegium", course=course, modules=modules
    )


def _bytes(path: Path) -> bytes:
    return path.read_bytes()


async def read(site: Site, teacher: Person, path: Path) -> UUID:
    """Puts a package into the teacher's library and has it read."""
    file = await put(site, teacher, _bytes(path), path.parent, name=path.name, purpose="package")
    async with site.db.transaction(person(teacher.id)) as tx:
        found = await service.begin_import(tx, file.id)
    await run_jobs(site)
    return found


async def run(site: Site, teacher: Person, found: UUID) -> service.Import:
    """Imports a package that was read."""
    async with site.db.transaction(person(teacher.id)) as tx:
        await service.run_import(tx, found)
    await run_jobs(site)
    return await state(site, teacher, found)


async def state(site: Site, teacher: Person, found: UUID) -> service.Import:
    """How an import stands."""
    async with site.db.transaction(person(teacher.id), read_only=True) as tx:
        return await service.find_import(tx, found)


async def exported(client: Client, course: UUID | None, author: str = "") -> tuple[Document, dict[str, bytes]]:
    """The package of a course, unpacked."""
    answer = await client.get(f"/studio/{course}/export/package{author}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert "content-encoding" not in answer.headers
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        held = {name: archive.read(name) for name in archive.namelist()}
    return format.read(held[format.DOCUMENT]), held

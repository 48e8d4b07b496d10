"""Documents of our own format for tests: a small one by hand, and any by hypothesis."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from collegium.features.exchange import parts
from collegium.features.exchange.parts import Document
from collegium.features.exchange.zipping import Outgoing, package
from tests.support.database import run

DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)


def content(data: bytes) -> AsyncIterator[bytes]:
    """Bytes as a store gives them."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    return pieces()


def outgoing(name: str, filename: str, data: bytes, *, known: bool = True) -> Outgoing:
    """A file on its way out."""
    digest = hashlib.sha256(data).hexdigest() if known else None
    ending = filename.rpartition(".")[2]
    return Outgoing(
        id=name, filename=filename, ending=ending, bytes=len(data), sha256=digest, open=lambda: content(data)
    )


def pack(document: Document, files: list[Outgoing], path: Path) -> Path:
    """A package as a file."""

    async def write() -> None:
        with path.open("wb") as file:
            async for data in package(document, files):
                file.write(data)

    run(write())
    return path


def small(**course: Any) -> Document:
    """A course with a text that shows a picture, a document and a film."""
    text = '<p>Look: <img src="collegium-file:f1" alt="A point"></p>'
    lessons = [
        parts.Lesson(
            id="l1",
            title="Reading",
            type="text",
            blocks=[parts.RichText(html=text), parts.Image(file="f1", alt_text="A point")],
        ),
        parts.Lesson(
            id="l2",
            title="The form",
            type="pdf",
            document="f2",
            unlock_after="l1",
            attachments=[parts.Attachment(file="f2", description="To keep")],
        ),
    ]
    return Document(
        format="collegium-course",
        version=1,
        made_at=DAY,
        made_by="Collegium",
        course=parts.Course(
            **({"title": "Claims", "description": "What a claim is.", "category": "compliance"} | course)
        ),
        modules=[parts.Module(id="m1", title="First", lessons=lessons)],
    )


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
optional_minutes = st.none() | st.integers(1, 10_000)


@st.composite
def documents(draw: st.DrawFn) -> tuple[Document, list[Outgoing]]:
    """Any course, with files; lessons wait for earlier ones only."""
    datas = draw(st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=4))
    files = [
        outgoing(f"f{number}", f"file{number}.bin", data, known=draw(st.booleans()))
        for number, data in enumerate(datas)
    ]
    file = st.sampled_from([one.id for one in files])
    block = st.one_of(
        st.builds(parts.RichText, html=words.map(lambda text: f"<p>{text}</p>")),
        st.builds(parts.RichText, html=file.map(lambda name: f'<img src="collegium-file:{name}" alt="">')),
        st.builds(parts.Image, file=file, alt_text=words, caption=words),
        st.builds(parts.VideoBlock, file=file),
        st.builds(parts.FileBlock, file=file),
        st.builds(parts.Youtube, video_id=st.just("dQw4w9WgXcQ"), title=words),
    )
    video = st.builds(
        parts.Video,
        provider=st.just("upload"),
        original=file,
        duration=st.integers(1, 43_200),
        max_rate=st.decimals(1, 4, places=2),
        captions=st.lists(
            st.builds(parts.Captions, lang=st.sampled_from(["en", "de-AT"]), label=words, file=file), max_size=2
        ),
        transcript=st.lists(st.builds(parts.Cue, start=st.floats(0, 9), end=st.floats(9, 99), text=words), max_size=3),
    )
    modules: list[parts.Module] = []
    known: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        lessons: list[parts.Lesson] = []
        for _ in range(draw(st.integers(0, 3))):
            kind = draw(st.sampled_from(["text", "video", "pdf", "external_link"]))
            name = f"l{len(known)}"
            lessons.append(
                parts.Lesson(
                    id=name,
                    title=draw(words),
                    type=kind,
                    description=draw(st.just("") | words),
                    learning_objectives=draw(st.lists(words, max_size=2)),
                    is_preview=draw(st.booleans()),
                    unlock_after=draw(st.none() | st.sampled_from(known)) if known else None,
                    unlock_date=draw(st.none() | st.just(DAY)),
                    prerequisites=draw(st.lists(st.sampled_from(known), unique=True, max_size=2)) if known else [],
                    completion_criteria="video_watched" if kind == "video" else "marked_complete",
                    watched_percentage_required=draw(st.decimals(1, 100, places=2)),
                    estimated_duration_minutes=draw(optional_minutes),
                    blocks=draw(st.lists(block, max_size=3)),
                    link="https://example.org/x" if kind == "external_link" else None,
                    document=draw(file) if kind == "pdf" else None,
                    video=draw(video) if kind == "video" else None,
                    attachments=draw(st.lists(st.builds(parts.Attachment, file=file, description=words), max_size=2)),
                )
            )
            known.append(name)
        after = f"m{draw(st.integers(0, number - 1))}" if number and draw(st.booleans()) else None
        modules.append(parts.Module(id=f"m{number}", title=draw(words), unlock_after=after, lessons=lessons))
    course = parts.Course(
        title=draw(words),
        description=draw(words),
        category="compliance",
        tags=draw(st.lists(words, max_size=3)),
        ce_credits=draw(st.decimals(0, 99, places=2)),
        pricing_type="paid",
        price=draw(st.decimals(1, 999, places=2)),
        member_price=draw(st.none() | st.just(Decimal("0.00"))),
        prerequisites=draw(st.lists(st.builds(parts.Prerequisite, requirement=words), max_size=2)),
    )
    document = Document(
        format="collegium-course", version=1, made_at=DAY, made_by="Collegium", course=course, modules=modules
    )
    return document, files

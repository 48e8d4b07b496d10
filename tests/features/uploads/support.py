"""Files and requests for tests of uploads."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from PIL import Image

from collegium.features.uploads import service
from collegium.kit.db import person
from collegium.kit.site import Site
from tests.support.people import Person
from tests.support.site import Client, run_jobs

TUS = {"tus-resumable": "1.0.0"}
BODY = "application/offset+octet-stream"


def picture(width: int = 8, height: int = 8, form: str = "PNG", **options: Any) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), (20, 90, 90)).save(out, form, **options)
    return out.getvalue()


def told(**values: str) -> str:
    """`Upload-Metadata`."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


async def create(
    client: Client, length: int, *, name: str = "film.mp4", purpose: str = "lesson_video", course: UUID | None = None,
    body: bytes | None = None, **headers: str,
) -> httpx.Response:  # fmt: skip
    """Begins an upload."""
    values = {"filename": name, "purpose": purpose, **({"course": str(course)} if course else {})}
    sent = TUS | {"upload-length": str(length), "upload-metadata": told(**values), "x-csrf-token": await client.csrf()}
    if body is not None:
        sent["content-type"] = BODY
    return await client.post("/uploads", headers=sent | headers, content=body or b"")


async def patch(client: Client, url: str, offset: int, body: Any, **headers: str) -> httpx.Response:
    """Sends bytes."""
    sent = TUS | {"upload-offset": str(offset), "content-type": BODY, "x-csrf-token": await client.csrf()}
    return await client.patch(url, headers=sent | headers, content=body)


async def head(client: Client, url: str) -> httpx.Response:
    """Asks where an upload stands."""
    return await client.head(url, headers=TUS)


async def send(
    client: Client, data: bytes, *, name: str, purpose: str, course: UUID | None = None, jobs: bool = True
) -> dict[str, Any]:
    """Uploads a file and has it checked; answers what became of it, or the problem that refused it."""
    began = await create(client, len(data), name=name, purpose=purpose, course=course)
    if began.status_code != 201:
        return began.json()
    url = began.headers["location"]
    sent = await patch(client, url, 0, data)
    if sent.status_code != 204:
        return sent.json()
    if jobs:
        await run_jobs(client.site)
    return (await client.get(url + "/result")).json()


async def put(
    site: Site, who: Person, data: bytes, folder: Path, *, name: str, purpose: str, course: UUID | None = None
) -> service.MediaFile:
    """Registers a file as somebody, without HTTP."""
    path = folder / "registered"
    path.write_bytes(data)
    async with site.db.transaction(person(who.id)) as tx:
        return await service.register(site, tx, path=path, filename=name, course_id=course, purpose=purpose)

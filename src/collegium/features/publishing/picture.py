"""The picture of a course. Without one its drawn cover stands in its place."""

from __future__ import annotations

from uuid import UUID

from collegium.features.uploads import service as uploads
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import Invalid

Q = queries.load("collegium.features.publishing")


async def put_picture(tx: Transaction, course_id: UUID, given: str) -> None:
    """Makes a picture of the media library, by its id, that of a course.

    Raises Invalid for what is no picture that is ready or belongs to another course, NotFound for what is not there.
    """
    try:
        file_id = UUID(given)
    except ValueError:
        raise Invalid("Choose a picture first.", code="no_picture") from None
    found = await uploads.ready_file(tx, file_id, {"image"})
    if (await uploads.stored_file(tx, file_id)).thumbnail_key is None:
        raise Invalid(
            f'No small picture could be made of "{found.filename}". Save it as PNG or JPEG and upload it again.',
            code="no_small_picture",
        )
    await tx.execute(Q.save_picture, course_id, f"/files/{file_id}")


async def remove_picture(tx: Transaction, course_id: UUID) -> None:
    """Gives a course its drawn cover back. The file stays in the media library."""
    await tx.execute(Q.save_picture, course_id, None)

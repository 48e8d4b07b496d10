"""The course as its learners will see it, drafts included."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.errors import NotFound

Q = queries.load("collegium.features.publishing")


class About(msgspec.Struct, frozen=True):
    """What the page of a course says."""

    slug: str
    short_description: str | None
    description: str
    target_audience: str | None
    learning_objectives: list[str]
    category: str
    difficulty_level: str
    delivery_format: str
    estimated_duration_minutes: int | None
    ce_credits: Decimal
    completion_certificate: bool


class PreviewLesson(msgspec.Struct, frozen=True):
    """A lesson of the outline."""

    id: UUID
    title: str
    lesson_type: str
    draft: bool
    is_preview: bool
    required: bool
    minutes: int | None
    opens_at: datetime | None
    after: str | None


class PreviewModule(msgspec.Struct, frozen=True):
    """A module of the outline."""

    id: UUID
    title: str
    description: str | None
    draft: bool
    opens_at: datetime | None
    after: str | None
    lessons: list[PreviewLesson]


async def preview(tx: Transaction, course_id: UUID) -> tuple[About, list[PreviewModule]]:
    """What a course says of itself, and its outline with what waits for publication. Raises NotFound."""
    about = await tx.maybe(About, Q.preview_about, course_id)
    if about is None:
        raise NotFound("There is no such course.")
    modules: list[PreviewModule] = []
    for row in await tx.fetch(Q.preview_outline, course_id):
        if not modules or modules[-1].id != row["module_id"]:
            draft = row["module_state"] == "draft"
            modules.append(
                PreviewModule(
                    row["module_id"], row["module_title"], row["module_description"], draft,
                    row["module_date"], row["module_after"], [],
                )
            )  # fmt: skip
        if row["id"] is not None:
            modules[-1].lessons.append(
                PreviewLesson(
                    row["id"], row["title"], row["lesson_type"], row["state"] == "draft", row["is_preview"],
                    row["require_completion"], row["minutes"], row["opens_at"], row["after"],
                )
            )  # fmt: skip
    return about, modules

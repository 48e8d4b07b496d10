"""Reviews and discussions: the front door. Reviews stand in `reviews`, the forum in `forum`."""

from __future__ import annotations

from collegium.features.discussions import forum, reviews
from collegium.features.discussions.model import (
    QUEUES,
    SORTS,
    STARS,
    ReviewedCourse,
    ReviewPlace,
    ThreadPlace,
    TimePlace,
    Verdict,
    WriteReview,
)
from collegium.features.discussions.texts import shown

__all__ = [
    "QUEUES",
    "SORTS",
    "STARS",
    "ReviewPlace",
    "ReviewedCourse",
    "ThreadPlace",
    "TimePlace",
    "Verdict",
    "WriteReview",
    "forum",
    "reviews",
    "shown",
]

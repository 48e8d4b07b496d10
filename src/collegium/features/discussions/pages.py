"""Every page about reviews and discussions."""

from __future__ import annotations

from litestar.types import ControllerRouterHandler

from collegium.features.discussions.forum_pages import FORUM_ROUTES
from collegium.features.discussions.review_pages import REVIEW_ROUTES
from collegium.features.discussions.studio_pages import STUDIO_ROUTES

ROUTES: list[ControllerRouterHandler] = [*REVIEW_ROUTES, *FORUM_ROUTES, *STUDIO_ROUTES]

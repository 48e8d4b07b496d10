"""Writing lessons: what a text may hold, saving without losing anything, who is at work. The feature's front door."""

from __future__ import annotations

from collegium.features.authoring.clean import clean_html, plain_text, shown_html

__all__ = ["clean_html", "plain_text", "shown_html"]

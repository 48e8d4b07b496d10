"""The front door: publication, settings, teams and preview of courses. The database decides who may."""

from __future__ import annotations

from collegium.features.publishing.picture import put_picture, remove_picture
from collegium.features.publishing.preview import preview
from collegium.features.publishing.settings import (
    SavedMeanwhile,
    add_price,
    add_requirement,
    mark,
    prices,
    remove_price,
    remove_requirement,
    requirements,
    save,
    texts,
)
from collegium.features.publishing.team import add, find, remove, team
from collegium.features.publishing.workflow import (
    MOVES_SHOWN,
    changes,
    checks,
    history,
    move_all,
    moves,
    publish_changes,
    release,
    set_status,
    standing,
    still_asked,
)

__all__ = [
    "MOVES_SHOWN",
    "SavedMeanwhile",
    "add",
    "add_price",
    "add_requirement",
    "changes",
    "checks",
    "find",
    "history",
    "mark",
    "move_all",
    "moves",
    "preview",
    "prices",
    "publish_changes",
    "put_picture",
    "release",
    "remove",
    "remove_picture",
    "remove_price",
    "remove_requirement",
    "requirements",
    "save",
    "set_status",
    "standing",
    "still_asked",
    "team",
    "texts",
]

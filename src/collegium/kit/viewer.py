"""The person who is looking: what every page needs to know of somebody who is signed in."""

from __future__ import annotations

from uuid import UUID

import msgspec

from collegium.kit.db import ANON, Actor, person


class Viewer(msgspec.Struct, frozen=True):
    """A signed-in person in one browser session."""

    id: UUID
    session_id: UUID
    email: str
    first_name: str
    last_name: str
    role: str
    time_zone: str
    locale: str

    @property
    def name(self) -> str:
        """Full name, or the address where none was given."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def initials(self) -> str:
        """One or two letters for a small picture."""
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:1].upper()

    @property
    def is_admin(self) -> bool:
        """Whether administration is shown. What is allowed is decided by the database."""
        return self.role in ("admin", "super_admin")

    @property
    def is_teacher(self) -> bool:
        """Whether teaching is shown."""
        return self.role in ("instructor", "admin", "super_admin")

    def actor(self) -> Actor:
        """The database's view of this person."""
        return person(self.id, self.session_id)


def actor_of(viewer: Viewer | None) -> Actor:
    """The actor for somebody who may be a guest."""
    return viewer.actor() if viewer else ANON

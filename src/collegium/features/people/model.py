"""What the people feature takes and gives."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

Role = Literal["student", "instructor", "admin", "super_admin"]
ROLES: tuple[Role, ...] = ("student", "instructor", "admin", "super_admin")
Purpose = Literal["confirm_email", "reset_password"]

SESSION_LIFE = timedelta(days=30)
"""After this a browser signs in again, however busy it was. The query viewer_by_token adds 14 idle days."""
CONFIRM_LIFE = timedelta(hours=24)
RESET_LIFE = timedelta(hours=1)
DEVICE_LIFE = timedelta(days=400)
"""The longest that browsers keep a cookie."""


class Browser(msgspec.Struct, frozen=True):
    """From where a request comes: network address, what the browser says of itself, and its device marks."""

    address: str | None
    user_agent: str
    marks: str = ""
    session_hash: bytes | None = None
    """Of the session this browser was signed in with until now; it ends when another begins."""


class SignUp(msgspec.Struct, frozen=True):
    """What somebody who registers tells us."""

    first_name: str
    last_name: str
    email: str
    password: str
    time_zone: str = "UTC"
    next: str = "/"
    """Local path to come back to once the address is confirmed."""


class SignedIn(msgspec.Struct, frozen=True):
    """A browser session that has just begun: the token for its cookie, and the browser's new device marks."""

    user_id: UUID
    token: str
    marks: str


class Account(msgspec.Struct, frozen=True):
    """Somebody who could sign in, as the check of a password needs it."""

    id: UUID
    email: str
    encrypted_password: str | None
    confirmed: bool
    closed: bool


class Failures(msgspec.Struct, frozen=True):
    """Failed attempts since the last that succeeded, and how long ago the latest was, in seconds."""

    count: int
    seconds_ago: float | None


class Link(msgspec.Struct, frozen=True):
    """What stands behind a one-time link."""

    user_id: UUID
    email: str
    confirmed: bool
    state: Literal["good", "used", "expired"]


class WebSession(msgspec.Struct, frozen=True):
    """A signed-in browser."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    ip: str | None
    user_agent: str


class Attempt(msgspec.Struct, frozen=True):
    """An attempt to sign in."""

    attempted_at: datetime
    succeeded: bool
    reason: str
    origin: str
    ip: str | None
    user_agent: str


class Profile(msgspec.Struct, frozen=True):
    """What a person may change of himself or herself."""

    first_name: str
    last_name: str
    time_zone: str
    locale: str


class PersonLine(msgspec.Struct, frozen=True):
    """A person in a list."""

    id: UUID
    email: str
    first_name: str
    last_name: str
    role: str
    confirmed: bool
    last_sign_in_at: datetime | None

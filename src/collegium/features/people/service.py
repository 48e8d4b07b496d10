"""People: who is signed in, and everything that somebody does with an account. The feature's front door."""

from __future__ import annotations

from collegium.features.people.account import (
    LOCALES,
    account_of,
    add_person,
    end_other_sessions,
    end_session,
    end_sessions_of,
    forget_what_is_old,
    give_role,
    keep_profile,
    list_people,
    my_attempts,
    my_profile,
    my_sessions,
    sessions_of,
    set_password,
)
from collegium.features.people.addresses import network_name, normal_email
from collegium.features.people.model import (
    DEVICE_LIFE,
    SESSION_LIFE,
    Attempt,
    Browser,
    Link,
    Profile,
    SignedIn,
    SignUp,
    WebSession,
)
from collegium.features.people.registration import (
    answer_forgot,
    answer_resend,
    ask_for_new_password,
    ask_to_confirm,
    confirm,
    create_person,
    find_link,
    reset_password,
    sign_up,
)
from collegium.features.people.signing_in import (
    NotConfirmed,
    WrongPassword,
    change_password,
    open_session,
    sign_in,
    sign_out,
)
from collegium.features.people.tokens import hash_token, new_token
from collegium.kit import queries
from collegium.kit.db import Transaction
from collegium.kit.viewer import Viewer

Q = queries.load("collegium.features.people")


async def find_viewer(tx: Transaction, token_hash: bytes) -> Viewer | None:
    """The person signed in with a session token (its SHA-256), or None when it is unknown, revoked or expired."""
    return await tx.maybe(Viewer, Q.viewer_by_token, token_hash)


__all__ = [
    "DEVICE_LIFE",
    "LOCALES",
    "SESSION_LIFE",
    "Attempt",
    "Browser",
    "Link",
    "NotConfirmed",
    "Profile",
    "SignUp",
    "SignedIn",
    "WebSession",
    "WrongPassword",
    "account_of",
    "add_person",
    "answer_forgot",
    "answer_resend",
    "ask_for_new_password",
    "ask_to_confirm",
    "change_password",
    "confirm",
    "create_person",
    "end_other_sessions",
    "end_session",
    "end_sessions_of",
    "find_link",
    "find_viewer",
    "forget_what_is_old",
    "give_role",
    "hash_token",
    "keep_profile",
    "list_people",
    "my_attempts",
    "my_profile",
    "my_sessions",
    "network_name",
    "new_token",
    "normal_email",
    "open_session",
    "reset_password",
    "sessions_of",
    "set_password",
    "sign_in",
    "sign_out",
    "sign_up",
]

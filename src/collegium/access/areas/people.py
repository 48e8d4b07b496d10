"""People: profiles, memberships, sign-in and mail."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = (
    "membership",
    "session",
    "learner_session",
    "token",
    "attempt",
    "attempt_on_super",
    "mail",
    "mail_to_super",
    "nobody",
    "new",
)


FOUND = """
insert into public.memberships (id, member_id, member_number, starts_on)
values (%(membership)s, %(owner)s, 'GUILD-1', '2020-01-01');
insert into public.web_sessions (id, user_id, token_hash, expires_at) values
    (%(session)s, %(owner)s, sha256('owner'), now() + interval '1 day'),
    (%(learner_session)s, %(learner)s, sha256('learner'), now() + interval '1 day');
insert into public.auth_tokens (id, user_id, purpose, token_hash, expires_at)
values (%(token)s, %(owner)s, 'reset_password', sha256('token'), now() + interval '1 hour');
insert into public.login_attempts (id, email, user_id, origin, succeeded, reason) values
    (%(attempt)s, 'owner@guild.test', %(owner)s, 'device', true, 'ok'),
    (%(attempt_on_super)s, 'super_admin@guild.test', %(super_admin)s, 'device', false, 'wrong_password');
insert into public.mail_outbox (id, recipient, user_id, kind, subject, text_body) values
    (%(mail)s, 'owner@guild.test', %(owner)s, 'reset_password', 'Your link', 'https://guild.test/reset/1'),
    (%(mail_to_super)s, 'super_admin@guild.test', %(super_admin)s, 'reset_password', 'Your link', 'https://guild.test/reset/2');
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "profiles": {
        "select": "yes   -     -     yes   -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "yes   -     -     -     -     -     42501 -     -     yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "memberships": {
        "select": "yes   -     -     -     -     yes   42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "instructor_profiles": {
        "select": "yes   yes   yes   yes   yes   yes   yes   yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "web_sessions": {
        "select": "yes   -     -     -     -     -     42501 -     -     yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "auth_tokens": {
        "select": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "login_attempts": {
        "select": "yes   -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "mail_outbox": {
        "select": "-     -     -     -     -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "mail_outbox: to a super administrator": {
        "select": "-     -     -     -     -     -     42501 -     yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
}


PROBES: dict[str, Probe] = {
    "profiles": Probe(
        "the owner's profile",
        "id = %(owner)s",
        "(id, email) values (%(nobody)s, 'nobody@guild.test')",
        "id = %(nobody)s",
        ("first_name", "'Changed'"),
        "id = %(stranger)s",
    ),
    "memberships": Probe(
        "the owner's membership",
        "id = %(membership)s",
        "(id, member_id, member_number, starts_on) values (%(new)s, %(owner)s, 'GUILD-2', '2020-01-01')",
        "id = %(new)s",
        ("tier", "'honorary'"),
    ),
    "instructor_profiles": Probe(
        "the instructor's introduction; a new one is the administrator's",
        "profile_id = %(instructor)s",
        "(profile_id, display_name) values (%(admin)s, 'Ada Admin')",
        "profile_id = %(admin)s",
        ("headline", "'Changed'"),
        first="profile_id",
    ),
    "web_sessions": Probe(
        "a browser in which the owner is signed in",
        "id = %(session)s",
        "(user_id, token_hash, expires_at) values (%(owner)s, sha256('new'), now() + interval '1 day')",
        "token_hash = sha256('new')",
        ("revoked_at", "'2026-01-01'::timestamptz"),
    ),
    "auth_tokens": Probe(
        "a link to set the owner's password",
        "id = %(token)s",
        "(id, user_id, purpose, token_hash, expires_at)"
        " values (%(new)s, %(owner)s, 'reset_password', sha256('n'), now())",
        "id = %(new)s",
        ("used_at", "'2026-01-01'::timestamptz"),
    ),
    "login_attempts": Probe(
        "the owner's own sign-in",
        "id = %(attempt)s",
        "(id, email, origin, succeeded, reason) values (%(new)s, 'a@guild.test', 'o', false, 'unknown_person')",
        "id = %(new)s",
        ("succeeded", "false"),
    ),
    "mail_outbox": Probe(
        "a message to the owner with a link",
        "id = %(mail)s",
        "(id, recipient, kind, subject) values (%(new)s, 'a@guild.test', 'k', 's')",
        "id = %(new)s",
        ("attempts", "1"),
    ),
    "mail_outbox: to a super administrator": Probe(
        "a message to a super administrator with a link",
        "id = %(mail_to_super)s",
        "(id, recipient, user_id, kind, subject) values (%(new)s, 'a@guild.test', %(super_admin)s, 'k', 's')",
        "id = %(new)s",
        ("attempts", "1"),
    ),
}


MOVES: dict[str, tuple[str, str]] = {
    "instructor_profiles": ("profile_id = %(instructor)s", "profile_id = %(stranger)s"),
}


SECOND_LINES: dict[str, str] = {
    "memberships": "asks for an administrator, as its using does",
    "profiles": "no column that it compares may be written",
}


WRITABLE: dict[tuple[str, str], str] = {
    ("profiles", "update"): "first_name last_name avatar_url learning_preferences time_zone locale",
}


UNREADABLE: dict[str, str] = {
    "web_sessions": "token_hash",
}


FUNCTIONS: dict[str, str] = {
    "private.defer_job": "service_role",
    "private.fold": "anon authenticated service_role",
    "private.is_admin": "authenticated service_role",
    "private.is_member": "service_role",
    "private.is_teacher": "authenticated service_role",
    "private.is_time_zone": "authenticated service_role",
    "private.my_role": "authenticated service_role",
    "private.refuse": "anon authenticated service_role",
    "private.super_admin_ids": "authenticated service_role",
    "private.today": "anon authenticated service_role",
    "private.uuid_v7": "anon authenticated service_role",
    "public.am_i_member": "authenticated service_role",
    "public.revoke_web_session": "authenticated",
    "public.send_mail_again": "authenticated",
    "public.set_user_role": "authenticated",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    moves=MOVES,
    second_lines=SECOND_LINES,
    writable=WRITABLE,
    unreadable=UNREADABLE,
    functions=FUNCTIONS,
    wholly_writable=("memberships", "instructor_profiles"),
)

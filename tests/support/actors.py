"""A small guild with everybody in it, and a stage on which each of them speaks SQL.

Identities are the same in every database: `key("owner")`. In statements they stand as `%(owner)s`.

    owner             the learner whose rows are looked at
    learner           somebody else who takes the same course
    stranger          signed in, takes nothing
    instructor        teaches the course
    other_instructor  teaches another one
    anon, admin, super_admin, service_role
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from psycopg import sql

PEOPLE = {
    "owner": "student",
    "learner": "student",
    "stranger": "student",
    "instructor": "instructor",
    "other_instructor": "instructor",
    "admin": "admin",
    "super_admin": "super_admin",
}
ACTORS = (
    "owner",
    "learner",
    "stranger",
    "instructor",
    "other_instructor",
    "anon",
    "admin",
    "super_admin",
    "service_role",
)
SESSIONS = {"owner": "session", "learner": "learner_session"}
THINGS = (
    *("course", "paid", "other_course", "draft", "short", "open", "members"),
    *(
        "first_module",
        "second_module",
        "paid_module",
        "other_module",
        "short_module",
        "draft_module",
        "spare_module",
        "bare_module",
    ),
    *("welcome", "reading", "locked", "paid_lesson", "other_lesson", "short_lesson", "draft_lesson", "spare", "bare"),
    *("welcome_block", "reading_block", "locked_block", "paid_block", "draft_block"),
    *("welcome_video", "locked_video", "paid_video", "spare_video"),
    *("enrollment", "learner_enrollment", "short_enrollment", "other_enrollment", "progress", "learner_progress"),
    *("certificate", "transaction", "membership", "session", "learner_session", "token", "attempt", "attempt_on_super"),
    *("mail", "mail_to_super", "nobody", "new"),
)


def key(name: str) -> UUID:
    """The identity of a person or thing of the guild."""
    return uuid5(NAMESPACE_URL, f"guild:{name}")


KEYS: dict[str, Any] = {name: key(name) for name in (*PEOPLE, *THINGS)}


@dataclass(frozen=True)
class Outcome:
    """What became of a statement: rows, or the refusal's SQLSTATE, code (DETAIL) and words."""

    rows: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    count: int = 0
    state: str | None = None
    code: str | None = None
    words: str = ""


class Stage:
    """One transaction on a database of the guild, in which statements run as somebody."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.connection = connection

    def owner(self, statement: str, **given: Any) -> list[tuple[Any, ...]]:
        """A statement of the tables' owner, whom row-level security does not hold."""
        with psycopg.ClientCursor(self.connection) as cursor:
            cursor.execute(statement.encode(), KEYS | given)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, **given: Any) -> Any:
        """The first column of the owner's first row; None without rows."""
        rows = self.owner(statement, **given)
        return rows[0][0] if rows else None

    def act(self, who: str, statement: str, **given: Any) -> Outcome:
        """A statement as somebody, whose words go through any refusal: raises psycopg.Error, changes nothing then."""
        with self.connection.transaction(), psycopg.ClientCursor(self.connection) as cursor:
            cursor.execute(opening(who))
            cursor.execute(statement.encode(), KEYS | given)
            while cursor.nextset():
                pass  # Of several statements the last one answers.
            rows = cursor.fetchall() if cursor.description else []
            count = cursor.rowcount
            cursor.execute("select set_config('request.jwt.claims', '', true)")
            cursor.execute("reset role")
        return Outcome(rows, count)

    def attempt(self, who: str, statement: str, **given: Any) -> Outcome:
        """The same, with a refusal as its answer."""
        try:
            return self.act(who, statement, **given)
        except psycopg.Error as error:
            return Outcome(state=error.sqlstate, code=error.diag.message_detail, words=error.diag.message_primary or "")

    @contextmanager
    def undone(self) -> Generator[None]:
        """What happens inside is rolled back at the end."""
        with self.connection.transaction(force_rollback=True):
            yield


def role_of(who: str) -> str:
    """The database role that somebody's transactions take."""
    return who if who in ("anon", "service_role") else "authenticated"


def opening(who: str) -> sql.Composed:
    """Takes the role and the claims of somebody for the rest of the transaction."""
    claims: dict[str, str] = {"role": role_of(who)}
    if role_of(who) == "authenticated":
        claims |= {"sub": str(key(who)), "session_id": str(key(SESSIONS.get(who, "no session")))}
    return sql.SQL("set local role {}; select set_config('request.jwt.claims', {}, true)").format(
        sql.Identifier(role_of(who)), json.dumps(claims)
    )


def found_guild(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Fills a database that is migrated and empty, and commits."""
    stage = Stage(connection)
    for name, role in PEOPLE.items():
        stage.owner(
            "insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data)"
            " values (%(id)s, %(email)s, now(), jsonb_build_object('first_name', %(name)s, 'last_name', 'Guild'))",
            id=key(name),
            email=f"{name}@guild.test",
            name=name.replace("_", " ").title(),
        )
        stage.owner("update public.profiles set role = %(role)s where id = %(id)s", role=role, id=key(name))
    stage.owner("insert into auth.users (id, email) values (%(nobody)s, 'nobody@guild.test')")
    stage.owner("delete from public.profiles where id = %(nobody)s")
    stage.owner(CATALOGUE)
    stage.owner(RECORDS)
    for who in ("owner", "learner"):
        stage.act(who, "select public.open_playback(%(welcome_video)s)")
    stage.owner(LEARNING)
    connection.commit()


# The course: a video that everybody may preview, a text, a second part that opens after the first, a spare at the end.
CATALOGUE = """
insert into public.courses (id, title, slug, description, category, status, instructor_id, pricing_type, price) values
    (%(course)s, 'Reading a policy', 'reading', 'd', 'compliance', 'published', %(instructor)s, 'free', 0),
    (%(paid)s, 'Paid', 'paid', 'd', 'compliance', 'published', %(instructor)s, 'paid', 80),
    (%(short)s, 'Short', 'short', 'd', 'compliance', 'published', %(instructor)s, 'free', 0),
    (%(draft)s, 'Draft', 'draft', 'd', 'compliance', 'draft', %(instructor)s, 'free', 0),
    (%(other_course)s, 'Other', 'other', 'd', 'compliance', 'published', %(other_instructor)s, 'free', 0),
    (%(open)s, 'Open', 'open', 'd', 'compliance', 'published', %(other_instructor)s, 'free', 0),
    (%(members)s, 'Members', 'members', 'd', 'compliance', 'published', %(other_instructor)s, 'member_only', 0);
insert into public.course_modules (id, course_id, title, module_order, unlock_after_module_id) values
    (%(first_module)s, %(course)s, 'First', 1, null),
    (%(second_module)s, %(course)s, 'Second', 2, %(first_module)s),
    (%(spare_module)s, %(course)s, 'Spare', 3, null),
    (%(bare_module)s, %(course)s, 'Bare', 4, null),
    (%(paid_module)s, %(paid)s, 'Paid', 1, null),
    (%(short_module)s, %(short)s, 'Short', 1, null),
    (%(draft_module)s, %(draft)s, 'Draft', 1, null),
    (%(other_module)s, %(other_course)s, 'Other', 1, null);
insert into public.lessons
    (id, course_id, module_id, title, lesson_type, lesson_order, is_preview, completion_criteria, require_completion)
values
    (%(welcome)s, %(course)s, %(first_module)s, 'Welcome', 'video', 1, true, 'video_watched', true),
    (%(reading)s, %(course)s, %(first_module)s, 'Reading', 'text', 2, false, 'marked_complete', true),
    (%(locked)s, %(course)s, %(second_module)s, 'Locked', 'video', 1, false, 'video_watched', true),
    (%(spare)s, %(course)s, %(second_module)s, 'Spare', 'video', 2, true, 'video_watched', false),
    (%(paid_lesson)s, %(paid)s, %(paid_module)s, 'Paid', 'video', 1, false, 'video_watched', true),
    (%(short_lesson)s, %(short)s, %(short_module)s, 'Short', 'text', 1, false, 'marked_complete', true),
    (%(draft_lesson)s, %(draft)s, %(draft_module)s, 'Draft', 'text', 1, true, 'marked_complete', true),
    (%(bare)s, %(course)s, %(spare_module)s, 'Bare', 'text', 1, false, 'marked_complete', false),
    (%(other_lesson)s, %(other_course)s, %(other_module)s, 'Other', 'text', 1, true, 'marked_complete', true);
insert into public.content_blocks (id, lesson_id, course_id, type, order_index, content)
select id, lesson, course, 'rich_text', 1, '{"html": "<p>Read.</p>", "plain_text": "Read."}' from (values
    (%(welcome_block)s::uuid, %(welcome)s::uuid, %(course)s::uuid),
    (%(reading_block)s, %(reading)s, %(course)s), (%(locked_block)s, %(locked)s, %(course)s),
    (%(paid_block)s, %(paid_lesson)s, %(paid)s), (%(draft_block)s, %(draft_lesson)s, %(draft)s)
) as blocks (id, lesson, course);
insert into public.lesson_videos (id, lesson_id, course_id, source_key, playlist_key, duration) values
    (%(welcome_video)s, %(welcome)s, %(course)s, 'source/welcome.mp4', 'videos/welcome/index.m3u8', 100),
    (%(locked_video)s, %(locked)s, %(course)s, 'source/locked.mp4', 'videos/locked/index.m3u8', 100),
    (%(spare_video)s, %(spare)s, %(course)s, 'source/spare.mp4', 'videos/spare/index.m3u8', 100),
    (%(paid_video)s, %(paid_lesson)s, %(paid)s, 'source/paid.mp4', 'videos/paid/index.m3u8', 100);
insert into public.instructor_profiles (profile_id, display_name) values
    (%(instructor)s, 'Ines Instructor'), (%(other_instructor)s, 'Otto Other');
insert into public.course_instructors (course_id, profile_id) values
    (%(course)s, %(instructor)s), (%(draft)s, %(instructor)s);
"""

RECORDS = """
insert into public.memberships (id, member_id, member_number, starts_on)
values (%(membership)s, %(owner)s, 'M-1', '2020-01-01');
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
insert into public.transactions (id, member_id, course_id, transaction_type, amount, status, completed_at)
values (%(transaction)s, %(owner)s, %(other_course)s, 'course_purchase', 80, 'completed', now());
insert into public.enrollments (id, course_id, member_id) values
    (%(enrollment)s, %(course)s, %(owner)s), (%(learner_enrollment)s, %(course)s, %(learner)s),
    (%(short_enrollment)s, %(short)s, %(owner)s);
insert into public.enrollments (id, course_id, member_id, enrollment_source)
values (%(other_enrollment)s, %(other_course)s, %(learner)s, 'admin_assignment');
"""

# The owner has begun the course and completed the short one; the learner also takes the other instructor's.
LEARNING = """
update public.lesson_progress set id = %(progress)s where enrollment_id = %(enrollment)s;
update public.lesson_progress set id = %(learner_progress)s where enrollment_id = %(learner_enrollment)s;
select private.complete_lesson(%(short_enrollment)s, %(short_lesson)s);
update public.certificates set id = %(certificate)s where enrollment_id = %(short_enrollment)s;
insert into public.video_events (user_id, video_id, event_type, position_seconds, playback_id)
values (%(owner)s, %(welcome_video)s, 'play', 0, %(new)s);
"""

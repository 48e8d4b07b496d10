"""What is tried on each table and view: which row is looked at, changed and removed, and which is added.

`PROBES` names a case as `table` or `table: which of its rows`. The matrix says for each case who gets what.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.actors import Outcome, Stage

VERBS = ("select", "insert", "update", "delete")


@dataclass(frozen=True)
class Probe:
    """One case.

    `where` finds exactly one row. `insert` is the columns and values of a new one, which `inserted` finds. `update` is
    a column and its new value. `delete` finds a row that nothing refers to, where `where` does not.
    """

    row: str
    where: str
    insert: str
    inserted: str
    update: tuple[str, str]
    delete: str = ""

    def attempt(self, stage: Stage, table: str, who: str, verb: str) -> str:
        """What somebody gets, in the words of the matrix. Everything is undone."""
        with stage.undone():
            if verb == "select":
                return self._seen(stage.attempt(who, f"select {first(table)} from public.{table} where {self.where}"))
            if verb == "insert":
                return self._insert(stage, table, who)
            if verb == "update":
                return self._update(stage, table, who)
            return self._delete(stage, table, who)

    def _seen(self, outcome: Outcome) -> str:
        assert len(outcome.rows) <= 1, f"{self.where} finds {len(outcome.rows)} rows"
        return outcome.state or ("yes" if outcome.rows else "-")

    def _insert(self, stage: Stage, table: str, who: str) -> str:
        statement = f"insert into public.{table} {self.insert}"
        outcome = stage.attempt(who, f"{statement} returning {first(table)}")
        answer = "yes"
        if outcome.state == "42501":
            outcome, answer = stage.attempt(who, statement), "blind"
        if outcome.state:
            return outcome.state
        assert outcome.count == 1
        assert stage.value(f"select count(*) from public.{table} where {self.inserted}") == 1
        return answer

    def _update(self, stage: Stage, table: str, who: str) -> str:
        column, value = self.update
        find = f"select count(*) from public.{table} where {self.where} and {column} is not distinct from {value}"
        before = stage.value(find)
        outcome = stage.attempt(
            who, f"update public.{table} set {column} = {value} where {self.where} returning {first(table)}"
        )
        if outcome.state or outcome.count == 0:
            assert stage.value(find) == before
            return outcome.state or "-"
        assert (before, outcome.count, stage.value(find)) == (0, 1, 1)
        return "yes"

    def _delete(self, stage: Stage, table: str, who: str) -> str:
        where = self.delete or self.where
        find = f"select count(*) from public.{table} where {where}"
        before = stage.value(find)
        outcome = stage.attempt(who, f"delete from public.{table} where {where} returning {first(table)}")
        if outcome.state or outcome.count == 0:
            assert stage.value(find) == before
            return outcome.state or "-"
        assert (before, outcome.count, stage.value(find)) == (1, 1, 0)
        return "yes"


def table_of(case: str) -> str:
    """The table or view of a case."""
    return case.split(":")[0]


def first(table: str) -> str:
    """A column that everybody who sees a row may see."""
    return {
        "instructor_profiles": "profile_id",
        "course_instructors": "profile_id",
        "video_analytics": "user_id",
        "video_completion": "user_id",
    }.get(table, "id")


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
        "(id, member_id, member_number, starts_on) values (%(new)s, %(owner)s, 'M-2', '2020-01-01')",
        "id = %(new)s",
        ("tier", "'honorary'"),
    ),
    "instructor_profiles": Probe(
        "the instructor's introduction; a new one is the administrator's",
        "profile_id = %(instructor)s",
        "(profile_id, display_name) values (%(admin)s, 'Ada Admin')",
        "profile_id = %(admin)s",
        ("headline", "'Changed'"),
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
    "courses": Probe(
        "a published course; a new one is the instructor's; the draft is removed",
        "id = %(course)s",
        "(id, title, slug, description, category, instructor_id)"
        " values (%(new)s, 'New', 'new', 'd', 'compliance', %(instructor)s)",
        "id = %(new)s",
        ("title", "'Changed'"),
        "id = %(draft)s",
    ),
    "courses: draft": Probe(
        "a draft of the instructor; a new one is the other instructor's; one without learners is removed",
        "id = %(draft)s",
        "(id, title, slug, description, category, instructor_id, price)"
        " values (%(new)s, 'New', 'new', 'd', 'compliance', %(other_instructor)s, 10)",
        "id = %(new)s",
        ("price", "10"),
        "id = %(open)s",
    ),
    "course_instructors": Probe(
        "who teaches a published course",
        "course_id = %(course)s and profile_id = %(instructor)s",
        "(course_id, profile_id) values (%(course)s, %(stranger)s)",
        "course_id = %(course)s and profile_id = %(stranger)s",
        ("position", "2"),
    ),
    "course_instructors: of a draft": Probe(
        "who teaches a draft",
        "course_id = %(draft)s and profile_id = %(instructor)s",
        "(course_id, profile_id) values (%(draft)s, %(stranger)s)",
        "course_id = %(draft)s and profile_id = %(stranger)s",
        ("position", "2"),
    ),
    "course_modules": Probe(
        "a part of a published course; an empty one is removed",
        "id = %(first_module)s",
        "(id, course_id, title, module_order) values (%(new)s, %(course)s, 'New', 9)",
        "id = %(new)s",
        ("title", "'Changed'"),
        "id = %(bare_module)s",
    ),
    "course_modules: of a draft": Probe(
        "a part of a draft",
        "id = %(draft_module)s",
        "(id, course_id, title, module_order) values (%(new)s, %(draft)s, 'New', 9)",
        "id = %(new)s",
        ("title", "'Changed'"),
    ),
    "lessons": Probe(
        "a lesson's title and rules, of a published course",
        "id = %(locked)s",
        "(id, course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(new)s, %(course)s, %(second_module)s, 'New', 'text', 9)",
        "id = %(new)s",
        ("require_completion", "false"),
    ),
    "lessons: of a draft": Probe(
        "a lesson of a draft",
        "id = %(draft_lesson)s",
        "(id, course_id, module_id, title, lesson_type, lesson_order)"
        " values (%(new)s, %(draft)s, %(draft_module)s, 'New', 'text', 9)",
        "id = %(new)s",
        ("title", "'Changed'"),
    ),
    "content_blocks": Probe(
        "content of a lesson that is open to learners",
        "id = %(reading_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(reading)s, %(course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "content_blocks: locked": Probe(
        "content of a lesson that is not open yet",
        "id = %(locked_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(locked)s, %(course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "content_blocks: preview": Probe(
        "content of a lesson that everybody may try",
        "id = %(welcome_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(welcome)s, %(course)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "content_blocks: preview of a draft": Probe(
        "content of a lesson that everybody may try once the course is published",
        "id = %(draft_block)s",
        "(id, lesson_id, course_id, type, order_index, content)"
        " values (%(new)s, %(draft_lesson)s, %(draft)s, 'youtube', 9, '{\"video_id\": \"abcdefghijk\"}')",
        "id = %(new)s",
        ("order_index", "5"),
    ),
    "lesson_videos": Probe(
        "the video of a lesson that everybody may try; a new one is for the reading; the spare one is removed",
        "id = %(welcome_video)s",
        "(id, lesson_id, course_id, duration) values (%(new)s, %(reading)s, %(course)s, 60)",
        "id = %(new)s",
        ("transcript", "'[{\"start\": 0}]'::jsonb"),
        "id = %(spare_video)s",
    ),
    "lesson_videos: locked": Probe(
        "the video of a lesson that is not open yet",
        "id = %(locked_video)s",
        "(id, lesson_id, course_id, duration) values (%(new)s, %(reading)s, %(course)s, 60)",
        "id = %(new)s",
        ("captions", '\'[{"key": "certificates/1.pdf"}]\'::jsonb'),
    ),
    "lesson_videos: of a paid course": Probe(
        "a video of a paid course that nobody has paid for",
        "id = %(paid_video)s",
        "(id, lesson_id, course_id, duration) values (%(new)s, %(reading)s, %(course)s, 60)",
        "id = %(new)s",
        ("duration", "1"),
    ),
    "transactions": Probe(
        "the owner's purchase",
        "id = %(transaction)s",
        "(id, member_id, course_id, transaction_type, amount, status, completed_at)"
        " values (%(new)s, %(owner)s, %(paid)s, 'course_purchase', 0, 'completed', now())",
        "id = %(new)s",
        ("amount", "0"),
    ),
    "enrollments": Probe(
        "the owner's enrollment; a new one is the owner's in an open course",
        "id = %(enrollment)s",
        "(course_id, member_id) values (%(open)s, %(owner)s)",
        "course_id = %(open)s and member_id = %(owner)s",
        ("status", "'suspended'"),
    ),
    "enrollments: own": Probe(
        "the learner's enrollment; a new one is in a paid course",
        "id = %(learner_enrollment)s",
        "(course_id, member_id) values (%(paid)s, %(learner)s)",
        "course_id = %(paid)s and member_id = %(learner)s",
        ("final_grade", "100"),
    ),
    "lesson_progress": Probe(
        "where the owner stands in a lesson",
        "id = %(progress)s",
        "(id, enrollment_id, lesson_id, course_id, status, completed_at)"
        " values (%(new)s, %(enrollment)s, %(reading)s, %(course)s, 'completed', now())",
        "id = %(new)s",
        ("started_at", "'2020-01-01'::timestamptz"),
    ),
    "video_analytics": Probe(
        "what the owner watched of a video",
        "user_id = %(owner)s and video_id = %(welcome_video)s",
        "(user_id, video_id, course_id, lesson_id, enrollment_id, duration_seconds)"
        " values (%(owner)s, %(spare_video)s, %(course)s, %(spare)s, %(enrollment)s, 100)",
        "user_id = %(owner)s and video_id = %(spare_video)s",
        ("last_watched_position_seconds", "50"),
    ),
    "video_events": Probe(
        "what the owner's player said",
        "user_id = %(owner)s and video_id = %(welcome_video)s and event_type = 'play'",
        "(user_id, video_id, event_type, position_seconds) values (%(owner)s, %(welcome_video)s, 'pause', 3)",
        "user_id = %(owner)s and event_type = 'pause'",
        ("position_seconds", "9"),
    ),
    "video_events_default": Probe(
        "a partition of video_events; those of the months are alike",
        "user_id = %(owner)s",
        "(user_id, video_id, event_type, position_seconds) values (%(owner)s, %(welcome_video)s, 'pause', 3)",
        "user_id = %(owner)s",
        ("position_seconds", "9"),
    ),
    "certificates": Probe(
        "the owner's certificate; a new one is for the course that is not complete",
        "id = %(certificate)s",
        "(id, number, enrollment_id, member_id, course_id, holder_name, course_title, ce_credits, completed_at)"
        " values (%(new)s, 'CERT-2026-AAAAAAAA', %(enrollment)s, %(owner)s, %(course)s, 'O', 'R', 1, now())",
        "id = %(new)s",
        ("holder_name", "'Somebody Else'"),
    ),
    "video_completion": Probe(
        "how much the owner watched of a video",
        "user_id = %(owner)s and video_id = %(welcome_video)s",
        "(user_id, video_id) values (%(owner)s, %(spare_video)s)",
        "user_id = %(owner)s and video_id = %(spare_video)s",
        ("watched_seconds", "100"),
    ),
    "enrollment_details": Probe(
        "the owner's enrollment with what follows from it",
        "id = %(enrollment)s",
        "(course_id, member_id) values (%(open)s, %(owner)s)",
        "course_id = %(open)s and member_id = %(owner)s",
        ("lessons_completed", "3"),
    ),
}

"""The data that speed is measured on, loaded by COPY: 500 courses, 20,000 people, 50,000 enrollments, 500,000 rows of
progress, and two courses that differ only in how many take them (50,000 and 10)."""

from __future__ import annotations

import hashlib
import json
import random
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import asyncpg

COURSES, PEOPLE, ENROLLMENTS, PROGRESS = 500, 20_000, 50_000, 500_000
BIG, SMALL, LESSONS = 50_000, 10, 12
DURATION = 43_200
SESSIONS = 256
CATEGORIES = (
    "insurance_fundamentals", "health_benefits", "life_insurance", "retirement_planning", "compliance",
    "sales_techniques", "leadership", "technology", "continuing_education",
)  # fmt: skip
SUBJECTS = (
    "Claims", "Ethics", "Annuities", "Medicare", "Underwriting", "Prospecting", "Privacy", "Fiduciary", "Renewal",
    "Wellness", "Disability", "Estate",
)  # fmt: skip
SHAPES = (
    "Fundamentals of {}", "{} in Practice", "Advanced {}", "{} for Advisers", "A Short Course in {}", "{} Law and Regulation",
)  # fmt: skip


@dataclass(frozen=True)
class Data:
    """What the measurements need to know of the data."""

    seconds: float
    tokens: list[str]
    slugs: list[str]
    big_video: uuid.UUID
    small_video: uuid.UUID
    big_players: list[tuple[str, uuid.UUID]]
    small_players: list[tuple[str, uuid.UUID]]


def _id(kind: str, *numbers: int) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"collegium/bench/{kind}/{'/'.join(map(str, numbers))}")


def token(person: int) -> str:
    """The session token of a person of the data."""
    return f"bench-session-{person}"


async def _copy(db: asyncpg.Connection[Any], table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    schema, name = table.split(".")
    await db.copy_records_to_table(name, schema_name=schema, columns=columns.split(), records=rows)


async def load(dsn: str) -> Data:
    """Fills an empty, migrated database. Triggers are off meanwhile; what they would have kept is computed at the end."""
    began = time.perf_counter()
    db = await asyncpg.connect(dsn)
    try:
        async with db.transaction():
            # COPY is binary: jsonb is a version byte and text, citext and the enumeration are text.
            await db.set_type_codec("jsonb", encoder=lambda value: b"\x01" + json.dumps(value).encode(),
                                    decoder=lambda data: json.loads(data[1:]), schema="pg_catalog", format="binary")  # fmt: skip
            for name, schema in (("citext", "extensions"), ("user_role", "public")):
                await db.set_type_codec(name, encoder=str.encode, decoder=bytes.decode, schema=schema, format="binary")
            await db.execute("set local session_replication_role = replica; set local synchronous_commit = off")
            await _people(db)
            await _courses(db)
            await _records(db)
            await _settle(db)
        await db.execute("vacuum analyze")
    finally:
        await db.close()
    big = [(token(i), _id("person", i)) for i in range(SESSIONS)]
    return Data(
        seconds=time.perf_counter() - began,
        tokens=[token(i) for i in range(SESSIONS)],
        slugs=[f"course-{i}" for i in range(COURSES)],
        big_video=_id("video", COURSES, 0),
        small_video=_id("video", COURSES + 1, 0),
        big_players=big,
        small_players=big[:SMALL],
    )


async def _people(db: asyncpg.Connection[Any]) -> None:
    people = [(_id("person", i), i) for i in range(PEOPLE)]
    now = datetime.now(UTC)
    await _copy(db, "auth.users", "id email email_confirmed_at",
                ((p, f"person{i}@example.org", now) for p, i in people))  # fmt: skip
    await _copy(db, "public.profiles", "id email first_name last_name role",
                ((p, f"person{i}@example.org", f"Given{i % 997}", f"Family{i}", "instructor" if i < 40 else "student") for p, i in people))  # fmt: skip
    await _copy(db, "public.memberships", "member_id member_number starts_on",
                ((p, f"M{i:06}", date(2025, 1, 1)) for p, i in people if i % 3))  # fmt: skip
    await _copy(db, "public.instructor_profiles", "profile_id display_name headline",
                ((p, f"Given{i % 997} Family{i}", "Adviser and teacher") for p, i in people[:40]))  # fmt: skip
    await _copy(db, "public.web_sessions", "id user_id token_hash expires_at",
                ((_id("session", i), p, hashlib.sha256(token(i).encode()).digest(), now + timedelta(days=30))
                 for p, i in people[:SESSIONS]))  # fmt: skip


async def _courses(db: asyncpg.Connection[Any]) -> None:
    pick = random.Random(1)
    now = datetime.now(UTC)
    everything = COURSES + 2

    def course(i: int) -> tuple[Any, ...]:
        pricing = ("free", "paid", "member_only")[i % 3] if i < COURSES else "free"
        title = SHAPES[i % len(SHAPES)].format(SUBJECTS[(i // 6) % len(SUBJECTS)]) + f" {i}"
        return (
            _id("course", i), title, f"course-{i}", "What this course is about. " * 30, f"{title}, in short.",
            [f"Explain part {n} of the subject" for n in range(5)], CATEGORIES[i % 9],
            ("beginner", "intermediate", "advanced", "expert")[i % 4], Decimal(i % 8) / 2, pricing,
            199 if pricing == "paid" else 0, 149 if pricing == "paid" else None,
            ("self_paced", "instructor_led", "blended", "live_virtual")[i % 4], 30 + (i * 17) % 600, "published",
            now - timedelta(hours=pick.randrange(20_000)), _id("person", i % 40),
        )  # fmt: skip

    await _copy(db, "public.courses", "id title slug description short_description learning_objectives category "
                "difficulty_level ce_credits pricing_type price member_price delivery_format estimated_duration_minutes "
                "status published_at instructor_id", (course(i) for i in range(everything)))  # fmt: skip
    await _copy(db, "public.course_modules", "id course_id title module_order",
                ((_id("module", i, m), _id("course", i), f"Module {m + 1}", m + 1)
                 for i in range(everything) for m in range(3)))  # fmt: skip
    await _copy(db, "public.lessons", "id module_id course_id title lesson_type lesson_order completion_criteria "
                "estimated_duration_minutes is_preview",
                ((_id("lesson", i, n), _id("module", i, n // 4), _id("course", i), f"Lesson {n + 1} of the course",
                  "video" if n % 2 == 0 else "text", n % 4 + 1, "video_watched" if n % 2 == 0 else "marked_complete", 12, n == 0)
                 for i in range(everything) for n in range(LESSONS)))  # fmt: skip
    await _copy(db, "public.lesson_videos", "id lesson_id course_id duration playlist_key",
                ((_id("video", i, n), _id("lesson", i, n), _id("course", i), DURATION, f"videos/{i}-{n}/master.m3u8")
                 for i in range(everything) for n in range(0, LESSONS, 2)))  # fmt: skip


async def _records(db: asyncpg.Connection[Any]) -> None:
    now = datetime.now(UTC)
    per_course = ENROLLMENTS // COURSES

    def enrollments() -> Iterable[tuple[Any, ...]]:
        for i in range(COURSES):
            for n in range(per_course):
                person = SESSIONS + (i * 41 + n * 7) % (PEOPLE - SESSIONS) if n else i % SESSIONS
                yield (_id("enrollment", i, n), _id("course", i), _id("person", person), "admin_assignment", "in_progress",
                       now - timedelta(days=n), now - timedelta(minutes=i * 3 + n), None)  # fmt: skip
        for n in range(BIG):
            yield (_id("enrollment", COURSES, n), _id("course", COURSES), _id("person", n % PEOPLE), "admin_assignment",
                   "in_progress", now, None, f"cohort {n // PEOPLE}")  # fmt: skip
        for n in range(SMALL):
            yield (_id("enrollment", COURSES + 1, n), _id("course", COURSES + 1), _id("person", n), "admin_assignment",
                   "in_progress", now, None, None)  # fmt: skip

    await _copy(db, "public.enrollments", "id course_id member_id enrollment_source status started_at last_accessed_at cohort_name",
                enrollments())  # fmt: skip

    def progress() -> Iterable[tuple[Any, ...]]:
        for i in range(COURSES):
            for n in range(per_course):
                for lesson in range(PROGRESS // ENROLLMENTS):
                    done = lesson < n % 10
                    yield (_id("enrollment", i, n), _id("lesson", i, lesson), _id("course", i),
                           "completed" if done else "in_progress", now, now if done else None)  # fmt: skip

    await _copy(
        db, "public.lesson_progress", "enrollment_id lesson_id course_id status started_at completed_at", progress()
    )


async def _settle(db: asyncpg.Connection[Any]) -> None:
    await db.execute(
        """
        update public.courses c set
            required_lessons = (select count(*) from public.lessons l where l.course_id = c.id and l.require_completion),
            total_enrollments = e.total, active_enrollments = e.total
        from (select course_id, count(*) as total from public.enrollments group by 1) e where e.course_id = c.id;
        update public.enrollments e set lessons_completed = p.done
        from (select enrollment_id, count(*) filter (where status = 'completed') as done
              from public.lesson_progress group by 1) p
        where p.enrollment_id = e.id;
        insert into public.credit_rules (credit_type_id, course_id, source, amount, valid_from)
        select t.id, c.id, 'course_default', c.ce_credits, '-infinity'
        from public.courses c join public.credit_types t on t.code = 'CE' where c.ce_credits > 0;
        """
    )

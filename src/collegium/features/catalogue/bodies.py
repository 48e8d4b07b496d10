"""The course page as text: made once for a version of the catalogue, the person's own parts added to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from markupsafe import Markup

from collegium.features.catalogue import service
from collegium.features.catalogue.model import Course, Lesson, Lock, Module, Standing
from collegium.kit.cache import Cache
from collegium.kit.db import Transaction
from collegium.kit.site import Site
from collegium.web import pages, words

KEPT_S = 60.0
# schema.org's words for a delivery format.
COURSE_MODES = {"self_paced": "Online", "instructor_led": "Onsite", "blended": "Blended", "live_virtual": "Online"}


class Body(msgspec.Struct, frozen=True):
    """A course's page in parts: ``head`` for search engines, the title with its line of facts (``above``), the facts
    beside the button, what one learns, the outline as a stranger sees it, and what stands below it."""

    course: Course
    summary: str
    head: Markup
    above: Markup
    facts: Markup
    learn: Markup
    outline: Markup
    below: Markup


class Bodies:
    """One site's memory of rendered course pages."""

    def __init__(self, site: Site) -> None:
        self._site = site
        # The version is part of the key, so what is old is not asked for again and makes room in time.
        self._kept: Cache[Body] = Cache(most=300, ttl=KEPT_S)

    async def get(self, tx: Transaction, version: int, course_id: UUID) -> Body:
        """The body of a course's page as it stands in a version of the catalogue."""

        async def make() -> Body:
            return render(await service.course(tx, course_id), self._site)

        return await self._kept.get((version, course_id), make)


def render(course: Course, site: Site) -> Body:
    """The parts of a course's page that are the same for everybody."""
    shown = {
        "course": course,
        "description": paragraphs(course.description),
        "canonical": site.url(f"/courses/{course.slug}"),
        "document": Markup(structured(course, site)),  # noqa: S704 - made safe for a script element
        "summary": summary(course),
    }
    env = pages.environment()
    parts = {
        part: Markup(env.get_template(f"catalogue/_course_{part}.html").render(shown))  # noqa: S704 - templates' own text
        for part in ("head", "above", "facts", "learn", "below")
    }
    return Body(course=course, summary=summary(course), outline=strangers_outline(course), **parts)


def strangers_outline(course: Course) -> Markup:
    """The outline with the kind of each lesson, what is open to everybody and what opens by a rule."""
    now = datetime.now(UTC)

    def show(lesson: Lesson) -> dict[str, object]:
        href = f"/learn/{course.slug}/{lesson.id}" if lesson.is_preview else None
        return {"lesson": lesson, "state": "plain", "href": href, "note": rule(lesson, now)}

    return _outline(
        [(module, rule(module, now), [show(one) for one in module.lessons]) for module in course.modules], False
    )


def own_outline(course: Course, standing: Standing, locks: Mapping[UUID, Lock], zone: str) -> Markup:
    """The outline with the state of each lesson for somebody who is in the course; dates are those of a time zone."""

    def show(lesson: Lesson) -> dict[str, object]:
        lock = locks.get(lesson.id)
        return {
            "lesson": lesson,
            "state": "locked" if lock else standing.lessons.get(lesson.id, "not_started"),
            "href": None if lock else f"/learn/{course.slug}/{lesson.id}",
            "note": why_locked(lock, zone) if lock else None,
        }

    return _outline([(module, None, [show(one) for one in module.lessons]) for module in course.modules], True)


def _outline(modules: list[tuple[Module, str | None, list[dict[str, object]]]], entered: bool) -> Markup:
    text = pages.environment().get_template("catalogue/_outline.html").render(modules=modules, entered=entered)
    return Markup(text)  # noqa: S704 - rendered by a template


def rule(part: Lesson | Module, now: datetime) -> str | None:
    """In words, when a part of a course opens for those who are in it; None where nothing keeps it shut."""
    if part.unlock_date is not None and part.unlock_date > now:
        return f"Opens on {words.day(part.unlock_date)}"
    return f"Opens when you have completed “{part.after}”" if part.after else None


def why_locked(lock: Lock, zone: str) -> str:
    """In words, what a lesson waits for."""
    if lock.opens_at is not None:
        return f"Opens on {words.day(lock.opens_at, zone)}"
    return f"Opens when you have completed “{lock.waits_for}”"


def paragraphs(text: str) -> list[list[str]]:
    """Plain text as paragraphs of lines: an empty line parts paragraphs."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            blocks[-1].append(line.strip())
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def summary(course: Course, most: int = 155) -> str:
    """One line for lists of search results: the short description, else the beginning of the long one."""
    flat = " ".join((course.short_description or course.description or course.title).split())
    return flat if len(flat) <= most else flat[:most].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def structured(course: Course, site: Site) -> str:
    """The course as schema.org describes one (Course, CourseInstance, Offer), as JSON that may stand in a script."""
    url = site.url(f"/courses/{course.slug}")
    provider = {"@type": "Organization", "name": site.settings.site_name, "url": site.url("/")}
    instance: dict[str, object] = {
        "@type": "CourseInstance",
        "courseMode": COURSE_MODES[course.delivery_format],
        "instructor": [{"@type": "Person", "name": one.display_name} for one in course.instructors],
    }
    if course.estimated_duration_minutes:
        hours, rest = divmod(course.estimated_duration_minutes, 60)
        instance["courseWorkload"] = "PT" + (f"{hours}H" if hours else "") + (f"{rest}M" if rest else "")
    if course.course_start_date:
        instance["startDate"] = course.course_start_date.date().isoformat()
    if course.course_end_date:
        instance["endDate"] = course.course_end_date.date().isoformat()
    paid = course.pricing_type in ("paid", "premium")
    document: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "Course",
        "name": course.title,
        "description": summary(course),
        "url": url,
        "provider": provider,
        "educationalLevel": words.label(course.difficulty_level, "level"),
        "about": words.label(course.category, "category"),
        "teaches": course.learning_objectives,
        "hasCourseInstance": instance,
        "offers": {
            "@type": "Offer",
            "category": "Paid" if paid else "Free",
            "price": str(course.price) if paid else "0",
            "priceCurrency": course.currency,
            "url": url,
        },
    }
    if course.ce_credits:
        document["numberOfCredits"] = float(course.ce_credits)
    text = msgspec.json.encode(document).decode()
    # Nothing in a script element may look like the end of it or like the beginning of a comment.
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

"""What an assignment asks is not read before it opens, by no statement; its name and its dates are."""

from __future__ import annotations

from uuid import UUID

import pytest

from collegium.access.stage import Stage
from tests.db.assessing import assignment, hand_in

SHUT = {
    "later": "available_from = now() + interval '1 hour'",
    "draft": "status = 'draft'",
}
READS = "select instructions_html, rubric from public.assignments where id = %(a)s"
FILE = """
insert into public.media_files (owner_id, course_id, purpose, filename, kind, mime_type, byte_size, sha256, storage_key, state)
select %(instructor)s, %(course)s, 'lesson_image', 'plan.png', 'image', 'image/png', 10, repeat('0', 64), 'library/plan.png', 'ready' returning id
"""


def with_picture(stage: Stage, work: UUID) -> UUID:
    """An attachment of the instructions: the file that they show."""
    made: UUID = stage.owner(FILE)[0][0]
    stage.owner(
        "update public.assignments set instructions_html = %(html)s where id = %(a)s",
        a=work,
        html=f'<p>Secret</p><img src="/files/{made}">',
    )
    assert stage.owner("select count(*) from public.media_file_uses where ref_id = %(a)s", a=work) == [(1,)]
    return made


def sees(stage: Stage, who: str, work: UUID, picture: UUID) -> tuple[int, int, int]:
    """How many rows of the assignment, of the uses of its files and of its files somebody sees."""
    return (
        stage.act(who, READS, a=work).count,
        stage.act(who, "select 1 from public.media_file_uses where ref_id = %(a)s", a=work).count,
        stage.act(who, "select 1 from public.media_files where id = %(f)s", f=picture).count,
    )


@pytest.mark.parametrize("change", SHUT.values(), ids=SHUT)
def test_before_it_opens_a_learner_reads_neither_task_nor_files(stage: Stage, change: str) -> None:
    work = assignment(stage, change)
    picture = with_picture(stage, work)
    assert sees(stage, "owner", work, picture) == (0, 0, 0)
    assert sees(stage, "instructor", work, picture) == (1, 1, 1)
    card = stage.attempt("owner", "select public.assignment_card(%(a)s) ->> 'instructions_html'", a=work)
    assert card.rows in ([], [(None,)]), card
    stage.owner(
        "update public.assignments set status = 'published', available_from = now() - interval '1 second' where id = %(a)s",
        a=work,
    )
    assert sees(stage, "owner", work, picture) == (1, 1, 1)
    assert sees(stage, "stranger", work, picture) == (0, 0, 0)


def test_in_a_lesson_that_is_shut_it_is_shut_too(stage: Stage) -> None:
    work = assignment(stage, lesson=True)
    picture = with_picture(stage, work)
    assert sees(stage, "owner", work, picture) == (1, 1, 1)
    stage.owner("update public.lessons set unlock_date = now() + interval '1 day' where id = %(reading)s")
    assert sees(stage, "owner", work, picture) == (0, 0, 0)


def test_who_has_handed_in_keeps_what_he_has_read(stage: Stage) -> None:
    work = assignment(stage)
    hand_in(stage, work)
    stage.owner("update public.assignments set available_from = now() + interval '1 day' where id = %(a)s", a=work)
    assert stage.act("owner", READS, a=work).count == 1
    assert stage.act("learner", READS, a=work).count == 0


def test_its_name_and_its_dates_are_known_to_who_takes_the_course(stage: Stage) -> None:
    work = assignment(stage, "available_from = now() + interval '1 hour'")
    listed = "select title, available_from > now() from public.published_assignments(%(course)s) where id = %(a)s"
    for who, count in {"owner": 1, "learner": 1, "instructor": 1, "admin": 1, "stranger": 0, "manager": 0}.items():
        assert stage.act(who, listed, a=work).count == count, who
    assert stage.attempt("anon", listed, a=work).state == "42501"
    stage.owner("update public.assignments set status = 'draft' where id = %(a)s", a=work)
    assert stage.act("owner", listed, a=work).count == 0

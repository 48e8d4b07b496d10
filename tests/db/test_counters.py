"""Counters of lessons and modules: exact at every moment, whoever does what, and nobody waits for them."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import KEYS, Stage
from tests.db.invariants import INVARIANTS
from tests.support.database import Database

RULE = INVARIANTS["content_counts_equal_a_recount"].sql.replace("%", "%%")
LESSONS = ("welcome", "reading", "locked", "spare", "bare")


def lesson(stage: Stage, name: str) -> tuple[Any, ...]:
    return stage.owner(
        "select views_count, completion_count, avg_completion_rate from public.lesson_counters where lesson_id = %(id)s",
        id=KEYS[name],
    )[0]


def module(stage: Stage, name: str) -> int:
    return stage.value("select completion_count from public.module_counters where module_id = %(id)s", id=KEYS[name])


def complete(stage: Stage, enrollment: str, name: str) -> None:
    stage.owner("select private.complete_lesson(%(e)s, %(l)s)", e=KEYS[enrollment], l=KEYS[name])


def test_a_lesson_counts_who_opened_and_who_completed_it(stage: Stage) -> None:
    assert lesson(stage, "welcome") == (2, 0, 0)
    complete(stage, "enrollment", "welcome")
    assert lesson(stage, "welcome") == (2, 1, 50)
    complete(stage, "enrollment", "welcome")
    assert lesson(stage, "welcome") == (2, 1, 50)


def test_a_module_counts_who_completed_all_that_it_asks_for(stage: Stage) -> None:
    complete(stage, "enrollment", "welcome")
    assert module(stage, "first_module") == 0
    complete(stage, "enrollment", "reading")
    assert module(stage, "first_module") == 1
    complete(stage, "enrollment", "spare")
    assert module(stage, "second_module") == 0, "what is not asked for completes no module"


def test_two_lessons_in_one_statement_complete_a_module_once(stage: Stage) -> None:
    stage.owner(
        "insert into public.lesson_progress (enrollment_id, lesson_id, course_id, status, completed_at)"
        " select %(learner_enrollment)s, id, course_id, 'completed', now() from public.lessons"
        " where id in (%(reading)s, %(locked)s)"
    )
    stage.owner(
        "update public.lesson_progress set status = 'completed', completed_at = now()"
        " where enrollment_id = %(learner_enrollment)s"
    )
    assert (module(stage, "first_module"), module(stage, "second_module")) == (1, 1)


def test_whoever_goes_takes_his_counts_along(stage: Stage) -> None:
    for name in ("welcome", "reading"):
        complete(stage, "learner_enrollment", name)
    assert module(stage, "first_module") == 1
    stage.owner("delete from public.enrollments where id = %(learner_enrollment)s")
    assert module(stage, "first_module") == 0
    assert lesson(stage, "reading")[1] == 0


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ("update public.lessons set require_completion = false where id = %(reading)s", 1),
        ("update public.lessons set module_id = %(spare_module)s, lesson_order = 9 where id = %(reading)s", 1),
        (
            "insert into public.lessons (course_id, module_id, title, lesson_type, lesson_order)"
            " values (%(course)s, %(first_module)s, 'New', 'text', 9)",
            0,
        ),
    ],
    ids=["asks for less", "a lesson moves away", "asks for more"],
)
def test_a_module_that_changes_is_counted_anew(stage: Stage, change: str, after: int) -> None:
    complete(stage, "enrollment", "welcome")
    if after == 0:
        complete(stage, "enrollment", "reading")
        assert module(stage, "first_module") == 1
    stage.owner(change)
    assert module(stage, "first_module") == after
    assert stage.owner(RULE) == []


def test_folding_changes_nothing_that_is_seen(stage: Stage) -> None:
    for name in ("welcome", "reading"):
        complete(stage, "enrollment", name)
    before = [lesson(stage, name) for name in LESSONS], module(stage, "first_module")
    assert stage.value("select private.fold_content_counts()") > 0
    assert ([lesson(stage, name) for name in LESSONS], module(stage, "first_module")) == before
    assert stage.value("select count(*) from public.content_count_moves") == 0
    assert stage.value("select private.fold_content_counts()") == 0


def test_a_learner_moves_no_row_that_others_wait_for(stage: Stage) -> None:
    version = "select (select version from private.catalogue_version), (select xmin::text from public.lessons where id = %(reading)s)"
    before = stage.owner(version)
    complete(stage, "enrollment", "reading")
    assert stage.owner(version) == before


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("complete", "undo", "forget", "ask", "fold")),
            st.sampled_from(("enrollment", "learner_enrollment")),
            st.sampled_from(LESSONS),
        ),
        max_size=12,
    )
)
def test_whatever_happens_the_counts_equal_a_recount(stage: Stage, steps: list[tuple[str, str, str]]) -> None:
    with stage.undone():
        for step, enrollment, name in steps:
            row = {"e": KEYS[enrollment], "l": KEYS[name]}
            where = "where enrollment_id = %(e)s and lesson_id = %(l)s"
            if step == "complete":
                complete(stage, enrollment, name)
            elif step == "undo":
                stage.owner(
                    f"update public.lesson_progress set status = 'in_progress', completed_at = null {where}", **row
                )
            elif step == "forget":
                stage.owner(f"delete from public.lesson_progress {where}", **row)
            elif step == "ask":
                stage.owner(
                    "update public.lessons set require_completion = not require_completion where id = %(l)s", **row
                )
            else:
                stage.owner("select private.fold_content_counts()")
        assert stage.owner(RULE) == []


def test_many_at_once_with_the_fold_among_them(own_guild: Database) -> None:
    """Two people complete lessons while others fold: nothing is lost, nobody waits long."""
    failures: list[BaseException] = []

    def work(enrollment: str) -> None:
        try:
            with psycopg.connect(own_guild.dsn_owner, autocommit=True) as connection:
                for name in ("reading", "spare", "locked", "bare", "welcome"):
                    complete(Stage(connection), enrollment, name)
        except BaseException as error:
            failures.append(error)

    def fold() -> None:
        try:
            with psycopg.connect(own_guild.dsn_owner, autocommit=True) as connection:
                for _ in range(40):
                    connection.execute("select private.fold_content_counts()")
        except BaseException as error:
            failures.append(error)

    threads = [
        *(threading.Thread(target=work, args=[name]) for name in ("enrollment", "learner_enrollment")),
        *(threading.Thread(target=fold) for _ in range(2)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with psycopg.connect(own_guild.dsn_owner) as connection:
        stage = Stage(connection)
        assert stage.owner(RULE) == []
        assert module(stage, "first_module") == 2

"""Reviews: who may write, approve, vote and read; counters when many meet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access import found_guild
from collegium.access.stage import Stage, key
from tests.db.invariants import INVARIANTS, offending
from tests.db.test_concurrency import in_parallel
from tests.support.database import Database

WRITE = "select public.write_review(%(c)s, %(rating)s, %(title)s, %(text)s, %(liked)s)"
MODERATE = "select public.moderate_review(%(review)s, {})"
VOTE = "select public.vote_on_review(%(review)s, {})"
READ = "select author, rating, review_text, helpful_count, not_helpful_count, mine, my_vote from public.read_reviews(%(c)s)"


def write(stage: Stage, who: str, course: str = "course", **said: Any) -> str | None:
    """What came of a review: None when it was taken, else the code of the refusal."""
    said = {"rating": 5, "title": None, "text": "Good.", "liked": ["pacing"]} | said
    outcome = stage.attempt(who, WRITE, c=key(course), **said)
    return outcome.code or outcome.state


def rating(stage: Stage, course: str = "short") -> tuple[Any, ...]:
    found = "select avg_rating::float, total_reviews from public.courses where id = %(c)s"
    return stage.owner(found, c=key(course))[0]


# Writing ----------------------------------------------------------------------------------------------------------


def test_learners_review_once_and_wait_for_approval(stage: Stage) -> None:
    assert write(stage, "owner") is None
    assert not stage.act("anon", READ, c=key("course")).rows
    assert write(stage, "owner", rating=3) is None
    mine = "select rating, is_approved from public.course_reviews where course_id = %(course)s"
    assert stage.act("owner", mine).rows == [(3, False)]
    assert rating(stage, "course") == (None, 0)


@pytest.mark.parametrize("who", ["stranger", "other_instructor", "manager", "admin"])
def test_who_does_not_take_a_course_cannot_review_it(stage: Stage, who: str) -> None:
    assert write(stage, who) == "not_enrolled"


def test_nor_who_left_it_before_the_end(stage: Stage) -> None:
    stage.act("owner", "select public.drop_enrollment(%(enrollment)s)")
    assert write(stage, "owner") == "not_enrolled"
    stage.owner("update public.enrollments set status = 'archived' where id = %(short_enrollment)s")
    assert write(stage, "owner", "short") is None, "completed long ago"


def test_an_instructor_does_not_praise_himself(stage: Stage) -> None:
    stage.owner(
        "insert into public.enrollments (course_id, member_id, enrollment_source)"
        " values (%(course)s, %(instructor)s, 'admin_assignment')"
    )
    assert write(stage, "instructor") == "own_course"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"rating": 0}, "rating_needed"),
        ({"rating": 6}, "rating_needed"),
        ({"rating": None}, "rating_needed"),
        ({"title": "x" * 201}, "too_long"),
        ({"text": "x" * 5001}, "too_long"),
        ({"liked": ["<b>"]}, "no_such_aspect"),
        ({"liked": ["a"] * 21}, "no_such_aspect"),
        ({"liked": [None]}, "no_such_aspect"),
        ({"liked": None, "text": " \n"}, None),
    ],
    ids=["no star", "six stars", "none", "long title", "long text", "markup", "many", "null", "stars alone"],
)
def test_what_a_review_may_say(stage: Stage, said: dict[str, Any], code: str | None) -> None:
    assert write(stage, "owner", **said) == code


def test_a_changed_review_waits_again_and_no_longer_counts(stage: Stage) -> None:
    assert rating(stage) == (4.0, 1)
    same = {"course": "short", "rating": 4, "title": "Short", "text": "And clear.", "liked": []}
    assert write(stage, "owner", **same) is None
    assert rating(stage) == (4.0, 1), "nothing changed"
    assert write(stage, "owner", **(same | {"text": "Buy my book."})) is None
    assert rating(stage) == (None, 0)
    assert not stage.act("anon", READ, c=key("short")).rows
    state = "select is_approved, moderated_by, moderated_at from public.course_reviews where id = %(review)s"
    assert stage.owner(state) == [(False, None, None)]


# Approving --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "stranger", "instructor", "other_instructor", "manager"])
def test_only_administrators_approve_so_no_instructor_hides_criticism(stage: Stage, who: str) -> None:
    for call in ("true", "false"):
        assert stage.attempt(who, MODERATE.format(call)).code == "admins_only"
    assert stage.attempt("instructor", "delete from public.course_reviews").count == 0


def test_an_administrator_turns_down_approves_and_features(stage: Stage) -> None:
    stage.act("admin", MODERATE.format("false"))
    assert rating(stage) == (None, 0)
    stage.act("admin", MODERATE.format("true, true"))
    assert rating(stage) == (4.0, 1)
    row = "select is_featured, moderated_by, moderated_at is not null from public.course_reviews where id = %(review)s"
    assert stage.owner(row) == [(True, key("admin"), True)]
    assert stage.attempt("admin", MODERATE.format("false, true")).code == "approve_first"
    assert stage.attempt("admin", "select public.moderate_review(%(new)s, true)").code == "no_such_review"


def test_a_review_or_vote_moves_no_page_of_the_catalogue(stage: Stage) -> None:
    before = stage.value("select private.current_catalogue_version()")
    stage.act("admin", MODERATE.format("false"))
    stage.act("admin", MODERATE.format("true"))
    stage.act("stranger", VOTE.format("true"))
    assert stage.value("select private.current_catalogue_version()") == before


# Voting and reading -----------------------------------------------------------------------------------------------


def votes(stage: Stage) -> tuple[int, int]:
    row = stage.owner("select helpful_count, not_helpful_count from public.course_reviews where id = %(review)s")[0]
    return row[0], row[1]


def test_one_vote_a_person(stage: Stage) -> None:
    for vote, counted in (("true", (2, 0)), ("true", (2, 0)), ("false", (1, 1)), ("null", (1, 0)), ("null", (1, 0))):
        stamped = stage.value("select updated_at from public.course_reviews where id = %(review)s")
        stage.act("stranger", VOTE.format(vote))
        assert votes(stage) == counted
        assert stage.value("select updated_at from public.course_reviews where id = %(review)s") == stamped


def test_who_may_not_vote(stage: Stage) -> None:
    assert stage.attempt("owner", VOTE.format("true")).code == "own_review"
    assert stage.attempt("anon", VOTE.format("true")).state == "42501"
    waiting = "select public.vote_on_review(%(waiting_review)s, true)"
    assert stage.attempt("owner", waiting).code == "no_such_review"
    stage.owner("update public.courses set status = 'archived' where id = %(short)s")
    assert stage.attempt("stranger", VOTE.format("true")).code == "no_such_review"
    stage.act("admin", VOTE.format("true"))


def test_visitors_read_names_and_no_identities(stage: Stage) -> None:
    assert stage.act("anon", READ, c=key("short")).rows == [("Owner G.", 4, "And clear.", 1, 0, False, None)]
    assert stage.act("learner", READ, c=key("short")).rows[0][-2:] == (False, True)
    assert stage.act("owner", READ, c=key("short")).rows[0][-2:] == (True, None)
    told = stage.act("anon", "select to_jsonb(r)::text from public.read_reviews(%(short)s) r").rows[0][0]
    assert str(key("owner")) not in told
    stage.owner("update public.profiles set first_name = '', last_name = '' where id = %(owner)s")
    assert stage.act("anon", READ, c=key("short")).rows[0][0] == "Somebody"


def test_reviews_of_a_hidden_course_are_hidden(stage: Stage) -> None:
    stage.owner("update public.courses set status = 'archived' where id = %(short)s")
    assert not stage.act("anon", READ, c=key("short")).rows
    assert not stage.act("stranger", READ, c=key("short")).rows
    assert stage.act("owner", READ, c=key("short")).rows
    assert stage.act("instructor", READ, c=key("short")).rows


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(("write", "approve", "refuse", "vote", "remove")), st.integers(1, 5)), max_size=8
    )
)
def test_ratings_and_votes_are_what_a_recount_says(stage: Stage, steps: list[tuple[str, int]]) -> None:
    with stage.undone():
        for step, number in steps:
            if step == "write":
                write(stage, "owner", "short", rating=number)
            elif step == "vote":
                stage.attempt("stranger", VOTE.format("null" if number == 1 else number > 3))
            elif step == "remove":
                stage.act("owner", "delete from public.course_reviews where member_id = %(owner)s")
                write(stage, "owner", "short", rating=number)
                stage.owner(
                    "update public.course_reviews set id = %(review)s where member_id = %(owner)s"
                    " and course_id = %(short)s"
                )
            else:
                stage.attempt("admin", MODERATE.format(str(step == "approve").lower()))
        for name in ("ratings_equal_a_recount", "votes_equal_a_recount"):
            assert not stage.owner(INVARIANTS[name].sql)


# Many at once -----------------------------------------------------------------------------------------------------


async def test_many_vote_and_review_at_once(database: Database) -> None:
    with psycopg.connect(database.dsn_owner) as connection:
        found_guild(connection)
        connection.execute("delete from auth.users where id = %s", [key("nobody")])
    async with database.connect() as owner:
        rows = await owner.fetch(
            "insert into auth.users (email) select 'p' || n || '@guild.test' from generate_series(1, 60) n returning id"
        )
        people: list[UUID] = [row["id"] for row in rows]
        await owner.execute(
            "insert into public.enrollments (course_id, member_id) select $1, unnest($2::uuid[])", key("short"), people
        )
    review = "select public.write_review($1, 1 + (random() * 4)::integer)"
    vote = "select public.vote_on_review($1, random() < 0.5)"
    judge = (
        "select public.moderate_review(r.id, random() < 0.8) from (select id from public.course_reviews"
        " where course_id = $1 order by random() limit 1) r"
    )
    work: list[tuple[UUID, str, UUID]] = []
    for number, person in enumerate(people):
        work += [(person, vote, key("review")), (person, review, key("short")), (person, vote, key("review"))]
        if number % 2:
            work.append((key("admin"), judge, key("short")))
    answers = await in_parallel(database, 8, work)
    # While it waits to be approved again, nobody votes on it.
    assert set(answers) <= {"done", "no_such_review"}, answers
    assert answers["done"] > 60
    assert await offending(database) == {}

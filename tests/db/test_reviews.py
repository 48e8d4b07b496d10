"""Reviews: who may write, approve, vote and read; counters when many meet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.access.stage import Stage, key
from tests.db.invariants import INVARIANTS, offending
from tests.db.test_concurrency import in_parallel
from tests.support.database import Database

WRITE = "select public.write_review(%(c)s, %(rating)s, %(title)s, %(text)s, %(liked)s)"
MODERATE = "select public.moderate_review(%(review)s, {})"
DOWN = MODERATE.format("false, false, 'Off the subject.'")
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


# A share of the course -------------------------------------------------------------------------------------------


def test_a_review_comes_after_a_share_of_the_course(stage: Stage) -> None:
    stage.owner("update public.courses set review_after_percent = 40 where id = %(course)s")
    early = stage.attempt("owner", WRITE, c=key("course"), rating=5, title=None, text="Good.", liked=[])
    assert (early.state, early.code) == ("CG409", "review_too_early")
    assert "when you have done 40 percent of it. So far you have done 0 percent" in early.words
    mine = "select id, enrolled, teaches, done, needed from public.my_review(%(course)s)"
    assert stage.act("owner", mine).rows == [(None, True, False, 0, 40)]
    stage.owner("select private.complete_lesson(%(enrollment)s, id) from unnest(%(l)s) as l (id)",
                l=[key("welcome"), key("reading")])  # fmt: skip
    ((_, _, _, done, _),) = stage.act("owner", mine).rows
    assert done >= 40
    assert write(stage, "owner") is None
    stage.owner("update public.courses set review_after_percent = 100 where id = %(course)s")
    assert write(stage, "owner", rating=1) is None, "what was said may be changed"


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_share_is_a_share(stage: Stage, percent: int) -> None:
    change = "update public.courses set review_after_percent = %(p)s where id = %(course)s"
    assert stage.attempt("instructor", change, p=percent).state == "23514"
    assert stage.attempt("owner", change, p=50).count == 0
    assert stage.act("instructor", change, p=50).count == 1


def test_what_somebody_is_told_of_his_own_review(stage: Stage) -> None:
    mine = "select rating, is_approved, enrolled, teaches from public.my_review(%(course)s)"
    assert stage.act("learner", mine).rows == [(2, False, True, False)]
    assert stage.act("stranger", mine).rows == [(None, None, False, False)]
    assert stage.act("instructor", mine).rows == [(None, None, False, True)]
    assert stage.attempt("anon", mine).state == "42501"


# Approving --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "stranger", "other_instructor", "manager"])
def test_only_the_team_and_administrators_decide(stage: Stage, who: str) -> None:
    for call in (MODERATE.format("true"), DOWN):
        assert stage.attempt(who, call).code == "moderators_only"
    assert stage.attempt(who, "select public.moderate_review(%(new)s, true)").code == "moderators_only"


DECIDE = "select public.moderate_review(%(waiting_review)s, {})"
STATE = (
    "select is_approved, is_featured, moderation_reason, moderated_by from public.course_reviews"
    " where id = %(waiting_review)s"
)


def test_an_instructor_decides_about_what_waits_and_says_why(stage: Stage) -> None:
    for wrong in ("false", "false, false, ' '", "false, false, repeat('x', 501)"):
        assert stage.attempt("instructor", DECIDE.format(wrong)).code == "reason_needed"
    stage.act("instructor", DECIDE.format("false, false, ' Names a client. '"))
    assert stage.owner(STATE) == [(False, False, "Names a client.", key("instructor"))]
    told = (
        "select kind, body, link from public.notifications where member_id = %(learner)s and kind like 'review%%'"
        " order by id desc limit 1"
    )
    ((kind, body, link),) = stage.owner(told)
    assert (kind, body, link.endswith("/reviews")) == ("review_turned_down", "Names a client.", True)
    stage.act("instructor", DECIDE.format("true"))
    assert stage.owner(STATE) == [(True, False, None, key("instructor"))]
    stage.act("instructor", DECIDE.format("true, true"))
    assert stage.owner(STATE) == [(True, True, None, key("instructor"))]
    assert stage.owner(told)[0][0] == "review_published"


def test_no_instructor_takes_criticism_down_nor_overrules_an_administrator(stage: Stage) -> None:
    assert stage.attempt("instructor", "delete from public.course_reviews").count == 0
    stage.act("instructor", DECIDE.format("true"))
    down = DECIDE.format("false, false, 'I do not like it.'")
    assert stage.attempt("instructor", down).code == "office_decides"
    stage.act("admin", down)
    assert stage.attempt("instructor", DECIDE.format("true")).code == "office_decides"
    stage.act("admin", DECIDE.format("true"))
    assert stage.attempt("instructor", down).code == "office_decides"
    stage.act("instructor", DECIDE.format("true, true"))
    assert stage.owner(STATE) == [(True, True, None, key("admin"))]


def test_an_administrator_turns_down_approves_and_features(stage: Stage) -> None:
    stage.act("admin", DOWN)
    assert rating(stage) == (None, 0)
    stage.act("admin", MODERATE.format("true, true"))
    assert rating(stage) == (4.0, 1)
    row = "select is_featured, moderated_by, moderated_at is not null from public.course_reviews where id = %(review)s"
    assert stage.owner(row) == [(True, key("admin"), True)]
    assert stage.attempt("admin", MODERATE.format("false, true")).code == "approve_first"
    assert stage.attempt("admin", "select public.moderate_review(%(new)s, true)").code == "no_such_review"


def test_a_review_or_vote_moves_no_page_of_the_catalogue(stage: Stage) -> None:
    before = stage.value("select private.current_catalogue_version()")
    stage.act("admin", DOWN)
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
                stage.attempt("admin", MODERATE.format("true") if step == "approve" else DOWN)
        for name in ("ratings_equal_a_recount", "votes_equal_a_recount"):
            assert not stage.owner(INVARIANTS[name].sql)


# Pages ------------------------------------------------------------------------------------------------------------

PAGE = (
    "select id, is_featured, helpful_count, rating, created_at from public.read_reviews(%(c)s, %(n)s, %(sort)s, %(stars)s,"
    " %(featured)s, %(helpful)s, %(rating)s, %(at)s, %(id)s)"
)
NOWHERE = {"featured": None, "helpful": None, "rating": None, "at": None, "id": None}


def many(stage: Stage) -> None:
    """Sixty approved reviews of the short course, in which everything that pages are ordered by repeats."""
    stage.owner(
        "insert into auth.users (email) select 'r' || n || '@guild.test' from generate_series(1, 60) n;"
        "insert into public.enrollments (course_id, member_id, enrollment_source)"
        " select %(short)s, id, 'admin_assignment' from auth.users where email ~ '^r[0-9]+@';"
        "insert into public.course_reviews (course_id, member_id, enrollment_id, rating, is_approved, is_featured, moderated_at,"
        " helpful_count, created_at) select %(short)s, e.member_id, e.id, 1 + n %% 5, n %% 7 > 0, n %% 7 = 3, now(), n %% 4,"
        " date_trunc('day', now()) - make_interval(hours => (n / 3)::integer)"
        " from (select e.*, row_number() over (order by e.id) as n from public.enrollments e join auth.users u on u.id = e.member_id"
        "       where u.email ~ '^r[0-9]+@') e"
    )


@pytest.mark.parametrize("sort", ["helpful", "newest", "highest", "lowest"])
@pytest.mark.parametrize("stars", [None, 2], ids=["all", "two stars"])
def test_pages_follow_each_other_without_a_gap(stage: Stage, sort: str, stars: int | None) -> None:
    many(stage)
    whole = stage.act("anon", PAGE, c=key("short"), n=100, sort=sort, stars=stars, **NOWHERE).rows
    assert len(whole) == stage.value(
        "select count(*) from public.course_reviews where course_id = %(short)s and is_approved"
        " and (%(stars)s is null or rating = %(stars)s)", stars=stars,
    )  # fmt: skip
    expected = {
        "helpful": lambda row: (-row[1], -row[2], row[0].bytes),
        "newest": lambda row: (-row[4].timestamp(), -row[0].int),
        "highest": lambda row: (-row[3], -row[4].timestamp(), -row[0].int),
        "lowest": lambda row: (row[3], row[4].timestamp(), row[0].int),
    }[sort]
    assert whole == sorted(whole, key=expected)
    read: list[Any] = []
    place: dict[str, Any] = NOWHERE
    while page := stage.act("anon", PAGE, c=key("short"), n=7, sort=sort, stars=stars, **place).rows:
        read += page
        place = dict(zip(("id", "featured", "helpful", "rating", "at"), page[-1], strict=True))
    assert read == whole


def test_the_stars_are_counted(stage: Stage) -> None:
    many(stage)
    counted = dict(stage.act("anon", "select * from public.count_ratings(%(short)s)").rows)
    assert sum(counted.values()) == stage.value("select total_reviews from public.courses where id = %(short)s")
    assert list(counted) == sorted(counted, reverse=True)
    stage.owner("update public.courses set status = 'archived' where id = %(short)s")
    assert not stage.act("stranger", "select * from public.count_ratings(%(short)s)").rows


QUEUE = "select id from public.list_reviews_to_moderate(%(c)s, %(state)s)"


def queue(stage: Stage, who: str, state: str, course: str | None = None) -> set[Any]:
    return {row[0] for row in stage.act(who, QUEUE, c=course and key(course), state=state).rows}


def test_who_sees_which_reviews_to_decide_about(stage: Stage) -> None:
    waiting, approved = key("waiting_review"), key("review")
    for who in ("owner", "learner", "stranger", "other_instructor", "manager"):
        assert not queue(stage, who, "waiting") | queue(stage, who, "approved") | queue(stage, who, "turned_down"), who
    for who in ("instructor", "admin"):
        assert queue(stage, who, "waiting") == {waiting}
        assert queue(stage, who, "waiting", "course") == {waiting}
        assert approved in queue(stage, who, "approved")
        assert not queue(stage, who, "approved", "course")
        assert not queue(stage, who, "nonsense")
    stage.act("instructor", DECIDE.format("false, false, 'x'"))
    assert queue(stage, "admin", "turned_down") == {waiting}
    assert stage.attempt("anon", QUEUE, c=None, state="waiting").state == "42501"


# Many at once -----------------------------------------------------------------------------------------------------


async def test_many_vote_and_review_at_once(own_guild: Database) -> None:
    async with own_guild.connect() as owner:
        await owner.execute("delete from auth.users where id = $1", key("nobody"))
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
        "select public.moderate_review(r.id, random() < 0.8, false, 'Off the subject.') from (select id from public.course_reviews"
        " where course_id = $1 order by random() limit 1) r"
    )
    work: list[tuple[UUID, str, UUID]] = []
    for number, person in enumerate(people):
        work += [(person, vote, key("review")), (person, review, key("short")), (person, vote, key("review"))]
        if number % 2:
            work.append((key("admin"), judge, key("short")))
    answers = await in_parallel(own_guild, 8, work)
    # While it waits to be approved again, nobody votes on it.
    assert set(answers) <= {"done", "no_such_review"}, answers
    assert answers["done"] > 60
    assert await offending(own_guild) == {}

"""The mistakes of the source documents, seen where they are made: on the documents' own SQL.

Each test has the name of the one that holds this schema to the opposite, with `_on_the_seed`; docs/reference/seeds.md
lists both. They say that those tests are about something: what they forbid does happen there.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from collegium.kit import embedded, migrations
from tests.support import seeds
from tests.support.database import Database, run
from tests.support.seed_builders import Seed, build_l, build_s, grant_as_supabase_does

pytestmark = seeds.needs_seeds
Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def made(database_server: embedded.Server) -> Iterator[dict[str, str]]:
    """A database for each document whose SQL is tried, made of it as it stands."""
    builders: dict[str, Any] = {"N": seeds.build_n, "L": build_l, "S": build_s}
    names = {document: f"seed_{document.lower()}_{secrets.token_hex(4)}" for document in builders}
    for document, build in builders.items():
        run(migrations.ensure_database(database_server, names[document]))
        with psycopg.connect(Database(database_server, names[document]).dsn_super) as connection:
            refused = build(connection)
            assert not refused, refused
            grant_as_supabase_does(connection)
    yield {document: Database(database_server, name).dsn_super for document, name in names.items()}
    for name in names.values():
        run(migrations.drop(database_server, name))


def standing(dsn: str) -> Iterator[Seed]:
    with psycopg.connect(dsn) as connection, connection.transaction(force_rollback=True):
        yield Seed(connection)


@pytest.fixture
def n(made: dict[str, str]) -> Iterator[Seed]:
    """N, with two members who take a paid course of two videos, of which there is a quiz."""
    for seed in standing(made["N"]):
        found_n(seed)
        yield seed


@pytest.fixture
def the_l(made: dict[str, str]) -> Iterator[Seed]:
    yield from standing(made["L"])


@pytest.fixture
def the_s(made: dict[str, str]) -> Iterator[Seed]:
    yield from standing(made["S"])


def found_n(seed: Seed) -> None:
    seed.all(
        "insert into members (id, first_name, last_name) values (%(one)s, 'One', 'Guild'), (%(two)s, 'Two', 'Guild');"
        "insert into courses (id, title, slug, description, category, pricing_type, price, status) values"
        " (%(course)s, 'Paid', 'paid', 'Paid', 'leadership', 'paid', 199, 'published');"
        "insert into course_modules (id, course_id, title, module_order) values (%(module)s, %(course)s, 'First', 1);"
        "insert into lessons (id, module_id, title, lesson_type, lesson_order, video_duration_seconds) values"
        " (%(lesson)s, %(module)s, 'A video', 'video', 1, 100);"
        "insert into quizzes (id, course_id, title) values (%(quiz)s, %(course)s, 'Exam');"
        "insert into quiz_questions (id, quiz_id, question_text, question_type, question_order, answer_options)"
        " values (%(question)s, %(quiz)s, 'Which?', 'multiple_choice', 1, '[{\"id\": \"a\", \"is_correct\": true}]');"
    )


ENROL = "insert into enrollments (id, course_id, member_id) values (%({})s, %(course)s, %({})s)"
COMPLETE = "update enrollments set status = 'completed' where member_id = auth.uid() returning certificate_number"
START = (
    "insert into quiz_attempts (id, quiz_id, enrollment_id, member_id, attempt_number)"
    " values (%(attempt)s, %(quiz)s, %(one)s, %(one)s, 1)"
)
ANSWER = (
    "insert into quiz_answers (quiz_attempt_id, question_id, answer_data, points_earned)"
    " values (%(attempt)s, %(question)s, '{}', %(points)s)"
)
SUBMIT = "update quiz_attempts set status = 'submitted' where id = %(attempt)s returning status, score"


def enrol(seed: Seed, *members: str) -> None:
    for member in members:
        seed.act(member, ENROL.format(member, member))


def test_n_a_member_enrols_in_a_paid_course_and_completes_it_by_update_on_the_seed(n: Seed) -> None:
    enrol(n, "one")
    assert n.value("select transaction_id is null and amount_paid = 0 from enrollments")
    assert n.act("one", COMPLETE)[0][0].startswith("CERT-")


def test_n_two_completions_in_one_second_break_the_second_on_the_seed(n: Seed) -> None:
    enrol(n, "one", "two")
    n.act("one", COMPLETE)
    assert n.refusal("two", COMPLETE) == "23505"


def test_n_anyone_lists_every_holders_name_on_the_seed(n: Seed) -> None:
    enrol(n, "one", "two")
    n.act("one", COMPLETE)
    assert n.act("anon", "select member_name from public_certificate_verification") == [("One Guild",)]


def test_n_null_cohorts_repeat_on_the_seed(n: Seed) -> None:
    enrol(n, "one")
    again = "insert into enrollments (course_id, member_id, cohort_name) values (%(course)s, %(one)s, null)"
    n.act("one", again)
    assert n.value("select count(*) from enrollments where member_id = %(one)s") == 2


def test_n_progress_recounts_the_course_and_locks_it_on_the_seed(n: Seed) -> None:
    enrol(n, "one")
    progress = "insert into lesson_progress (enrollment_id, lesson_id) values (%(one)s, %(lesson)s)"
    few = touched(n, progress)
    before = n.value("select xmin::text || cmin::text from courses")
    n.all(progress)
    assert n.value("select xmin::text || cmin::text from courses") != before, "the course's row is written each time"
    n.all("delete from lesson_progress")
    n.all("insert into members (first_name) select 'p' from generate_series(1, 2000)")
    n.all("alter table enrollments disable trigger trigger_update_course_analytics")
    n.all("insert into enrollments (course_id, member_id) select %(course)s, id from members where first_name = 'p'")
    n.all("alter table enrollments enable trigger trigger_update_course_analytics")
    n.all("analyze")
    many = touched(n, progress)
    assert many > few + 100, f"{few} pages with one person, {many} with two thousand"


def touched(seed: Seed, statement: str) -> int:
    """How many pages of the database a statement looks at, with all that its triggers do; it is undone."""
    with seed.connection.transaction(force_rollback=True):
        # Triggers of a statement of its own would not be counted.
        seed.all(f"create function pg_temp.act() returns void language sql as $f$ {statement} $f$")
        with seed.connection.transaction(force_rollback=True):
            seed.all("select pg_temp.act()")  # Plans are made once.
        plan = seed.value("explain (analyze, buffers, format json) select pg_temp.act()")
        return plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]


def submit(n: Seed) -> tuple[Any, ...]:
    # The member may not: the row that the trigger makes `graded` is outside N's own policy. The service hands it in.
    assert n.refusal("one", SUBMIT) == "42501"
    return n.all(SUBMIT)[0]


def test_n_quiz_totals_are_taken_from_points_that_the_learner_writes_on_the_seed(n: Seed) -> None:
    enrol(n, "one")
    keys = n.act("one", "select answer_options -> 0 ->> 'is_correct' from quiz_questions")
    assert keys == [("true",)], "the key is there to be read"
    n.act("one", START)
    n.act("one", ANSWER, points=1)
    assert submit(n)[1] == 100


def test_n_an_attempt_with_an_essay_is_graded_on_submission_on_the_seed(n: Seed) -> None:
    enrol(n, "one")
    n.all("update quiz_questions set question_type = 'essay', answer_options = '[]'")
    n.act("one", START)
    n.act("one", ANSWER, points=0)
    assert submit(n)[0] == "graded"


def statements(words: str) -> list[str]:
    """The statements of the block of N that has these words."""
    return [part for part in re.sub(r"--[^\n]*", "", seeds.block("N", words)).split(";") if part.strip()]


def old_attempt(n: Seed, status: str) -> None:
    enrol(n, "one")
    n.act("one", START)
    n.all("alter table quiz_attempts disable trigger user")
    n.all(
        "update quiz_attempts set status = %(status)s, started_at = now() - interval '3 years',"
        " submitted_at = now() - interval '3 years'",
        status=status,
    )


def test_n_maintenance_sets_a_state_that_the_check_forbids_on_the_seed(n: Seed) -> None:
    old_attempt(n, "graded")
    (archive,) = (one for one in statements("SET status = 'archived'") if "'archived'" in one)
    assert n.refusal("postgres", archive) == "23514"


def test_n_abandoned_attempts_expire_and_are_kept_on_the_seed(n: Seed) -> None:
    old_attempt(n, "in_progress")
    (clean,) = (one for one in statements("DELETE FROM quiz_attempts") if "DELETE" in one)
    n.all(clean)
    assert n.value("select count(*) from quiz_attempts") == 0


def test_n_the_kpi_query_mixes_types_in_a_union_and_fails_on_the_seed(n: Seed) -> None:
    assert n.refusal("postgres", statements("'Total Active Enrollments'")[0]) == "42804"


def test_n_the_slow_query_query_names_columns_that_do_not_exist_on_the_seed(n: Seed) -> None:
    _, usage = statements("pg_stat_user_indexes")
    assert n.refusal("postgres", usage) == "42703"


def test_n_partitions_enrollments_by_a_column_that_its_keys_lack_on_the_seed(n: Seed) -> None:
    assert n.refusal("postgres", statements("PARTITION BY RANGE (created_at)")[0]) == "0A000"


def test_n_dragging_the_slider_to_the_end_completes_a_video_on_the_seed(n: Seed) -> None:
    code = seeds.text("N")
    assert "completionPercentage = (position / duration) * 100" in code
    assert "video_watched_seconds: Math.floor(position)" in code
    assert "status: completionPercentage >= 90 ? 'completed'" in code
    enrol(n, "one")
    # What that code sends for position = duration, nothing having been played.
    n.act(
        "one",
        "insert into lesson_progress (enrollment_id, lesson_id, video_position_seconds, video_watched_seconds,"
        " video_completion_percentage, status) values (%(one)s, %(lesson)s, 100, 100, 100, 'completed')",
    )
    assert n.value("select progress_percentage from enrollments") == 100


# Its SCORM player is no SQL: what its code says, done to a package

MANIFEST = """<manifest>
<organizations default="two">
  <organization identifier="one"><item identifierref="notes"/></organization>
  <organization identifier="two"><item identifierref="lesson"/></organization>
</organizations>
<resources>
  <resource identifier="notes" type="webcontent" scormtype="asset" href="notes.html"/>
  <resource identifier="lesson" type="webcontent" scormtype="sco" href="lesson.html"/>
</resources>
</manifest>"""


def test_n_the_first_resource_is_launched_on_the_seed() -> None:
    selector = re.search(r"querySelector\('resource\[type=\"(\w+)\"\]'\)", seeds.text("N"))
    assert selector
    launched = ElementTree.fromstring(MANIFEST).find(f".//resource[@type='{selector[1]}']")  # noqa: S314
    assert launched is not None
    assert launched.get("href") == "notes.html", "an asset, and of an organisation that is not the default one"


def test_n_commit_answers_true_whatever_happened_on_the_seed() -> None:
    methods = dict(re.findall(r"^  (\w+)\([^)]*\) \{\n(.*?)^  \}", seeds.text("N"), re.DOTALL | re.MULTILINE))
    assert re.sub(r"//[^\n]*|\s", "", methods["Commit"]) == "return'true';"
    assert "await" not in methods["SetValue"], "what it sends may fail after it has answered"
    assert re.sub(r"\s", "", methods["SetValue"]).endswith("return'true';")


def test_n_package_files_share_the_pages_origin_on_the_seed() -> None:
    code = seeds.text("N")
    assert "content_url: baseFolder + launchFile" in code
    # The package finds it by walking up its windows, which only pages of one origin may do.
    assert "window.API = new ScormApiWrapper()" in code
    assert "postMessage" not in code
    assert "sandbox" not in code


# L


def people_of_l(seed: Seed) -> None:
    seed.all(
        "insert into profiles (id, email, role) values (%(one)s, 'one@guild.test', 'student'),"
        " (%(two)s, 'two@guild.test', 'student'), (%(teacher)s, 'teacher@guild.test', 'instructor')"
    )


def test_l_a_policy_on_profiles_reads_profiles_and_never_ends_on_the_seed(the_l: Seed) -> None:
    people_of_l(the_l)
    assert the_l.refusal("one", "select * from profiles") == "42P17"


def test_l_an_instructor_reads_every_students_profile_on_the_seed(the_l: Seed) -> None:
    people_of_l(the_l)
    policy = re.search(
        r'"Instructors can view student profiles" ON profiles\s+FOR SELECT USING (\(.*?\n  \));',
        seeds.text("L"),
        re.DOTALL,
    )
    assert policy
    # The condition itself, asked past the loop that it makes as a policy: nobody is anybody's student here.
    the_l.all("select set_config('seed.user', %(teacher)s::text, true)")
    assert the_l.value(f"select count(*) from profiles where {policy[1]}") == 3


def test_l_n_policies_on_courses_and_enrollments_read_each_other_on_the_seed(the_l: Seed) -> None:
    (policy,) = (one for one in statements("Instructors view own course enrollments") if "own course enroll" in one)
    the_l.all(f"alter table enrollments enable row level security; {policy}")
    for table in ("courses", "enrollments"):
        assert the_l.refusal("one", f"select * from {table}") == "42P17"


# S


def test_s_update_of_order_index_one_row_at_a_time_breaks_unique_on_the_seed(the_s: Seed) -> None:
    the_s.all("insert into sessions (id, name, user_id) values (%(session)s, 'Mine', %(one)s)")
    the_s.all(
        "insert into modules (id, session_id, name, order_index) values (%(module)s, %(session)s, 'First', 1),"
        " (%(lesson)s, %(session)s, 'Second', 2)"
    )
    update = re.sub(r":(\w+)", r"%(\1)s", seeds.block("S", "SET order_index"))
    swap = {"session_id": Seed.key("session"), "module_id": Seed.key("module"), "new_index": 2}
    assert the_s.refusal("one", update, **swap) == "23505"
    assert the_s.refusal("one", "update modules set order_index = 3 - order_index") == "23505", "nor in one statement"

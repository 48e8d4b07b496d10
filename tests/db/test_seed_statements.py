"""The statements of the source documents, each on the guild as whom it is meant for.

SAID has them word for word (a test compares it with the documents where they are at hand). Where a rule refuses one, the
refusal is asserted, with the form that works and a line of why.
"""

from __future__ import annotations

import re

import psycopg
import pytest

from collegium.access.stage import Outcome, Stage, key
from tests.support import seeds
from tests.support.database import Database

NO_RIGHT = "42501"
SAID: dict[str, str] = {
    "S my sessions": "SELECT * FROM sessions WHERE user_id = auth.uid() ORDER BY created_at DESC",
    "S modules with videos": (
        "SELECT m.*, json_agg(v.*) as videos FROM modules m LEFT JOIN videos v ON v.module_id = m.id"
        " WHERE m.session_id = :session_id GROUP BY m.id ORDER BY m.order_index"
    ),
    "S module order": "UPDATE modules SET order_index = :new_index WHERE id = :module_id AND session_id = :session_id",
    "N purchase": (
        "INSERT INTO transactions ( member_id, transaction_type, amount, description, status ) VALUES ( 'member-uuid',"
        " 'course_purchase', 199.00, 'Insurance Fundamentals Course', 'completed' )"
    ),
    "N enrollment": (
        "INSERT INTO enrollments ( course_id, member_id, transaction_id, amount_paid ) VALUES ( 'course-uuid',"
        " 'member-uuid', 'transaction-uuid', 199.00 )"
    ),
    "N sample course": (
        "WITH new_course AS ( INSERT INTO courses ( title, slug, description, short_description, category,"
        " difficulty_level, ce_credits, pricing_type, price, member_price, delivery_format, estimated_duration_minutes,"
        " status, published_at ) VALUES ( 'Health Insurance Fundamentals', 'health-insurance-fundamentals',"
        " 'Comprehensive introduction to health insurance products, regulations, and sales strategies for insurance"
        " professionals.', 'Master health insurance fundamentals and regulations', 'health_benefits', 'beginner', 10.00,"
        " 'paid', 299.00, 199.00, 'self_paced', 600, 'published', now() ) RETURNING id )"
        " INSERT INTO course_modules (course_id, title, description, module_order, estimated_duration_minutes)"
        " SELECT id, unnest(ARRAY['Introduction to Health Insurance', 'Regulatory Landscape', 'Product Types',"
        " 'Sales Strategies']), unnest(ARRAY[ 'Overview of health insurance industry and terminology',"
        " 'Understanding ACA, HIPAA, and state regulations', 'Individual, group, Medicare, and Medicaid plans',"
        " 'Needs analysis and closing techniques' ]), unnest(ARRAY[1, 2, 3, 4]), unnest(ARRAY[120, 150, 180, 150])"
        " FROM new_course"
    ),
    "N tables": (
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public'"
        " AND table_name LIKE 'course%' OR table_name LIKE '%quiz%' ORDER BY table_name"
    ),
    "N health": (
        "SELECT 'Total Active Enrollments' AS metric, COUNT(*) AS value FROM enrollments"
        " WHERE status IN ('enrolled', 'in_progress') UNION ALL SELECT 'Avg Course Completion Rate',"
        " ROUND(AVG(completion_rate), 2) FROM courses WHERE status = 'published' UNION ALL"
        " SELECT 'Certificates Issued (30d)', COUNT(*)::text FROM enrollments"
        " WHERE certificate_issued_at >= NOW() - INTERVAL '30 days' UNION ALL SELECT 'Avg Video Completion %',"
        " ROUND(AVG(video_completion_percentage), 2)::text FROM lesson_progress"
        " WHERE lesson_id IN ( SELECT id FROM lessons WHERE lesson_type = 'video' )"
    ),
    "N slow queries": (
        "SELECT schemaname, tablename, attname, n_distinct, most_common_vals FROM pg_stats WHERE schemaname = 'public'"
        " AND tablename IN ('enrollments', 'lesson_progress', 'quiz_attempts') ORDER BY n_distinct DESC"
    ),
    "N index usage": (
        "SELECT schemaname, tablename, indexname, idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes"
        " WHERE schemaname = 'public' AND tablename LIKE 'course%' ORDER BY idx_scan DESC"
    ),
    "N archive attempts": (
        "UPDATE quiz_attempts SET status = 'archived' WHERE submitted_at < NOW() - INTERVAL '2 years'"
        " AND status = 'graded'"
    ),
    "N ratings": (
        "UPDATE courses SET avg_rating = ( SELECT AVG(rating) FROM course_reviews WHERE course_id = courses.id"
        " AND is_approved = true ), total_reviews = ( SELECT COUNT(*) FROM course_reviews WHERE course_id = courses.id"
        " AND is_approved = true )"
    ),
    "N abandoned attempts": (
        "DELETE FROM quiz_attempts WHERE status = 'in_progress' AND started_at < NOW() - INTERVAL '7 days'"
    ),
    "P tables": (
        "SELECT schemaname, tablename, tableowner FROM pg_tables WHERE schemaname = 'public' AND tablename IN ("
        " 'scorm_packages', 'scorm_enrollments', 'scorm_tracking', 'partner_course_mappings',"
        " 'external_module_progress', 'lms_sync_log', 'partner_credentials' ) ORDER BY tablename"
    ),
    "P views": (
        "SELECT schemaname, viewname, viewowner FROM pg_views WHERE schemaname = 'public' AND viewname IN ("
        " 'partner_enrollment_summary', 'scorm_completion_summary' ) ORDER BY viewname"
    ),
    "P triggers": (
        "SELECT trigger_name, event_object_table, action_statement FROM information_schema.triggers"
        " WHERE trigger_schema = 'public' AND trigger_name IN ( 'trigger_update_scorm_progress',"
        " 'trigger_sync_partner_progress' )"
    ),
    "P packages": "SELECT COUNT(*) FROM scorm_packages",
    "P enrollments": "SELECT COUNT(*) FROM scorm_enrollments",
    "P mappings": "SELECT COUNT(*) FROM partner_course_mappings",
    "P a package": (
        "INSERT INTO scorm_packages ( title, description, version, package_url, launch_url, passing_score, is_active )"
        " VALUES ( 'Test SCORM Package', 'Test package for verification', '1.2',"
        " 'https://example.com/scorm/package.zip', 'https://example.com/scorm/index.html', 80, true )"
    ),
    "P a partner course": "SELECT id, course_name FROM partner_courses LIMIT 1",
    "P a mapping": (
        "INSERT INTO partner_course_mappings ( partner_course_id, internal_program_id, mapping_type, is_active )"
        " VALUES ( 'your-partner-course-uuid', 'your-program-uuid', 'equivalent', true )"
    ),
}


def plain(sql: str) -> str:
    """Without comments and with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"--[^\n]*|^\\[^\n]*", "", sql, flags=re.MULTILINE)).strip()


def said(name: str, **places: str) -> str:
    """A statement ready to be run: `:place` and `'place-uuid'` name what stands for them in the guild."""
    sql = SAID[name].replace("%", "%%")
    for place, thing in places.items():
        written = place.replace("_", "-")
        sql = re.sub(rf"(?<!:):{place}\b|'(?:your-)?{written}-uuid'", f"%({thing})s", sql)
    assert not re.search(r"(?<!:):[a-z]|-uuid'", sql), sql
    return sql


@seeds.needs_seeds
@pytest.mark.parametrize("document", ["S", "N", "P"])
def test_the_statements_are_the_documents_own_and_all_of_them(document: str) -> None:
    theirs = {
        plain(part)
        for block in seeds.blocks(document)
        if " FUNCTION " not in block.split("(")[0] and "TRIGGER" not in block
        for part in plain_block(block).split(";")
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", part)
    }
    ours = {plain(sql) for name, sql in SAID.items() if name.startswith(document)}
    assert theirs == ours


def plain_block(block: str) -> str:
    return re.sub(r"--[^\n]*|^\\[^\n]*", "", block, flags=re.MULTILINE).lstrip()


# 001, sessions


def test_s_all_sessions_of_a_user(stage: Stage) -> None:
    assert [row[1] for row in stage.act("owner", said("S my sessions")).rows] == ["Favourites"]
    assert stage.act("stranger", said("S my sessions")).rows == []
    assert stage.attempt("anon", said("S my sessions")).state == NO_RIGHT


def test_s_modules_with_videos(stage: Stage) -> None:
    ask = said("S modules with videos", session_id="collection")
    rows = stage.act("owner", ask).rows
    assert [(row[2], [video and video["file_name"] for video in row[-1]]) for row in rows] == [
        ("First", ["claims.mp4"]),
        ("Second", [None]),
    ]
    assert stage.act("stranger", ask).rows == []


def test_s_module_order(stage: Stage) -> None:
    move = said("S module order", session_id="collection", module_id="part", new_index="new_index")
    assert stage.act("owner", move, new_index=5).count == 1
    assert stage.act("stranger", move, new_index=6).count == 0
    # A place that is taken is refused; the whole order is one call.
    assert stage.attempt("owner", move, new_index=2).state == "23505"
    modules = [key("second_part"), key("part")]
    stage.act("owner", "select public.reorder_modules(%(collection)s, %(modules)s)", modules=modules)
    ordered = stage.owner("select id from public.modules where session_id = %(collection)s order by order_index")
    assert [row[0] for row in ordered] == modules


# 002, the association


def test_n_a_purchase(stage: Stage) -> None:
    purchase = said("N purchase", member="stranger")
    assert stage.attempt("stranger", purchase).state == NO_RIGHT, "nobody says himself that he has paid"
    assert stage.attempt("service_role", purchase).state == "23514", "a purchase that names no course could open any"
    stage.act("service_role", adapted_purchase(purchase))
    assert stage.value("select count(*) from public.transactions where member_id = %(stranger)s") == 1


def adapted_purchase(purchase: str) -> str:
    """With its course and its day."""
    named = purchase.replace("status )", "status, course_id, completed_at )")
    return named.replace("'completed' )", "'completed', %(paid)s, now() )")


def test_n_an_enrollment_that_was_paid_for(stage: Stage) -> None:
    link = said("N enrollment", course="paid", member="stranger", transaction="transaction")
    assert stage.attempt("service_role", link).state == "42703", "amount_paid follows from the transaction"
    # The rule for enrolling finds the purchase, which is of exactly the course's price; nobody names one.
    stage.owner("update courses set price = 199 where id = %(paid)s")
    enrol = "insert into enrollments (course_id, member_id) values (%(paid)s, %(stranger)s)"
    assert stage.attempt("stranger", enrol).code == "payment_required"
    stage.act("service_role", adapted_purchase(said("N purchase", member="stranger")))
    stage.act("stranger", enrol)
    ask = "select amount_paid, transaction_id is not null from enrollment_details where course_id = %(paid)s"
    assert [(float(row[0]), row[1]) for row in stage.act("stranger", ask).rows] == [(199, True)]


def test_n_the_audit_log_has_what_was_done(stage: Stage) -> None:
    """Its two triggers log by themselves, as it says."""
    stage.act("owner", "insert into enrollments (course_id, member_id) values (%(open)s, %(owner)s)")
    for table in ("enrollments", "quiz_attempts"):
        assert stage.value("select count(*) from audit_logs where table_name = %(t)s", t=table)


def test_n_the_sample_course(stage: Stage) -> None:
    sample = said("N sample course")
    assert stage.attempt("stranger", sample).state == NO_RIGHT
    assert stage.act("service_role", sample).count == 4
    modules = stage.owner(
        "select m.module_order, m.title, m.estimated_duration_minutes from course_modules m"
        " join courses c on c.id = m.course_id where c.slug = 'health-insurance-fundamentals' order by 1"
    )
    assert [row[0] for row in modules] == [1, 2, 3, 4]
    assert modules[3] == (4, "Sales Strategies", 150)
    seen = stage.act("anon", "select title from courses where slug = 'health-insurance-fundamentals'").rows
    assert seen == [("Health Insurance Fundamentals",)]


def test_n_the_tables_are_there(stage: Stage) -> None:
    found = stage.owner(said("N tables"))
    assert {("courses", "BASE TABLE"), ("course_modules", "BASE TABLE"), ("quiz_attempts", "BASE TABLE")} <= set(found)


def test_n_the_health_check(stage: Stage) -> None:
    assert stage.attempt("service_role", said("N health")).state == "42703", "and its columns are not of one type"
    metrics = re.findall(r"SELECT '([^']+)'", SAID["N health"])
    rows = stage.act("admin", "select metric, value from lms_health").rows
    assert sorted(row[0] for row in rows) == sorted(metrics)
    assert stage.act("owner", "select metric from lms_health").rows == []


def test_n_slow_queries(stage: Stage) -> None:
    # It runs, and says nothing about queries: statistics of columns, and only to who may read the table.
    assert stage.attempt("admin", said("N slow queries")).state is None
    assert stage.attempt("admin", "select query, calls, mean_ms from slow_queries").state is None


def test_n_index_usage(stage: Stage) -> None:
    assert stage.attempt("admin", said("N index usage")).state == "42703", "PostgreSQL calls them relname, indexrelname"
    view = said("N index usage").replace("pg_stat_user_indexes", "index_usage")
    rows = stage.act("admin", view).rows
    assert ("public", "courses", "courses_slug_key") in [row[:3] for row in rows]
    assert stage.act("owner", view).rows == []


def old_attempt(stage: Stage, change: str) -> None:
    stage.owner(f"update quiz_attempts set started_at = now() - interval '3 years', {change} where id = %(attempt)s")


def test_n_weekly_archiving(stage: Stage) -> None:
    old_attempt(
        stage,
        "status = 'graded', submitted_at = now() - interval '2 years 1 day', score = 100, points_earned = 1, passed = true,"
        " submitted_by = 'learner', graded_at = now() - interval '2 years 1 day'",
    )
    assert stage.attempt("service_role", said("N archive attempts")).state == NO_RIGHT, "grading is by functions"
    with stage.undone():
        assert stage.connection.execute(plain(SAID["N archive attempts"]).encode()).rowcount == 1, "the state exists"
    assert stage.act("service_role", "select private.archive_attempts()").rows == [(1,)]
    assert stage.value("select status from quiz_attempts where id = %(attempt)s") == "archived"


def test_n_monthly_ratings(stage: Stage) -> None:
    assert stage.attempt("service_role", said("N ratings")).state == "428C9", "the mean is generated from sums"
    # They are what it would have computed, without a job.
    assert stage.owner(
        "select count(*) from courses c where total_reviews <> (select count(*) from course_reviews"
        " where course_id = c.id and is_approved) or avg_rating is distinct from (select round(avg(rating), 2)"
        " from course_reviews where course_id = c.id and is_approved)"
    ) == [(0,)]


def test_n_daily_cleaning(stage: Stage) -> None:
    old_attempt(stage, "deadline_at = now() - interval '2 years'")
    for who in ("owner", "admin", "service_role"):
        assert stage.attempt(who, said("N abandoned attempts")).state == NO_RIGHT, "an attempt is evidence"
    stage.act("service_role", "select private.expire_attempts()")
    assert stage.value("select status from quiz_attempts where id = %(attempt)s") in ("expired", "submitted", "graded")


def test_n_a_certificate_is_verified_by_its_number(stage: Stage) -> None:
    number = stage.value("select number from certificates where id = %(certificate)s")
    (found,) = stage.act("anon", "select verify_certificate(%(n)s)", n=number).rows[0]
    assert (
        found
        | {
            "valid": True,
            "member_name": "Owner Guild",
            "course_title": "Short",
            "certificate_number": number,
        }
        == found
    )
    assert {"completion_date", "ce_credits"} <= set(found)
    (unknown,) = stage.act("anon", "select verify_certificate('CERT-2025-00000000')").rows[0]
    assert unknown | {"valid": False, "message": "Certificate not found"} == unknown
    assert stage.attempt("anon", "select * from public_certificate_verification").state == "42P01"


@pytest.mark.parametrize(
    ("who", "statement", "expected"),
    [
        # The catalogue, and one's own enrollments with their courses, as the pages ask for them.
        ("anon", "select title from courses where status = 'published' order by title", 7),
        ("stranger", "select title from courses where status = 'published' order by title", 7),
        (
            "owner",
            "select e.*, c.title, c.thumbnail_url, c.ce_credits from enrollments e join courses c on c.id = e.course_id"
            " where e.member_id = %(owner)s",
            3,
        ),
        # What a page sends of a video every ten seconds would be the learner's own word: heartbeats are checked.
        (
            "owner",
            "insert into lesson_progress (enrollment_id, lesson_id, video_position_seconds, status)"
            " values (%(enrollment)s, %(welcome)s, 100, 'completed')",
            "42703",
        ),
        (
            "owner",
            "insert into lesson_progress (enrollment_id, lesson_id, course_id, status)"
            " values (%(enrollment)s, %(welcome)s, %(course)s, 'completed')",
            NO_RIGHT,
        ),
        # Where to go on playing.
        ("owner", "select last_watched_position_seconds from video_analytics where lesson_id = %(welcome)s", 1),
        # The page does not write where a certificate's file is: the site does, beside the certificate.
        ("owner", "update enrollments set certificate_url = 'x' where id = %(short_enrollment)s", "42703"),
        ("owner", "select certificate_url from enrollment_details where id = %(short_enrollment)s", 1),
    ],
)
def test_n_what_its_pages_ask(stage: Stage, who: str, statement: str, expected: int | str) -> None:
    outcome: Outcome = stage.attempt(who, statement)
    assert (outcome.state or len(outcome.rows)) == expected


# 003, partners and SCORM


def test_p_seven_tables_two_views_two_triggers(stage: Stage) -> None:
    tables = stage.act("service_role", said("P tables")).rows
    assert [row[1] for row in tables] == sorted(re.findall(r"'((?!public)\w+)'", SAID["P tables"]))
    assert len(tables) == 7
    views = stage.act("service_role", said("P views")).rows
    assert [row[1] for row in views] == ["partner_enrollment_summary", "scorm_completion_summary"]
    triggers = stage.act("service_role", said("P triggers")).rows
    assert sorted(row[:2] for row in triggers) == [
        ("trigger_sync_partner_progress", "external_module_progress"),
        ("trigger_update_scorm_progress", "scorm_tracking"),
    ]


@pytest.mark.parametrize(
    ("name", "empty"),
    [("P packages", 0), ("P enrollments", 0), ("P mappings", 1)],
    ids=["packages", "enrollments", "mappings"],
)
def test_p_access_to_the_tables(stage: Stage, name: str, empty: int) -> None:
    """They answer; who has nothing there sees nothing, but which course of a partner counts here is for everybody."""
    assert stage.act("stranger", said(name)).rows == [(empty,)]
    assert stage.act("service_role", said(name)).rows[0][0] > 0
    assert stage.attempt("anon", said(name)).state == NO_RIGHT


def test_p_everything_is_empty_after_the_migration(database: Database) -> None:
    with psycopg.connect(database.dsn_owner) as connection:
        empty = Stage(connection)
        for name in ("P packages", "P enrollments", "P mappings"):
            assert empty.act("service_role", said(name)).rows == [(0,)]


@pytest.mark.parametrize(
    ("who", "state"),
    [("admin", None), ("instructor", None), ("service_role", None), ("owner", NO_RIGHT), ("anon", NO_RIGHT)],
)
def test_p_a_test_package(stage: Stage, who: str, state: str | None) -> None:
    assert stage.attempt(who, said("P a package")).state == state
    if state is None:
        row = "select import_state, is_active from scorm_packages where title = 'Test SCORM Package'"
        assert stage.owner(row) == [("waiting", True)], "nobody can open it before it was imported"


@pytest.mark.parametrize(
    ("who", "state"), [("admin", None), ("service_role", None), ("instructor", NO_RIGHT), ("owner", NO_RIGHT)]
)
def test_p_a_mapping(stage: Stage, who: str, state: str | None) -> None:
    assert len(stage.act(who, said("P a partner course")).rows) == 1
    mapping = said("P a mapping", partner_course="spare_partner_course", program="program")
    assert stage.attempt(who, mapping).state == state

"""Collections: the seed's common queries under row-level security, order, limits, publishing as a course."""

from __future__ import annotations

from typing import Any

import pytest

from collegium.access.stage import Stage, key

REORDER = "select public.reorder_modules(%(collection)s, %(modules)s)"
ADD_VIDEO = (
    "insert into public.videos (module_id, file_name, file_url, file_size, mime_type)"
    " values (%(part)s, %(name)s, %(url)s, %(size)s, %(type)s)"
)
VIDEO: dict[str, Any] = {"name": "a.mp4", "url": "https://example.org/a.mp4", "size": 1000, "type": "video/mp4"}


def order(stage: Stage) -> list[Any]:
    rows = stage.owner("select id from public.modules where session_id = %(collection)s order by order_index")
    return [row[0] for row in rows]


def test_s_the_three_common_queries(stage: Stage) -> None:
    mine = "select * from public.sessions where user_id = auth.uid() order by created_at desc"
    assert [row[1] for row in stage.act("owner", mine).rows] == ["Favourites"]
    assert not stage.act("stranger", mine).rows
    parts = (
        "select m.*, json_agg(v.*) as videos from public.modules m left join public.videos v on v.module_id = m.id"
        " where m.session_id = %(collection)s group by m.id order by m.order_index"
    )
    rows = stage.act("owner", parts).rows
    assert [(row[2], [video and video["file_name"] for video in row[-1]]) for row in rows] == [
        ("First", ["claims.mp4"]),
        ("Second", [None]),
    ]
    assert not stage.act("stranger", parts).rows
    move = "update public.modules set order_index = 5 where id = %(part)s and session_id = %(collection)s"
    assert stage.act("owner", move).count == 1
    assert stage.act("stranger", move).count == 0


def test_s_update_of_order_index_one_row_at_a_time_breaks_unique(stage: Stage) -> None:
    swap = (
        "update public.modules set order_index = {} where id = %(part)s",
        "update public.modules set order_index = {} where id = %(second_part)s",
    )
    assert stage.attempt("owner", swap[0].format(2)).state == "23505"
    # One statement may swap, so may a transaction that says so, and so does the call.
    stage.act("owner", "update public.modules set order_index = 3 - order_index where session_id = %(collection)s")
    assert order(stage) == [key("second_part"), key("part")]
    stage.act("owner", f"set constraints idx_modules_order deferred; {swap[0].format(1)}; {swap[1].format(2)}")
    stage.owner("set constraints all immediate")
    assert order(stage) == [key("part"), key("second_part")]
    stage.act("owner", REORDER, modules=[key("second_part"), key("part")])
    assert order(stage) == [key("second_part"), key("part")]


@pytest.mark.parametrize(
    ("who", "modules", "code"),
    [
        ("owner", ["part"], "not_all_modules"),
        ("owner", ["part", "part"], "not_all_modules"),
        ("owner", ["part", "second_part", "teacher_part"], "not_all_modules"),
        ("owner", [], "not_all_modules"),
        ("stranger", ["second_part", "part"], "no_such_session"),
        ("admin", ["second_part", "part"], "no_such_session"),
    ],
)
def test_a_reordering_names_every_module_of_ones_own_session_once(
    stage: Stage, who: str, modules: list[str], code: str
) -> None:
    assert stage.attempt(who, REORDER, modules=[key(name) for name in modules]).code == code
    assert order(stage) == [key("part"), key("second_part")]


def test_an_order_of_nothing_is_no_order(stage: Stage) -> None:
    assert stage.attempt("owner", REORDER, modules=None).code == "not_all_modules"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"size": 0}, "23514"),
        ({"size": 10 * 1024**3}, None),
        ({"size": 10 * 1024**3 + 1}, "23514"),
        ({"type": "application/pdf"}, "23514"),
        ({"type": "video/" + "x" * 100}, "23514"),
        ({"name": ""}, "23514"),
        ({"name": "x" * 256}, "23514"),
        ({"name": "../a.mp4"}, "23514"),
        ({"url": "http://example.org/a.mp4"}, "CG422"),
        ({"url": "https://example.org/" + "a" * 1010}, "23514"),
        ({"url": "javascript:alert(1)"}, "CG422"),
        ({"url": "certificates/1.pdf"}, "CG422"),
        ({"url": f"sessions/{key('learner')}/a.mp4"}, "CG422"),
        ({"url": f"sessions/{key('owner')}/../a.mp4"}, "CG422"),
        ({"url": f"sessions/{key('owner')}"}, "CG422"),
        ({"url": f"sessions/{key('owner')}/2026/a.mp4"}, None),
    ],
    ids=lambda value: (
        "-".join(f"{k} {str(v)[:30]} {len(str(v))}" for k, v in value.items())
        if isinstance(value, dict)
        else str(value)
    ),
)
def test_input_validation(stage: Stage, change: dict[str, Any], state: str | None) -> None:
    assert stage.attempt("owner", ADD_VIDEO, **(VIDEO | change)).state == state


def test_nobody_moves_a_stored_file_into_his_own_collection_by_its_key(stage: Stage) -> None:
    stage.act("owner", ADD_VIDEO, **(VIDEO | {"url": f"sessions/{key('owner')}/a.mp4"}))
    for change in ("file_url = 'certificates/1.pdf'", "duration = 10"):
        assert stage.attempt("owner", f"update public.videos set {change}").state == "42501"
    into = (
        "insert into public.videos (module_id, file_name, file_url, file_size, mime_type)"
        " select %(part)s, file_name, file_url, file_size, mime_type from public.videos where id = %(clip)s"
    )
    assert stage.attempt("stranger", into).state in (None, "42501")
    assert stage.value("select count(*) from public.videos where module_id = %(part)s") == 2


def test_a_session_becomes_a_draft_course(stage: Stage) -> None:
    stage.owner(
        "insert into public.modules (session_id, name, order_index) values (%(teacher_collection)s, 'Last', 7);"
        "insert into public.videos (module_id, file_name, file_url, file_size, mime_type, duration, created_at)"
        " values (%(teacher_part)s, 'Stored.mp4', 'sessions/' || %(instructor)s || '/s.mp4', 9, 'video/mp4', 61,"
        " now() + interval '1 second')"
    )
    publish = "select public.publish_session(%(teacher_collection)s)"
    course = stage.act("instructor", publish).rows[0][0]
    assert stage.act(
        "instructor", "select title, status, instructor_id, slug ~ %(s)s from public.courses where id = %(c)s",
        c=course, s="^claims-step-by-step-[0-9a-f]{8}$",
    ).rows == [("Claims, step by step", "draft", key("instructor"), True)]  # fmt: skip
    outline = (
        "select m.title, l.title, l.lesson_type, k.content_url, v.source_key, v.duration, v.processing_state"
        " from public.course_modules m left join public.lessons l on l.module_id = m.id"
        " left join public.lesson_links k on k.lesson_id = l.id left join public.lesson_videos v on v.lesson_id = l.id"
        " where m.course_id = %(c)s order by m.module_order, l.lesson_order"
    )
    assert stage.act("instructor", outline, c=course).rows == [
        ("First", "steps", "external_link", "https://example.org/steps.mp4", None, None, None),
        ("First", "Stored", "video", None, f"sessions/{key('instructor')}/s.mp4", 61, "waiting"),
        ("Last", None, None, None, None, None, None),
    ]
    assert not stage.act("other_instructor", "select 1 from public.courses where id = %(c)s", c=course).rows
    again = stage.act("instructor", publish).rows[0][0]
    assert again != course


@pytest.mark.parametrize(
    ("who", "session", "code"),
    [
        ("owner", "collection", "teachers_only"),
        ("anon", "teacher_collection", None),
        ("other_instructor", "teacher_collection", "no_such_session"),
        ("instructor", "new", "no_such_session"),
    ],
)
def test_who_may_not_publish_a_session(stage: Stage, who: str, session: str, code: str | None) -> None:
    refused = stage.attempt(who, f"select public.publish_session(%({session})s)")
    assert (refused.code == code) if code else refused.state == "42501"


def test_what_is_not_ready_is_not_published(stage: Stage) -> None:
    publish = "select public.publish_session(%(teacher_collection)s)"
    stage.owner(
        "update public.videos set file_url = 'sessions/' || %(instructor)s || '/s.mp4' where id = %(teacher_clip)s"
    )
    refused = stage.attempt("instructor", publish)
    assert (refused.code, "steps.mp4" in refused.words) == ("videos_not_ready", True)
    stage.owner("delete from public.videos where module_id = %(teacher_part)s")
    assert stage.attempt("instructor", publish).code == "session_empty"

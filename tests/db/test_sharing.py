"""Collections: order in one call, parts and videos in their places, and links that show no more than was shared."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from collegium.access.stage import Stage, key

ORDER = "select public.order_session(%(collection)s, %(order)s)"
READ = "select name, shared_by, parts from public.read_shared_session(%(token)s)"
TOKEN = "the link to the favourites"
FILE = "select private.shared_video_file(%(token)s, %(clip)s)"


def add_clip(stage: Stage, name: str, part: str = "part", where: str = "https://example.org/x.mp4") -> Any:
    return stage.act(
        "owner",
        "insert into public.videos (module_id, file_name, file_url, file_size, mime_type)"
        " values (%(m)s, %(name)s, %(where)s, 10, 'video/mp4') returning id",
        m=key(part), name=name, where=where,
    ).rows[0][0]  # fmt: skip


def order(*parts: tuple[Any, list[Any]]) -> str:
    return json.dumps([{"module": str(part), "videos": [str(video) for video in videos]} for part, videos in parts])


def shown(stage: Stage) -> list[tuple[str, list[str]]]:
    rows = stage.owner(
        "select m.name, array_remove(array_agg(v.file_name order by v.order_index), null) from public.modules m"
        " left join public.videos v on v.module_id = m.id where m.session_id = %(collection)s"
        " group by m.id order by m.order_index"
    )
    return [(name, videos) for name, videos in rows]


def test_a_new_video_stands_last(stage: Stage) -> None:
    add_clip(stage, "b.mp4")
    add_clip(stage, "a.mp4")
    assert shown(stage)[0] == ("First", ["claims.mp4", "b.mp4", "a.mp4"])


def test_parts_and_videos_change_places_in_one_call(stage: Stage) -> None:
    b = add_clip(stage, "b.mp4")
    wanted = order((key("second_part"), [b]), (key("part"), [key("clip")]))
    stage.act("owner", ORDER, order=wanted)
    assert shown(stage) == [("Second", ["b.mp4"]), ("First", ["claims.mp4"])]
    stage.act("owner", ORDER, order=order((key("part"), [key("clip"), b]), (key("second_part"), [])))
    stage.act("owner", ORDER, order=order((key("part"), [b, key("clip")]), (key("second_part"), [])))
    assert shown(stage) == [("First", ["b.mp4", "claims.mp4"]), ("Second", [])]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (None, "not_all_named"),
        ("[]", "not_all_named"),
        (order((key("part"), [key("clip")])), "not_all_named"),
        (order((key("part"), []), (key("second_part"), [])), "not_all_named"),
        (order((key("part"), [key("clip"), key("clip")]), (key("second_part"), [])), "not_all_named"),
        (order((key("part"), [key("teacher_clip")]), (key("second_part"), [])), "not_all_named"),
        (order((key("teacher_part"), [key("clip")]), (key("second_part"), [])), "not_all_named"),
        ('{"a": 1}', "not_an_order"),
        ('[{"module": "x", "videos": []}]', "not_an_order"),
        ('[{"module": null, "videos": 7}]', "not_an_order"),
        ('"x"', "not_an_order"),
    ],
    ids=["null", "empty", "part missing", "video missing", "twice", "another's video", "another's part", "object",
         "no id", "no list", "text"],
)  # fmt: skip
def test_an_order_names_everything_once(stage: Stage, wanted: str | None, code: str) -> None:
    before = shown(stage)
    assert stage.attempt("owner", ORDER, order=wanted).code == code
    assert shown(stage) == before


@pytest.mark.parametrize("who", ["stranger", "admin", "service_role", "anon"])
def test_nobody_else_orders_or_adds(stage: Stage, who: str) -> None:
    wanted = order((key("part"), [key("clip")]), (key("second_part"), []))
    for call in (ORDER, "select public.add_session_module(%(collection)s, 'x')"):
        refused = stage.attempt(who, call, order=wanted)
        assert (refused.code or refused.state) in ("no_such_session", "42501")


def test_a_video_changes_its_part_by_the_order_alone(stage: Stage) -> None:
    assert stage.attempt("owner", "update public.videos set module_id = %(second_part)s").state == "42501"
    assert stage.attempt("owner", "update public.videos set order_index = 7").state == "42501"


def test_there_is_an_end_to_a_part_and_to_a_collection(stage: Stage) -> None:
    stage.owner(
        "insert into public.videos (module_id, file_name, file_url, file_size, mime_type, order_index)"
        " select %(part)s, 'v', 'https://example.org/v', 1, 'video/mp4', n from generate_series(2, 500) n"
    )
    into = (
        "insert into public.videos (module_id, file_name, file_url, file_size, mime_type)"
        " values (%(part)s, 'v', 'https://example.org/v', 1, 'video/mp4')"
    )
    assert stage.attempt("owner", into).code == "part_full"
    stage.owner(
        "insert into public.modules (session_id, name, order_index)"
        " select %(collection)s, 'p', n from generate_series(3, 200) n"
    )
    add = "select public.add_session_module(%(collection)s, 'x')"
    assert stage.attempt("owner", add).code == "collection_full"


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, None], ids=["empty", "blank", "long", "none"])
def test_a_part_has_a_name(stage: Stage, name: str | None) -> None:
    add = "select public.add_session_module(%(collection)s, %(name)s)"
    assert stage.attempt("owner", add, name=name).code == "name_length"


# Links ------------------------------------------------------------------------------------------------------------


def test_whoever_has_the_link_sees_what_was_shared_and_nothing_else(stage: Stage) -> None:
    stored = f"sessions/{key('owner')}/a.mp4"
    clip = add_clip(stage, "a.mp4", "second_part", stored)
    ((name, by, parts),) = stage.act("anon", READ, token=TOKEN).rows
    assert (name, by) == ("Favourites", "Owner G.")
    assert [(part["name"], [video["address"] for video in part["videos"]]) for part in parts] == [
        ("First", ["https://example.org/claims.mp4"]),
        ("Second", [None]),
    ]
    told = json.dumps(parts)
    assert str(key("owner")) not in told
    assert str(key("collection")) not in told
    assert set(parts[1]["videos"][0]) == {"id", "file_name", "file_size", "mime_type", "duration", "address"}
    assert stage.act("service_role", FILE, token=TOKEN, clip=clip).rows == [(stored,)]
    # A video of another collection, one that lies elsewhere, one that is not there.
    for other in (key("teacher_clip"), key("clip"), uuid4()):
        assert stage.act("service_role", FILE, token=TOKEN, clip=other).rows == [(None,)]


@pytest.mark.parametrize("who", ["owner", "stranger", "anon", "admin"])
def test_only_the_site_learns_where_a_file_lies(stage: Stage, who: str) -> None:
    assert stage.attempt(who, FILE, token=TOKEN, clip=key("clip")).state == "42501"


@pytest.mark.parametrize("token", ["", "the link", TOKEN.upper(), None], ids=["empty", "part", "capitals", "null"])
def test_another_link_shows_nothing(stage: Stage, token: str | None) -> None:
    assert not stage.act("anon", READ, token=token).rows


def test_a_link_ends_when_it_is_withdrawn_or_runs_out(stage: Stage) -> None:
    clip = add_clip(stage, "a.mp4", "part", f"sessions/{key('owner')}/a.mp4")
    over = "update public.session_shares set created_at = now() - interval '2 days', expires_at = now() + %(by)s"
    stage.owner(over, by=timedelta(hours=1))
    assert stage.act("anon", READ, token=TOKEN).rows
    stage.owner(over, by=timedelta(seconds=-1))
    assert not stage.act("anon", READ, token=TOKEN).rows
    assert stage.act("service_role", FILE, token=TOKEN, clip=clip).rows == [(None,)]
    stage.owner("update public.session_shares set expires_at = null")
    stage.act("owner", "delete from public.session_shares where session_id = %(collection)s")
    assert not stage.act("anon", READ, token=TOKEN).rows
    assert stage.act("service_role", FILE, token=TOKEN, clip=clip).rows == [(None,)]


def test_a_token_is_written_down_nowhere(stage: Stage) -> None:
    logged = stage.owner(
        "select to_jsonb(a)::text from public.audit_logs a where a.table_name = 'session_shares' order by a.id"
    )
    assert logged
    digest = stage.value("select encode(token_hash, 'hex') from public.session_shares")
    assert all(digest not in row[0] for row in logged)
    assert stage.attempt("owner", "select token_hash from public.session_shares").state == "42501"


def test_a_collection_has_one_link_that_ends_later_than_it_began(stage: Stage) -> None:
    into = "insert into public.session_shares (session_id, token_hash, expires_at) values ({}, sha256('b'), {})"
    assert stage.attempt("owner", into.format("%(collection)s", "null")).state == "23505"
    assert stage.attempt("instructor", into.format("%(teacher_collection)s", "'2020-01-01'")).state == "23514"

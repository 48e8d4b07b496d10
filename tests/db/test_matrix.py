"""Every actor tries every verb on every table and view: allowed, hidden or refused, as declared in collegium.access."""

from __future__ import annotations

import pytest

from collegium.access import MATRIX, MOVES, PROBES, VERBS, rights, table_of
from collegium.access.stage import ACTORS, Stage
from tests.db import access_page


def expected(case: str, verb: str) -> dict[str, str]:
    """What each actor is to get."""
    return dict(zip(ACTORS, MATRIX[case][verb].split(), strict=True))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("case", MATRIX)
def test_matrix(stage: Stage, case: str, verb: str) -> None:
    table = table_of(case)
    assert {who: PROBES[case].attempt(stage, table, who, verb) for who in ACTORS} == expected(case, verb)


@pytest.mark.parametrize("table", MOVES)
def test_an_instructor_cannot_push_a_row_over_to_somebody_else(stage: Stage, table: str) -> None:
    where, change = MOVES[table]
    assert stage.act("instructor", f"select 1 from public.{table} where {where}").count == 1
    assert stage.attempt("instructor", f"update public.{table} set {change} where {where}").state == "42501"


def test_the_declarations_are_whole() -> None:
    assert list(MATRIX) == list(PROBES)
    for case, verbs in MATRIX.items():
        assert tuple(verbs) == VERBS, case
        for verb in VERBS:
            assert len(verbs[verb].split()) == len(ACTORS), (case, verb)


@pytest.mark.parametrize("name", rights.CHECKS)
def test_rights(stage: Stage, name: str) -> None:
    assert rights.CHECKS[name](stage) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("every table is declared", "create table public.later (n integer)"),
        ("nobody has a right to a partition", "grant select on public.video_events_default to authenticated"),
        ("columns that people may write", "grant update (final_grade) on public.enrollments to authenticated"),
        ("columns that people may write", "revoke update (locale) on public.profiles from authenticated"),
        ("columns that people may write", "grant references on public.profiles to authenticated"),
        ("columns that people may not read", "grant select (token_hash) on public.web_sessions to authenticated"),
        ("visitors only read", "grant insert on public.enrollments to anon"),
        ("who may call which function", "grant execute on function private.complete_lesson to authenticated"),
        ("who may call which function", "revoke execute on function public.enrol from authenticated"),
        ("nothing else is open", "grant truncate on public.courses to service_role"),
        ("nothing else is open", "grant execute on function public.enrol to public"),
        ("nothing else is open", "grant create on schema public to authenticated"),
        ("nothing else is open", "grant select on private.catalogue_version to authenticated"),
    ],
)
def test_rights_notice(stage: Stage, name: str, change: str) -> None:
    stage.owner(change)
    assert rights.CHECKS[name](stage)


def test_the_page_says_what_the_matrix_says() -> None:
    assert access_page.PAGE.read_text(encoding="utf-8") == access_page.render()

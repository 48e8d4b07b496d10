"""Where statements begin, in SQL that hides its semicolons."""

from __future__ import annotations

import pytest

from collegium.kit.sqltext import line_of, statements


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("select 1;\nselect 2", [1, 2]),
        ("\n-- a; b\n/* c; /* d; */ e; */\nselect 1;", [4]),
        ("select ';', \"a;b\", E'it\\'s;', 'it''s;';\nselect 2;", [1, 2]),
        ("do $$ begin\n perform 1;\nend $$;\nselect 2;", [1, 4]),
        ("do $a$ select $$;$$;\n $a$;\nselect $1;", [1, 3]),
        (
            "create function f() returns int begin atomic\n select 1;\n select case when true then 2 end;\nend;\n"
            "select 3;",
            [1, 5],
        ),
        ("select a$b$c from t;\nselect 2;", [1, 2]),
        (";;\n ;select 1", [2]),
        ("", []),
    ],
)
def test_statements_begin_where_their_first_word_stands(text: str, lines: list[int]) -> None:
    assert [line for line, _ in statements(text)] == lines


def test_positions_become_lines() -> None:
    text = "select 1;\nselect é;\nselect x"
    assert line_of(text, 1) == 1
    assert line_of(text, text.index("x") + 1) == 3

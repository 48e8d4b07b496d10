"""Markdown, formulas and shares, as question files have them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collegium.standards import markup
from collegium.standards.questions import Unreadable, category_tags, number, percent_of, share_of

MARKDOWN = {
    "paragraphs": ("one\n\ntwo", "<p>one</p><p>two</p>"),
    "emphasis": (
        "a *b* **c** `<d>` _e_ f_g_h",
        "<p>a <em>b</em> <strong>c</strong> <code>&lt;d&gt;</code> <em>e</em> f_g_h</p>",
    ),
    "list": ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
    "numbers": ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
    "heading": ("## Head", "<h3>Head</h3>"),
    "quote": ("> so\n> it is", "<blockquote><p>so it is</p></blockquote>"),
    "code": ("```\na < b\n```", "<pre><code>a &lt; b</code></pre>"),
    "link": ("[there](https://example.org/a)", '<p><a href="https://example.org/a">there</a></p>'),
}


@pytest.mark.parametrize(("text", "html"), MARKDOWN.values(), ids=MARKDOWN)
def test_markdown(text: str, html: str) -> None:
    assert markup.from_markdown(text) == html


@given(st.floats(min_value=-1, max_value=1, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-9))
def test_a_share_is_the_same_after_it_was_written_as_a_percentage(share: float) -> None:
    assert share_of(Decimal(percent_of(share))) == share


def test_rounded_percentages_mean_their_fraction() -> None:
    assert [share_of(Decimal(text)) for text in ("33.33333", "66.67", "16.66667", "14.28571", "50", "33.330")] == [
        1 / 3, 2 / 3, 1 / 6, 1 / 7, 0.5, 0.3333,
    ]  # fmt: skip
    assert percent_of(1 / 3) == "33.33333"


def test_formulas_go_there_and_back() -> None:
    html = 'So <span data-math="a &lt; b">a &lt; b</span>'
    assert markup.with_formulas(markup.without_formulas(html)) == html
    assert markup.with_formulas("$$x$$ costs $ 5") == '<span data-math="x">x</span> costs $ 5'


@pytest.mark.parametrize("text", ["", "three", "1e999", "nan", "inf", "1_000", "9" * 70, "1e-40"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        number(text)


def test_categories_become_tags() -> None:
    assert category_tags("$course$/top/Default for X/Law//Duty/ Basics ") == ["Law/Duty", "Basics"]

"""The one list of what lesson text may hold, tried with everything that wants more."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collegium.features.authoring.service import clean_html, plain_text, shown_html
from tests.features.authoring.hostile import CLEAN, FILE, HOSTILE

TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "strong", "b", "em", "i", "u", "s", "del", "ins", "sub", "sup", "mark", "kbd", "abbr",
    "code", "pre", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "a", "img", "figure", "figcaption", "span", "div",
    "table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td",
}  # fmt: skip
# What each attribute may say, written down a second time and apart from the list itself.
MAY_SAY = {
    "href": r"https?://[^/].*|mailto:.*|tel:.*|/|/[^/\\].*|#.*",
    "src": r"/files/[0-9a-f-]{36}",
    "rel": r"noopener noreferrer",
    "width": r"\d{1,5}",
    "height": r"\d{1,5}",
    "colspan": r"\d{1,2}",
    "rowspan": r"\d{1,2}",
    "start": r"\d{1,5}",
    "type": r"[1aAiI]",
    "scope": r"(col|row)(group)?",
    "class": r"language-[a-z]+|",
    "alt": r"(?s).*",
    "title": r"(?s).*",
    "data-math": r"(?s).{1,2000}",
}
HOMES = {
    "href": {"a"}, "rel": {"a"}, "src": {"img"}, "alt": {"img"}, "width": {"img"}, "height": {"img"}, "class": {"code"},
    "scope": {"th"}, "colspan": {"td", "th"}, "rowspan": {"td", "th"}, "start": {"ol"}, "type": {"ol"}, "title": {"a", "abbr"},
    "data-math": {"span", "div"},
}  # fmt: skip


class Judge(HTMLParser):
    """Reads markup with another parser than the cleaner's and keeps what should not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.wrong.append(f"tag {tag}")
        for name, value in attrs:
            if tag not in HOMES.get(name, ()) or not re.fullmatch(MAY_SAY[name], (value or "").strip(), re.IGNORECASE):
                self.wrong.append(f"{tag} {name}={value!r}")
            if name == "href" and re.sub(r"[\x00-\x20]", "", value or "").lower().startswith(("javascript:", "//")):
                self.wrong.append(f"{tag} {name}={value!r}")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data!r}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"declaration {decl!r}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"instruction {data!r}")


def findings(html: str) -> list[str]:
    judge = Judge()
    judge.feed(html)
    judge.close()
    return judge.wrong


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_hostile_is_left(name: str) -> None:
    cleaned = clean_html(HOSTILE[name])
    assert findings(cleaned) == [], cleaned
    assert clean_html(cleaned) == cleaned
    assert clean_html(f"<div>{HOSTILE[name]}</div>") == clean_html(clean_html(f"<div>{HOSTILE[name]}</div>"))


@pytest.mark.parametrize("name", CLEAN)
def test_what_was_written_cleanly_stays_to_the_byte(name: str) -> None:
    assert clean_html(CLEAN[name]) == CLEAN[name]


def test_words_survive_where_their_markup_does_not() -> None:
    assert plain_text('<p onclick="x">Hold <font color=red>this</font></p><form><label>and this</label></form>') == (
        "Hold this\nand this"
    )


def test_a_heading_of_the_page_becomes_one_of_the_text() -> None:
    assert clean_html("<h1>a</h1><h5>b</h5><strike>c</strike>") == "<h2>a</h2><h4>b</h4><s>c</s>"


def test_a_picture_without_a_file_of_the_site_is_left_out() -> None:
    assert clean_html('<p>a<img src="https://x.test/p.png" alt="q > r">b</p>') == "<p>ab</p>"


PIECES = st.sampled_from(
    [*HOSTILE.values(), *CLEAN.values(), "<", ">", '"', "'", "=", " ", "/", "--", "&#", ";", "<p>"]
)


@given(st.lists(PIECES, max_size=6).map("".join))
@example("<pre>\n\n\nx</pre>")
@settings(max_examples=150, deadline=None)
def test_mixtures_are_clean_and_stay_as_they_are(html: str) -> None:
    cleaned = clean_html(html)
    assert findings(cleaned) == []
    assert clean_html(cleaned) == cleaned


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_characters_are_clean_and_stay_as_they_are(html: str) -> None:
    cleaned = clean_html(html)
    assert findings(cleaned) == []
    assert clean_html(cleaned) == cleaned
    assert "\x00" not in plain_text(html)


MONSTERS = {
    "a megabyte of nested boxes": "<div>" * 200_000,
    "nested as far as the length allows": "<div>" * 79_000,
    "nested below the count": "<div>x" * 4_900,
    "lists in lists": "<ul><li>" * 4_900,
    "formatting that is never closed": "<b><i><u>" * 40_000 + "x",
    "links in tables": "<table><a href=https://x.test>" * 13_000,
    "one tag with a hundred thousand attributes": "<p " + "a=1 " * 100_000 + ">x</p>",
    "quotes that never end": '<a b="' * 60_000,
    "comments that never end": "<!--" * 100_000,
    "paragraphs alone": "<p>" * 130_000,
}


@pytest.mark.parametrize("name", MONSTERS)
def test_a_monster_takes_no_time(name: str) -> None:
    began = time.process_time()
    cleaned = clean_html(MONSTERS[name])
    assert time.process_time() - began < 3
    assert findings(cleaned) == []
    assert clean_html(cleaned) == cleaned


def test_of_what_cannot_be_read_the_words_stay() -> None:
    assert clean_html("<div>" * 9000 + "Words &amp; more<p>and more") == "<p>Words &amp; more</p><p>and more</p>"
    assert clean_html("<p>a</p>" * 60_000).startswith("<p>a</p><p>a</p>")


def test_plain_text_has_a_line_for_each_block() -> None:
    html = (
        f'<h2>Rates</h2><p>From <span data-math="x">x</span><br>on.</p><img src="{FILE}" alt="A form">'
        "<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table><ul><li>c &amp; d</li></ul>"
    )
    assert plain_text(html) == "Rates\nFrom x\non.\nA form\na\tb\nc & d"


def test_a_page_shows_tables_in_a_box_that_scrolls() -> None:
    shown = shown_html("<table><tr><td>a</td></tr></table><p onclick=x>b</p>")
    assert shown == (
        '<div class="prose-table" role="region" aria-label="Table" tabindex="0"><table><tbody><tr><td>a</td></tr></tbody></table>'
        "</div><p>b</p>"
    )
    assert 'loading="lazy"' in shown_html(f'<img src="{FILE}" alt="a">')

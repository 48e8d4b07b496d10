"""Plain text as HTML: hostile text is shown as text, lines stay lines, addresses become links."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collegium.features.discussions.texts import shown

HOSTILE = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[x](javascript:alert(1))",
    "javascript:alert(1)",
    "data:text/html,<script>1</script>",
    'https://example.org/"onmouseover="alert(1)',
    "https://example.org/'><script>alert(1)</script>",
    "&lt;script&gt;",
    "<a href='https://example.org'>x</a>",
    "http://<b>",
    "\u202ehttps://example.org",
)


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def only_our_tags(text: str) -> None:
    for tag, given_attributes in Tags(str(shown(text))).tags:
        assert tag in ("p", "br", "a")
        assert set(given_attributes) <= ({"class", "href", "rel"} if tag == "a" else set())
        if tag == "a":
            assert re.match(r"https?://", given_attributes["href"] or "", re.IGNORECASE)
            assert given_attributes["rel"] == "nofollow ugc noopener noreferrer"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_as_text(text: str) -> None:
    only_our_tags(text)
    assert Tags(str(shown(text))).words == text.strip()


@given(
    st.lists(st.sampled_from([*HOSTILE, "a", " ", "\n", "<", ">", "&", '"', "'", "http://", "https://x.y", ")", "."]))
)
def test_any_text_makes_only_our_tags(parts: list[str]) -> None:
    only_our_tags("".join(parts))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The database keeps no character of code 0.
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_every_character_is_kept_but_blanks(text: str) -> None:
    assert "".join(Tags(str(shown(text))).words.split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a\nb", "<p>a<br>b</p>"),
        ("a\r\n\r\n\n b ", "<p>a</p><p>b</p>"),
        ("  ", "<p></p>"),
        ("1 < 2", "<p>1 &lt; 2</p>"),
    ],
)
def test_lines_and_paragraphs(text: str, html: str) -> None:
    assert str(shown(text)) == html


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://example.org/a.", "https://example.org/a"),
        ("(https://example.org/a_(b))", "https://example.org/a_(b)"),
        ("https://example.org/?a=1&b=2, then", "https://example.org/?a=1&b=2"),
        ("HTTP://EXAMPLE.ORG", "HTTP://EXAMPLE.ORG"),
        ("[https://example.org]!", "https://example.org"),
    ],
)
def test_an_address_ends_where_the_sentence_goes_on(text: str, address: str) -> None:
    (link,) = [given_attributes["href"] for tag, given_attributes in Tags(str(shown(text))).tags if tag == "a"]
    assert link == address
    assert Tags(str(shown(text))).words == text

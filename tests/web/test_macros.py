"""The macros: each is shown on /design and named in the reference, and what they say of themselves holds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import jinja2
import pytest
from markupsafe import Markup

from collegium.web import assets, pages

UI = assets.TEMPLATES_DIR / "ui"
REFERENCE = pages.PACKAGE.parent.parent / "docs" / "reference" / "design-system.md"


def macros() -> list[str]:
    """The names of all public macros."""
    sources = "".join(file.read_text("utf-8") for file in UI.glob("*.html"))
    return sorted(re.findall(r"macro ([a-z]\w*)\(", sources))


def draw(source: str, **context: object) -> str:
    return pages.environment().from_string(source).render(csrf_token="t", **context)


@pytest.mark.parametrize("name", macros())
def test_each_macro_is_shown_and_named(name: str) -> None:
    design = "".join(file.read_text("utf-8") for file in (assets.TEMPLATES_DIR / "design").glob("*.html"))
    layouts = "".join(file.read_text("utf-8") for file in (assets.TEMPLATES_DIR / "layouts").glob("*.html"))
    assert f"ui.{name}(" in design + layouts
    assert f"`{name}`" in REFERENCE.read_text("utf-8")


def test_no_two_macros_share_a_name() -> None:
    assert len(macros()) == len(set(macros()))


def test_each_macro_has_its_line_on_use() -> None:
    for file in UI.glob("*.html"):
        source = file.read_text("utf-8")
        for name in re.findall(r"macro ([a-z]\w*)\(", source):
            assert f"{{#- {name}: " in source, f"{file.name}: {name}"


@pytest.mark.parametrize(
    "call",
    [
        "ui.field('x', 'Name', hint='A hint', error='An error')",
        "ui.password('x', hint='A hint', error='An error')",
        "ui.textarea('x', 'Name', hint='A hint', error='An error')",
        "ui.select('x', 'Name', [('a', 'A')], hint='A hint', error='An error')",
        "ui.file('x', 'Name', hint='A hint', error='An error')",
        "ui.checkbox('x', 'Name', hint='A hint', error='An error')",
        "ui.choices('x', 'Name', [('a', 'A')], hint='A hint', error='An error')",
    ],
)
def test_a_control_is_described_by_its_hint_and_its_error(call: str) -> None:
    html = draw("{{ " + call + " }}")
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described
    ids = described[1].split()
    assert [re.search(rf'id="{re.escape(name)}"[^>]*>(.*?)</p>', html, re.S) is not None for name in ids] == [
        True,
        True,
    ]
    assert 'aria-invalid="true"' in html
    for label in re.findall(r'<label[^>]* for="([^"]+)"', html):
        assert f'id="{label}"' in html


def test_a_control_without_notes_is_described_by_nothing() -> None:
    assert "aria-" not in draw("{{ ui.field('x', 'Name') }}")


def test_what_people_typed_is_escaped() -> None:
    html = draw("{{ ui.field('x', 'Name', value=typed) }}{{ ui.notice(typed) }}", typed='"><img src=x>')
    assert "<img" not in html


def test_markup_given_on_purpose_stays() -> None:
    assert "<b>1</b>" in draw("{{ ui.notice(text) }}", text=Markup("<b>1</b>"))


def test_further_arguments_become_attributes() -> None:
    html = draw("{{ ui.button('More', hx_get='/x?a=1&b=2', data_dialog_open='d') }}")
    assert 'hx-get="/x?a=1&amp;b=2"' in html
    assert 'data-dialog-open="d"' in html


def test_a_chosen_option_is_selected_and_no_other() -> None:
    html = draw("{{ ui.select('x', 'Zone', [('a', 'A'), ('b', 'B')], value='b') }}")
    assert re.findall(r'value="(\w)" selected', html) == ["b"]
    html = draw("{{ ui.choices('x', 'Kind', [('a', 'A', 3), ('b', 'B', 0)], value=['a'], many=True) }}")
    assert re.findall(r'value="(\w)" checked', html) == ["a"]
    assert '<span class="tick-count">0</span>' in html


def test_an_error_summary_leads_to_each_field() -> None:
    html = draw("{{ ui.error_summary({'email': 'No such address.'}) }}")
    assert '<a href="#f-email">No such address.</a>' in html
    assert draw("{{ ui.error_summary({}) }}") == ""


@pytest.mark.parametrize(("value", "words"), [(-5, "0 percent"), (37.6, "38 percent"), (140, "100 percent")])
def test_a_ring_says_its_share_and_stays_within_bounds(value: float, words: str) -> None:
    assert words in draw("{{ ui.ring(value) }}", value=value)


def test_a_ring_of_nothing_is_empty() -> None:
    assert "0 percent" in draw("{{ ui.ring(0, max=0) }}")


def test_a_meter_says_its_figures_as_people_write_them() -> None:
    html = draw("{{ ui.meter(8.5, 24, 'credits') }}{{ ui.meter(30.0, 24, 'credits') }}")
    assert "<strong>8.5</strong> of 24 credits" in html
    assert 'max="24" value="24"' in html, "more than the goal is a full bar"


def test_a_time_is_machine_readable_and_localised_only_when_it_has_a_zone() -> None:
    moment = datetime(2026, 6, 3, 14, 5, tzinfo=UTC)
    html = draw("{{ ui.time(moment, 'datetime') }}", moment=moment)
    assert 'datetime="2026-06-03T14:05:00+00:00" data-local="datetime"' in html
    assert "3 June 2026, 14:05 UTC" in html
    day = draw("{{ ui.time(day) }}", day=date(2026, 6, 30))
    assert day == '<time datetime="2026-06-30">30 June 2026</time>'


def test_a_locked_lesson_is_no_link_and_says_why() -> None:
    lessons = [
        {"title": "One", "state": "locked", "note": "Opens on 3 June"},
        {"title": "Two", "href": "/2", "state": "completed"},
    ]
    html = draw("{{ ui.outline([{'title': 'M', 'lessons': lessons}], current='/2') }}", lessons=lessons)
    assert html.count("<a ") == 1
    assert "Opens on 3 June" in html
    assert 'aria-label="Locked"' in html
    assert 'href="/2" aria-current="page"' in html


def test_a_page_without_neighbours_has_no_pagination() -> None:
    assert draw("{{ ui.pagination() }}").strip() == ""


def test_an_unknown_macro_is_named() -> None:
    with pytest.raises((AttributeError, jinja2.UndefinedError), match="buton"):
        draw("{{ ui.buton('x') }}")

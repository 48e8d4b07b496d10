"""What a question looks like to whoever answers it."""

from __future__ import annotations

from collegium.features.attempts import service


def test_blanks_are_gaps_with_the_numbers_of_their_fields() -> None:
    html = "<p>It is [[1]] life, or [[2]]; [[x]] and <b>[[123]]</b> stay.</p>"
    item = {"question_type": "fill_blank", "question_html": html, "options": [{"id": "1"}, {"id": "2"}], "position": 1}
    shown = str(service.question(item)["shown"])
    assert '<span class="quiz-gap"><span class="sr-only">blank </span>1</span> life' in shown
    assert shown.count("quiz-gap") == 2
    assert "[[x]] and <b>[[123]]</b> stay" in shown


def test_only_questions_with_blanks_have_gaps() -> None:
    item = {"question_type": "essay", "question_html": "<p>What is [[1]]?</p>", "position": 1}
    assert "[[1]]" in str(service.question(item)["shown"])

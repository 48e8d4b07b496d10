"""Certificate templates: a shape that is checked, a choice among the active ones, and versions that stay as they were issued."""

from __future__ import annotations

import json

import pytest

from collegium.access.stage import Stage

GOOD = {"heading": "Certificate", "body": "{holder} completed {course}.", "accent": "#102030", "show_credits": True}


@pytest.mark.parametrize(
    "layout",
    [
        pytest.param([], id="no-object"),
        pytest.param(None, id="null"),
        pytest.param({"heading": "Certificate"}, id="no-body"),
        pytest.param({**GOOD, "body": ""}, id="empty-body"),
        pytest.param({**GOOD, "accent": "red"}, id="no-colour"),
        pytest.param({**GOOD, "accent": None}, id="null-colour"),
        pytest.param({**GOOD, "show_credits": "yes"}, id="no-yes-or-no"),
        pytest.param({**GOOD, "script": "alert(1)"}, id="something-else"),
    ],
)
def test_a_layout_has_its_shape(stage: Stage, layout: object) -> None:
    change = "update public.certificate_templates set layout = %(l)s::jsonb where id = %(template)s"
    assert stage.attempt("admin", change, l=json.dumps(layout)).state == "23514"
    stage.act("admin", change, l=json.dumps(GOOD))


@pytest.mark.parametrize(
    "signatories",
    [
        pytest.param({"name": "Ada", "title": "Dean"}, id="no-list"),
        pytest.param([{"name": "Ada"}], id="no-title"),
        pytest.param([{"name": "", "title": "Dean"}], id="nobody"),
        pytest.param([{"name": "Ada", "title": "Dean"}] * 5, id="too-many"),
        pytest.param([None], id="null"),
    ],
)
def test_signatories_have_their_shape(stage: Stage, signatories: object) -> None:
    change = "update public.certificate_templates set signatories = %(s)s::jsonb where id = %(template)s"
    assert stage.attempt("admin", change, s=json.dumps(signatories)).state == "23514"


def test_an_instructor_chooses_among_the_active_templates(stage: Stage) -> None:
    choose = "update public.courses set certificate_template_id = %(t)s where id = %(course)s"
    stage.act("instructor", choose.replace("%(t)s", "%(template)s"))
    stage.owner("update public.certificate_templates set active = false")
    assert stage.attempt("instructor", choose.replace("%(t)s", "%(spare_template)s")).code == "no_such_template"
    stage.act("instructor", "update public.courses set title = 'Renamed' where id = %(course)s")
    stage.act("instructor", choose.replace("%(t)s", "null"))


def test_a_certificate_keeps_the_template_that_it_was_issued_with(stage: Stage) -> None:
    stage.act("instructor", "update public.courses set certificate_template_id = %(template)s where id = %(course)s")
    for lesson in ("welcome", "reading", "locked"):
        stage.owner(f"select private.complete_lesson(%(enrollment)s, %({lesson})s)")
    stage.act("instructor", "update public.courses set certificate_template_id = null where id = %(course)s")
    issued = "select template_id = %(template)s from public.certificates where enrollment_id = %(enrollment)s"
    assert stage.value(issued) is True
    for change in (
        "name = 'Other'",
        'layout = \'{"heading": "A", "body": "B"}\'',
        "logo_key = 'logo'",
        "signatories = '[]'",
    ):
        update = f"update public.certificate_templates set {change} where id = %(template)s"
        assert stage.attempt("admin", update).code == "template_in_use"
    stage.act("admin", "update public.certificate_templates set active = false where id = %(template)s")
    stage.act(
        "admin",
        "insert into public.certificate_templates (name, version, layout) select name, version + 1, layout"
        " from public.certificate_templates where id = %(template)s",
    )

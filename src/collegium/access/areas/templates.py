"""How certificates look."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

THINGS = ("template", "used_template", "spare_template")

FOUND = """
insert into public.certificate_templates (id, name, layout, signatories) values
    (%(template)s, 'Guild', '{"heading": "Certificate", "body": "{holder} completed {course}."}', '[{"name": "Ada", "title": "Dean"}]'),
    (%(used_template)s, 'Old', '{"heading": "Certificate", "body": "{holder} completed {course}."}', '[]'),
    (%(spare_template)s, 'Spare', '{"heading": "Certificate", "body": "{holder} completed {course}."}', '[]');
update public.courses set certificate_template_id = %(template)s where id = %(seminar)s;
update public.certificates set template_id = %(used_template)s where id = %(certificate)s;
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(FOUND)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "certificate_templates": {
        "select": "-     -     -     yes   yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 yes   yes   yes",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
    "certificate_templates: in use": {
        "select": "-     -     -     yes   yes   -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 yes   yes   yes",
        "update": "-     -     -     -     -     -     42501 CG409 CG409 CG409",
        "delete": "-     -     -     -     -     -     42501 yes   yes   yes",
    },
}


PROBES: dict[str, Probe] = {
    "certificate_templates": Probe(
        "a template that a course has chosen; one that none has is removed",
        "id = %(template)s",
        """(id, name, layout) values (%(new)s, 'New', '{"heading": "Certificate", "body": "Done."}')""",
        "id = %(new)s",
        ("page_size", "'a4'"),
        delete="id = %(spare_template)s",
    ),
    "certificate_templates: in use": Probe(
        "the template that the owner's certificate was issued with; a new one is its next version",
        "id = %(used_template)s",
        """(id, name, version, layout) values (%(new)s, 'Old', 2, '{"heading": "Certificate", "body": "Done."}')""",
        "id = %(new)s",
        ("page_size", "'a4'"),
        delete="id = %(spare_template)s",
    ),
}


FUNCTIONS: dict[str, str] = {
    "private.are_signatories": "authenticated service_role",
    "private.is_certificate_layout": "authenticated service_role",
}


AREA = Area(
    things=THINGS,
    found=found,
    matrix=MATRIX,
    probes=PROBES,
    functions=FUNCTIONS,
    wholly_writable=("certificate_templates",),
)

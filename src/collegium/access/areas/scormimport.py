"""SCORM packages as they come in: versions, rules, imports."""

from __future__ import annotations

from collegium.access.area import Area, Probe
from collegium.access.stage import Stage

ROWS = """
insert into public.scorm_package_files (scorm_package_id, path, storage_key, size_bytes, media_type)
values (%(package)s, 'index.html', 'scorm/fire/index.html', 1000, 'text/html');
insert into public.scorm_package_history (id, scorm_package_id, kind, reason, details, made_by)
values (%(package_history)s, %(package)s, 'rule', 'It never reports.', '{}', %(instructor)s)
"""


def found(stage: Stage) -> None:
    """What the guild has of it."""
    stage.owner(ROWS)


MATRIX: dict[str, dict[str, str]] = {
    #            owner learn stran instr other mngr  anon  admin super service
    "scorm_package_files": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 yes",
    },
    "scorm_package_history": {
        "select": "-     -     -     yes   -     -     42501 yes   yes   yes",
        "insert": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "update": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
        "delete": "42501 42501 42501 42501 42501 42501 42501 42501 42501 42501",
    },
}


PROBES: dict[str, Probe] = {
    "scorm_package_files": Probe(
        "a file of the instructor's package",
        "scorm_package_id = %(package)s and path = 'index.html'",
        "(scorm_package_id, path, storage_key, size_bytes, media_type)"
        " values (%(package)s, 'more.html', 'scorm/fire/more.html', 10, 'text/html')",
        "scorm_package_id = %(package)s and path = 'more.html'",
        ("media_type", "'text/plain'"),
        first="path",
    ),
    "scorm_package_history": Probe(
        "a rule that the instructor gave his package",
        "id = %(package_history)s",
        "(id, scorm_package_id, kind, reason, details) values (%(new)s, %(package)s, 'rule', 'Because.', '{}')",
        "id = %(new)s",
        ("reason", "'Another one.'"),
    ),
}


UNREADABLE: dict[str, str] = {"scorm_package_files": "storage_key"}


FUNCTIONS: dict[str, str] = {
    "private.take_package_over": "service_role",
    "public.begin_package_import": "authenticated",
    "public.delete_scorm_package": "authenticated",
    "public.move_scorm_learners": "authenticated",
    "public.preview_package_rule": "authenticated",
    "public.retry_package_import": "authenticated",
    "public.set_package_rule": "authenticated",
}


AREA = Area(
    things=("package_history",), found=found, matrix=MATRIX, probes=PROBES, unreadable=UNREADABLE, functions=FUNCTIONS
)

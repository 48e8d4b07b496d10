"""Named queries: SQL stands in ``queries.sql`` beside the code that uses it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

_HEAD = re.compile(r"^-- name: ([a-z][a-z0-9_]*)(?: as (anon|authenticated|service_role))?\s*$", re.MULTILINE)


class Queries:
    """The queries of one feature, as attributes: ``Q.course_by_slug`` is the text of that query.

    A block reads ``-- name: course_by_slug as authenticated`` (the role that runs it; authenticated when left out),
    then one comment line that says what for, then SQL with ``$1``, ``$2``, …
    """

    def __init__(self, package: str, text: str) -> None:
        self._package = package
        self._texts: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._purposes: dict[str, str] = {}
        parts = _HEAD.split(text)
        for name, role, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            if name in self._texts:
                raise ValueError(f"{package}: query {name} stands twice in queries.sql")
            lines = body.strip().splitlines()
            purpose = lines[0].removeprefix("--").strip() if lines and lines[0].startswith("--") else ""
            self._texts[name] = body.strip().rstrip(";")
            self._roles[name] = role or "authenticated"
            self._purposes[name] = purpose

    def __getattr__(self, name: str) -> str:
        try:
            return self._texts[name]
        except KeyError:
            raise AttributeError(f"{self._package}: there is no query {name}") from None

    def __iter__(self) -> Iterator[tuple[str, str, str, str]]:
        """Name, role, purpose and text of each query."""
        for name, text in self._texts.items():
            yield name, self._roles[name], self._purposes[name], text


def load(package: str) -> Queries:
    """The queries that stand in ``queries.sql`` of a package."""
    return Queries(package, resources.files(package).joinpath("queries.sql").read_text(encoding="utf-8"))

"""What the OpenAPI document says beyond the handlers' types: how requests fail, and routes outside of the framework."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin

from collegium.web.pages import WebRequest
from collegium.web.problems import PROBLEM_JSON

SCHEMAS = "#/components/schemas/"
# Any request may meet a database that is restarting, or a fault of ours.
ANY_REQUEST = (500, 503)


class ProblemDocument(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457 section 3). ``code`` is stable and for programs, ``detail`` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str


def failures(*statuses: int) -> dict[int, ResponseSpec]:
    """The ``responses=`` of a handler that fails with these statuses, and with those that any request may meet."""
    return {
        status: ResponseSpec(
            ProblemDocument,
            description=HTTPStatus(status).phrase,
            media_type=PROBLEM_JSON,
            generate_examples=False,
        )
        for status in (*statuses, *ANY_REQUEST)
    }


class PlainRoute(msgspec.Struct, frozen=True):
    """A route in front of the framework, for the OpenAPI document; ``takes`` and ``answers`` are structs.

    ``parameters`` are those of its path, as OpenAPI writes them.
    """

    path: str
    operation: str
    tag: str
    summary: str
    description: str
    takes: type
    answers: type
    fails: Sequence[int]
    method: str = "post"
    parameters: Sequence[dict[str, Any]] = ()

    def added_to(self, document: dict[str, Any]) -> dict[str, Any]:
        """The document with this route in it."""
        (takes, answers, problem), schemas = msgspec.json.schema_components(
            (self.takes, self.answers, ProblemDocument), ref_template=SCHEMAS + "{name}"
        )
        operation: dict[str, Any] = {
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "operationId": self.operation,
            **({"parameters": list(self.parameters)} if self.parameters else {}),
            "requestBody": {"required": True, "content": {"application/json": {"schema": takes}}},
            "responses": {
                "200": {
                    "description": "Request fulfilled, document follows",
                    "content": {"application/json": {"schema": answers}},
                },
                **{
                    str(status): {
                        "description": HTTPStatus(status).phrase,
                        "content": {PROBLEM_JSON: {"schema": problem}},
                    }
                    for status in (*self.fails, *ANY_REQUEST)
                },
            },
        }
        components = document.get("components", {})
        return {
            **document,
            "paths": {**document.get("paths", {}), self.path: {self.method: operation}},
            "components": {**components, "schemas": {**schemas, **components.get("schemas", {})}},
        }


def plainer(node: Any) -> Any:
    """Pairs of the same kind said by ``items`` and a length, which every reader of OpenAPI understands.

    The framework's ``prefixItems`` (JSON Schema 2020-12 section 10.3.1.1) leaves the length open, and older tools
    do not know it.
    """
    if isinstance(node, list):
        return [plainer(item) for item in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {key: plainer(value) for key, value in node.items()}  # pyright: ignore[reportUnknownVariableType]
    first: list[Any] = found.get("prefixItems", [])
    if first and all(item == first[0] for item in first):
        del found["prefixItems"]
        found |= {"items": first[0], "minItems": len(first), "maxItems": len(first)}
    return found


class Document(JsonRenderPlugin):
    """The OpenAPI document as JSON, with the routes that the framework does not know."""

    def __init__(self, *, path: str, routes: Sequence[PlainRoute]) -> None:
        super().__init__(path=path)
        self._routes = routes

    def render(self, request: WebRequest, openapi_schema: dict[str, Any]) -> bytes:
        """The document's text."""
        for route in self._routes:
            openapi_schema = route.added_to(openapi_schema)
        return self.render_json(request, plainer(openapi_schema))

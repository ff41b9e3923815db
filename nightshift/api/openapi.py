"""The OpenAPI document: names that clients are generated from, and every refusal with its form."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from nightshift.api.problems import MEDIA_TYPE

_PROBLEM = {
    "title": "Problem",
    "description": "What is wrong, and what to do (RFC 9457).",
    "type": "object",
    "required": ["title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "description": "Of an invalid request: what is wrong where.",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}
_REFUSALS = {
    "400": "The body can't be read.",
    "401": "No valid token.",
    "403": "The token's scope does not allow it, or the server was asked by a foreign name.",
    "404": "There is no such thing.",
    "409": "It is in work.",
    "413": "The body is too large.",
    "422": "The request is invalid.",
    "429": "Too many requests; `Retry-After` says when to ask again.",
    "500": "A fault of Night Shift.",
    "503": "The database or the Prefect server is away; `Retry-After` says when to ask again.",
    "507": "The disk is full, or the database can't be written.",
}
_OF_OPEN_ONES = ("403", "429", "500", "503", "507")  # those that need no token and take nothing
_METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


def operation_id(route: APIRoute) -> str:
    """``list_items`` is listItems; a lone verb gets the thing that its module is about."""
    name = route.name
    if "_" not in name and route.tags:
        name = f"{name}_{str(route.tags[0]).removesuffix('s')}"
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def add_to(app: FastAPI) -> None:
    """Have the document say how each operation refuses."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(made())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _described(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError", "RequestValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = _PROBLEM
    for path in document["paths"].values():
        for method, operation in path.items():
            if method in _METHODS:
                _refuses(operation)
    return document


def _refuses(operation: dict[str, Any]) -> None:
    """Say of an operation how it may refuse; what its own route says of it stands."""
    responses = operation["responses"]
    form = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status, says in _REFUSALS.items():
        if not operation.get("security") and status not in _OF_OPEN_ONES:
            continue
        known = responses.get(status, {})
        responses[status] = {
            "description": known.get("description", says) if status != "422" else says,
            "content": form,
            **({"headers": known["headers"]} if "headers" in known else {}),
        }
    for status, known in responses.items():  # a route's own, such as those of uploads
        if status[0] in "45" and "content" not in known:
            responses[status] = known | {"content": form}
    operation["responses"] = dict(sorted(responses.items()))

"""The OpenAPI document, and a fuzzer that holds the API to it."""

import json
from typing import Any

from typer.testing import CliRunner

from nightshift.__main__ import app as command
from nightshift.api.app import create_app
from utils.config import Settings

METHODS = {"get", "put", "post", "delete", "patch"}


def operations(settings: Settings) -> list[tuple[str, str, dict[str, Any]]]:
    document = create_app(settings).openapi()
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def test_every_operation_has_a_plain_name_of_its_own_and_says_how_it_refuses(
    settings: Settings,
) -> None:
    found = operations(settings)
    names = [operation["operationId"] for _, _, operation in found]
    assert len(names) == len(set(names))
    for _, path, operation in found:
        assert operation["operationId"].isalnum() and operation["operationId"][0].islower(), path
        assert operation["summary"] and operation["tags"] and operation["description"], path
        for status, response in operation["responses"].items():
            if status[0] in "45":
                assert list(response["content"]) == ["application/problem+json"], (path, status)
        if operation.get("security"):
            assert {"401", "403", "422", "429", "503"} <= set(operation["responses"]), path
    open_ones = {path for _, path, operation in found if not operation.get("security")}
    assert open_ones <= {"/api/v1/health", "/api/v1/ready"}


def test_the_document_is_printed_without_serving() -> None:
    printed = CliRunner().invoke(command, ["serve", "--openapi"]).stdout
    assert json.loads(printed)["openapi"].startswith("3.1")

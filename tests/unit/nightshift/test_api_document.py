"""The OpenAPI document, and a fuzzer that holds the API to it."""

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as chosen
from schemathesis.specs.openapi.checks import positive_data_acceptance
from typer.testing import CliRunner

from nightshift.__main__ import app as command
from nightshift.api.app import create_app
from tests.unit.nightshift.test_api import token
from tests.unit.nightshift.test_api_items import add
from utils.config import Settings
from utils.models.api import Scope

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


def not_for(path: str) -> list[Any]:
    """Checks that can't pass: no schema says that a cron fires, that a path is media."""
    rules_of_its_own = any(
        part in path for part in ("/sources", "/uploads", "/jobs", "/music", "/publications")
    )
    return [positive_data_acceptance] if rules_of_its_own else []


def test_a_fuzzer_finds_no_answer_that_the_document_does_not_name(settings: Settings) -> None:
    """A few requests for each operation; for hours: `schemathesis run` (docs/operating.md)."""
    for number in range(3):
        add(number)
    unlimited = settings.api.model_copy(update={"requests_per_minute": 10**9})
    app = create_app(settings.model_copy(update={"api": unlimited}), frozenset({"testserver"}))
    headers = token(Scope.ADMIN)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    for found in schema.exclude(path_regex="/events$").get_all_operations():  # they do not end
        operation: Any = found

        @chosen(max_examples=6, deadline=None, derandomize=True, database=None,
                phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(operation.ok().as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(
                headers=headers, timeout=120, excluded_checks=not_for(case.operation.path)
            )

        ask()

"""The client in TypeScript: it compiles, its own tests pass, its types are those of the API."""

import json
from pathlib import Path

import pytest

from nightshift.api.app import create_app
from tests.e2e.typescript import CLIENT, said
from utils.config import Settings

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("typescript")]


def test_no_registry_is_named_in_its_lock() -> None:
    packages = json.loads((CLIENT / "package-lock.json").read_text())["packages"]
    addresses = [one["resolved"] for one in packages.values() if "resolved" in one]
    assert all(one.startswith("https://registry.npmjs.org/") for one in addresses)
    assert all("integrity" in one for name, one in packages.items() if name)


def test_it_compiles_strictly_and_its_own_tests_pass(typescript_client: Path) -> None:
    told = said(typescript_client, "node", "--test", "--test-reporter=tap", "test/client.test.mjs")
    assert "# fail 0" in told and "# pass 8" in told


def test_its_types_are_those_of_the_api(typescript_client: Path) -> None:
    """Else: cd clients/typescript && npm ci && npm run generate."""
    (typescript_client / "openapi.json").write_text(json.dumps(create_app(Settings()).openapi()))
    made = typescript_client / "made.ts"
    said(typescript_client, "npx", "openapi-typescript", "openapi.json", "-o", made.name)
    assert made.read_text() == (CLIENT / "src" / "schema.ts").read_text()

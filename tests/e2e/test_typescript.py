"""The client in TypeScript: it compiles, its own tests pass, its types are those of the API."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nightshift.api.app import create_app
from tests.paths import PROJECT
from utils.config import Settings

CLIENT = PROJECT / "clients" / "typescript"
_AWAY = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET", "ENOTCACHED")

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("typescript")]


def said(folder: Path, *command: str) -> str:
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def client() -> Iterator[Path]:
    """A built copy of it."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        pytest.skip("Node and npm are not installed")
    with TemporaryDirectory(prefix="nightshift-client-") as folder:
        copy = Path(folder, "client")
        shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
        command = [npm, "ci", "--prefer-offline"]
        got = subprocess.run(command, cwd=copy, capture_output=True, text=True)
        if got.returncode and any(word in got.stderr for word in _AWAY):
            pytest.skip("the registry of npm does not answer")
        assert got.returncode == 0, got.stderr
        said(copy, npm, "run", "build")
        yield copy


def test_no_registry_is_named_in_its_lock() -> None:
    packages = json.loads((CLIENT / "package-lock.json").read_text())["packages"]
    addresses = [one["resolved"] for one in packages.values() if "resolved" in one]
    assert all(one.startswith("https://registry.npmjs.org/") for one in addresses)
    assert all("integrity" in one for name, one in packages.items() if name)


def test_it_compiles_strictly_and_its_own_tests_pass(client: Path) -> None:
    told = said(client, "node", "--test", "--test-reporter=tap", "test/client.test.mjs")
    assert "# fail 0" in told and "# pass 8" in told


def test_its_types_are_those_of_the_api(client: Path) -> None:
    """Else: cd clients/typescript && npm ci && npm run generate."""
    (client / "openapi.json").write_text(json.dumps(create_app(Settings()).openapi()))
    made = client / "made.ts"
    said(client, "npx", "openapi-typescript", "openapi.json", "-o", made.name)
    assert made.read_text() == (CLIENT / "src" / "schema.ts").read_text()

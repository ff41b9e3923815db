"""What is built is what runs: the wheel and the sdist, in an environment without the working copy.

The packages of the lock are seen through a .pth file, as installing them again takes minutes
(`make wheel-check` does it); Night Shift itself is the wheel's alone: an editable installation is a
.pth file too, and those of a folder that a .pth file names are not read.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.conftest import SAMPLES

PROJECT = Path(__file__).parent.parent.parent
PACKAGES = ("nightshift", "deployments", "flows", "subflows", "tasks", "utils")
NOT_SOURCE = (".*", "data", "dist", "build", "*.egg-info", "__pycache__", "node_modules")


class Built(NamedTuple):
    """What `make build` makes, and the copy of the source that it was made of."""

    source: Path
    wheel: Path
    sdist: Path
    straight: Path  # a wheel made of the source without a detour


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    shutil.copytree(PROJECT, source, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir"]
    for options in ([str(folder / "dist")], [str(folder / "straight"), "--wheel"]):
        done = subprocess.run([*build, *options, source], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    (straight,) = (folder / "straight").glob("*.whl")
    return Built(source, wheel, sdist, straight)


@pytest.fixture(scope="module")
def empty(built: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The bin folder of an environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True, with_pip=False)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", built.wheel]
    done = subprocess.run(install, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "the-lock.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"


@pytest.fixture
def run(empty: Any, tmp_path: Path) -> Any:
    """Run a program of that environment in an empty folder."""
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "NIGHTSHIFT_CACHE_DIR")
    }

    def run(program: Any, *arguments: Any) -> Any:
        return subprocess.run(
            [empty / program, *arguments],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    return run


def contents(wheel: Any) -> Any:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_every_module_and_what_they_read_and_nothing_else(built: Any) -> None:
    modules = {
        str(path.relative_to(built.source))
        for package in PACKAGES
        for path in (built.source / package).rglob("*")
        if path.is_file()
    }
    assert contents(built.wheel) == modules
    folders = ("utils/analysis/prompts/", "utils/critic/", "utils/distribution/pages/")
    pages = tuple(f"nightshift/pages/{name}/" for name in ("templates", "static", "locale"))
    visuals = tuple(f"utils/visuals/{name}/" for name in ("fonts", "styles", "workflows"))
    known = (*folders, *pages, *visuals)
    found = {path for path in modules if not path.startswith(known)}
    others = {path for path in found if not path.endswith((".py", ".sql"))}
    assert {path.rpartition("/")[2] for path in others} == {
        "report.html.j2", "script.py.mako", "centre.json", "prefect.yaml",
        "nightly_deployment.yaml", "ingestion_deployment.yaml",
        "night-shift.json", "alerts.yml", "prometheus.yml", "README.md", "world.json",
        "page.html.j2", "page.css", "cities.tsv.gz", "countries.tsv", "former.tsv", "names.tsv",
    }  # fmt: skip
    assert "utils/visuals/fonts/NotoSansKhmer-Bold.ttf" in contents(built.wheel)


def test_the_sdist_builds_the_same_wheel_and_holds_what_tests_and_servers_need(built: Any) -> None:
    assert contents(built.wheel) == contents(built.straight)
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for path in (
        "LICENSE", "README.md", "Makefile", "prefect.yaml", "docker-compose.yml",
        "requirements/production.lock", "scripts/install.py", "samples/lighthouse.mp3",
        "tests/conftest.py", "tests/fixtures", "kubernetes/worker.yaml",
    ):  # fmt: skip
        assert path in names, path


def test_the_wheel_names_its_licence_and_its_extras(built: Any) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        folder = next(n.split("/")[0] for n in archive.namelist() if ".dist-info/" in n)
        said = archive.read(f"{folder}/METADATA").decode()
        assert "Apache License" in archive.read(f"{folder}/licenses/LICENSE").decode()
    assert "License-Expression: Apache-2.0" in said
    for extra in ("speech-openai", "speech-fast", "dev"):
        assert f"Provides-Extra: {extra}" in said


def test_every_flow_that_is_declared_lies_where_deploy_looks_for_it(built: Any) -> None:
    inside = contents(built.wheel)
    with zipfile.ZipFile(built.wheel) as archive:
        files = [name for name in inside if re.fullmatch(r"deployments/[\w]*\.yaml", name)]
        assert len(files) == 3
        deployments = [
            one for name in files for one in yaml.safe_load(archive.read(name))["deployments"]
        ]
    assert {entry["entrypoint"].partition(":")[0] for entry in deployments} <= inside


def test_the_version_is_said_without_loading_prefect(run: Any) -> None:
    done = run("nightshift", "--version")
    assert done.stdout == "nightshift 0.1.0\n", done.stderr
    code = (
        "import sys; from nightshift.__main__ import app\n"
        "try: app(['--version'])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('prefect', 'sqlalchemy', 'torch', 'chromadb') if n in sys.modules])"
    )
    assert run("python", "-c", code).stdout == "nightshift 0.1.0\n[]\n"


def test_the_modules_are_those_of_the_wheel(run: Any, empty: Any) -> None:
    code = f"import {', '.join(PACKAGES)}, json; print(json.dumps([list(m.__path__) for m in"
    done = run("python", "-c", f"{code} ({', '.join(PACKAGES)})]))")
    for (path,) in json.loads(done.stdout):
        assert Path(path).is_relative_to(empty.parent), path


def test_help_names_the_commands(run: Any) -> None:
    done = run("nightshift", "--help")
    assert done.returncode == 0
    assert "doctor" in done.stdout


def test_a_sample_is_processed_in_an_empty_folder(run: Any, tmp_path: Path) -> None:
    done = run("nightshift", "run", str(SAMPLES / "coast.jpg"), "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["status"] == "success"
    home = tmp_path / "empty" / "data"
    assert (home / "nightshift.db").exists()
    assert list((home / "reports").glob("*.html"))

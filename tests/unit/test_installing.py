"""What installs the project: scripts, image, hooks and CI call what the README names."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import audit, install

PROJECT = Path(__file__).parent.parent.parent
MAKEFILE = (PROJECT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))
WORKFLOW = PROJECT / ".github/workflows/ci.yml"
DOCKERFILE = (PROJECT / "Dockerfile").read_text()


def steps() -> Any:
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]


def test_the_workflow_is_valid_by_githubs_own_schema() -> None:
    tool = Path(sys.executable).with_name("check-jsonschema")
    arguments = ["--builtin-schema", "vendor.github-workflows", str(WORKFLOW)]
    done = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_calls_make_on_every_python_that_is_locked() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert tuple(map(int, ["3", "13"])) == install.NEWEST_LOCKED
    called = {step.split()[1] for step in steps() if step.startswith("make ")}
    assert called <= TARGETS
    assert called >= {"setup", "lint", "test", "wheel-check", "audit"}


def test_ci_runs_the_command_of_the_readme_and_nothing_hidden() -> None:
    lines = (PROJECT / ".ci/run").read_text().splitlines()
    commands = [line for line in lines if not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test"]
    assert re.search(r"^make test +#", (PROJECT / "README.md").read_text(), re.M)
    assert re.search(r"^check: test\b", MAKEFILE, re.M)


def test_the_hooks_are_the_tools_of_the_lock_and_download_nothing() -> None:
    (repository,) = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
    assert repository["repo"] == "local"
    for hook in repository["hooks"]:
        assert hook["language"] == "system"
        tool = hook["entry"].split()[0]
        assert tool.replace(".venv/bin", "$(BIN)") in MAKEFILE


def test_the_image_is_pinned_and_its_last_stage_is_bare() -> None:
    first, last = DOCKERFILE.split("\nFROM ")[1:]
    assert re.search(r"^ARG BASE=python:3\.11\S*@sha256:[0-9a-f]{64}$", DOCKERFILE, re.M)
    assert first.startswith("${BASE} AS ")
    assert last.startswith("${BASE}\n")
    assert "apt-get" not in DOCKERFILE
    assert not re.search(r"pip install|COPY (?!--from)", last)
    assert re.search(r"^USER 1000$", last, re.M)
    assert "--editable" not in DOCKERFILE


def test_the_image_is_made_of_what_runs_and_nothing_else() -> None:
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    taken = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert "*" in lines
    assert not taken & {"tests", "benchmarks", "samples", "docs", ".env", "data", ".git", ".venv"}
    assert all((PROJECT / name).exists() for name in taken)
    for package in ("nightshift", "deployments", "flows", "subflows", "tasks", "utils"):
        assert package in taken


@pytest.mark.parametrize(
    ("system", "machine", "words"),
    [("Darwin", "x86_64", "onnxruntime"), ("Windows", "AMD64", "WSL")],
)
def test_a_machine_that_cannot_work_is_told_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch, system: Any, machine: Any, words: Any
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(SystemExit, match=words):
        install._check_machine()


@pytest.mark.parametrize(
    "machine", [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")]
)
def test_the_machines_of_the_lock_may_install(
    monkeypatch: pytest.MonkeyPatch, machine: Any
) -> None:
    monkeypatch.setattr("platform.system", lambda: machine[0])
    monkeypatch.setattr("platform.machine", lambda: machine[1])
    install._check_machine()


def test_every_file_is_checked_against_hashes_and_nothing_is_compiled() -> None:
    flags = install._flags(["production"])
    assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= set(flags)
    assert flags[flags.index("--only-binary") + 1] == ":all:"
    assert Path(flags[-1]).is_file()


def test_an_audit_without_a_database_says_so_and_does_not_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    skipped = {"name": "pip", "skip_reason": "not found"}
    monkeypatch.setattr(audit, "ask", lambda *_: [skipped])
    audit.main()
    assert "NOT AUDITED" in capsys.readouterr().out


def test_a_known_hole_fails_the_audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hole = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    found = [{"name": "pip", "version": "1.0", "vulns": [hole]}]
    monkeypatch.setattr(audit, "ask", lambda *_: found)
    with pytest.raises(SystemExit) as ended:
        audit.main()
    assert ended.value.code == 1
    assert "pip 1.0: PYSEC-1, mended in 2.0" in capsys.readouterr().out


def test_an_accepted_hole_is_printed_and_does_not_fail_the_audit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hole = {"id": "PYSEC-1", "fix_versions": []}
    found = [{"name": "pip", "version": "1.0", "vulns": [hole]}]
    monkeypatch.setitem(audit.ACCEPTED, "PYSEC-1", "we never unpack strangers' wheels")
    assert audit.judge("pypi", found) == 0
    assert "accepted: we never unpack" in capsys.readouterr().out


def test_the_audit_asks_about_every_lock() -> None:
    assert {path.stem for path in audit.locks()} >= {"build", "production", "development", "torch"}


def test_the_documents_count_the_packages_of_each_lock() -> None:
    said = (PROJECT / "docs/installation.md").read_text()
    for path in (PROJECT / "requirements").glob("*.lock"):
        row = next(line for line in said.splitlines() if line.startswith(f"| `{path.name}`")
                   or f", `{path.name}` |" in line)  # fmt: skip
        number = len(re.findall(r"^[\w.-]+==", path.read_text(), re.M))
        assert row.split("|")[2].strip() == str(number), path.name


def test_every_target_that_people_call_is_in_the_documents() -> None:
    documents = "\n".join(
        path.read_text() for path in (*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md"))
    )
    for target in TARGETS - {"help", "check", "lint", "clean", "samples"}:
        assert f"make {target}" in documents, target

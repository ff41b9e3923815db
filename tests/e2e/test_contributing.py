"""CONTRIBUTING.md's example of a new step works as it is written: a copy is changed and run."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.paths import PROJECT

GUIDE = (PROJECT / "CONTRIBUTING.md").read_text()
STEP = "describe_palette"
_EXAMPLE = re.compile(r"^## Add a step$(.*?)^## ", re.M | re.S)
# A file's name in back-ticks at the end of a sentence, then what it becomes.
_BLOCK = re.compile(r"`(\S+?)`[^`]*?:\n\n```(python|diff)\n(.*?)^```$", re.M | re.S)


def blocks() -> list[tuple[str, str, str]]:
    """Each block of the example: the file that it changes, its language, its text."""
    return _BLOCK.findall(_EXAMPLE.search(GUIDE)[1])


def patched(text: str, diff: str) -> str:
    """``text`` with the hunks of ``diff``, each of which must fit at one place."""
    for hunk in diff.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(old) == 1, f"CONTRIBUTING.md is out of date: not found once:\n{old}"
        text = text.replace(old, new)
    return text


def copied(folder: Path) -> Path:
    """A copy of the project's files, without what lies beside them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.split("\0"):
        if (PROJECT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target)
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the step of the example."""
    folder = copied(tmp_path_factory.mktemp("contributing") / "project")
    for name, language, text in blocks():
        target = folder / name
        if language == "diff":
            target.write_text(patched(target.read_text(), text))
        else:
            assert not target.exists(), f"{name} is no new file"
            target.write_text(text)
    return folder


def python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python on the copy, with a home of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if "NIGHTSHIFT" not in name},
        "NIGHTSHIFT_HOME": str(copy.parent / "home"),
        "PYTHONPATH": str(copy),
    }
    return subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True
    )


def test_the_example_changes_three_files_of_the_product() -> None:
    changed = [name for name, language, _ in blocks() if language == "diff"]
    assert changed == [
        *("utils/models/steps.py", "tasks/signal.py", "subflows/analysis.py", "docs/steps.md")
    ]


def test_the_example_keeps_the_rules(copy: Path) -> None:
    files = [name for name, _, _ in blocks() if name.endswith(".py")]
    tool = Path(sys.executable).parent
    for rules in (
        ("-m", "ruff", "check", *files),
        ("-m", "ruff", "format", "--check", *files),
        (str(tool / "lint-imports"), "--no-cache"),
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/pipeline",
         "tests/unit/test_house.py", "tests/unit/media/imaging/test_palette.py"),
    ):  # fmt: skip
        done = python(copy, *rules)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_new_step_runs_and_can_be_asked_for(
    copy: Path, not_new: Callable[[Path], Path]
) -> None:
    not_new(copy.parent / "home")
    picture = "samples/coast.jpg"
    done = python(copy, "-m", "nightshift", "run", picture, "--only", STEP, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["done"] == 1
    why = json.loads(python(copy, "-m", "nightshift", "why", picture, STEP, "--json").stdout)
    assert [row["status"] for row in why["executions"]] == ["done"]
    assert why["applies"] is None
    shown = json.loads(python(copy, "-m", "nightshift", "show", picture, "--json").stdout)
    assert STEP in [step["step"] for step in shown["steps"]]
    with sqlite3.connect(copy.parent / "home" / "nightshift.db") as ledger:
        row = ledger.execute("SELECT result FROM executions WHERE step = ?", (STEP,)).fetchone()
    assert re.fullmatch("#[0-9a-f]{6}", json.loads(row[0])["colours"][0])


def test_the_new_step_has_a_switch(copy: Path) -> None:
    done = python(
        copy, "-m", "nightshift", "plan", "samples/coast.jpg", "--skip", STEP, "--json"
    )  # fmt: skip
    steps = {step["step"]: step for step in json.loads(done.stdout)[0]["steps"]}
    assert steps[STEP]["why"] == "switched off"


def test_a_migration_is_written_by_the_tool_and_fits_both_databases(tmp_path: Path) -> None:
    project = copied(tmp_path / "project")
    schema = project / "utils" / "db" / "schema.py"
    title = "    title: Mapped[str] = mapped_column(Text)\n"
    columns = (
        "    colour: Mapped[str | None] = mapped_column(String(7), index=True)\n"
        "    colours: Mapped[Any | None] = mapped_column(Json)\n"
        "    seen_at: Mapped[datetime | None] = mapped_column(UtcTime)\n"
    )
    schema.write_text(schema.read_text().replace(title, title + columns, 1))
    made = python(project, "scripts/make_migration.py", "items have a colour")
    assert made.returncode == 0, made.stderr
    (written,) = (project / "utils" / "db" / "migrations").glob("versions/*_items_have_a_colour.py")
    assert "batch" not in written.read_text()
    tests = ("tests/unit/db/test_session.py", "-k", "migrations or older_database")
    done = python(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout

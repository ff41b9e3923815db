"""`nightshift source import`: once, without secrets, and with --dry-run nothing at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.paths import PROJECT
from utils.db import sources
from utils.db.session import session

pytestmark = pytest.mark.usefixtures("settings")
SAMPLES = PROJECT / "tests" / "fixtures" / "definitions"


def said(name: str, *options: str) -> str:
    arguments = ["source", "import", str(SAMPLES / name), *options]
    finished = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert finished.exit_code == 0
    return finished.stdout


def rows(name: str, *options: str) -> dict[str, Any]:
    return {row["in_file"]: row for row in json.loads(said(name, "--json", *options))["sources"]}


def kept() -> dict[str, str]:
    with session() as s:
        return {row.name: row.location for row in sources.every(s)}


def test_a_dry_run_says_what_would_be_added_and_adds_nothing() -> None:
    told = rows("subscriptions.opml", "--dry-run")
    assert {row["state"] for row in told.values()} == {"would be added"}
    assert "Nothing was changed" in said("subscriptions.opml", "--dry-run")
    assert kept() == {}


def test_what_was_imported_exists_the_next_time_whatever_its_secret() -> None:
    told = rows("subscriptions.opml")
    assert {row["state"] for row in told.values()} == {"added"}
    assert "sealed~" in kept()["A-podcast"]
    assert {row["state"] for row in rows("subscriptions.opml").values()} == {"exists"}
    assert "hunter2" not in said("subscriptions.opml")
    assert len(kept()) == 4


def test_a_name_that_is_taken_gets_a_number_and_what_is_known_under_another_is_named() -> None:
    rows("newpipe.json")
    assert rows("takeout.csv")["Talks, and more"]["why"] == "as Talks"
    assert kept()["Talks"].endswith("UCabcdefghijklmnopqrstuv")


def test_what_can_not_be_mapped_says_why_and_stops_no_other() -> None:
    told = rows("autoloader.yaml")
    assert told["clicks"]["state"] == "can't be mapped"
    assert "no media" in told["clicks"]["why"]
    assert told["archive"]["state"] == "added"
    assert "paused" in told["interviews"]["why"]
    with session() as s:
        paused = [row.name for row in sources.every(s) if row.paused_at]
    assert paused == ["interviews"]


def test_a_folder_that_is_not_there_is_not_added(tmp_path: Path) -> None:
    told = rows("workflow.json")
    assert "does not exist" in told["Films on disk"]["why"]
    assert told["Songs"]["name"] == "Media-in-Songs"

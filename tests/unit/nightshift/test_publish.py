"""The commands of publishing: what they say, and how they end."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nightshift.__main__ import app
from tests.unit.distribution import known
from utils.config import load_settings

pytestmark = pytest.mark.usefixtures("settings")


def called(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_an_item_is_published_named_once_it_should_not_be_and_taken_back(tmp_path: Path) -> None:
    folder = known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    done = called("publish", item_id[:8], "--to", "public")
    assert done.exit_code == 0
    assert "1 published" in done.stdout
    assert "1 unchanged" in called("publish", item_id, "--to", "public").stdout
    (row,) = json.loads(called("publications", "list", "--json").stdout)
    assert (row["status"], row["flaws"], row["made_by"]) == ("published", [], "command line")
    assert called("publications", "verify").exit_code == 0
    shown = called("publications", "show", "1").stdout
    assert "media.mp3" in shown and " UTC\n" in shown and "+00:00" not in shown
    shown = json.loads(called("show", item_id, "--json").stdout)
    assert [one["target"] for one in shown["publications"]] == ["public"]
    known.judged(item_id, "review")
    listed = called("publications", "list")
    assert listed.exit_code == 1
    assert "a person has to decide now" in listed.stdout
    (folder / f"song-{item_id[:12]}" / "media.mp3").unlink()
    assert called("publications", "verify").exit_code == 1
    assert called("unpublish", item_id, "--from", "public").exit_code == 0
    assert list(folder.iterdir()) == []
    assert called("publications", "list").exit_code == 0


def test_what_is_not_approved_needs_force_and_a_reason(tmp_path: Path) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3", None)
    assert called("publish", item_id, "--to", "public").exit_code == 1
    assert called("publish", item_id, "--to", "public", "--force").exit_code == 2
    forced = called("publish", item_id, "--to", "public", "--force", "--reason", "mine", "--json")
    assert json.loads(forced.stdout)["published"] == 1


def test_what_is_scheduled_says_when(tmp_path: Path) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    said = called("publish", item_id, "--to", "public", "--at", "2999-01-01T20:00")
    assert said.exit_code == 0
    assert "2999-01-01 20:00 UTC" in said.stdout
    assert called("publications", "list", "--status", "scheduled").stdout.count("song") == 1
    assert called("publications", "list", "--status", "lost").exit_code == 2


def test_what_failed_is_gone_on_with_on_demand(tmp_path: Path) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    (tmp_path / "public").write_text("in its place")
    assert called("publish", item_id, "--to", "public").exit_code == 1
    (tmp_path / "public").unlink()
    assert "1 published" in called("publications", "retry").stdout


def test_targets_are_listed_checked_and_described(tmp_path: Path) -> None:
    assert str(load_settings().targets_file) in called("targets", "list").stdout
    known.public(tmp_path)
    assert "public" in called("targets", "list").stdout
    assert called("targets", "check").exit_code == 0
    assert "$defs" in json.loads(called("targets", "schema").stdout)
    (tmp_path / "public").rmdir()
    (tmp_path / "public").write_text("in its place")
    assert called("targets", "check", "public").exit_code == 1

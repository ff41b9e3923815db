"""`nightshift music import` and `music rejects`: a line a file, one document with --json."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nightshift.__main__ import app
from tests.paths import PROJECT

pytestmark = pytest.mark.usefixtures("settings")
HISTORIES = PROJECT / "tests" / "fixtures" / "music"


def called(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["music", *arguments], catch_exceptions=False)


def document(*arguments: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(called(*arguments, "--json").stdout)
    return said


def test_each_file_has_a_line_and_what_is_doubled_is_told() -> None:
    told = called("import", str(HISTORIES))
    assert told.exit_code == 0
    line = next(
        one for one in told.stdout.splitlines() if one.startswith("Streaming_History_Audio")
    )
    assert line.split("\t")[2:6] == ["14", "8", "1", "5"]
    assert "plays are new" in told.stdout and "same listening" in told.stdout
    assert "in the future" in told.stderr


def test_the_document_says_the_same_and_a_second_import_finds_nothing_new() -> None:
    first, second = document("import", str(HISTORIES)), document("import", str(HISTORIES))
    assert first["new"] > 0 and first["rejected"] == second["rejected"] == 5
    assert (second["new"], second["duplicates"]) == (0, 0)
    assert second["rows"] == first["rows"] == first["new"] + first["known"] + first["rejected"]


def test_a_dry_run_changes_nothing() -> None:
    assert document("import", "--dry-run", str(HISTORIES))["new"] > 0
    assert document("rejects")["count"] == 0


def test_rejects_have_their_place_and_reason() -> None:
    called("import", str(HISTORIES / "spotify"))
    told = document("rejects")
    assert told["count"] == 5 and told["by_reason"]["no_track"] == 1
    one = next(one for one in told["rejects"] if one["reason"] == "in_the_future")
    assert one["place"].endswith("row 12") and one["row"]["ts"].startswith("2099")
    assert "ip_addr" not in one["row"]
    assert "… and 3 more" in called("rejects", "--limit", "2").stdout


def test_an_account_has_a_name() -> None:
    told = CliRunner().invoke(app, ["music", "import", str(HISTORIES), "--account", " "])
    assert told.exit_code == 2

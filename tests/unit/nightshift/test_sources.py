"""Sources on the command line: defined, changed, paused; what is secret is shown to nobody."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nightshift.cli.source import sources as app
from utils.config import Settings
from utils.db import runs, sources
from utils.db.schema import Run
from utils.db.session import session
from utils.db.source_tables import Source, SourceFile
from utils.errors import PermanentError, UsageError
from utils.models.source import FileStatus
from utils.storage.sealing import opened

pytestmark = pytest.mark.usefixtures("settings")
FEED = "https://me:hunter2@site/feed?token=abcdef"
SHOWN = "https://me:***@site/feed?token=***"


def called(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)


def said(*arguments: str | Path) -> str:
    finished = called(*arguments)
    assert finished.exit_code == 0, finished.output
    return finished.output


def refused(*arguments: str | Path) -> str:
    """What is said of wrong usage, in one line."""
    finished = called(*arguments)
    assert finished.exit_code == 2
    return " ".join(finished.output.replace("│", " ").split())


def row_of(name: str) -> Source:
    with session() as s:
        return sources.named(s, name)


def shown(name: str) -> Any:
    return json.loads(said("show", name, "--json"))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    (tmp_path / "films" / "new").mkdir(parents=True)
    return tmp_path / "films"


def test_a_list_shows_neither_a_secret_nor_its_sealed_form() -> None:
    assert SHOWN in said("add", FEED)
    with session() as s:
        (kept,) = sources.locations(s)
        sources.note_looks(s, {kept: PermanentError(f"{kept} is gone")})
    assert "sealed~" in kept
    table, document, one = said("list"), said("list", "--json"), said("show", "feed", "--json")
    assert SHOWN in table
    assert json.loads(document)[1]["location"] == SHOWN
    assert json.loads(document)[1]["error"] == f"{SHOWN} is gone"
    for text in (table, document, one, said("show", "feed")):
        assert "sealed~" not in text
        assert "hunter2" not in text


def test_a_source_is_removed_by_what_the_list_shows(settings: Settings) -> None:
    said("add", FEED)
    said("remove", SHOWN)
    with session() as s:
        assert sources.locations(s) == []


def test_one_of_two_that_are_shown_alike_needs_its_name_or_whole_address() -> None:
    said("add", FEED)
    said("add", FEED.replace("abcdef", "another"))
    with pytest.raises(UsageError, match="one of 2 sources"):
        said("remove", SHOWN)
    said("remove", FEED)
    said("remove", "feed-2")
    with session() as s:
        assert sources.locations(s) == []


def test_a_source_is_kept_as_it_is_defined(films: Path, settings: Settings) -> None:
    said("add", "films", "--kind", "folder", "--url", films, "--pattern", "*.mp4",
         "--schedule", "daily@02:30", "--timezone", "Europe/Berlin", "--queue", "high-memory",
         "--profile", "video", "--keep-last", "5", "--since", "2024-02-29",
         "--option", "settle_seconds=30", "--option", "transcription.model=small",
         "--vocabulary", "Nguyen,  Oświęcim")  # fmt: skip
    document = shown("films")
    wanted = {
        "kind": "folder", "url": str(films), "pattern": "*.mp4", "schedule": "daily@02:30",
        "timezone": "Europe/Berlin", "queue": "high-memory", "profile": "video", "keep_last": 5,
        "since": "2024-02-29", "vocabulary": "Nguyen, Oświęcim", "state": "never looked into",
        "options": {"settle_seconds": 30.0, "pipeline": {"transcription.model": "small"}},
    }  # fmt: skip
    assert {name: document[name] for name in wanted} == wanted
    with session() as s:
        assert sources.definition(sources.named(s, "films")).options.settle_seconds == 30


def test_the_kind_is_told_by_the_address_and_the_name_by_the_path(films: Path) -> None:
    said("add", films, "--schedule", "hourly")
    said("add", "trips", "--url", "s3://bucket/trips")
    said("add", "pod", "--url", "https://site/feed.xml")
    said("add", "channel", "--url", "https://site/@channel")
    kinds = {one["name"]: one["kind"] for one in json.loads(said("list", "--json"))}
    assert kinds == {
        "inbox": "folder",
        "films": "folder",
        "trips": "bucket",
        "pod": "feed",
        "channel": "youtube",
    }


def test_secrets_of_an_address_and_of_options_are_sealed(settings: Settings) -> None:
    endpoint = "http://me:hunter2@minio:9000"
    said("add", "trips", "--url", "s3://key:hunter2@bucket/trips",
         "--option", f"endpoint_url={endpoint}")  # fmt: skip
    row = row_of("trips")
    assert "hunter2" not in row.location + str(row.options)
    assert opened(row.options["endpoint_url"], settings) == endpoint
    assert opened(row.location, settings) == "s3://key:hunter2@bucket/trips"
    for text in (said("show", "trips"), said("show", "trips", "--json")):
        assert "http://me:***@minio:9000" in text
        assert "sealed~" not in text


def test_an_update_changes_what_is_given_and_takes_back_what_is_cleared(films: Path) -> None:
    said("add", "films", "--url", films, "--schedule", "hourly", "--timezone", "Asia/Tokyo",
         "--option", "settle_seconds=30", "--option", "transcription.words=true",
         "--keep-last", "3", "--vocabulary", "Nguyen")  # fmt: skip
    before = shown("films")
    said("update", "films", "--pattern", "*.mov", "--option", "transcription.model=small")
    after = shown("films")
    pipeline = {"transcription.words": True, "transcription.model": "small"}
    assert after == before | {
        "pattern": "*.mov",
        "options": {"settle_seconds": 30.0, "pipeline": pipeline},
    }
    said("update", "films", "--no-schedule", "--no-timezone", "--no-pattern", "--no-keep-last",
         "--no-vocabulary", "--option", "settle_seconds=", "--name", "movies")  # fmt: skip
    cleared = dict.fromkeys(("schedule", "timezone", "pattern", "keep_last", "vocabulary"))
    assert shown("movies") == after | cleared | {
        "name": "movies",
        "options": {"pipeline": pipeline},
    }
    assert "what to change" in refused("update", "movies")


def test_a_paused_source_is_looked_into_by_no_shift_until_it_is_resumed(films: Path) -> None:
    said("add", films)
    said("pause", "films")
    assert shown("films")["state"] == "paused"
    with session() as s:
        assert sources.for_shift(s) == []
        sources.note_looks(s, {str(films): PermanentError("gone")})
        assert sources.failing(s) == []
    said("resume", "films")
    assert shown("films")["state"] == "failing"
    with session() as s:
        assert [row.name for row in sources.for_shift(s)] == ["films"]


def test_a_shift_leaves_what_a_prefect_server_looks_into_by_a_schedule(films: Path) -> None:
    said("add", "films", "--url", films, "--schedule", "hourly")
    said("add", "new", "--url", films / "new")
    with session() as s:
        sources.named(s, "films").prefect_deployment_id = "there"
        sources.named(s, "new").prefect_deployment_id = "there, too"
        assert [row.name for row in sources.for_shift(s, is_served=True)] == ["new"]
        assert [row.name for row in sources.for_shift(s)] == ["films", "new"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--schedule", "0 0 31 2 *"], "--schedule: '0 0 31 2 *'"),
        (["--schedule", "hourly", "--timezone", "Mars/Olympus"], "--timezone: 'Mars/Olympus' is"),
        (["--kind", "bucket"], "kind bucket wants s3://"),
        (["--since", "2024-13-01"], "--since: "),
        (["--option", "modle=small"], "modle is no option"),
        (["--option", "settle_seconds"], "say KEY=VALUE"),
        (["--option", "transcription.words=perhaps"], "transcription.words: "),
        (["--queue", "fast"], "fast"),
        (["--keep-last", "0"], "--keep-last"),
    ],
)
def test_what_can_not_be_meant_is_named_and_nothing_is_kept(
    films: Path, arguments: list[str], why: str
) -> None:
    assert why in refused("add", "films", "--url", films, *arguments)
    with session() as s:
        assert sources.every(s) == []


def test_a_name_has_one_source_and_a_place_one_that_looks_for_the_same(
    films: Path, tmp_path: Path
) -> None:
    said("add", "films", "--url", films)
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / "link").symlink_to(films)
    for name, place, why in (
        ("films", other, "There is a source films already"),
        ("inbox", other, "of its own inbox"),
        ("again", films, "The source films looks into"),
        ("again", f"{films}/", "The source films looks into"),
        ("again", tmp_path / "link", "The source films looks into"),
        ("nowhere", tmp_path / "nowhere", "does not exist"),
    ):
        with pytest.raises(UsageError, match=why):
            said("add", name, "--url", place)
    said("update", "films", "--pattern", "*.mp4")
    said("add", "again", "--url", films, "--pattern", "*.mov")
    with pytest.raises(UsageError, match="The source films looks into"):
        said("update", "again", "--no-pattern")


def test_a_folder_whose_name_no_database_keeps_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    for arguments in (["add", folder], ["add", "films", "--url", folder], ["show", folder]):
        finished = CliRunner().invoke(app, [*map(str, arguments)])
        told = finished.output if isinstance(finished.exception, SystemExit) else finished.exception
        assert re.search("half a character|--url: ", str(told))


def test_one_folder_inside_another_is_allowed_and_said(films: Path) -> None:
    said("add", "films", "--url", films)
    assert "inside it or around it: films" in said("add", "new", "--url", films / "new")
    assert shown("films")["overlaps"] == ["new"]
    said("add", "trips", "--url", "s3://bucket/trips")
    assert "around it: trips" in said("add", "all", "--url", "s3a://bucket")
    assert "around it: all." in said("add", "trip", "--url", "s3://bucket/trips-2")


def test_show_says_what_it_held_by_status_and_its_own_runs(films: Path) -> None:
    said("add", "films", "--url", films)
    source_id = row_of("films").id
    with session() as s:
        for number, status in enumerate(
            (FileStatus.SUCCESS, FileStatus.SUCCESS, FileStatus.FAILED)
        ):
            s.add(SourceFile(source_id=source_id, key=str(number), status=status.value))
        for run_id, of in (("mine", source_id), ("another", None)):
            runs.begin(s, run_id, "run-ingestion")
            s.get_one(Run, run_id).source_id = of
    document = shown("films")
    assert document["files"] == {"success": 2, "failed": 1}
    assert [one["run_id"] for one in document["runs"]] == ["mine"]
    assert "2 success, 1 failed" in said("show", "films")


def test_what_it_has_seen_stays_unless_it_looks_elsewhere(films: Path) -> None:
    said("add", "films", "--url", films)
    with session() as s:
        source_id = sources.named(s, "films").id
        s.add(SourceFile(source_id=source_id, key="a", status=FileStatus.SUCCESS.value))
        sources.note_looks(s, {str(films): 1})
    said("update", "films", "--pattern", "*.mp4", "--name", "movies")
    assert (shown("movies")["files"], shown("movies")["found"]) == ({"success": 1}, 1)
    said("update", "movies", "--url", films / "new")
    assert (shown("movies")["files"], shown("movies")["found"]) == ({}, None)


def test_the_list_has_a_line_a_source_in_eighty_columns(
    films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nightshift.cli import source_facts
    from nightshift.cli.output import console
    from utils.config import load_settings

    said("add", "films-of-the-summer-of-2024", "--url", films)
    with session() as s:
        sources.note_looks(s, {str(films): 123_456})
    found = source_facts.documents(load_settings())
    monkeypatch.setattr(console, "_force_terminal", True)
    monkeypatch.setattr(console, "_width", 80)
    monkeypatch.setattr(console, "_height", 25)
    with console.capture() as printed:
        source_facts.print_list(found)
    head, inbox, line, *rest = printed.get().splitlines()
    assert ("films-of" in line and "folder" in line and "ok" in line) and "123,456" in line
    assert len(rest) == 1  # when the next look is
    assert head.split() == ["source", "kind", "state", "last", "look", "found"]
    assert inbox.split()[:2] == ["inbox", "folder"]


def test_without_a_prefect_server_a_schedule_is_kept_and_said_to_wait(films: Path) -> None:
    assert "no Prefect server" in said("add", "films", "--url", films, "--schedule", "hourly")
    assert row_of("films").schedule == "hourly"


def test_a_server_that_is_away_hinders_nothing_and_is_said(
    films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    added = said("add", "films", "--url", films, "--schedule", "hourly")
    assert "does not answer" in added and "doctor --fix" in added
    said("update", "films", "--schedule", "weekly")
    assert row_of("films").schedule == "weekly"
    assert "doctor --fix" in said("remove", "films")
    with session() as s:
        assert sources.every(s) == []

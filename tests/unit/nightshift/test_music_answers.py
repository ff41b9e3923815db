"""`nightshift music`: one line an item on 80 columns, JSON as it is promised, CSV, pictures."""

import csv
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from nightshift.cli.bars import bar, shade
from nightshift.cli.music import app
from tests.conftest import Override
from tests.hostile import NAMES
from tests.star_schema import Artist, Play, write
from utils.config import Settings
from utils.errors import SettingsError, UsageError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PIPE = CliRunner()
TERMINAL = CliRunner(env={"TTY_COMPATIBLE": "1", "COLUMNS": "80", "TERM": "dumb"})
LISTS = ("top artists", "top tracks", "top albums", "top genres", "places", "places --by city",
         "timeline --by week", "habits", "new tracks", "missing")  # fmt: skip


def run(command: str, runner: CliRunner = PIPE) -> Result:
    return runner.invoke(app, command.split())


@pytest.fixture
def heard(settings: Settings) -> None:
    plays = [
        Play(NOON + timedelta(hours=n), Artist(name, "DE", name, name, None, (name,), f"mbid:{n}"),
             name, name, 61_000)
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    kraftwerk = Artist("Kraftwerk", "DE", "Germany", "Düsseldorf", genres=("electronic",))
    write(settings, [*plays, *3 * [Play(NOON, kraftwerk, "Autobahn", ms=1_360_000)]])


@pytest.mark.usefixtures("heard")
def test_the_most_heard_has_the_three_fields_that_are_promised() -> None:
    document = json.loads(run("top artists --json --limit 1").stdout)
    assert document == [{"name": "Kraftwerk", "plays": 3, "minutes": 68.0}]
    assert run("top tracks --csv --limit 1").stdout == "name,plays,minutes\nAutobahn,3,68.0\n"
    (more,) = json.loads(run("top tracks --json --limit 1 --details").stdout)
    assert more == {**document[0], "name": "Autobahn", "by": "Kraftwerk",
                    "key": "name:Autobahn/name:Kraftwerk"}  # fmt: skip


@pytest.mark.usefixtures("heard")
def test_every_list_fits_80_columns_a_line_an_item() -> None:
    for command in LISTS:
        result = run(command, TERMINAL)
        assert result.exit_code == 0, command
        lines = result.stdout.splitlines()
        assert all(cell_len(line) <= 80 for line in lines), command
        assert len(lines) in {8, 21} or command.startswith(("places", "timeline", "habits"))
        assert "█" in result.stdout, command
        assert not any(sign in result.stdout for sign in "\x1b\x07\u202e")


@pytest.mark.usefixtures("heard")
def test_names_come_out_of_json_and_csv_as_they_are() -> None:
    names = {row["name"] for row in json.loads(run("top artists --json --limit 99").stdout)}
    assert names == {*NAMES, "Kraftwerk"}
    told = run("missing --csv --limit 99").stdout_bytes
    rows = list(csv.reader(io.StringIO(told.decode(), newline="")))
    assert {row[0] for row in rows[1:]} == {*NAMES, "Autobahn"}
    for line in run("top tracks --limit 99").stdout.splitlines():
        assert len(line.split("\t")) == 5


@pytest.mark.usefixtures("heard")
def test_days_are_those_of_the_settings_time_zone(override: Override) -> None:
    override(timezone="Asia/Tokyo")  # noon in UTC is 21:00 there
    result = run("timeline --by day --until 2026-03-02 --json")
    assert "were built in the time zone" in result.stderr
    (row,) = json.loads(result.stdout)
    assert (row["name"], row["plays"]) == ("2026-03-01", 6)  # 21, 22 and 23 o'clock


@pytest.mark.usefixtures("heard")
def test_pictures_are_drawn_beside_the_answer(tmp_path: Path) -> None:
    for n, command in enumerate(("top artists", "places", "timeline", "habits")):
        result = run(f"{command} --json --plot {tmp_path}/{n}.png")
        assert result.exit_code == 0 and json.loads(result.stdout)
        with Image.open(tmp_path / f"{n}.png") as image:
            assert image.width > 1_000
    result = run(f"page {tmp_path}/page.html")
    assert result.exit_code == 0 and (tmp_path / "page.html").stat().st_size > 50_000


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("top songs", "songs"),
        ("top artists --json --csv", "either --json or --csv"),
        ("top artists --plot /tmp/x.jpg", "does not end in .png"),
        ("top artists --plot /nowhere/x.png", "is not there"),
        ("page /tmp/x.png", "does not end in .html"),
        ("top artists --since 2026-02-01 --until 2026-01-01", "until is not after since"),
        ("top artists --since 0001-01-01", "no calendar"),
        ("top artists --limit 0", "--limit"),
        ("top artists --since yesterday", "yesterday"),
    ],
)
def test_what_can_not_be_meant_is_refused_and_nothing_is_written(command: str, said: str) -> None:
    result = run(command)
    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())


def test_an_empty_library_is_no_failure_and_says_what_to_do(settings: Settings) -> None:
    write(settings, [])
    for command in LISTS:
        result = run(command)
        assert result.exit_code == 0
        assert "nightshift music import" in result.stderr
    assert run("top artists --json").stdout == "[]\n"


@pytest.mark.usefixtures("heard")
def test_a_place_of_which_nobody_comes_is_said() -> None:
    result = run("top artists --place Atlantis --json")
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    assert "nightshift music places" in result.stderr


def test_before_the_first_build_it_says_what_to_do(settings: Settings) -> None:
    for command in LISTS:
        found = run(command).exception
        assert isinstance(found, UsageError) and "nightshift music build" in str(found)


@pytest.mark.usefixtures("heard")
def test_what_is_not_installed_is_said_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    drawing = ["top artists", "places", "timeline", "habits", "new", "missing"]
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for command in drawing:
        found = run(f"{command} --plot {tmp_path}/x.png").exception
        assert isinstance(found, SettingsError) and "nightshift[music]" in str(found)
    assert run(f"page {tmp_path}/x.html").exit_code == 0  # draws without it
    monkeypatch.setitem(sys.modules, "duckdb", None)
    found = run("habits").exception
    assert isinstance(found, SettingsError) and "nightshift[music]" in str(found)


def test_bars_and_shades_show_what_is_not_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [bar(share, 8) for share in (0, 0.001, 0.5, 1)] == ["", "▏", "████", "████████"]
    assert [shade(share) for share in (0, 0.001, 0.5, 1)] == [" ", "░", "▓", "█"]

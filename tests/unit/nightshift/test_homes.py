"""What the command line does with a folder that is not ours, with empty paths, and to forget."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from nightshift.__main__ import app
from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import SettingsError
from utils.sources import scan
from utils.storage import home


def call(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


@pytest.fixture
def theirs(tmp_path: Path, override: Override) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "taxes.ods").write_text("theirs")
    override(home=folder)
    return folder


@pytest.mark.parametrize(
    "command", [("items",), ("clean",), ("night",), ("run", "https://site.example/film")]
)
def test_no_command_touches_somebody_elses_folder(theirs: Path, command: tuple[str, ...]) -> None:
    assert isinstance(call(*command).exception, SettingsError)
    assert [path.name for path in theirs.iterdir()] == ["taxes.ods"]


def test_a_folder_that_is_adopted_is_a_home(theirs: Path) -> None:
    assert call("--adopt", "items").exit_code == 0
    assert call("items").exit_code == 0
    assert (theirs / "taxes.ods").read_text() == "theirs"


def test_help_needs_no_home(theirs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["nightshift", "run", "--help"])
    assert call("run", "--help").exit_code == 0
    assert not home.is_marked(theirs)


def test_wrong_usage_makes_no_home(override: Override, tmp_path: Path) -> None:
    override(home=tmp_path / "new")
    assert call("run", "").exit_code == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("blank", ["", "  "])
@pytest.mark.parametrize("command", [("run",), ("plan",), ("source", "add"), ("source", "remove")])
def test_an_empty_path_is_wrong_usage(command: tuple[str, ...], blank: str) -> None:
    assert call(*command, blank).exit_code == 2


@pytest.fixture
def item_id(tmp_path: Path, settings: Settings) -> str:
    (tmp_path / "film.mp4").write_text("film")
    (item_id,) = scan.scan([str(tmp_path / "film.mp4")], None, load_settings()).pending
    return item_id


def items() -> list[str]:
    with session() as s:
        return list(s.scalars(select(Item.id)))


def test_what_would_be_forgotten_can_be_seen_first(item_id: str, tmp_path: Path) -> None:
    shown = call("forget", item_id, "--dry-run", "--files", "--json")
    document: Any = json.loads(shown.stdout)
    assert document["items"][0]["files"] == [{"path": str(tmp_path / "film.mp4"), "goes": True}]
    assert document["forgotten"] == []
    assert items() == [item_id]


def test_where_nobody_can_be_asked_nothing_is_forgotten(item_id: str) -> None:
    for arguments in ((), ("--json",)):
        assert call("forget", item_id, *arguments, typed="y\n").exit_code == 2
    assert items() == [item_id]


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_a_person_is_asked(
    item_id: str, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    from nightshift.cli import forget

    monkeypatch.setattr(forget, "_can_be_asked", lambda: True)  # no terminal under a test
    assert call("forget", item_id, typed=answer).exit_code == left
    assert len(items()) == left


def test_a_forgotten_item_is_said_as_a_document(item_id: str, tmp_path: Path) -> None:
    document: Any = json.loads(call("forget", item_id, "--yes", "--json").stdout)
    assert document["forgotten"] == [item_id]
    assert document["left"] == []
    assert (tmp_path / "film.mp4").exists()
    assert call("forget", item_id, "--yes").exit_code != 0

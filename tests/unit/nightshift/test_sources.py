"""Sources on the command line: what is secret in them is shown to nobody."""

import json

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from utils.config import Settings
from utils.db import sources
from utils.db.session import session
from utils.errors import PermanentError, UsageError

pytestmark = pytest.mark.usefixtures("settings")
FEED = "https://me:hunter2@site/feed?token=abcdef"
SHOWN = "https://me:***@site/feed?token=***"


def said(*arguments: str) -> str:
    finished = CliRunner().invoke(app, ["source", *arguments], catch_exceptions=False)
    assert finished.exit_code == 0
    return finished.output


def test_a_list_shows_neither_a_secret_nor_its_sealed_form() -> None:
    assert SHOWN in said("add", FEED)
    with session() as s:
        (kept,) = sources.locations(s)
        sources.note_looks(s, {kept: PermanentError(f"{kept} is gone")})
    assert "sealed~" in kept
    table, document = said("list"), said("list", "--json")
    assert SHOWN in table
    assert json.loads(document)[1]["location"] == SHOWN
    assert json.loads(document)[1]["error"] == f"{SHOWN} is gone"
    assert "sealed~" not in table + document


def test_a_source_is_removed_by_what_the_list_shows(settings: Settings) -> None:
    said("add", FEED)
    said("remove", SHOWN)
    with session() as s:
        assert sources.locations(s) == []


def test_one_of_two_that_are_shown_alike_needs_its_whole_address() -> None:
    said("add", FEED)
    said("add", FEED.replace("abcdef", "another"))
    with pytest.raises(UsageError, match="one of 2 sources"):
        said("remove", SHOWN)
    said("remove", FEED)
    with session() as s:
        assert len(sources.locations(s)) == 1

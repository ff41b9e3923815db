"""What every command has in common: help, exit codes, an encoding that lacks characters."""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup
from typer.testing import CliRunner

from nightshift import __main__
from nightshift.__main__ import app
from nightshift.cli import output
from utils.config import load_settings

# What each command says 2 to: nothing was begun.
WRONG = [
    ("run", "/nope"),
    ("run", "/nope", "/nowhere"),
    ("plan", "/nope"),
    ("plan", "https://example.org/film"),
    ("source", "add", "/nope"),
    ("source", "remove", "/nope"),
    ("show", "feedbeef"),
    ("lineage", "feedbeef"),
    ("why", "feedbeef", "store_item"),
    ("why", "feedbeef", "no_step"),
    ("path", "feedbeef"),
    ("path", "feedbeef", "--rendition", "--thumbnail"),
    ("open", "feedbeef"),
    ("speakers", "feedbeef"),
    ("speakers", "--name", "1=Anna"),
    ("speakers", "--forget", "Nobody"),
    ("speakers", "feedbeef", "--name", "Anna"),
    ("correct", "feedbeef", "--undo"),
    ("correct", "feedbeef"),
    ("correct", "feedbeef", "--from", "x.srt", "--undo"),
    ("run", ".", "--speakers", "many"),
    ("run", ".", "--speakers", "99"),
    ("requeue", "feedbeef"),
    ("requeue",),
    ("duplicates", "--same", "feedbeef", "beeffeed"),
    ("report", "no-run"),
    ("items", "--status", "lost"),
    ("items", "--columns", "colour"),
    ("items", "--limit", "0"),
    ("items", "--offset", "-1"),
    ("runs", "--columns", "colour"),
    ("search",),
    ("search", "x", "--columns", ""),
    ("night", "--window", "soon"),
    ("visuals", "list", "feedbeef"),
    ("visuals", "make", "feedbeef"),
    ("visuals", "make", "feedbeef", "--style", "nope"),
    ("visuals", "make", "feedbeef", "--engine", "dalle"),
    ("visuals", "make", "feedbeef", "--engine", "comfyui"),
    ("clean", "everything"),
    ("doctor", "--nonsense"),
    ("no-command",),
]


def ended(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["nightshift", *arguments])
    return __main__._exit_code()


def commands(group: Any, *names: str) -> Iterator[tuple[str, ...]]:
    yield names
    for name, command in group.commands.items() if isinstance(group, TyperGroup) else ():
        yield from commands(command, *names, name)


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_what_names_nothing_that_there_is_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    assert ended(monkeypatch, *arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "arguments",
    [("items",), ("runs",), ("search", "nothing"), ("duplicates",), ("source", "list"),
     ("resume",), ("requeue", "--failed", "--dry-run"), ("-h",), ("--version",)],
    ids=" ".join,
)  # fmt: skip
def test_nothing_to_show_or_to_do_ends_with_0(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    assert ended(monkeypatch, *arguments) == 0


def test_a_command_explains_itself_although_a_setting_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_SHIFT_LIMIT", "many")
    load_settings.cache_clear()
    assert ended(monkeypatch, "run", "-h") == 0
    assert ended(monkeypatch, "runs") == 1


def test_a_path_that_is_there_among_missing_ones_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    assert ended(monkeypatch, "plan", str(broken), "/nope") == 1
    assert "2 files: 0 to do, 2 would fail." in capsys.readouterr().out


def test_with_json_a_wrong_name_is_said_in_the_document_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, "plan", "/nope", "--json") == 2
    assert capsys.readouterr().out == '{"error": "/nope does not exist. Check the spelling."}\n'


@pytest.mark.parametrize("names", commands(typer.main.get_command(app)), ids=" ".join)
def test_every_command_explains_itself_at_80_columns(names: tuple[str, ...]) -> None:
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, [*names, "-h"])
    assert shown.exit_code == 0
    assert "Usage: " in shown.output
    assert max(map(len, shown.output.splitlines())) <= 80
    assert not re.search(r" \.(\s|$)", shown.output)  # markup that swallowed a word


def test_the_list_of_commands_has_a_line_for_each() -> None:
    shown = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["-h"]).output
    rows = shown.split("Commands")[1].splitlines()[1:-1]
    assert len([row for row in rows if row.startswith("│")]) == len(
        typer.main.get_command(app).commands  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("ascii", "Hafen fur 2 x ... - ??"), ("latin-1", "Hafen für 2 × ... - ??"),
     ("utf-8", "Hafen für 2 × … – 灯台")],
)  # fmt: skip
def test_a_character_that_the_terminal_lacks_is_replaced(
    monkeypatch: pytest.MonkeyPatch, encoding: str, written: str
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    output.write_any_text()
    text = "Hafen für 2 × … – 灯台"
    assert output.shown(text) == written
    print(text, flush=True)
    output.print_json({"title": text})
    sys.stdout.flush()
    line, document = raw.getvalue().decode(encoding).splitlines()
    assert line == written
    import json

    assert json.loads(document) == {"title": text}

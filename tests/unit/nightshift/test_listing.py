"""Lists on a terminal of 80 columns and in a pipe, whatever the names are."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from typer.testing import CliRunner, Result

from nightshift.__main__ import app
from nightshift.cli import output
from utils.config import Settings
from utils.db import items, ledger, library, queue, runs
from utils.db.items import Seen
from utils.db.schema import Item, Spending
from utils.db.session import session
from utils.models.item import FileStat, ItemStatus, MediaKind
from utils.models.record import ItemRecord
from utils.models.rendition import Compression, Rendition
from utils.models.shift import ItemOutcome, Outcome, RunStatus
from utils.search.passages import passages

NAMES = (
    "ភ្លៀងធ្លាក់លើទន្លេមេគង្គនៅពេលល្ងាច " * 4,
    "👨‍👩‍👧 at the beach 🎉",
    "日本の夜の灯台と漁船についての長い長い名前のビデオファイル",
    "x" * 200,
    "many words " * 20,
    "esc\x1b[31m bel\x07 bidi\u202e",
    "tab\there\nnewline",
    "[bold]markup[/bold] :cat:",
    "done",
)
ERROR = "it is damaged, get it again or remove it; " * 6
PIPE = CliRunner()
TERMINAL = CliRunner(env={"TTY_COMPATIBLE": "1", "COLUMNS": "80", "TERM": "xterm-256color"})
LISTS = ("items", "runs", "report", "requeue --failed --dry-run", "search many", "duplicates")


def id_of(number: int) -> str:
    return f"{number:02x}" * 32


def add(number: int, name: str) -> None:
    path = Path(f"/srv/films/{name}.mp4")
    record = ItemRecord(item_id=id_of(number), kind="video", title=name, summary="many words")
    stat = FileStat(path=path, size_bytes=123_456_789, modified_ns=1, inode=number)
    with session() as s:
        url = f"https://example.org/{number}"
        items.register(s, Seen(stat, record.item_id, True), MediaKind.VIDEO, source_url=url)
        library.save(s, record, passages(record))
        queue.claim_these(s, "a run", [record.item_id])
        queue.settle_done(s, "a run", record.item_id, "key")
        if number % 2:
            item = s.get_one(Item, record.item_id)
            item.status, item.error = ItemStatus.FAILED.value, f"{path.name}: {ERROR}"
            item.error_class = "PermanentError"


@pytest.fixture
def full(settings: Settings) -> Iterator[Settings]:
    """A home with items of all kinds of names, and with runs over them."""
    for number, name in enumerate(NAMES):
        add(number, name)
    for number in range(3):
        with session() as s:
            runs.begin(s, f"run{number:09d}", "content-ingestion")
            for at, name in enumerate(NAMES):
                failed = at % 2 == 1
                outcome = ItemOutcome(
                    item_id=id_of(at), path=f"/srv/films/{name}.mp4", kind="video",
                    outcome=Outcome.FAILED if failed else Outcome.DONE,
                    error=ERROR if failed else None,
                )  # fmt: skip
                runs.add_outcome(s, f"run{number:09d}", outcome)
            runs.finish(s, f"run{number:09d}", RunStatus.PARTIAL, Path("/srv/report.html"))
    yield settings


def plain(result: Result) -> list[str]:
    """The lines on stdout without what colours them."""
    assert result.exit_code == 0, result.output
    return re.sub(r"\x1b\[[0-9;]*m", "", result.stdout).splitlines()


@pytest.mark.parametrize("command", LISTS)
def test_on_a_terminal_no_row_is_wider_than_it(full: Settings, command: str) -> None:
    found = plain(TERMINAL.invoke(app, command.split()))
    ours = [line for line in found if not line.startswith("    ")]  # whole texts stand below
    assert max(map(cell_len, ours)) <= 80


def test_on_a_terminal_each_item_is_one_line_that_begins_with_its_id(full: Settings) -> None:
    head, *rows = plain(TERMINAL.invoke(app, ["items"]))
    assert head.split()[:2] == ["item", "title"]
    assert sorted(row[:10] for row in rows) == [id_of(n)[:10] for n in range(len(NAMES))]
    (long,) = (row for row in rows if row.startswith(id_of(3)[:10]))
    assert re.search(r"x+…x+", long)


@pytest.mark.parametrize("command", LISTS[:5])
def test_in_a_pipe_each_row_is_one_line_of_whole_cells_between_tabs(
    full: Settings, command: str
) -> None:
    result = PIPE.invoke(app, command.split())
    assert "\x1b" not in result.stdout and "…x" not in result.stdout
    found = [line.split("\t") for line in plain(result) if "\t" in line]
    table = [row for row in found if len(row) == len(found[0])]
    assert len(table) > 1
    if command != "runs":
        assert "x" * 200 in result.stdout or ERROR.rstrip() in result.stdout


def test_what_a_name_holds_is_neither_obeyed_nor_understood_as_markup(full: Settings) -> None:
    for runner in (PIPE, TERMINAL):
        shown = runner.invoke(app, ["items", "--columns", "title"]).stdout
        assert "\x1b[31m" not in shown and "\x07" not in shown and "\u202e" not in shown
        assert "[bold]markup[/bold] :cat:" in shown
        assert re.search("tab[^\\sa-z]here␤newline", shown)
        assert "👨‍👩‍👧" in shown


def test_colours_are_those_of_outcomes_and_of_nothing_else(
    full: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output.console, "_color_system", ColorSystem.STANDARD)
    (row,) = (
        line
        for line in TERMINAL.invoke(app, ["items"]).stdout.splitlines()
        if line.startswith(id_of(8)[:10])
    )
    assert row.count("\x1b[32m") == 1  # its status is "done", and so is its title


def test_items_come_in_pages_and_say_how_many_there_are(full: Settings) -> None:
    whole = json.loads(PIPE.invoke(app, ["items", "--json"]).stdout)
    assert len(whole) == len(NAMES)
    page = PIPE.invoke(app, ["items", "--limit", "4", "--offset", "2", "--json"])
    assert json.loads(page.stdout) == whole[2:6]
    assert page.stderr == "3–6 of 9; 3 more: --offset 6\n"
    assert PIPE.invoke(app, ["items", "--offset", "6"]).stderr == "7–9 of 9\n"
    assert PIPE.invoke(app, ["items", "--offset", "20"]).stderr == "none of 9\n"
    assert PIPE.invoke(app, ["items"]).stderr == ""


def test_search_comes_in_pages_and_prints_two_lines_a_hit(full: Settings) -> None:
    found = TERMINAL.invoke(app, ["search", "many", "--limit", "2"])
    lines = plain(found)
    assert len(lines) == 4
    assert re.match(r"[0-9a-f]{10} +– +\S", lines[0]) and lines[1].startswith("    ")
    assert "1–2 of 9; 7 more: --offset 2" in found.stderr
    both = [
        json.loads(PIPE.invoke(app, ["search", "many", "--limit", "5", "--offset", at, "--json"])
                   .stdout)
        for at in ("0", "5")
    ]  # fmt: skip
    assert sorted(hit["item_id"] for page in both for hit in page) == [
        id_of(n) for n in range(len(NAMES))
    ]


def test_search_for_nonsense_says_that_nothing_was_found(full: Settings) -> None:
    found = PIPE.invoke(app, ["search", "xqzzt blorf"])
    assert (found.exit_code, found.stdout) == (
        0, "Nothing found for 'xqzzt blorf'. With --weak: what is nearest all the same.\n",
    )  # fmt: skip
    assert json.loads(PIPE.invoke(app, ["search", "xqzzt blorf", "--json"]).stdout) == []


def test_items_and_hits_have_path_address_and_rendition(full: Settings, tmp_path: Path) -> None:
    made = tmp_path / "rendition.mp4"
    made.write_bytes(b"smaller")
    compressed = Compression(
        source_bytes=2, encoded_bytes=1, reason="saves",
        rendition=Rendition(path=made, kind="video", codec="h264", size_bytes=7),
    )  # fmt: skip
    row = ledger.start(id_of(3), "compress_video", ledger.Inputs("key", {"version": 1}), None)
    with session() as s:
        ledger.finish(s, row, compressed, 1.0)
    wanted = {"path": f"/srv/films/{'x' * 200}.mp4", "source_url": "https://example.org/3",
              "rendition": str(made)}  # fmt: skip
    for command in (["items"], ["search", "many"]):
        listed = json.loads(PIPE.invoke(app, [*command, "--json"]).stdout)
        (one,) = (one for one in listed if one["item_id"] == id_of(3))
        assert {name: one[name] for name in wanted} == wanted
        printed = PIPE.invoke(app, [*command, "--csv", "--columns", ",".join(wanted)]).stdout
        assert wanted in list(csv.DictReader(io.StringIO(printed)))
        printed = PIPE.invoke(app, [*command, "--columns", "rendition,path"]).stdout
        assert f"{made}\t{wanted['path']}" in printed.splitlines()


def test_csv_has_what_a_name_holds_as_it_is(full: Settings) -> None:
    printed = PIPE.invoke(app, ["items", "--csv"]).stdout
    rows = list(csv.DictReader(io.StringIO(printed, newline="")))
    assert sorted(row["title"] for row in rows) == sorted(NAMES)
    assert set(rows[0]) == set(json.loads(PIPE.invoke(app, ["items", "--json"]).stdout)[0])


def test_runs_are_listed_with_outcomes_duration_and_cost(full: Settings) -> None:
    paid = Spending(
        run_id="run000000002", item_id=id_of(0), step="analyze_content", engine="gemini",
        status="settled", reserved_tokens=9, reserved_microusd=2, actual_microusd=1_250_000,
    )  # fmt: skip
    with session() as s:
        s.add(paid)
    listed: Any = json.loads(PIPE.invoke(app, ["runs", "--json"]).stdout)
    assert [run["run_id"] for run in listed] == [f"run{n:09d}" for n in (2, 1, 0)]
    assert listed[0] | {"started_at": "", "duration_seconds": 0} == {
        "run_id": "run000000002", "flow": "content-ingestion", "status": "partial",
        "started_at": "", "duration_seconds": 0, "left_over": 0, "cost_usd": 1.25,
        "report": "/srv/report.html",
        "counts": {"done": 5, "failed": 4} | {
            outcome.value: 0 for outcome in Outcome
            if outcome not in {Outcome.DONE, Outcome.FAILED}
        },
    }  # fmt: skip
    assert listed[1]["cost_usd"] == 0
    shown = PIPE.invoke(app, ["runs", "--limit", "1"])
    assert "4 failed, 5 done" in shown.stdout and "1.25 USD" in shown.stdout
    assert shown.stderr == "1–1 of 3; 2 more: --offset 1\n"
    columns = PIPE.invoke(app, ["runs", "--csv", "--columns", "run_id,done,failed"]).stdout
    assert columns.splitlines()[1] == "run000000002,5,4"


def test_show_has_the_path_in_one_piece(full: Settings) -> None:
    for runner in (PIPE, TERMINAL):
        assert f"/srv/films/{'x' * 200}.mp4" in runner.invoke(app, ["show", id_of(3)]).stdout

"""What failed, grouped by why, where and where from; requeued in one statement."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select
from typer.testing import CliRunner

from nightshift.__main__ import app
from utils.config import Settings, load_settings
from utils.db import failures, items, queue, sources
from utils.db.failures import Choice
from utils.db.items import Seen
from utils.db.schema import Item
from utils.db.session import engine, session
from utils.db.source_tables import Source
from utils.errors import PermanentError, RetryableError, ThrottledError, raised_in
from utils.models.item import FileStat, MediaKind


def fail(
    number: int,
    error: PermanentError | RetryableError | ThrottledError,
    step: str | None = None,
    path: str | None = None,
    url: str | None = None,
    times: int = 3,
) -> str:
    """An item that failed ``times`` times, in a step or outside all of them."""
    item_id = f"{number:064x}"
    stat = FileStat(path=Path(path or f"/x/{number}"), size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.AUDIO, source_url=url)
    if step:
        raised_in(error, step)
    for _ in range(times):
        settle_failed(item_id, error)
    return item_id


def settle_failed(item_id: str, error: Any, max_tries: Any = 3) -> None:
    with session() as s:
        s.get_one(Item, item_id).claimed_by = "a run"
    with session() as s:
        assert queue.settle_failed(s, "a run", item_id, error, max_tries)


@pytest.fixture
def broken(database: str) -> dict[str, str]:
    """Five failures of three kinds, and one item that is well."""
    listening = "analyze_content"
    site = "https://www.site.example/w/1"
    found = {
        "dark": fail(1, RetryableError("no answer"), listening, "/films/a/dark.mp4"),
        "dawn": fail(2, RetryableError("no answer"), listening, "/films/b/dawn.mp4", times=1),
        "song": fail(3, ThrottledError("429"), listening, url=site),
        "torn": fail(4, PermanentError("no moov atom"), "extract_ffprobe", "/films_2/torn.mp4"),
        "gone": fail(5, RetryableError("vanished"), None, "/films/a/gone.mp4"),
    }  # fmt: skip
    with session() as s:
        s.add(Item(id="f" * 64, kind="audio", title="well", size_bytes=1, status="done"))
    return found


def meant(**choice: Any) -> set[str]:
    with session() as s:
        return {one.item_id for one in failures.failures(s, Choice(**choice))}


def test_failures_are_grouped_by_class_step_and_source(broken: dict[str, str]) -> None:
    with session() as s:
        sources.locations(s)
        s.add(Source(id="1", name="films", kind="folder", location="/films"))
    with session() as s:
        groups = failures.grouped(failures.failures(s, Choice()))
    kinds = {(g.error_class, g.step, g.source): g.number for g in groups}
    assert kinds == {
        ("RetryableError", "analyze_content", "/films"): 2,
        ("ThrottledError", "analyze_content", "www.site.example"): 1,
        ("PermanentError", "extract_ffprobe", "/films_2"): 1,
        ("RetryableError", "–", "/films"): 1,
    }
    assert groups[0].number == 2
    assert groups[0].example.error == "no answer"


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({}, "dark dawn song torn gone"),
        ({"step": "analyze_content"}, "dark dawn song"),
        ({"error": "RetryableError"}, "dark dawn gone"),
        ({"error": "RetryableError", "step": "analyze_content"}, "dark dawn"),
        ({"source": "/films"}, "dark dawn gone"),  # and not /films_2
        ({"source": "/films/a/"}, "dark gone"),
        ({"source": "/films_2/torn.mp4"}, "torn"),
        ({"source": "https://www.site.example/w/"}, "song"),
        ({"source": "site.example"}, "song"),
        ({"source": "www.site.example"}, "song"),
        ({"source": "te.example"}, ""),
        ({"source": "/"}, "dark dawn song torn gone"),
        ({"error": "ResourceError"}, ""),
    ],
)
def test_a_choice_means_what_it_says(
    broken: dict[str, str], choice: dict[str, str], names: str
) -> None:
    assert meant(**choice) == {broken[name] for name in names.split()}


def test_the_step_is_that_of_the_last_failure_not_of_an_older_one(broken: dict[str, str]) -> None:
    error = RetryableError("no answer")  # the same words as before
    raised_in(error, "compress_video")
    settle_failed(broken["dark"], error, max_tries=9)
    assert broken["dark"] in meant(step="compress_video")
    assert broken["dark"] not in meant(step="analyze_content")


def test_requeued_items_have_all_tries_again_and_were_asked_for(broken: dict[str, str]) -> None:
    with session() as s:
        done = failures.requeue(s, Choice(step="analyze_content"))
    assert set(done) == {broken[name] for name in ("dark", "dawn", "song")}
    with session() as s:
        for item in s.scalars(select(Item).where(Item.id.in_(done))):
            assert (item.status, item.tries, item.error) == ("pending", 0, None)
            assert item.requested_at is not None
        assert s.get_one(Item, broken["torn"]).status == "quarantined"
        assert s.get_one(Item, "f" * 64).status == "done"
    assert meant() == {broken["torn"], broken["gone"]}


def test_what_is_in_work_is_left_alone(broken: dict[str, str]) -> None:
    with session() as s:
        s.get_one(Item, broken["dark"]).claimed_by = "a run"
    with session() as s:
        assert failures.requeue(s, Choice(ids=(broken["dark"], broken["dawn"]))) == [broken["dawn"]]
        assert broken["dark"] not in failures.requeue(s, Choice())


def test_ten_thousand_are_requeued_in_one_statement(database: str) -> None:
    with session() as s:
        s.execute(
            insert(Item),
            [
                {"id": f"{n:064x}", "kind": "audio", "title": str(n), "size_bytes": 1, "tries": 3,
                 "status": "quarantined", "error_class": "RetryableError", "error": "no answer"}
                for n in range(10_000)
            ],
        )  # fmt: skip
    said = []
    target = engine(load_settings())
    event.listen(target, "before_cursor_execute", lambda *args: said.append(args[2]))
    with session() as s:
        assert len(failures.requeue(s, Choice(error="RetryableError"))) == 10_000
    assert [one.split()[0] for one in said] == ["SELECT", "UPDATE"]  # addresses, items


def command(*arguments: str) -> tuple[int, str]:
    finished = CliRunner().invoke(app, ["requeue", *arguments])
    return finished.exit_code, finished.output


def test_a_dry_run_says_what_failed_and_changes_nothing(broken: dict[str, str]) -> None:
    code, said = command("--failed", "--dry-run", "--json")
    assert code == 0
    told = json.loads(said)
    assert told["dry_run"] is True
    assert told["requeued"] == []
    assert sum(group["count"] for group in told["groups"]) == 5
    (torn,) = [group for group in told["groups"] if group["error"] == "PermanentError"]
    assert torn["example"] == {
        "item_id": broken["torn"],
        "title": "torn",
        "status": "quarantined",
        "error": "no moov atom",
    }
    assert len(meant()) == 5


def test_the_table_says_how_to_go_on(broken: dict[str, str]) -> None:
    code, said = command("--step", "analyze_content")
    assert code == 0
    assert "3 requeued. `nightshift night` takes them first." in said
    code, said = command("--step", "analyze_content")
    assert "None of what failed is meant. This is what failed:" in said
    assert "extract_ffprobe" in said


def test_nothing_failed_is_said(database: str) -> None:
    assert command("--failed") == (0, "Nothing has failed.\n")


@pytest.mark.parametrize(
    "arguments",
    [(), ("abc", "--failed"), ("--step", "no_step"), ("abc", "--source", "/x")],
)
def test_what_is_not_clear_is_refused(settings: Settings, arguments: tuple[str, ...]) -> None:
    assert command(*arguments)[0] == 2

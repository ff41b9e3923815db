"""The morning report: what it says of costs and causes, and that a large run keeps it small."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from tests.unit.critic.test_decisions import waiting_item
from tests.unit.distribution import known
from utils.config import Settings, load_settings
from utils.critic import decisions
from utils.db import costs, runs, workers
from utils.db.schema import Execution, Item, Run, RunItem, Spending
from utils.db.session import engine, session
from utils.distribution import requests
from utils.models.shift import RunStatus, left_out_in_words
from utils.observability import notices
from utils.observability.reports import costs as report_costs
from utils.observability.reports import markdown
from utils.scheduling import run_session

BEGAN = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def began(run_id: str = "r1", **facts: Any) -> str:
    with session() as s:
        s.add(Run(id=run_id, flow="night-shift", status="running", started_at=BEGAN, **facts))
    return run_id


def executions(*rows: tuple[str, float | None, dict[str, Any]], run_id: str = "r1") -> None:
    """Rows of step, seconds, and more facts."""
    with session() as s:
        for step, seconds, facts in rows:
            given = {"status": "done", "duration_seconds": seconds} | facts
            s.add(Execution(item_id="a" * 64, step=step, version=1, key="k", run_id=run_id,
                            started_at=BEGAN, **given))  # fmt: skip


def outcomes(*rows: tuple[str, str, dict[str, Any]], run_id: str = "r1") -> None:
    """Rows of a file's name, an outcome, and more facts; with an item where it was worked on."""
    with session() as s:
        for number, (name, outcome, facts) in enumerate(rows):
            item_id = None
            if outcome != "skipped":
                item_id = f"{number:064x}"
                s.add(Item(id=item_id, kind="video", title=name, size_bytes=1, status="done"))
                s.flush()
            s.add(RunItem(run_id=run_id, path=f"/media/{name}", item_id=item_id, outcome=outcome,
                          **facts))  # fmt: skip


def paid(step: str, microusd: int, run_id: str = "r1") -> None:
    with session() as s:
        s.add(Spending(run_id=run_id, item_id="i", step=step, engine="gemini", status="settled",
                       reserved_tokens=10, actual_tokens=5, actual_microusd=microusd))  # fmt: skip


def test_a_step_is_told_with_its_sum_its_p95_its_failures_bytes_and_money(database: str) -> None:
    executions(*(("transcribe_audio", float(n), {}) for n in range(1, 101)))
    executions(
        ("compress_video", 7.0, {"bytes_written": 70}),
        ("compress_video", 1.0, {"bytes_written": 5, "status": "failed"}),
        ("analyze_content", 1.0, {}),
        ("probing_now", None, {"status": "running"}),
    )
    executions(("compress_video", 1000.0, {}), run_id="another")
    paid("analyze_content", 1500)
    paid("analyze_content", 500)
    paid("analyze_content", 9, run_id="another")
    with session() as s:
        found = costs.steps(s, "r1")
    assert found == [
        ("transcribe_audio", 100, 0, 5050.0, 95.0, 0, 0),
        ("compress_video", 2, 1, 8.0, 7.0, 75, 0),
        ("analyze_content", 1, 0, 1.0, 1.0, 0, 2000),
    ]


def test_lanes_sum_their_steps_and_their_shares_are_one(database: str) -> None:
    began()
    outcomes(("a.mp4", "done", {}))
    executions(
        ("compress_video", 6.0, {"bytes_written": 10}), ("make_proxy", 2.0, {"bytes_written": 5}),
        ("transcribe_audio", 2.0, {}),
    )  # fmt: skip
    with session() as s:
        found = report_costs.of_run(s, runs.load(s, "r1"))
    assert [line.share for line in found.steps] == [0.6, 0.2, 0.2]
    assert [line[:5] for line in found.lanes] == [
        ("compress", 2, 8.0, 0.8, 15),
        ("transcribe", 1, 2.0, 0.2, 0),
    ]


def test_a_run_that_did_nothing_does_not_look_into_the_ledger(settings: Settings) -> None:
    began()
    outcomes(("a.mp4", "skipped", {}))
    asked = []
    event.listen(engine(load_settings()), "before_cursor_execute", lambda *a: asked.append(a[2]))
    assert run_session.close("r1", load_settings()).status.value == "nothing_to_do"
    assert asked
    assert not [query for query in asked if "executions" in query]


class Tags(HTMLParser):
    """The tags and addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        self.tags.add(tag)
        self.addresses += [value for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(run_id: str = "r1") -> str:
    return run_session.close(run_id, load_settings()).report.read_text()


def test_the_page_tells_what_is_left_over_and_why_in_the_readers_time(override: Override) -> None:
    override(timezone="America/New_York")
    began(left_over=14, reason="the window closed at 06:00 <b>")
    outcomes(("a.mp4", "done", {"verdict": "accept", "score": 0.8}))
    executions(("compress_video", 90.0, {"bytes_written": 3 * 2**20}))
    page = page_of()
    for told in (
        "2026-07-01 18:30 EDT",
        "14 left over, which keep their place: the window closed at 06:00 &lt;b&gt;",
        "compress_video", "1:30", "3.0 MiB", "100%",
    ):  # fmt: skip
        assert told in page, told
    found = Tags(page)
    assert not found.open
    assert not found.tags & {"script", "link", "iframe", "form"}
    assert found.addresses == []
    with session() as s:
        text = markdown.render(s, runs.load(s, "r1"), "UTC")
    assert "14 left over, which keep their place: the window closed at 06:00 \\<b\\>" in text
    assert "| compress\\_video | compress | 1:30 | 100% | 90.0 s | 1 | – |" in text


def test_failures_are_told_by_their_cause_the_most_frequent_first(settings: Settings) -> None:
    began()
    wrong = {"reason": "PermanentError", "error": "moov atom not found"}
    slow = {"reason": "RetryableError", "error": "it took too long"}
    outcomes(
        ("once.mp4", "failed", slow),
        *((f"broken {number}.mp4", "failed", wrong) for number in range(30)),
    )
    page = page_of()
    assert page.count("moov atom not found") == 1
    assert page.index("30 items") < page.index("it took too long")
    assert "… and 20 more" in page
    assert page.count("broken ") == 2 * 10  # its name and its path


def test_a_large_run_has_a_small_page_from_as_many_queries_as_a_small_one(
    settings: Settings,
) -> None:
    queries = []
    event.listen(engine(load_settings()), "before_cursor_execute", lambda *a: queries.append(a[2]))
    sizes = []
    for run_id, number in (("small", 300), ("large", 3000)):
        began(run_id)
        with session() as s:
            rows = [{"run_id": run_id, "path": f"/m/{n}.mp4", "outcome": "skipped",
                     "reason": "nothing to do"} for n in range(number)]  # fmt: skip
            s.execute(insert(RunItem), rows)
        queries.clear()
        page = page_of(run_id)
        with session() as s:
            markdown.render(s, runs.load(s, run_id), "UTC")
        sizes.append((len(queries), len(page) // 1000))
    assert sizes[0] == sizes[1]
    assert "… and 2900 more" in page


def test_the_command_names_the_slowest_steps_and_the_lanes(settings: Settings) -> None:
    began(left_over=2, reason="the disk was full")
    outcomes(("a.mp4", "done", {}))
    executions(("compress_video", 90.0, {"bytes_written": 10}), ("transcribe_audio", 30.0, {}))
    paid("compress_video", 2500)
    run_session.close("r1", load_settings())
    told = json.loads(CliRunner().invoke(app, ["report", "--json"]).stdout)
    assert [step["step"] for step in told["steps"]] == ["compress_video", "transcribe_audio"]
    assert told["lanes"][0] == {
        "lane": "compress", "executions": 1, "seconds": 90.0, "share": 0.75, "bytes_written": 10,
        "cost_usd": 0.0025,
    }  # fmt: skip
    assert (told["left_over"], told["reason"]) == (2, "the disk was full")


@pytest.mark.parametrize("status", RunStatus)
def test_a_run_is_told_whatever_it_has_come_to_so_far(
    settings: Settings, status: RunStatus
) -> None:
    began()
    outcomes(("a.mp4", "done", {}))
    with session() as s:
        s.get_one(Run, "r1").status = status.value
        workers.register(s, "r1", "r1", 600)
    told = CliRunner().invoke(app, ["report"])
    assert told.exit_code == 0, told.exception
    assert f"{status.value.replace('_', ' ')}: 1 done" in told.stdout


HOSTILE = "red\x1b[31m\x07\u202egnp\n.mp4"


def bare(text: str) -> set[str]:
    """The characters of a text that no eye sees, or that a terminal obeys; not the line feed."""
    return {c for c in text if not c.isprintable() and c not in "\n\t"}


def test_a_hostile_name_shows_as_signs_wherever_it_is_shown(
    settings: Settings, tmp_path: Path
) -> None:
    began()
    folder = tmp_path / HOSTILE
    folder.mkdir()
    outcomes(
        (HOSTILE, "done", {"lacks": [{"step": "make_proxy", "reason": f"{HOSTILE} broke"}]}),
        (f"2{HOSTILE}", "failed", {"error": f"{HOSTILE} is damaged", "reason": "PermanentError"}),
        (f"3{HOSTILE}", "skipped", {"reason": f"duplicate of {HOSTILE}"}),
    )
    report = run_session.close("r1", load_settings())
    with session() as s:
        artifact = markdown.render(s, report, "UTC")
    message = notices.notice(report).text
    runner = CliRunner()
    listed = [
        runner.invoke(app, list(command)).output
        for command in (
            ("items",),
            ("report",),
            ("items", "--json"),
            ("source", "add", str(folder)),
            ("source", "list"),
        )
    ]
    for shown in (report.report.read_text(), artifact, message, *listed):
        assert not bare(shown), shown
        assert "gnp" in shown
    for shown in (report.report.read_text(), artifact, message):
        assert "␇⟨U+202E⟩gnp␤.mp4" in shown
    assert json.loads(listed[2])[0]["title"].endswith(HOSTILE)


def test_what_was_left_out_of_folders_is_told_wherever_a_run_is() -> None:
    run_id = began()
    outcomes(("a.mp4", "done", {}))
    run_session.note_left_out(run_id, {".pdf": 1200, "@eaDir/": 2})
    run_session.note_left_out(run_id, {".pdf": 34, "link back": 1})
    report = run_session.close(run_id, load_settings())
    told = "left out, as no media: 1,234 .pdf, 2 @eaDir/, 1 link back"
    assert report.report
    assert told in report.report.read_text()
    with session() as s:
        assert told in markdown.render(s, report, "UTC").replace("\\", "")
    shown = CliRunner().invoke(app, ["report"]).stdout
    assert told in shown
    document = json.loads(CliRunner().invoke(app, ["report", "--json"]).stdout)
    assert document["left_out"] == {".pdf": 1234, "@eaDir/": 2, "link back": 1}


def test_of_many_suffixes_the_commonest_are_named() -> None:
    left_out = {f".{number}": 100 - number for number in range(20)}
    told = left_out_in_words(left_out)
    assert told.startswith("left out, as no media: 100 .0, 99 .1, ")
    assert told.endswith(f"{sum(range(81, 89))} others")


def test_what_waits_for_review_is_told_and_who_decided_stands_with_its_item() -> None:
    one, two = waiting_item("one"), waiting_item("two")
    decisions.decide(two, decisions.Wanted("accept", "well told"), "ann", load_settings())
    run_id = began()
    with session() as s:
        s.add(RunItem(run_id=run_id, path="/x/two", item_id=two, outcome="done"))
    page = page_of(run_id)
    with session() as s:
        artifact = markdown.render(s, runs.load(s, run_id), "UTC")
    for text in (page, artifact):
        assert "Waits for your review" in text and f"{one[:10]} one" in text
        assert "1 item waits for your review: nightshift review" in text
    assert "Accepted by ann on" in page and "well told" in page
    told = CliRunner().invoke(app, ["report"]).stdout
    assert "1 item waits for your review" in told
    document = json.loads(CliRunner().invoke(app, ["report", "--json"]).stdout)
    assert document["waiting_for_review"] == 1


def test_what_is_published_and_not_approved_any_more_is_named_in_every_report(
    tmp_path: Path,
) -> None:
    known.public(tmp_path)
    item_id = known.item(tmp_path / "library" / "song.mp3")
    requests.publish(requests.Order((item_id,), ("public",)), load_settings())
    run_id = began()
    assert "not as it should be" not in page_of(run_id)
    known.judged(item_id, "rejected")
    with session() as s:
        artifact = markdown.render(s, runs.load(s, run_id), "UTC").replace("\\", "")
    told = CliRunner().invoke(app, ["report"]).stdout
    for text in (page_of(run_id), artifact, told):
        assert f"{item_id[:10]} song" in text
        assert "published, but it is rejected now" in text
    document = json.loads(CliRunner().invoke(app, ["report", "--json"]).stdout)
    assert [one["target"] for one in document["flawed_publications"]] == ["public"]

"""Metrics: computed when they are scraped, each row of the ledger read once."""

import threading
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import start_http_server
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy import delete, event, insert, update
from typer.testing import CliRunner

from deployments.presence import Presence
from nightshift.__main__ import app
from tests.conftest import Override
from tests.servers.loopback import Answer, Asked, serving
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import runs, spending
from utils.db.schema import Execution, Flag, Item, Worker
from utils.db.session import engine, session
from utils.models.shift import ItemOutcome, Outcome, RunStatus
from utils.models.spending import Ceilings, Estimate, TokenPrice
from utils.observability.metrics import Exporter, registry
from utils.processes.prefect_environment import PrefectApi

LONG_AGO = timedelta(minutes=10)


def executed(
    step: str,
    status: str = "done",
    ago: timedelta = LONG_AGO,
    seconds: float = 2.0,
    run_id: str = "r1",
    written: int | None = None,
) -> int:
    row = {
        "item_id": "a" * 64, "step": step, "version": 1, "key": "k", "run_id": run_id,
        "status": status, "started_at": now() - ago, "bytes_written": written,
        "duration_seconds": None if status == "running" else seconds,
    }  # fmt: skip
    with session() as s:
        return s.execute(insert(Execution).values(row).returning(Execution.id)).scalar_one()


def ended(row_id: int, status: str = "done", seconds: float = 3.0) -> None:
    with session() as s:
        values = {"status": status, "duration_seconds": seconds}
        s.execute(update(Execution).where(Execution.id == row_id).values(values))


def holding(run_id: str = "r1", seconds: int = 60) -> None:
    with session() as s:
        alive = now() + timedelta(seconds=seconds)
        s.add(Worker(id=f"h-{run_id}", run_id=run_id, host="x", lock="/l", alive_until=alive))


def scraped(found: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """All samples, by name and labels."""
    return {
        (sample.name.removeprefix("nightshift_"), *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text_of(found))
        for sample in family.samples
    }


def text_of(found: CollectorRegistry) -> str:
    from prometheus_client import generate_latest

    return generate_latest(found).decode()


@pytest.fixture
def exporter(database: str) -> CollectorRegistry:
    return registry(Exporter(load_settings()))


def done(
    found: CollectorRegistry,
    step: str = "transcribe_audio",
    lane: str = "transcribe",
    status: str = "done",
) -> tuple[float, ...]:
    samples = scraped(found)
    key = sorted((step, lane, status))
    return tuple(
        samples.get((f"step_{what}_total", *key), 0)
        for what in ("executions", "seconds", "written_bytes")
    )


def test_steps_are_counted_with_their_seconds_and_bytes(exporter: CollectorRegistry) -> None:
    executed("transcribe_audio", written=100)
    executed("transcribe_audio", ago=timedelta(0), written=11)
    executed("transcribe_audio", "failed", seconds=0.5)
    executed("a_step_that_is_no_more")
    assert done(exporter) == (2, 4.0, 111)
    assert done(exporter, status="failed") == (1, 0.5, 0)
    assert done(exporter, "a_step_that_is_no_more", "unknown")[0] == 1


def test_what_runs_is_in_its_lane_until_it_ends_and_then_counted_once(
    exporter: CollectorRegistry,
) -> None:
    holding()
    old, young = executed("transcribe_audio", "running"), executed("compress_video", "running")
    lanes = scraped(exporter)
    assert lanes["lane_in_use", "transcribe"] == lanes["lane_in_use", "compress"] == 1
    assert (lanes["lane_in_use", "ai"], lanes["lane_width", "transcribe"]) == (0, 2)
    assert done(exporter) == (0, 0, 0)
    ended(old)
    ended(young, "failed")
    for _ in range(3):
        assert done(exporter) == (1, 3.0, 0)
        assert done(exporter, "compress_video", "compress", "failed") == (1, 3.0, 0)
    assert scraped(exporter)["lane_in_use", "transcribe"] == 0


def test_what_dead_processes_had_in_work_is_in_no_lane(exporter: CollectorRegistry) -> None:
    holding("gone", seconds=-1)
    executed("transcribe_audio", "running", run_id="gone")
    executed("transcribe_audio", "running", run_id="swept")
    found = scraped(exporter)
    assert found["lane_in_use", "transcribe"] == 0
    assert (found["processes", "alive"], found["processes", "lost"]) == (0, 1)


def test_counters_never_fall_when_old_rows_are_removed(exporter: CollectorRegistry) -> None:
    old = executed("transcribe_audio")
    executed("transcribe_audio")
    assert done(exporter)[0] == 2
    with session() as s:
        s.execute(delete(Execution).where(Execution.id == old))
    executed("transcribe_audio")
    assert done(exporter)[0] == 3


def test_a_scrape_reads_only_what_is_new(exporter: CollectorRegistry) -> None:
    for _ in range(50):
        executed("transcribe_audio")
    assert done(exporter)[0] == 50
    # A row that was read before is not read again: nobody sees that it was tampered with.
    with session() as s:
        s.execute(update(Execution).values(duration_seconds=1000))
    assert done(exporter) == (50, 100.0, 0)


def test_the_number_of_queries_does_not_grow_with_the_library(exporter: CollectorRegistry) -> None:
    asked = []
    event.listen(engine(load_settings()), "before_cursor_execute", lambda *a: asked.append(a[2]))
    scraped(exporter)
    few = len(asked)
    for number in range(30):
        executed("transcribe_audio")
        with session() as s:
            s.add(Item(id=f"{number:064x}", kind="audio", title="t", size_bytes=1, status="done"))
    asked.clear()
    scraped(exporter)
    assert len([query for query in asked if query.lstrip().startswith("SELECT")]) <= few


def test_two_scrapes_at_once_count_no_row_twice(exporter: CollectorRegistry) -> None:
    for _ in range(20):
        executed("transcribe_audio")
    threads = [threading.Thread(target=text_of, args=(exporter,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done(exporter)[0] == 20


def test_items_wait_are_done_and_in_quarantine(exporter: CollectorRegistry) -> None:
    added = datetime(2026, 1, 2, tzinfo=UTC)
    with session() as s:
        for number, status in enumerate(("pending", "done", "done", "quarantined")):
            ended = added if status == "done" else None
            s.add(Item(id=f"{number:064x}", kind="audio", title="t", size_bytes=1, status=status,
                       added_at=added, processed_at=ended,
                       approval="review" if ended else None))  # fmt: skip
    found = scraped(exporter)
    assert found["items_by_approval", "review"] == 2
    assert found["items_by_approval", "approved"] == 0
    assert (found["items", "audio", "done"], found["items", "audio", "failed"]) == (2, 0)
    assert found[("oldest_waiting_item_timestamp_seconds",)] == added.timestamp()
    assert found[("last_done_item_timestamp_seconds",)] == added.timestamp()


def test_the_last_run_of_a_flow_says_what_it_came_to_and_cost(exporter: CollectorRegistry) -> None:
    price = TokenPrice(input_usd=1, output_usd=1)
    with session() as s:
        for run_id, status in (("r1", RunStatus.FAILED), ("r2", RunStatus.PARTIAL)):
            runs.begin(s, run_id, "night-shift")
            runs.finish(s, run_id, status, None)
        runs.begin(s, "r3", "night-shift")
        for outcome in (Outcome.DONE, Outcome.DONE, Outcome.DEFERRED):
            runs.add_outcome(s, "r2", ItemOutcome(item_id=None, path="/x", outcome=outcome))
        estimate = Estimate(engine="gemini", prompt_tokens=500_000, response_tokens=0, price=price)
        spending.reserve(s, "r2", "i", "analyze_content", estimate, Ceilings(None, None))
    found = scraped(exporter)
    assert found["last_run_status", "night-shift", "partial"] == 1
    assert found["last_run_status", "failed", "night-shift"] == 0
    assert found["last_run_items", "done", "night-shift"] == 2
    assert found["last_run_items", "failed", "night-shift"] == 0
    assert found["last_run_cost_usd", "night-shift"] == found["cost_usd_total", "gemini"] == 0.5
    assert found["runs", "night-shift", "running"] == 1
    assert found["paid_tokens_total", "gemini"] == 500_000
    assert found["cost_ceiling_usd", "run"] == 10


def test_a_pause_and_a_slowed_lane_are_told(exporter: CollectorRegistry) -> None:
    until = datetime(2026, 1, 2, tzinfo=UTC)
    assert scraped(exporter)[("paused",)] == 0
    with session() as s:
        s.add(Flag(name="paused", value={"why": "holidays"}))
        s.add(Flag(name="lane:ai", value={"until": until.isoformat(), "why": "429"}))
    found = scraped(exporter)
    assert found[("paused",)] == 1
    assert found["lane_slowed_until_timestamp_seconds", "ai"] == until.timestamp()


def test_no_label_is_a_title_a_path_or_an_id(exporter: CollectorRegistry) -> None:
    with session() as s:
        s.add(Item(id="b" * 64, kind="audio", title="a private title", size_bytes=1, status="done"))
        runs.begin(s, "run-of-today", "night-shift")
        runs.add_outcome(
            s, "run-of-today", ItemOutcome(item_id=None, path="/home/me/x", outcome=Outcome.FAILED)
        )
    executed("transcribe_audio", run_id="run-of-today")
    text = text_of(exporter)
    for told in ("private", "run-of-today", "/home/me", "b" * 64, str(load_settings().home)):
        assert told not in text


def test_a_database_that_is_gone_is_told_and_no_failed_scrape(override: Override) -> None:
    override(database_url=SecretStr("postgresql+psycopg://x:pa55word@127.0.0.1:9/none"))
    found = scraped(registry(Exporter(load_settings())))
    assert found[("database_up",)] == 0
    assert found[("home_free_bytes",)] > 0


def test_metrics_are_served_over_http(exporter: CollectorRegistry) -> None:
    executed("transcribe_audio")
    server, thread = start_http_server(0, "127.0.0.1", exporter)
    try:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        with urllib.request.urlopen(url) as answer:
            assert b'step="transcribe_audio"' in answer.read()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_command_prints_them_once(settings: Settings) -> None:
    told = CliRunner().invoke(app, ["metrics", "--once"])
    assert told.exit_code == 0
    families = list(text_string_to_metric_families(told.stdout))
    assert all(family.documentation and family.type != "unknown" for family in families)
    assert "nightshift_database_up 1.0" in told.stdout


def test_a_port_that_is_taken_is_told(settings: Settings) -> None:
    with serving(lambda _: Answer()) as server:
        port = server.url.rpartition(":")[2]
        told = CliRunner().invoke(app, ["metrics", "--port", port])
    assert "Choose another --port" in str(told.exception)


def presence(
    handler: Callable[..., Any], auth: str | None = None
) -> tuple[dict[tuple[str, ...], float], list[Asked]]:
    with serving(handler) as server:
        api = PrefectApi(f"{server.url}/api", SecretStr(auth) if auth else None)
        return scraped(registry(Presence(api, "nightshift"))), server.asked


def test_workers_are_those_that_prefects_server_counts_as_online() -> None:
    workers = Answer.of_json([{"name": "one"}, {"name": "two"}])
    token = Answer.of_json({"token": "of the server"})

    def answer(asked: Asked) -> Answer:
        return token if asked.path.startswith("/api/csrf-token?") else workers

    found, (_, asked) = presence(answer, auth="admin:pass")
    assert found == {("prefect_up",): 1, ("workers_online", "nightshift"): 2}
    assert asked.path == "/api/work_pools/nightshift/workers/filter"
    assert asked.headers["Authorization"].startswith("Basic ")
    assert asked.headers["Prefect-Csrf-Token"] == "of the server"


@pytest.mark.parametrize(("answer", "workers"), [(Answer(404), 0), (Answer(500), None)])
def test_no_pool_is_no_worker_and_no_answer_is_no_number(
    answer: Answer, workers: int | None
) -> None:
    found, _ = presence(lambda _: answer)
    assert found.get(("workers_online", "nightshift")) == workers
    assert found[("prefect_up",)] == (workers is not None)


def test_the_home_that_is_not_there_is_no_disk(override: Override, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    override(home=Path(blocked / "home"))
    found = scraped(registry(Exporter(load_settings())))
    assert found[("database_up",)] == 0
    assert ("home_free_bytes",) not in found

"""The forecast against two recorded histories, and where there is little or no history.

fixtures/histories.csv: ``clips`` are 24 spoken clips of 8 to 11 s that ran alone on 2 cores, two
at once; ``lengths`` are items of 5 s and more, recorded while other work kept the machine at a
load of 6 to 11.
"""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sqlalchemy import delete, event

from tests.paths import FIXTURES
from utils.config import Settings, load_settings
from utils.db import items
from utils.db.items import Seen
from utils.db.schema import Execution, ExecutionStatus, Item
from utils.db.session import engine, session
from utils.models.item import Entry, FileStat, MediaKind
from utils.models.options import PipelineOptions
from utils.models.steps import BY_NAME
from utils.pipeline import planning
from utils.scheduling import estimate, forecast
from utils.scheduling.admission import Need
from utils.scheduling.forecast import Line, Sample

HISTORIES = FIXTURES / "histories.csv"
BEGUN = datetime(2026, 11, 22, 22, tzinfo=UTC)


def recorded(name: str) -> dict[str, tuple[str, float | None, list[str], float]]:
    """Put a recorded history into the ledger; returns its items with their real seconds."""
    rows = [row for row in csv.DictReader(HISTORIES.open()) if row["history"] == name]
    spans: dict[str, tuple[str, float | None, list[str], list[float], list[float]]] = {}
    with session() as s:
        for row in rows:
            item_id = f"{int(row['item']):064x}"
            if item_id not in spans:
                length = float(row["media_seconds"]) if row["media_seconds"] else None
                s.add(Item(id=item_id, kind=row["kind"], title=item_id, size_bytes=1,
                           status="done", duration_seconds=length))  # fmt: skip
                spans[item_id] = (row["kind"], length, [], [], [])
            begin, seconds = float(row["begin"]), float(row["seconds"])
            spans[item_id][2].append(row["step"])
            spans[item_id][3].append(begin)
            spans[item_id][4].append(begin + seconds)
            started = BEGUN + timedelta(seconds=begin)
            s.add(Execution(
                item_id=item_id, step=row["step"], version=1, key=f"{item_id}{row['step']}",
                run_id="run", status=ExecutionStatus.DONE, started_at=started,
                ended_at=started + timedelta(seconds=seconds), duration_seconds=seconds,
            ))  # fmt: skip
    return {
        item_id: (kind, length, steps, max(ends) - min(begins))
        for item_id, (kind, length, steps, begins, ends) in spans.items()
    }


def ratios(found: dict[str, tuple[str, float | None, list[str], float]]) -> dict[str, list[float]]:
    """Predicted to real seconds of each item, from the history of all the others."""
    result: dict[str, list[float]] = {}
    for item_id, (kind, length, steps, seconds) in found.items():
        with session() as s:
            s.execute(delete(Execution).where(Execution.item_id == item_id))
            history = forecast.learn(s)
            s.rollback()
        predicted = forecast.seconds(history, kind, length, steps)
        result.setdefault(kind, []).append(predicted / seconds)
    return result


@pytest.mark.parametrize("history", ["clips", "lengths"])
def test_most_items_are_through_within_their_forecast_and_it_is_not_far_too_long(
    history: str,
) -> None:
    for kind, found in ratios(recorded(history)).items():
        in_time = sum(ratio >= 1 for ratio in found) / len(found)
        assert in_time >= 0.7, (kind, found)
        assert median(found) <= 2.0, (kind, found)


def test_a_film_is_forecast_from_clips_by_how_the_prior_scales() -> None:
    """Eight-second clips say nothing of what grows with length: the prior's shape does."""
    found = recorded("clips")
    with session() as s:
        history = forecast.learn(s)
    steps = next(steps for kind, _, steps, _ in found.values() if kind == "video")
    short = forecast.seconds(history, "video", 10, steps)
    film = forecast.seconds(history, "video", 7200, steps)
    assert 100 * short < film < 720 * short
    probing = history.lines["extract_exiftool", "video"]
    assert probing.seconds_a_minute == 0


def test_a_line_parts_what_is_constant_from_what_grows() -> None:
    samples = [Sample(minutes, 3 + 20 * minutes) for minutes in (0.1, 0.5, 1, 2, 5, 10)]
    strange = [*samples, Sample(1, 4000)]
    line = forecast.line("analyze_signal", strange)
    assert line.constant_seconds == pytest.approx(3, abs=0.2)
    assert line.seconds_a_minute == pytest.approx(20, rel=0.02)


def test_a_step_never_gets_faster_with_length_nor_takes_less_than_nothing() -> None:
    falling = [Sample(minutes, 10 / minutes) for minutes in (0.1, 0.5, 1, 2, 5, 10)]
    line = forecast.line("judge_quality", falling)
    assert line.seconds_a_minute == 0
    steep = forecast.line("x", [Sample(minutes, minutes**2) for minutes in (1, 2, 3, 4, 5, 60)])
    assert steep.constant_seconds >= 0


def test_images_take_the_middle_of_what_they_took() -> None:
    samples = [Sample(0, seconds) for seconds in (1, 2, 300)]
    assert forecast.line("generate_thumbnails", samples) == Line(2)


def test_without_any_history_the_prior_is_taken(settings: Settings) -> None:
    with session() as s:
        nothing = forecast.learn(s)
    steps = planning.expected(MediaKind.VIDEO, PipelineOptions(), settings)
    an_hour = forecast.seconds(nothing, "video", 3600, steps)
    assert 3600 < an_hour < 4 * 3600
    assert forecast.seconds(nothing, "image", None, ("generate_checksum",)) < 10


def add(number: int, **facts: Any) -> str:
    stat = FileStat(path=Path(f"/x/{number}"), size_bytes=1000, modified_ns=1, inode=number)
    item_id = f"{number:064x}"
    with session() as s:
        item = items.register(s, Seen(stat, item_id, True), MediaKind.AUDIO)
        for name, value in facts.items():
            setattr(item, name, value)
    return item_id


def test_a_shift_of_many_items_asks_the_database_a_few_times_in_all(settings: Settings) -> None:
    ids = [add(n, duration_seconds=60.0) for n in range(400)]
    asked = []
    event.listen(engine(load_settings()), "before_cursor_execute", lambda *a: asked.append(a[2]))
    need = estimate.of(ids, PipelineOptions(), settings, timed=True)
    needs = {need(item_id) for item_id in ids}
    assert len(needs) == 1
    assert len(asked) <= 4


def test_what_is_done_already_is_not_forecast_again(settings: Settings) -> None:
    item_id = add(1, duration_seconds=600.0)
    fresh = estimate.of([item_id], PipelineOptions(), settings, timed=True)(item_id)
    step = BY_NAME["transcribe_audio"]
    with session() as s:
        s.add(Execution(item_id=item_id, step=step.name, version=step.version, key="k",
                        status=ExecutionStatus.DONE, started_at=BEGUN, ended_at=BEGUN))  # fmt: skip
    half = estimate.of([item_id], PipelineOptions(), settings, timed=True)(item_id)
    again = estimate.of([item_id], PipelineOptions(force=True), settings, timed=True)(item_id)
    assert half.seconds < fresh.seconds == again.seconds
    assert half.size_bytes == fresh.size_bytes == 2000


def test_an_entry_takes_its_download_as_well(settings: Settings) -> None:
    def need(seconds: int | None) -> Need:
        entry = Entry(url="https://x/y", site="x", site_id="y", duration_seconds=seconds)
        return estimate.of([entry], PipelineOptions(), settings, timed=True)(entry)

    assert need(600).size_bytes == 3 * 600 * 10**6
    assert need(600).seconds > need(60).seconds
    assert need(None).seconds > need(1800).seconds  # nobody says: a lecture


def test_without_a_window_nothing_is_looked_up_for_the_time(settings: Settings) -> None:
    item_id = add(1)  # its file does not exist: a probe would fail
    need = estimate.of([item_id], PipelineOptions(), settings, timed=False)
    assert need(item_id) == (0.0, 2000)

"""The live shift, the plan of the night and the pages of runs, asked without a browser."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.hostile import NAMES
from tests.pages import client, post
from utils import clock
from utils.config import Settings
from utils.db import flags, items, ledger, queue, runs, workers
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.item import FileStat, MediaKind
from utils.models.page_settings import Role
from utils.models.shift import ItemOutcome, Outcome, RunStatus
from utils.observability import progress
from utils.observability.told import Told
from utils.scheduling import forecast, in_work, night_plan, telling

RUN = "run1"


def add(item_id: str, title: str = "A film", kind: MediaKind = MediaKind.VIDEO) -> str:
    """Register an item of 60 MB."""
    whole = item_id * 64
    stat = FileStat(path=Path(f"/x/{whole}"), size_bytes=60 * 10**6, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, whole, True), kind, title)
    return whole


def begin(*item_ids: str) -> None:
    """Open a run that lives and has claimed these items."""
    with session() as s:
        workers.register(s, RUN, RUN, 100)
        runs.begin(s, RUN, "night-shift")
        queue.claim_these(s, RUN, item_ids)


def started(item_id: str, step: str) -> int:
    return ledger.start(item_id, step, ledger.Inputs("key", {"version": 1}), RUN)


def note(item_id: str | None, outcome: Outcome, **more: Any) -> None:
    with session() as s:
        said = ItemOutcome(item_id=item_id, path="/x/a.mp4", outcome=outcome, **more)
        runs.add_outcome(s, RUN, said)


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    return client(settings, Role.EDITOR)


def test_what_runs_is_shown_with_its_items_steps_lanes_and_how_far_it_is(
    asking: TestClient,
) -> None:
    film, song = add("a", "A long film"), add("b", "A song", MediaKind.AUDIO)
    begin(film, song)
    started(film, "compress_video")
    started(song, "transcribe_audio")
    note(add("c"), Outcome.DONE)
    with session() as s:
        told = {"total": 3, "settled": 1, "items": {film: 0.43}, "reading": None, "waiting": None}
        workers.tell(s, RUN, told)
    page = asking.get("/shift").text
    assert "1 of 3 items" in page
    assert "A long film" in page and "compressing" in page and "43%" in page
    assert page.count("1 of 2 busy") == 2
    assert "Stop the run" in page
    brief = asking.get("/shift/live?brief=1").text
    assert "A song" in brief and "<html" not in brief


def test_a_run_whose_process_is_dead_is_not_shown_as_running(asking: TestClient) -> None:
    begin(add("a"))
    with session() as s:
        workers.unregister(s, RUN)
    assert "Nothing runs now" in asking.get("/shift").text


def test_shifts_are_paused_with_a_reason_and_resumed(asking: TestClient) -> None:
    answer = post(asking, "/shift/pause", {"reason": "<b>guests</b>"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/shift")
    page = asking.get("/shift").text
    assert "Shifts are paused" in page and "&lt;b&gt;guests&lt;/b&gt;" in page
    post(asking, "/shift/resume")
    with session() as s:
        assert flags.get(s, flags.PAUSED) is None


def test_whoever_only_reads_changes_nothing_and_sees_no_buttons(
    settings: Settings, asking: TestClient
) -> None:
    begin(add("a"))
    reader = client(settings, Role.VIEWER)
    actions = ("/shift/pause", "/shift/resume", "/shift/start", f"/runs/{RUN}/cancel")
    for place in (*actions, "/today/requeue"):
        assert post(reader, place, {"step": "x", "error": "x"}).status_code == 403
        without_token = asking.post(place, data={"step": "x", "error": "x"})
        assert without_token.status_code == 403
    assert "<button" not in reader.get("/shift/live").text


def test_a_night_without_a_server_that_could_begin_it_is_refused_with_what_to_do(
    asking: TestClient,
) -> None:
    answer = post(asking, "/shift/start", {"limit": "5"})
    assert answer.status_code == 422 and "nightshift up" in answer.text


def test_a_run_is_asked_to_stop_and_its_own_process_hears_it(
    asking: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(add("a"))
    assert post(asking, f"/runs/{RUN}/cancel").status_code == 303
    assert "is being stopped" in asking.get("/shift").text
    heard: list[tuple[int, int]] = []
    monkeypatch.setattr(telling, "_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(os, "kill", lambda *given: heard.append(given))
    with telling.telling(RUN, RUN, may_stop=False):  # a worker of the run: it is told by the run
        pass
    with telling.telling(RUN, RUN, may_stop=True):
        progress.emit(progress.Begun(1))
        while not heard:
            clock.wait(0.01)
    assert heard == [(os.getpid(), signal.SIGTERM)]
    with session() as s:
        runs.stop(s, RUN, 1)
        assert not runs.is_asked_to_stop(s, RUN)
    assert "is over already" in post(asking, f"/runs/{RUN}/cancel").text


def test_what_a_worker_tells_of_itself_follows_what_happens_in_it() -> None:
    told = Told()
    assert told.news() is None
    told.hear(progress.Begun(3))
    told.hear(progress.Stepping("a", "A", "compressing"))
    told.hear(progress.Advancing("a", "A", "compressing", 0.12345))
    told.hear(progress.Reading(Path("/x/film.mp4"), 0.5))
    news = told.news()
    assert news is not None and told.news() is None
    assert (news["total"], news["items"], news["reading"]) == (
        3, {"a": 0.123}, {"name": "film.mp4", "share": 0.5}
    )  # fmt: skip
    told.hear(progress.Paused("no room"))
    told.hear(progress.Settled("a", "A", "done", ""))
    news = told.news()
    assert news is not None
    assert (news["settled"], news["items"], news["waiting"]) == (1, {}, "no room")
    told.untold()
    assert told.news() == news


def test_how_things_stand_has_another_mark_after_each_change(database: str) -> None:
    marks = []

    def mark() -> None:
        with session() as s:
            marks.append(in_work.mark(s))

    mark()
    film = add("a")
    begin(film)
    mark()
    row = started(film, "analyze_signal")
    mark()
    with session() as s:
        workers.tell(s, RUN, {"items": {film: 0.5}})
    mark()
    ledger.fail(row, PermanentError("it is broken"), 1)
    mark()
    note(film, Outcome.QUARANTINED)
    mark()
    with session() as s:
        flags.put(s, flags.PAUSED, {"reason": None})
    mark()
    with session() as s:
        runs.finish(s, RUN, RunStatus.FAILED, None)
    mark()
    assert len(set(marks)) == len(marks)


def test_the_stream_says_only_that_something_changed(
    settings: Settings, asking: TestClient
) -> None:
    answer = asking.get(
        "/shift/events", params={"seconds": 0.1}, headers={"Last-Event-ID": "another"}
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: change" in answer.text
    closed = settings.api.model_copy(update={"open_reading": False})
    nobody = client(settings, None, api=closed)
    assert nobody.get("/shift/events").status_code in {303, 401}


def test_a_run_that_is_over_is_told_item_by_item_and_by_outcome(asking: TestClient) -> None:
    film, song = add("a", NAMES[0]), add("b", "A song")
    begin(film, song)
    row = started(film, "compress_video")
    error = PermanentError("<script>alert(1)</script> https://me:secret@example.org/x")
    ledger.fail(row, error, 200.0)
    note(film, Outcome.QUARANTINED, error=str(error), reason="PermanentError")
    note(song, Outcome.DONE)
    with session() as s:
        runs.finish(s, RUN, RunStatus.PARTIAL, None)
    page = asking.get(f"/shift/runs/{RUN}").text
    assert "A song" in page and "&lt;script&gt;" in page
    assert "<script>alert" not in page and "secret" not in page
    assert "A song" not in asking.get(f"/shift/runs/{RUN}?outcome=quarantined").text
    log = asking.get(f"/shift/runs/{RUN}/items/{film}").text
    assert "compressing" in log and "3 minutes" in log and "PermanentError" in log
    assert asking.get(f"/shift/runs/{RUN}/report").status_code == 404
    assert asking.get("/shift/runs/unknown").status_code == 404
    assert asking.get(f"/shift/runs/{RUN}/items/{'f' * 64}").status_code == 200


def test_a_run_is_told_also_while_prefects_server_is_away(
    settings: Settings, asking: TestClient
) -> None:
    begin(add("a"))
    away = client(settings, Role.VIEWER, prefect_api_url="http://127.0.0.1:1/api")
    assert "What Prefect says" in away.get(f"/shift/runs/{RUN}").text
    while "is being asked" in (part := away.get(f"/shift/runs/{RUN}/log?item={'a' * 64}").text):
        clock.wait(0.02)
    assert "does not answer" in part
    assert "What Prefect says" not in asking.get(f"/shift/runs/{RUN}").text


def test_the_plan_says_what_the_night_takes_how_long_and_what_it_leaves(
    settings: Settings,
) -> None:
    for number in range(4):
        add(str(number), f"Film {number}")
    with session() as s:
        tonight = settings.model_copy(update={"shift_limit": 3, "concurrency": 1})
        plan = night_plan.of_next(s, forecast.Forecast(), tonight)
    assert (plan.waiting, plan.kinds[0].number, plan.left_out) == (4, 3, {"limit": 1})
    assert plan.seconds == pytest.approx(sum(one.seconds for one in plan.items[:3]))
    assert plan.kinds[0].size_bytes == 180 * 10**6
    with session() as s:
        full = tonight.model_copy(update={"min_free_bytes": 2**62})
        assert night_plan.of_next(s, forecast.Forecast(), full).left_out == {"limit": 1, "disk": 3}


def test_the_plan_is_shown_as_soon_as_it_is_worked_out(asking: TestClient) -> None:
    add("a", NAMES[0])
    while "being worked out" in (page := asking.get("/shift/plan").text):
        clock.wait(0.02)
    assert "of 1 that wait" in page and "Within" in page

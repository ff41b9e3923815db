"""Progress as events: from the database, exactly once, from wherever a client left off."""

import asyncio
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import update

from nightshift.api import streaming
from nightshift.api.app import create_app
from nightshift.api.streaming import Event, Polled
from tests.unit.nightshift.test_api import LOCAL, token
from utils import clock
from utils.config import Settings
from utils.db import items, ledger, runs, workers
from utils.db.events import Which
from utils.db.items import Seen
from utils.db.schema import Execution
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.api import Scope
from utils.models.item import FileStat, MediaKind
from utils.models.shift import ItemOutcome, Outcome, RunStatus
from utils.observability import events
from utils.observability.events import Horizon, Place

ITEM = "a" * 64
ALL = Which()


class Told(NamedTuple):
    """An event as a client has it."""

    id: str
    name: str
    data: dict[str, Any]


def register(item_id: str = ITEM) -> None:
    stat = FileStat(path=Path(f"/x/{item_id}"), size_bytes=1, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), MediaKind.AUDIO)


def begin(run_id: str) -> None:
    with session() as s:
        runs.begin(s, run_id, "night-shift")
        workers.register(s, f"w-{run_id}", run_id, 100)


def finish(run_id: str, status: RunStatus = RunStatus.SUCCESS) -> None:
    with session() as s:
        runs.finish(s, run_id, status, None)


def step(run_id: str, name: str, item_id: str = ITEM) -> int:
    return ledger.start(item_id, name, ledger.Inputs("key", {"version": 1}), run_id)


def fail(row: int) -> None:
    ledger.fail(row, RetryableError("it did not answer"), 1.5)


def outcome(run_id: str, item_id: str = ITEM) -> None:
    said = ItemOutcome(item_id=item_id, path="/x/song.mp3", kind="audio", outcome=Outcome.DONE)
    with session() as s:
        runs.add_outcome(s, run_id, said)


def since(place: Place, which: Which = ALL, horizon: Horizon | None = None) -> events.Page:
    with session() as s:
        return events.since(s, place, which, horizon or Horizon())


def of(text: str) -> list[Told]:
    """The events of a stream as it was sent."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":")
        )
        if fields:
            found.append(Told(fields["id"], fields["event"], json.loads(fields["data"])))
    return found


@pytest.fixture
def client(settings: Settings) -> TestClient:
    headers = token(Scope.READ)
    app = create_app(settings)
    return TestClient(app, base_url="http://127.0.0.1", client=LOCAL, headers=headers)


def test_a_run_is_told_from_its_beginning_to_its_end_and_then_no_more(
    database: str, client: TestClient
) -> None:
    register()
    begin("r1")
    begin("r2")
    row = step("r1", "transcribe_audio")
    step("r2", "analyze_signal", "b" * 64)
    fail(row)
    outcome("r1")
    finish("r1")
    answer = client.get("/api/v1/runs/r1/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = of(answer.text)
    assert [(one.name, one.data.get("status")) for one in told] == [
        ("step", "failed"), ("item", None), ("run", "success"),
    ]  # fmt: skip
    assert told[0].data["error"] == "it did not answer"
    assert told[-1].data["counts"] == {"done": 1}
    for number, one in enumerate(told):
        again = client.get("/api/v1/runs/r1/events", headers={"Last-Event-ID": one.id})
        assert of(again.text) == told[number + 1 :]
    assert again.status_code == 204
    assert client.get("/api/v1/runs/nothing/events").status_code == 404


def test_what_is_in_work_is_told_to_begin_and_to_end() -> None:
    start = since(Place()).place
    begin("r1")
    row = step("r1", "transcribe_audio")
    first = since(start)
    assert [(one.name, one.data["status"]) for one in first.events] == [
        ("run", "running"), ("step", "running"),
    ]  # fmt: skip
    assert since(first.place).events == []
    fail(row)
    finish("r1")
    second = since(first.place)
    assert [(one.name, one.data["status"]) for one in second.events] == [
        ("step", "failed"), ("run", "success"),
    ]  # fmt: skip
    # Whoever left off between them goes on there, as a server that was restarted does.
    place = events.read(str(first.events[0].place))
    assert [one.data["status"] for one in since(place).events] == ["failed", "success"]


def test_an_item_is_told_of_whatever_run_works_on_it() -> None:
    register()
    begin("r1")
    step("r1", "transcribe_audio")
    step("r1", "transcribe_audio", "b" * 64)
    outcome("r1")
    page = since(Place(), Which(item_id=ITEM))
    assert [one.name for one in page.events] == ["step", "item"]
    assert not page.place.is_over
    assert since(Place(), Which(item_id="c" * 64)).place.is_over  # it was forgotten


def test_a_run_whose_process_is_dead_is_over() -> None:
    with session() as s:
        runs.begin(s, "r1", "night-shift")
    page = since(Place(), Which(run_id="r1"))
    assert [one.data["status"] for one in page.events] == ["crashed"]
    assert page.place.is_over


def test_a_clock_that_is_an_hour_off_hides_nothing() -> None:
    begin("r1")
    row = step("r1", "transcribe_audio")
    place = since(Place()).place
    with session() as s:
        early = clock.now().replace(year=2001)
        s.execute(
            update(Execution).where(Execution.id == row).values(status="done", ended_at=early)
        )
    (told,) = since(place).events
    assert told.data["status"] == "done"


def test_many_rows_come_in_pages_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAGE", 3)
    begin("r1")
    for number in range(7):
        fail(step("r1", f"step-{number}"))
    for _ in range(4):
        outcome("r1")
    finish("r1")
    place, told, more = Place(), list[str](), True
    while more:
        page = since(place, Which(run_id="r1"))
        told += [str(one.data.get("step") or one.name) for one in page.events]
        place, more = page.place, page.has_more
    assert [one for one in told if one.startswith("step-")] == [f"step-{n}" for n in range(7)]
    assert (told.count("item"), told[-1], place.is_over) == (4, "run", True)


def test_whatever_happens_each_event_comes_once_from_each_place() -> None:
    dice = random.Random(7)
    place = start = since(Place()).place
    told, open_rows = list[events.Event](), dict[int, str]()
    for number in range(60):
        doing = dice.random()
        if doing < 0.2:
            begin(f"r{number}")
        elif doing < 0.5:
            open_rows[step("r", f"s{number}")] = f"s{number}"
        elif doing < 0.8 and open_rows:
            fail(open_rows.popitem()[0])
        if dice.random() < 0.3:
            page = since(place)
            told += page.events
            place = page.place
    told += since(place).events
    for at in [start, *(event.place for event in told)]:
        assert events.read(str(at)) == at
    begun = [e.data["step"] for e in told if e.name == "step" and e.data["status"] == "running"]
    ended = [e.data["step"] for e in told if e.name == "step" and e.data["status"] == "failed"]
    assert len(set(begun)) == len(begun) and len(set(ended)) == len(ended)
    assert set(open_rows.values()) <= set(begun)
    at = dice.choice(told).place  # from any place the rest is what is open now, and what ended
    rest = {(e.data["step"], e.data["status"]) for e in since(at).events if e.name == "step"}
    assert rest <= {(e.data["step"], e.data["status"]) for e in told if e.name == "step"}


@pytest.mark.parametrize("text", ["", "abc", "1.2", "1.2.3.4.5", "-1.0..", "1.2.3++4.", "9" * 40])
def test_what_is_no_place_begins_anew(client: TestClient, text: str) -> None:
    assert events.read(text) is None
    begin("r1")
    finish("r1")
    answer = client.get("/api/v1/runs/r1/events", headers={"Last-Event-ID": text})
    assert [one.name for one in of(answer.text)] == ["run"]


def test_on_postgres_a_row_is_told_once_nothing_comes_before_it(
    postgres_url: str, override: Callable[..., None]
) -> None:
    override(database_url=SecretStr(postgres_url))
    begin("r1")
    moment, early, horizon = [100.0], clock.now(), Horizon()
    with clock.set_to(clock.Clock(lambda: early, lambda: moment[0], lambda _seconds: None)):
        row = step("r1", "transcribe_audio")
        first = since(Place(), horizon=horizon)
        moment[0] += 1.5
        second = since(first.place, horizon=horizon)
    assert [one.name for one in first.events] == ["run"]
    assert [(one.name, one.place.step) for one in second.events] == [("step", row)]


class Listener:
    """A client of a stream that takes what comes when it is asked to."""

    def __init__(self, app: FastAPI, path: str, headers: dict[str, str]) -> None:
        self.sent: list[bytes] = []
        self.status = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.leaves = asyncio.Event()
        told = {"host": "127.0.0.1", **{name.lower(): value for name, value in headers.items()}}
        scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"", "client": LOCAL,
            "headers": [(name.encode(), value.encode()) for name, value in told.items()],
            "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "server": ("127.0.0.1", 80),
        }  # fmt: skip
        self.task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.goes_on.wait()
        self.status = message.get("status", self.status)
        self.sent.append(message.get("body", b""))

    async def until(self, number: int) -> list[Told]:
        while len(told := of(b"".join(self.sent).decode())) < number:
            await asyncio.sleep(0.01)
        return told

    async def leave(self) -> None:
        self.leaves.set()
        await self.task


def counting(settings: Settings, polls: list[str | None]) -> FastAPI:
    """An application with a stream of numbers, one more at each poll."""
    app = create_app(settings)

    def poll(place: str | None) -> Polled:
        polls.append(place)
        number = int(place or 0) + 1
        return Polled([Event(str(number), "number", {"text": "x" * 100})], str(number), number > 8)

    @app.get("/numbers")
    async def numbers(request: Request, last_event_id: streaming.LastEventId = None):  # type: ignore[no-untyped-def]
        return await streaming.stream(request, "numbers", poll, last_event_id)

    return app


def test_all_who_follow_share_one_question(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "EVERY_SECONDS", 0.05)
    polls: list[str | None] = []
    app = counting(settings, polls)

    async def listen() -> list[list[Told]]:
        listeners = [Listener(app, "/numbers", {}) for _ in range(40)]
        return [await one.until(9) for one in listeners]

    told = asyncio.run(listen())
    assert all([one.id for one in each] == [str(n) for n in range(1, 10)] for each in told)
    assert len(polls) < 3 * 9


def test_who_is_slow_is_waited_for_and_gets_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "EVERY_SECONDS", 0.01)
    polls: list[str | None] = []
    app = counting(settings, polls)

    async def listen() -> tuple[int, list[Told]]:
        slow = Listener(app, "/numbers", {})
        await slow.until(2)
        slow.goes_on.clear()
        quick = Listener(app, "/numbers", {"Last-Event-ID": "5"})
        await quick.task
        before = len(of(b"".join(slow.sent).decode()))
        slow.goes_on.set()
        return before, await slow.until(9)

    before, told = asyncio.run(listen())
    assert before < 9 and [one.id for one in told] == [str(n) for n in range(1, 10)]


def test_beyond_a_hundred_nobody_more_listens_until_one_leaves(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "MOST_CLIENTS", 3)
    app, headers = create_app(settings), token(Scope.READ)

    async def listen() -> list[int]:
        begin("r1")
        listeners = [Listener(app, "/api/v1/runs/r1/events", headers) for _ in range(3)]
        for one in listeners:
            await one.until(1)
        refused = Listener(app, "/api/v1/events", headers)
        await refused.task
        assert b"listen already" in b"".join(refused.sent)
        await listeners[0].leave()
        again = Listener(app, "/api/v1/runs/r1/events", headers)
        await again.until(1)
        for one in (again, *listeners[1:]):
            await one.leave()
        return [refused.status, again.status, app.state.streams.clients]

    assert asyncio.run(listen()) == [503, 200, 0]


def test_a_stream_outlives_a_database_that_is_restarted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(streaming, "_PATIENCE_SECONDS", 0.01)
    app = create_app(settings)
    fails = iter([False, True, True, False])

    def poll(place: str | None) -> Polled:
        if next(fails):
            raise RetryableError("The database does not answer.")
        return Polled([Event("1", "number", {})], "1", is_over=place == "1")

    @app.get("/numbers")
    async def numbers(request: Request):  # type: ignore[no-untyped-def]
        return await streaming.stream(request, "numbers", poll, None)

    async def listen() -> bytes:
        listener = Listener(app, "/numbers", {})
        await listener.task
        return b"".join(listener.sent)

    sent = asyncio.run(listen())
    assert b": the database does not answer" in sent and len(of(sent.decode())) == 2


def test_a_stream_ends_when_its_seconds_are_over(client: TestClient) -> None:
    begin("r1")
    answer = client.get("/api/v1/events", params={"seconds": 0.05})
    assert [one.name for one in of(answer.text)] == ["run"]
    assert client.get("/api/v1/events", params={"seconds": 0}).status_code == 422

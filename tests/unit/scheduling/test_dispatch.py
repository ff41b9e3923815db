import pytest

from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.db import items, ledger, workers
from utils.db.items import Seen
from utils.db.schema import Worker
from utils.db.session import session
from utils.errors import StoppedError
from utils.models.item import Entry, MediaKind
from utils.models.shift import ItemOutcome, Outcome
from utils.pipeline import step_key
from utils.scheduling import claims, dispatch, run_session
from utils.storage import files


@pytest.fixture
def three(settings: Settings) -> list[str]:
    """Three items of 1, 2 and 3 bytes and an open run."""
    ids = []
    for number in (1, 2, 3):
        path = settings.home / f"{number}.mp4"
        path.write_bytes(b"x" * number)
        with session() as s:
            ids.append(str(number) * 64)
            items.register(s, Seen(files.stat(path), ids[-1], True), MediaKind.VIDEO)
    with session() as s:
        from utils.db import runs

        runs.begin(s, "run", "night-shift")
    return ids


def outcome(item_id: str, kind: Outcome, reason: str | None = None) -> ItemOutcome:
    return ItemOutcome(item_id=item_id, path=item_id, outcome=kind, reason=reason)


def test_only_what_nobody_has_waits(three: list[str]) -> None:
    with session() as s:
        workers.register(s, "other", None, 120)
    claims.claim_requested("other", three[:1])
    assert dispatch.waiting(10, 3) == three[1:]
    assert dispatch.waiting(1, 3) == three[1:2]


def test_items_are_heavy_from_a_size_on_and_entries_from_a_length_on(
    three: list[str], override: Override
) -> None:
    override(high_memory_bytes=3, high_memory_minutes=10)
    entry = Entry(url="https://x/long", site="x", site_id="1", duration_seconds=601)
    found = dispatch.work_units([*three, entry], load_settings())
    assert [unit.heavy for unit in found] == [False, False, True, True]
    assert [unit.weight for unit in found] == [1, 2, 3, 2]


def test_what_was_settled_does_not_go_out_again(three: list[str]) -> None:
    chunk = dispatch.work_units(three, load_settings())
    run_session.note(
        "run", [outcome(three[0], Outcome.DONE), outcome(three[1], Outcome.FAILED, "x")]
    )
    left = dispatch.unfinished("run", chunk)
    assert [unit.name for unit in left.suspects + left.others] == [three[2]]


def test_a_chunk_that_comes_late_leaves_what_another_is_through_with(three: list[str]) -> None:
    run_session.note(
        "run", [outcome(three[0], Outcome.DONE), outcome(three[1], Outcome.FAILED, "x")]
    )
    assert dispatch.left_of("run", three) == three[1:]
    assert dispatch.left_of("another", three) == three


def test_what_was_stopped_goes_out_again_and_its_outcome_is_taken_back(three: list[str]) -> None:
    stopped = outcome(three[0], Outcome.FAILED, StoppedError.__name__)
    run_session.note("run", [stopped])
    left = dispatch.unfinished("run", dispatch.work_units(three[:1], load_settings()))
    assert [unit.name for unit in left.others] == three[:1]
    with session() as s:
        from utils.db import runs

        assert runs.outcomes(s, "run") == ()


def test_what_was_in_work_when_a_process_died_goes_out_alone(three: list[str]) -> None:
    with session() as s:
        workers.register(s, "child", "run", 120)
    claims.claim_requested("child", three)
    inputs = step_key.inputs_of("extract_ffprobe", 1, {}, "", load_settings().home)
    ledger.start(three[1], "extract_ffprobe", inputs, "run", claim_owner="child")
    with session() as s:  # a machine that is no more
        row = s.get_one(Worker, "child")
        row.host, row.lock = "elsewhere", "/nowhere"
    assert dispatch.workers_alive() == {"child"}
    dispatch.release_dead("child", load_settings())
    assert dispatch.workers_alive() == set()
    left = dispatch.unfinished("run", dispatch.work_units(three, load_settings()))
    assert [unit.name for unit in left.suspects] == [three[1]]
    assert [unit.name for unit in left.others] == [three[0], three[2]]
    assert dispatch.waiting(10, 3) == three

import pytest

from utils import handout, shift
from utils.db import holders, items, ledger
from utils.db.items import Seen
from utils.db.schema import Holder
from utils.db.session import session
from utils.errors import StoppedError
from utils.media import files
from utils.models.item import Entry, MediaKind
from utils.models.shift import ItemOutcome, Outcome


@pytest.fixture
def three(settings):
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


def outcome(item_id, kind, reason=None):
    return ItemOutcome(item_id=item_id, path=item_id, outcome=kind, reason=reason)


def test_only_what_nobody_has_waits(three):
    with session() as s:
        holders.enter(s, "other", None, 120)
    shift.claim_these("other", three[:1])
    assert handout.waiting(10) == three[1:]
    assert handout.waiting(1) == three[1:2]


def test_items_are_heavy_from_a_size_on_and_entries_from_a_length_on(three, override):
    override(high_memory_bytes=3, high_memory_minutes=10)
    entry = Entry(url="https://x/long", site="x", site_id="1", duration_seconds=601)
    found = handout.pieces([*three, entry])
    assert [piece.heavy for piece in found] == [False, False, True, True]
    assert [piece.weight for piece in found] == [1, 2, 3, 2]


def test_what_was_settled_does_not_go_out_again(three):
    chunk = handout.pieces(three)
    shift.note("run", [outcome(three[0], Outcome.DONE), outcome(three[1], Outcome.FAILED, "x")])
    left = handout.unsettled("run", chunk)
    assert [piece.name for piece in left.suspects + left.others] == [three[2]]


def test_what_was_stopped_goes_out_again_and_its_outcome_is_taken_back(three):
    stopped = outcome(three[0], Outcome.FAILED, StoppedError.__name__)
    shift.note("run", [stopped])
    left = handout.unsettled("run", handout.pieces(three[:1]))
    assert [piece.name for piece in left.others] == three[:1]
    with session() as s:
        from utils.db import runs

        assert runs.outcomes(s, "run") == ()


def test_what_was_in_work_when_a_process_died_goes_out_alone(three):
    with session() as s:
        holders.enter(s, "child", "run", 120)
    shift.claim_these("child", three)
    inputs = ledger.inputs_of("extract_ffprobe", 1, {}, "")
    ledger.start(three[1], "extract_ffprobe", inputs, "run", holder="child")
    with session() as s:  # a machine that is no more
        row = s.get_one(Holder, "child")
        row.host, row.lock = "elsewhere", "/nowhere"
    assert handout.living() == {"child"}
    handout.bury("child")
    assert handout.living() == set()
    left = handout.unsettled("run", handout.pieces(three))
    assert [piece.name for piece in left.suspects] == [three[1]]
    assert [piece.name for piece in left.others] == [three[0], three[2]]
    assert handout.waiting(10) == three

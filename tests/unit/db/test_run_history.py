"""The runs that were, on both databases."""

from pathlib import Path

from utils.db import run_history, runs
from utils.db.schema import Spending
from utils.db.session import session
from utils.models.shift import ItemOutcome, Outcome, RunStatus


def ran(run_id: str, *outcomes: Outcome) -> None:
    with session() as s:
        runs.begin(s, run_id, "night-shift")
        rows = [
            ItemOutcome(item_id=None, path=f"/x/{n}", outcome=o) for n, o in enumerate(outcomes)
        ]
        runs.add_outcomes(s, run_id, rows)
        runs.postpone(s, run_id, 2, "the window closed")
        runs.finish(s, run_id, RunStatus.PARTIAL, Path("/x/report.html"))


def paid(run_id: str, status: str, actual: int | None) -> Spending:
    return Spending(
        run_id=run_id, item_id="a" * 64, step="analyze_content", engine="gemini", status=status,
        reserved_tokens=1, reserved_microusd=500_000, actual_tokens=1, actual_microusd=actual,
    )  # fmt: skip


def test_runs_are_listed_latest_first_with_counts_and_cost(database: str) -> None:
    ran("first", Outcome.DONE)
    ran("second", Outcome.FAILED, Outcome.DONE, Outcome.DONE)
    with session() as s:
        s.add_all([paid("second", "settled", 250_000), paid("second", "reserved", None),
                   paid("second", "released", None)])  # fmt: skip
    with session() as s:
        found = run_history.latest(s, 10)
        assert run_history.count(s) == 2
        assert [one.run_id for one in run_history.latest(s, 1, offset=1)] == ["first"]
    assert [one.run_id for one in found] == ["second", "first"]
    assert [one.counts for one in found] == [{"failed": 1, "done": 2}, {"done": 1}]
    assert [one.cost_usd for one in found] == [0.75, 0.0]  # what no bill came for counts as asked
    assert {(one.left_over, one.status, one.report) for one in found} == {
        (2, "partial", "/x/report.html")
    }


def test_where_nothing_ran_there_is_nothing_to_list(database: str) -> None:
    with session() as s:
        assert (run_history.latest(s, 5), run_history.count(s)) == ([], 0)

"""What a proposal would do to the items that there are, and how it is told."""

import json

import pytest
import typer
from typer.testing import CliRunner

from nightshift.cli import review_calibration
from tests.unit.critic.test_calibration import LENIENT, NOW, decided
from utils.config import Settings
from utils.critic import past_items
from utils.db import ledger
from utils.db.ledger import Inputs
from utils.db.review_tables import ReviewRow
from utils.db.schema import Item
from utils.db.session import session
from utils.models.approval import Approval, ApprovalStatus
from utils.models.options import ApprovalOptions
from utils.models.verdict import Band, Criterion, Verdict


def reviewed() -> None:
    """Sixty decisions of people who are more lenient than the settings."""
    with session() as s:
        for one in decided(60, LENIENT):
            s.add(Item(id=one.item_id, kind="audio", title="x", size_bytes=1, status="done"))
            s.flush()
            known = one.snapshot.model_dump(mode="json")
            s.add(ReviewRow(item_id=one.item_id, decision=one.decision, snapshot=known))


def judged(item_id: str, score: float) -> None:
    """An item that only the rules judged."""
    approval = Approval(item_id=item_id, status=ApprovalStatus.REVIEW, score=score,
                        band=Band.REVISE, by="rules", reason="x")  # fmt: skip
    criterion = Criterion(name="decodes", score=score, weight=3.0, reason="x")
    verdict = Verdict(band=Band.REVISE, score=score, criteria=(criterion,))
    with session() as s:
        s.add(Item(id=item_id, kind="audio", title="Rain", size_bytes=1, status="done",
                   approval="review"))  # fmt: skip
    for step, result in (("judge_quality", verdict), ("decide_approval", approval)):
        row = ledger.start(item_id, step, Inputs(item_id + step, {"version": 1}), None)
        with session() as s:
            ledger.finish(s, row, result, 0.1)


def test_the_items_that_would_be_treated_otherwise_are_named(settings: Settings) -> None:
    reviewed()
    judged("a" * 64, 0.65)
    judged("b" * 64, 0.95)
    with session() as s:
        found = past_items.calibrate(s, ApprovalOptions())
    assert found.is_better and found.proposed.publish_from < NOW.publish_from
    assert found.past_items == 2
    (changed,) = found.changed
    assert (changed.item_id, changed.status, changed.proposed_status) == (
        "a" * 64, "review", "approved"
    )  # fmt: skip


def test_nothing_is_applied(settings: Settings) -> None:
    reviewed()
    judged("a" * 64, 0.65)
    with session() as s:
        past_items.calibrate(s, ApprovalOptions())
    with session() as s:
        assert s.get_one(Item, "a" * 64).approval == "review"


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_shows_the_lines_to_set_and_the_tables(
    settings: Settings, as_json: bool
) -> None:
    reviewed()
    judged("a" * 64, 0.65)
    group = typer.Typer()
    group.callback()(lambda: None)
    review_calibration.add_to(group)
    done = CliRunner().invoke(group, ["calibrate", *(["--json"] if as_json else [])])
    assert done.exit_code == 0, done.output
    if as_json:
        document = json.loads(done.output)
        assert document["is_better"] and document["changed"][0]["item_id"] == "a" * 64
        return
    assert "NIGHTSHIFT_PIPELINE__APPROVAL__PUBLISH_FROM=0." in done.output
    assert "held out, proposed" in done.output and "Nothing was changed" in done.output
    assert "1 of 1 items would be treated otherwise" in done.output


def test_without_decisions_the_command_says_what_it_takes(settings: Settings) -> None:
    group = typer.Typer()
    group.callback()(lambda: None)
    review_calibration.add_to(group)
    done = CliRunner().invoke(group, ["calibrate"])
    assert done.exit_code == 0 and "it takes 30" in done.output

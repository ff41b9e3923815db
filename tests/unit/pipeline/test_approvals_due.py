"""What is to be judged again, by the options that each item has."""

from datetime import UTC, datetime, timedelta
from typing import Any

from utils.config import Settings
from utils.db import ledger
from utils.db.schema import Item
from utils.db.session import session
from utils.models.approval import Approval, ApprovalStatus
from utils.models.options import ApprovalOptions
from utils.models.steps import BY_NAME
from utils.models.verdict import Band
from utils.pipeline import approvals_due, step_key

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def judged(
    name: str, settings: Settings, options: ApprovalOptions | None, hours: float = 0, **row: Any
) -> str:
    """An item whose approval was made with these options; none at all without."""
    item_id = name * 64
    approval = {"approval": "review"} if options else {}
    with session() as s:
        s.add(Item(id=item_id, kind="audio", title=name, size_bytes=1, status="done",
                   added_at=BEGIN + timedelta(hours=hours), **approval, **row))  # fmt: skip
    if options:
        made = Approval(item_id=item_id, status=ApprovalStatus.REVIEW, score=0.5, band=Band.REVISE,
                        by="rules", reason="x")  # fmt: skip
        version = BY_NAME["decide_approval"].version
        given = {"item": item_id, "options": options}
        key = step_key.inputs_of("decide_approval", version, given, "", settings.home)
        execution = ledger.start(item_id, "decide_approval", key, None)
        with session() as s:
            ledger.finish(s, execution, made, 0.1)
    return item_id


def due(settings: Settings, **changes: Any) -> list[str]:
    with session() as s:
        return list(approvals_due.due(s, changes, settings))


def test_an_item_is_compared_under_its_own_options(settings: Settings) -> None:
    usual, high = settings.pipeline.approval, ApprovalOptions(publish_from=0.9)
    judged("a", settings, usual)
    asked: dict[str, Any] = {"requested_changes": {"approval.publish_from": 0.9}}
    judged("b", settings, high, **asked)
    ruling = {
        "facts": {"kind": "audio", "path": "x"},
        "decision": {"changes": {"approval.publish_from": 0.9}},
    }
    judged("c", settings, high, ruling=ruling)
    assert due(settings) == []
    old = judged("d", settings, usual, **asked)
    assert due(settings) == [old]
    assert due(settings, **{"approval.rules_weight": 0.1}) == [one * 64 for one in "abcd"]


def test_long_options_are_compared_though_only_their_hash_is_kept(settings: Settings) -> None:
    many = ApprovalOptions(weights=tuple(f"a criterion of number {n}=2" for n in range(60)))
    judged("a", settings, many)
    assert due(settings, **{"approval.weights": many.weights}) == []


def test_what_never_was_judged_comes_first_and_then_what_was_judged_longest_ago(
    settings: Settings,
) -> None:
    other = ApprovalOptions(publish_from=0.1)
    second, third = judged("b", settings, other, hours=9), judged("a", settings, other, hours=1)
    first = judged("c", settings, None, hours=10)
    assert due(settings) == [first, second, third]


def test_an_item_that_no_step_judges_is_not_due(settings: Settings) -> None:
    judged("a", settings, None, requested_changes={"steps.judge_quality": False})
    assert due(settings) == []

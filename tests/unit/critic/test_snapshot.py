"""What is kept of an item with a decision: its scores, and the text by which it is found."""

from pydantic import BaseModel

from utils.critic import snapshot
from utils.db import ledger
from utils.db.ledger import Inputs
from utils.db.schema import Item
from utils.db.session import session
from utils.models.analysis import Analysis, Understanding
from utils.models.approval import Approval, ApprovalStatus, CriticScore, Critique, Subject
from utils.models.house_rules import RuleBreach
from utils.models.review import TEXT_CHARACTERS, ReviewSnapshot
from utils.models.verdict import Band, Criterion, Verdict

ITEM = "a" * 64
VERDICT = Verdict(
    band=Band.ACCEPT,
    score=0.8,
    criteria=(Criterion(name="loudness", score=0.8, weight=2.0, reason="quiet"),),
)
CRITIQUE = Critique(
    engine="x",
    score=0.6,
    criteria=(
        CriticScore(name="accuracy", score=0.6, reason="x"),
        CriticScore(name="culture", score=0.1, reason="x", counts=False),
    ),
    readings=(0.6, 0.6),
)
APPROVAL = Approval(
    item_id=ITEM, status=ApprovalStatus.REVIEW, score=0.68, band=Band.REVISE, by="critic",
    reason="x",
)  # fmt: skip


def made(**results: BaseModel) -> ReviewSnapshot:
    with session() as s:
        s.add(Item(id=ITEM, kind="audio", title="Rain", size_bytes=1, status="done"))
    for step, result in results.items():
        parts = Inputs(step, {"version": 1, "fingerprint": ""})
        row = ledger.start(ITEM, step, parts, None)
        with session() as s:
            ledger.finish(s, row, result, 0.1)
    with session() as s:
        return snapshot.of(s, ITEM)


def test_the_scores_of_both_with_their_weights_are_kept() -> None:
    kept = made(judge_quality=VERDICT, critique_content=CRITIQUE, decide_approval=APPROVAL)
    assert [(one.by, one.name, one.weight) for one in kept.scores] == [
        ("rules", "loudness", 2.0), ("critic", "accuracy", 1.0), ("critic", "culture", 0.0)
    ]  # fmt: skip
    assert (kept.verdict_score, kept.critic_score, kept.approval_score) == (0.8, 0.6, 0.68)
    assert (kept.approval_status, kept.is_barred) == (ApprovalStatus.REVIEW, False)


def test_a_critique_that_the_approval_knew_nothing_of_is_left_out() -> None:
    by_rules = APPROVAL.model_copy(update={"by": "rules"})
    kept = made(judge_quality=VERDICT, critique_content=CRITIQUE, decide_approval=by_rules)
    assert [one.by for one in kept.scores] == ["rules"]


def test_a_broken_rule_bars_an_item_whatever_its_score() -> None:
    broken = (RuleBreach(rule="prohibited topic: x", reason="x"),)
    kept = made(decide_approval=APPROVAL.model_copy(update={"breaches": broken}))
    assert kept.is_barred and kept.breaches == ("prohibited topic: x",)


def test_an_item_that_nothing_is_known_of_has_its_title() -> None:
    assert made() == ReviewSnapshot(title="Rain", text="Rain")


def test_an_item_is_found_by_the_text_by_which_others_look() -> None:
    known = Understanding(summary="A song.", topics=("rain",), mood="calm")
    kept = made(analyze_content=Analysis(engine="x", understanding=known))
    assert kept.text == snapshot.text_of(Subject(title="Rain", kind="audio", understanding=known))
    assert kept.text == "Rain · A song. · rain · calm"
    long = known.model_copy(update={"summary": "x" * 9_000})
    text = snapshot.text_of(Subject(title="Rain", kind="audio", understanding=long))
    assert len(text) == TEXT_CHARACTERS

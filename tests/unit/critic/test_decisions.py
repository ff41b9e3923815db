"""Decisions of people: kept, above what machines say, undone, and none lost."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from tests.unit.db.test_library import add
from tests.unit.db.test_voices import executed
from utils.clock import now
from utils.config import Settings, load_settings
from utils.critic import decisions, memory
from utils.critic.decisions import Wanted
from utils.db import approvals, reviews, rulings
from utils.db.review_tables import ReviewRow
from utils.db.schema import ForgottenItem, Item
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, RetryableError, UsageError
from utils.housekeeping import forgetting
from utils.models.approval import Approval, ApprovalStatus, Change
from utils.models.rules import Decision, ItemFacts
from utils.models.search import SearchFilters
from utils.models.verdict import Band
from utils.rules import revisions

SMALL = {"transcription.model": "small"}


def approval(item_id: str, status: ApprovalStatus = ApprovalStatus.REVIEW) -> Approval:
    return Approval(item_id=item_id, status=status, score=0.6, band=Band.REVISE, by="rules",
                    reason="score 0.60")  # fmt: skip


def judged(item_id: str, status: ApprovalStatus = ApprovalStatus.REVIEW, **values: Any) -> None:
    """The item as a run leaves it that came to this."""
    found = approval(item_id, status)
    executed(item_id, "decide_approval", found)
    with session() as s:
        approvals.note(s, found)
    change(item_id, **{"status": "done", "done_key": "k", "processed_at": now()} | values)


def waiting_item(name: str = "film", **values: Any) -> str:
    item_id = add(name)
    judged(item_id, **values)
    return item_id


def change(item_id: str, **values: Any) -> None:
    with session() as s:
        s.execute(update(Item).where(Item.id == item_id).values(**values))


def item(item_id: str) -> Item:
    with session() as s:
        found = s.get_one(Item, item_id)
        s.expunge(found)
        return found


def decide(item_id: str, decision: Any, reason: str | None = None, **changes: Any) -> int:
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return decisions.decide(item_id, Wanted(decision, reason, named), "ann", load_settings())


def undo(review_id: int) -> None:
    decisions.undo(review_id, load_settings())


def waiting() -> list[str]:
    with session() as s:
        return list(reviews.waiting_ids(s, SearchFilters()))


def test_a_decision_is_kept_with_who_and_why_and_what_was_known(database: str) -> None:
    item_id = waiting_item()
    assert waiting() == [item_id]
    review_id = decide(item_id, "accept", " well\n told ")
    with session() as s:
        row = s.get_one(ReviewRow, review_id)
        assert (row.decision, row.reason, row.made_by) == ("accept", "well told", "ann")
        assert (row.former_status, row.undone_at) == ("review", None)
        assert row.snapshot["title"] == "film" and row.snapshot["approval_status"] == "review"
    assert item(item_id).approval == "approved"
    assert item(item_id).approval_reason.startswith("accepted by ann on ")
    assert item(item_id).approval_reason.endswith(": well told")
    assert waiting() == []


def test_a_machine_never_overwrites_a_person_and_undo_brings_its_last_word(database: str) -> None:
    item_id = waiting_item()
    review_id = decide(item_id, "reject")
    judged(item_id, ApprovalStatus.APPROVED)  # run again meanwhile
    assert item(item_id).approval == "rejected"
    undo(review_id)
    assert (item(item_id).approval, item(item_id).approval_reason) == ("approved", "score 0.60")


def test_undo_without_the_machines_results_brings_what_stood_before() -> None:
    item_id = add("film")
    change(item_id, status="done", processed_at=now(), approval="review")
    undo(decide(item_id, "accept"))
    assert item(item_id).approval == "review"


def test_of_several_decisions_the_last_that_stands_holds() -> None:
    item_id = waiting_item()
    first, second = decide(item_id, "accept"), decide(item_id, "reject")
    assert item(item_id).approval == "rejected"
    undo(first)
    assert item(item_id).approval == "rejected"
    undo(second)
    assert item(item_id).approval == "review"


def test_what_can_not_be_decided_says_why_and_changes_nothing(database: str) -> None:
    item_id = waiting_item()
    review_id = decide(item_id, "accept")
    with pytest.raises(PermanentError, match="film was accepted by ann"):
        decide(item_id, "accept", "another reason")
    undo(review_id)
    with pytest.raises(PermanentError, match="undone already"):
        undo(review_id)
    with pytest.raises(UsageError, match="no decision 4711"):
        undo(4711)
    for values, told in (
        ({"claimed_by": "w"}, "A run is working on film"),
        ({"status": "quarantined"}, "film failed"),
        ({"status": "skipped"}, "left out by a rule"),
        ({"status": "superseded"}, "older version"),
        ({"status": "pending", "processed_at": None}, "was not worked on yet"),
    ):
        before = {"claimed_by": None, "status": "done", "processed_at": now()}
        change(item_id, **before | values)
        with pytest.raises(PermanentError, match=told):
            decide(item_id, "reject")
    assert item(item_id).approval == "review"


def test_of_a_forgotten_item_it_is_said_that_it_was_forgotten() -> None:
    with session() as s:
        s.add(ForgottenItem(id="ab" * 32))
    with session() as s, pytest.raises(UsageError, match="abab was forgotten"):
        decisions.found(s, "abab")
    with session() as s, pytest.raises(UsageError, match="There is no item abac"):
        decisions.found(s, "abac")


def test_a_memory_that_does_not_answer_loses_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(review_id: int, settings: Settings) -> None:
        raise RetryableError("The index does not answer.")

    monkeypatch.setattr(memory, "remember", away)
    monkeypatch.setattr(memory, "forget", away)
    item_id = waiting_item()
    review_id = decide(item_id, "accept")
    assert item(item_id).approval == "approved"
    undo(review_id)
    assert item(item_id).approval == "review"


def test_decisions_go_with_an_item_that_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[int] = []
    item_id = waiting_item()
    review_id = decide(item_id, "accept")
    monkeypatch.setattr(memory, "forget", lambda number, settings: gone.append(number))
    forgetting.forget(forgetting.preview([item_id], load_settings()), load_settings())
    assert gone == [review_id]
    with session() as s:
        assert not reviews.is_there(s, review_id)


def test_a_revision_has_the_item_wait_and_is_part_of_what_it_is_done_under(database: str) -> None:
    item_id = waiting_item()
    decide(item_id, "revise", "words are missing", transcription__model="small")
    row = item(item_id)
    assert (row.status, row.approval, row.requested_changes) == ("pending", "review", SMALL)
    assert row.requested_at is not None  # the next night takes it first
    assert waiting() == []  # not before it is done again
    assert revisions.in_key("k", row.requested_changes) != revisions.in_key("k", None) == "k"
    with pytest.raises(PermanentError, match="waits to be done again"):
        decide(item_id, "accept")
    judged(item_id, ApprovalStatus.APPROVED)  # the next night
    assert item(item_id).approval == "approved"  # the machine's word holds again
    assert item(item_id).requested_changes == SMALL


def test_revisions_add_up_and_go_one_by_one() -> None:
    item_id = waiting_item()
    first = decide(item_id, "revise", transcription__model="small", transcription__words="true")
    decide(item_id, "revise", transcription__model="base")
    with session() as s:
        assert reviews.requested_changes(s, item_id) == {
            "transcription.model": "base", "transcription.words": "true",
        }  # fmt: skip
    undo(first)
    assert item(item_id).requested_changes == {"transcription.model": "base"}


def test_an_earlier_decision_does_not_hold_after_a_revision() -> None:
    item_id = waiting_item()
    decide(item_id, "accept")
    revision = decide(item_id, "revise", transcription__model="small")
    assert item(item_id).approval == "review"  # nothing unseen is published meanwhile
    judged(item_id, ApprovalStatus.REJECTED)
    assert item(item_id).approval == "rejected"
    undo(revision)
    assert item(item_id).approval == "approved"  # by the person, as before
    assert (item(item_id).status, item(item_id).requested_changes) == ("pending", None)


def test_an_undone_revision_that_no_run_came_to_leaves_all_as_it_was(database: str) -> None:
    item_id = waiting_item()
    undo(decide(item_id, "revise", transcription__model="small"))
    row = item(item_id)
    assert (row.status, row.done_key, row.requested_at) == ("done", "k", None)
    assert (row.approval, row.requested_changes) == ("review", None)
    assert waiting() == [item_id]


def test_an_undone_revision_after_other_rules_is_done_again() -> None:
    item_id = waiting_item()
    revision = decide(item_id, "revise", transcription__model="small")
    with session() as s:
        facts = ItemFacts(kind="video", path="/x/film")
        rulings.note(s, item_id, facts, Decision(changes={"compression.audio_kbps": 24}))
    undo(revision)
    assert item(item_id).status == "pending"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Wanted("revise"), "Say what to change"),
        (Wanted("revise", None, {"transcription.modle": "x"}), "no option of the pipeline"),
        (Wanted("revise", None, {"transcription.words": "perhaps"}), "transcription.words"),
        (Wanted("revise", None, {"force": "true"}), "force is for a run"),
        (Wanted("accept", None, SMALL), "Only a revision"),
    ],
)
def test_a_revision_asks_for_what_can_be(wanted: Wanted, told: str) -> None:
    item_id = waiting_item()
    with pytest.raises(UsageError, match=told):
        decisions.decide(item_id, wanted, "ann", load_settings())
    assert item(item_id).status == "done"


def test_changes_are_picked_by_number_and_typed_in_words() -> None:
    asked = (Change(words="hear better", options=SMALL), Change(words="cut the intro"))
    assert decisions.picked(asked, [1]) == SMALL
    for number, told in ((2, "in words alone"), (3, "no change 3")):
        with pytest.raises(UsageError, match=told):
            decisions.picked(asked, [number])
    assert decisions.from_words(["a.b = c=d"]) == {"a.b": "c=d"}
    with pytest.raises(UsageError):
        decisions.from_words(["small"])


def test_reasons_are_offered_again_each_once_the_last_first() -> None:
    for name, reason in (("a", "too quiet"), ("b", "dull"), ("c", "too quiet"), ("d", None)):
        decide(waiting_item(name), "reject", reason)
    with session() as s:
        assert reviews.recent_reasons(s, "reject", 5) == ["too quiet", "dull"]
        assert reviews.recent_reasons(s, "accept", 5) == []


def test_a_decision_is_named_by_its_number_or_its_item() -> None:
    item_id = waiting_item()
    review_id = decide(item_id, "accept")
    with session() as s:
        assert decisions.found_review(s, str(review_id)) == review_id
        assert decisions.found_review(s, item_id[:12]) == review_id
    undo(review_id)
    with session() as s, pytest.raises(NightShiftError, match="nothing to undo"):
        decisions.found_review(s, item_id)

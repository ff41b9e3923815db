"""`nightshift review`: decisions by command and by single keys."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from nightshift.cli.keyboard import Keyboard
from nightshift.cli.review_session import Session
from tests.unit.critic.test_decisions import change, item, judged, waiting, waiting_item
from tests.unit.db.test_voices import executed
from utils.config import override
from utils.db.session import session
from utils.errors import PermanentError, UsageError
from utils.models.approval import (
    Approval,
    ApprovalStatus,
    Change,
    CriticScore,
    Critique,
    Evidence,
    Precedent,
)
from utils.models.critic_settings import CriticSettings
from utils.models.house_rules import RuleBreach
from utils.models.transcript import Segment, Transcript
from utils.models.verdict import Band


def said(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["review", *arguments, "--json"], catch_exceptions=False)
    return json.loads(result.stdout)


def typed(*arguments: str) -> str:
    return CliRunner().invoke(app, [*arguments], catch_exceptions=False).stdout


def keyboard(*typed: str) -> Keyboard:
    """Keys as a terminal gives them; lines end with a line feed. ^C is Ctrl-C at a line."""
    given: Iterator[str] = iter(typed)

    def line(prompt: str) -> str:
        text = next(given)
        if text == "\x03":
            raise KeyboardInterrupt
        return text

    return Keyboard(lambda: next(given, ""), line)


def review(*typed: str) -> None:
    Session(waiting(), "ann", keyboard(*typed)).run()


def critic_says(item_id: str) -> None:
    """A critique with all that can be in one."""
    change_ = Change(words="a larger model hears more", options={"transcription.model": "small"})
    executed(item_id, "critique_content", Critique(
        engine="openai test", score=0.5, readings=(0.4, 0.6),
        criteria=(
            CriticScore(name="clarity", score=0.4, reason="mumbled",
                        evidence=(Evidence(quote="good evening", start_seconds=62),)),
            CriticScore(name="culture", score=0.9, reason="made up", counts=False),
        ),
        precedents=(Precedent(review_id=1, item_id="x", title="Old song", decision="reject",
                              reason="too quiet", similarity=0.91),),
    ))  # fmt: skip
    executed(item_id, "decide_approval", Approval(
        item_id=item_id, status=ApprovalStatus.REVIEW, score=0.61, band=Band.REVISE, by="critic",
        reason="score 0.61", changes=(change_, Change(words="cut the intro")),
        breaches=(RuleBreach(rule="no adverts", reason="names a brand", start_seconds=5),),
    ))  # fmt: skip
    executed(item_id, "transcribe_audio", Transcript(engine="whisper", segments=tuple(
        Segment(start_seconds=10.0 * n, end_seconds=10.0 * n + 9, text=f"line {n}")
        for n in range(8)
    )))  # fmt: skip


def test_what_waits_is_listed_and_in_a_pipe_it_is_said_what_to_do() -> None:
    assert "Nothing waits" in typed("review", "list") == typed("review")
    one = waiting_item("one", duration_seconds=61.0)
    waiting_item("two", language="km")
    (row, _) = said("list")
    assert (row["item_id"], row["score"], row["reason"]) == (one, 0.6, "score 0.60")
    assert [row["title"] for row in said("list", "--language", "km")] == ["two"]
    assert typed("review", "list").splitlines()[1].startswith(f"{one[:10]}\tone\tvideo\t1:01")
    told = typed("review")
    assert told.startswith("2 items wait for you.") and "accept ITEM" in told
    assert typed("review", "next", "--language", "km").startswith("1 item waits for you.")


def test_several_items_are_decided_at_once_and_what_can_not_be_is_told() -> None:
    one, two = waiting_item("one"), waiting_item("two")
    told = said("accept", one[:10], two, "--reason", "good")
    assert [row["reason"] for row in told["decided"]] == ["good", "good"]
    change(two, claimed_by="w")
    result = CliRunner().invoke(app, ["review", "reject", one, two, "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == 1 and len(told["decided"]) == len(told["failed"]) == 1
    assert "A run is working on two" in told["failed"][0]["error"]
    with pytest.raises(UsageError):  # nothing is begun where one is not there
        CliRunner().invoke(app, ["review", "accept", one, "ffff"], catch_exceptions=False)
    assert item(one).approval == "rejected"
    assert [row["decision"] for row in said("history")] == ["reject", "accept", "accept"]
    assert [row["decision"] for row in said("history", one, "--decision", "accept")] == ["accept"]
    assert len(said("history", "--limit", "1")) == 1


def test_undo_takes_a_number_or_an_item() -> None:
    item_id = waiting_item()
    number = said("accept", item_id)["decided"][0]["review_id"]
    assert said("undo", item_id)["approval"] == "review"
    with pytest.raises(PermanentError, match="undone already"):
        CliRunner().invoke(app, ["review", "undo", str(number)], catch_exceptions=False)
    assert said("history")[0]["undone_at"]


def test_a_revision_is_typed_or_picked_by_number() -> None:
    item_id = waiting_item()
    critic_says(item_id)
    said("revise", item_id, "--change", "1", "--set", "transcription.language=km")
    asked = {"transcription.model": "small", "transcription.language": "km"}
    assert item(item_id).requested_changes == asked
    with pytest.raises(UsageError, match="in words alone"):
        CliRunner().invoke(app, ["review", "revise", item_id, "--change", "2"],
                           catch_exceptions=False)  # fmt: skip


def test_show_says_who_judged_and_by_what() -> None:
    item_id = waiting_item()
    critic_says(item_id)
    for command in (("show",), ("review", "show")):
        told = typed(*command, item_id)
        for wanted in (
            "Approval review 0.60", "rules and critic", "score 0.60", "clarity\t0.40",
            "mumbled [1:02 “good evening”]", "does not count", "Old song (91% alike) rejected: too",
            "1. a larger model hears more (transcription.model=small)", "names a brand [0:05]",
        ):  # fmt: skip
            assert wanted in told, (command, wanted)
    said("reject", item_id, "--reason", "dull")
    assert "rejected by" in typed("show", item_id) and "dull" in typed("show", item_id)
    shown = json.loads(typed("show", item_id, "--json"))
    assert shown["approval"]["by"] == "person" and shown["approval"]["machine"] == "review"
    assert shown["item"]["approval"] == "rejected"
    (row,) = json.loads(typed("items", "--approval", "rejected", "--json"))
    assert row["item_id"] == item_id
    assert json.loads(typed("items", "--approval", "review", "--json")) == []


def test_twenty_items_are_reviewed_by_keys(capsys: pytest.CaptureFixture[str]) -> None:
    ids = [waiting_item(f"film {number:02}") for number in range(20)]
    review(*["a", "good"] * 10, *["r", "dull"], *["r", "1"] * 8, "s")
    told = capsys.readouterr().out
    assert "20 items wait for you" in told and "20 of 20" in told
    assert "10 accepted, 9 rejected, 1 skipped; 1 waits for you." in told
    assert waiting() == [ids[19]]
    assert {row["reason"] for row in said("history")} == {"good", "dull"}


def test_a_page_has_what_a_decision_needs(capsys: pytest.CaptureFixture[str]) -> None:
    item_id = waiting_item()
    critic_says(item_id)
    review("t", "q")
    told = capsys.readouterr().out
    for wanted in (
        "1 of 1",
        "film",
        "clarity",
        "line 5",
        "2 lines more",
        "/x/film",
        "a brand",
    ):
        assert wanted in told
    assert told.count("line 5") == 2 and told.count("line 6") == 1  # of the whole text
    assert "Nothing was decided; 1 waits for you." in told


def test_the_last_decision_is_undone_and_its_item_comes_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, two = waiting_item("one"), waiting_item("two")
    review("u", "a", "", "u", "v", "transcription.model=small", "", "u", "r", "", "s")
    told = capsys.readouterr().out
    assert "Nothing was decided in this session yet." in told
    assert "1 rejected, 1 skipped" in told
    assert (item(one).approval, item(two).approval) == ("rejected", "review")
    assert (item(one).status, item(one).requested_changes) == ("done", None)


def test_what_is_typed_wrong_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    item_id = waiting_item()
    critic_says(item_id)
    review("x", "\x1b[A", "?", "a", "\x03", "v", "3", "colour=red", "1", "too quiet", "a")
    told = capsys.readouterr().out
    assert "x means nothing here" in told and "accept: it may be published" in told
    assert "Nothing was decided." in told
    assert "There is no change 3" in told and "colour is no option" in told
    assert item(item_id).requested_changes == {"transcription.model": "small"}
    assert "1 to be revised" in told and "nightshift night" in told
    assert "Will run again with transcription.model=small." in told


def test_a_model_that_nobody_has_is_no_revision(capsys: pytest.CaptureFixture[str]) -> None:
    item_id = waiting_item()
    review("v", "transcription.model=huge", "analysis.gemini_model=gemini-9", "", "q")
    told = capsys.readouterr().out
    assert "huge is no whisper model" in told and "gemini-9 is no model" in told
    assert waiting() == [item_id]


def test_a_number_that_is_not_offered_is_no_reason(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = waiting_item("one"), waiting_item("two")
    said("accept", one, "--reason", "good")
    review("a", "7", "1")
    assert "There is no reason 7: 1 is offered." in capsys.readouterr().out
    assert "good" in str(item(two).approval_reason)


def test_without_a_critic_nothing_is_made_findable_for_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting_item("one")
    told: list[list[int]] = []
    monkeypatch.setattr("utils.critic.decisions.remember", lambda ids, _: told.append(ids))
    review("a", "")
    page = capsys.readouterr().out
    assert told == [] and "findable" not in page and "No critic is set" in page
    waiting_item("two")
    override(critic=CriticSettings(base_url="http://127.0.0.1:9/v1"))
    review("a", "")
    assert "findable for the critic" in capsys.readouterr().out and len(told) == 1


def test_a_revision_says_what_follows_and_a_title_is_no_item() -> None:
    item_id = waiting_item("a film")
    told = typed("review", "revise", item_id, "--set", "transcription.model=small")
    assert "to be revised" in told and f"nightshift review revise {item_id[:10]} --now" in told
    assert item_id[:10] in typed("review", "history")
    with pytest.raises(UsageError, match="Meant is a checksum"):
        CliRunner().invoke(app, ["review", "revise", "a film"], catch_exceptions=False)


def test_lists_show_what_is_not_approved_and_why_without_who_judged(tmp_path: Path) -> None:
    item_id = waiting_item()
    change(item_id, approval_reason="Score 0.50. Judged by the rules alone: no critic is set.")
    for command in (("review", "list"), ("items", "--approval", "review")):
        assert typed(*command).splitlines()[1].endswith("\tScore 0.50."), command
    assert "no critic is set" in typed("show", item_id)
    ran = typed("run", str(tmp_path))
    assert ran.rstrip().endswith("1 item waits for your review: nightshift review")


def test_ctrl_c_keeps_what_was_decided(capsys: pytest.CaptureFixture[str]) -> None:
    one = waiting_item("one")
    waiting_item("two")
    review("a", "good", "\x03")
    assert item(one).approval == "approved"
    assert "1 accepted; 1 waits for you." in capsys.readouterr().out


def test_what_others_do_meanwhile_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    one, two, gone = (waiting_item(name) for name in ("one", "two", "gone"))

    def meanwhile() -> str:
        change(one, claimed_by="w")
        return "a"

    given = iter((meanwhile, lambda: "s", lambda: "s"))
    ids = waiting()
    with session() as s:
        s.delete(s.get_one(type(item(gone)), gone))
    judged(two, ApprovalStatus.APPROVED)
    keys = Keyboard(lambda: next(given)(), lambda _: "")
    Session(ids, "ann", keys).run()
    told = capsys.readouterr().out
    assert "A run is working on one" in told
    assert "two does not wait for you any more." in told and "was forgotten meanwhile" in told


def test_what_is_pasted_or_typed_ahead_decides_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = waiting_item("one"), waiting_item("two")
    review("aaa", "rr\n", "q")
    assert "One key at a time" in capsys.readouterr().out
    assert waiting() == [one, two]


def test_keys_of_a_terminal_are_those_typed_after_an_item_is_shown() -> None:
    ids = [waiting_item("one"), waiting_item("two")]
    keys, typed, dropped = iter("as"), iter([""]), []
    board = Keyboard(lambda: next(keys), lambda _: next(typed), lambda: dropped.append(waiting()))
    Session(ids, "ann", board).run()
    assert dropped == [ids, ids[1:]]  # once an item, before it is asked for a key
    with pytest.raises(KeyboardInterrupt):
        Keyboard(lambda: "ab\x03").key()
    with pytest.raises(EOFError):
        Keyboard(lambda: "\x04").key()

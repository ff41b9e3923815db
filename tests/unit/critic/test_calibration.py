"""Proposals from decisions: better on what they have not seen, or today's values."""

import json
import os
import random
import subprocess
import sys
from typing import Literal

import pytest

from utils.critic import calibration, weighing
from utils.db.review_memory import HeldReview
from utils.models.calibration import Thresholds
from utils.models.options import ApprovalOptions
from utils.models.review import ReviewSnapshot, SnapshotScore

NOW = Thresholds(publish_from=0.7, rules_weight=0.4)
RULES = ("decodes", "loudness", "silence")
CRITIC = ("accuracy", "culture", "interest")


def snapshot(chance: random.Random) -> ReviewSnapshot:
    rules = [score("rules", name, chance.uniform(0.5, 1)) for name in RULES]
    critic = [score("critic", name, chance.random()) for name in CRITIC]
    return ReviewSnapshot(scores=(*rules, *critic))


def score(by: Literal["rules", "critic"], name: str, value: float) -> SnapshotScore:
    return SnapshotScore(by=by, name=name, score=value, weight=1)


def decided(number: int, true: Thresholds, noise: float = 0.0, seed: int = 1) -> list[HeldReview]:
    """Decisions of a person who has other weights than the settings, and is sometimes wrong."""
    chance = random.Random(seed)
    known = [snapshot(chance) for _ in range(number)]
    accepts = weighing.approved(weighing.items(known), true)
    rows = []
    for place, (one, accept) in enumerate(zip(known, accepts, strict=True)):
        says = bool(accept) ^ (chance.random() < noise)
        decision = "accept" if says else chance.choice(("reject", "revise"))
        rows.append(HeldReview(place, f"{place:064x}", "x", decision, None, one, True))
    return rows


LENIENT = Thresholds(publish_from=0.55, rules_weight=0.4)
CULTURED = Thresholds(publish_from=0.6, rules_weight=0.2, weights={"culture": 5.0, "interest": 0.0})


@pytest.mark.parametrize("true", [LENIENT, CULTURED])
def test_what_people_go_by_is_found_and_right_on_decisions_it_has_not_seen(
    true: Thresholds,
) -> None:
    found = calibration.calibrate(decided(300, true, noise=0.05), NOW)
    assert found.is_better
    assert found.held_out_proposed.errors < found.held_out_today.errors
    other = decided(500, true, noise=0.05, seed=2)
    items = weighing.items([one.snapshot for one in other])
    accepted = [one.decision == "accept" for one in other]
    before = (weighing.approved(items, NOW) != accepted).sum()
    after = (weighing.approved(items, found.proposed) != accepted).sum()
    assert after < before * 0.7


def test_people_who_agree_with_the_settings_change_nothing() -> None:
    found = calibration.calibrate(decided(300, NOW, noise=0.1), NOW)
    assert (found.is_better, found.proposed, found.settings) == (False, NOW, ())
    assert "today's values stay" in found.reason


def test_decisions_by_chance_change_nothing() -> None:
    for seed in range(3):
        found = calibration.calibrate(decided(120, NOW, noise=0.5, seed=seed), NOW)
        assert found.proposed == NOW or found.held_out_proposed.errors < found.held_out_today.errors


def test_too_few_decisions_propose_nothing_and_say_how_many_it_takes() -> None:
    few = calibration.calibrate(decided(29, LENIENT), NOW)
    assert (few.proposed, few.is_better) == (NOW, False)
    assert "it takes 30" in few.reason
    all_alike = [one._replace(decision="accept") for one in decided(200, LENIENT)]
    assert "too few" in calibration.calibrate(all_alike, NOW).reason
    assert "too few" in calibration.calibrate([], NOW).reason


def test_decisions_without_scores_and_on_barred_items_teach_nothing() -> None:
    rows = decided(40, LENIENT)
    rows[0] = rows[0]._replace(snapshot=ReviewSnapshot())
    barred = rows[1].snapshot.model_copy(update={"is_barred": True})
    rows[1] = rows[1]._replace(snapshot=barred)
    found = calibration.calibrate(rows, NOW)
    assert (found.decisions, found.unusable, found.barred) == (40, 1, 1)
    assert found.seen_today.total == 39


def test_the_same_decisions_propose_the_same() -> None:
    rows = decided(100, CULTURED, noise=0.05)
    assert calibration.calibrate(rows, NOW) == calibration.calibrate(rows, NOW)


def test_the_lines_that_are_shown_set_what_is_proposed() -> None:
    lines = [*calibration.settings_lines(NOW, CULTURED)]
    shell = "; ".join(f"export {line}" for line in lines)
    program = (
        "from utils.config import load_settings; "
        "print(load_settings().pipeline.approval.model_dump_json())"
    )
    done = subprocess.run(
        ["sh", "-c", f'{shell}; exec "$0" -c "$1"', sys.executable, program],
        capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    set_now = ApprovalOptions.model_validate(json.loads(done.stdout))
    assert weighing.today(set_now) == CULTURED


def test_a_score_is_the_mean_of_those_that_are_there() -> None:
    rules = SnapshotScore(by="rules", name="loudness", score=0.8, weight=2)
    mute = SnapshotScore(by="rules", name="black", score=0.5, weight=0)
    critic = SnapshotScore(by="critic", name="accuracy", score=0.6, weight=1)
    items = weighing.items([
        ReviewSnapshot(scores=(rules, critic)), ReviewSnapshot(scores=(rules, mute)),
        ReviewSnapshot(scores=(critic,)),
        ReviewSnapshot(scores=(rules.model_copy(update={"score": 0.4}), critic)),
    ])  # fmt: skip
    assert list(weighing.scores(items, {}, 0.4)) == [0.68, 0.8, 0.6, 0.0]
    assert list(weighing.scores(items, {"loudness": 0.0}, 0.4)) == [0.6, 0.0, 0.6, 0.6]

"""Proposals from 1,000 synthetic decisions: how long they take, and how right they are on others.

Twenty people who go by weights and a threshold of their own, and are wrong now and then. Each
decides on 1,000 items, of which the proposal is made, and on 1,000 others, where today's thresholds
and the proposed ones are compared.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import Literal

from utils.critic import calibration, weighing
from utils.db.review_memory import HeldReview
from utils.models.calibration import Thresholds
from utils.models.review import ReviewSnapshot, SnapshotScore

Row = tuple[str, str, str, str, str]
_NUMBER = 1_000
_PEOPLE = 20
_TODAY = Thresholds(publish_from=0.7, rules_weight=0.4)
_RULES = {"decodes": 3.0, "duration": 1.0, "resolution": 1.0, "loudness": 1.0, "silence": 1.0}
_CRITIC = ("accuracy", "culture", "interest", "language", "sound", "originality")


def rows() -> list[Row]:
    seconds, before, after, worse = [], 0, 0, 0
    for seed in range(_PEOPLE):
        chance = random.Random(seed)
        person = _person(chance)
        noise = chance.choice((0.0, 0.05, 0.1, 0.2))
        learnt, held_out = (_decided(chance, person, noise) for _ in range(2))
        started = time.perf_counter()
        found = calibration.calibrate(learnt, _TODAY)
        seconds.append(time.perf_counter() - started)
        wrong_today, wrong = (_wrong(held_out, one) for one in (_TODAY, found.proposed))
        before, after = before + wrong_today, after + wrong
        worse += wrong > wrong_today
    total = _PEOPLE * _NUMBER
    return [
        (f"calibration on {_NUMBER:,} decisions, slowest of {_PEOPLE}", f"{max(seconds):.1f} s",
         f"median {statistics.median(seconds):.1f} s", "–", "≤ 5 s"),
        (f"wrong on {total:,} held-out decisions", f"{after / total:.1%}",
         f"today's thresholds {before / total:.1%}", f"{after / before:.2f}", "≤ 1"),
        ("proposals that are worse on held-out ones", str(worse), f"of {_PEOPLE}", "–", "0"),
    ]  # fmt: skip


def _person(chance: random.Random) -> Thresholds:
    """Every fourth person goes by today's thresholds."""
    if chance.random() < 0.25:
        return _TODAY
    named = chance.sample((*_RULES, *_CRITIC), 3)
    return Thresholds(
        publish_from=round(chance.uniform(0.5, 0.8), 2),
        rules_weight=round(chance.uniform(0, 1), 2),
        weights={name: chance.choice((0.0, 0.5, 2.0, 6.0)) for name in named},
    )


def _decided(chance: random.Random, person: Thresholds, noise: float) -> list[HeldReview]:
    known = [_snapshot(chance) for _ in range(_NUMBER)]
    accepts = weighing.approved(weighing.items(known), person)
    return [
        HeldReview(
            number, f"{number:064x}", "x",
            "accept" if bool(accept) ^ (chance.random() < noise) else "reject", None, one, True,
        )
        for number, (one, accept) in enumerate(zip(known, accepts, strict=True))
    ]  # fmt: skip


def _snapshot(chance: random.Random) -> ReviewSnapshot:
    rules = [
        _score(chance, "rules", name, _RULES[name]) for name in _RULES if chance.random() < 0.8
    ]
    critic = [_score(chance, "critic", name, 1.0) for name in _CRITIC if chance.random() < 0.9]
    return ReviewSnapshot(scores=(*rules, *critic))


def _score(
    chance: random.Random, by: Literal["rules", "critic"], name: str, weight: float
) -> SnapshotScore:
    value = min(1.0, max(0.0, chance.gauss(0.85 if by == "rules" else 0.65, 0.2)))
    return SnapshotScore(by=by, name=name, score=value, weight=weight)


def _wrong(decisions: list[HeldReview], by: Thresholds) -> int:
    approved = weighing.approved(weighing.items([one.snapshot for one in decisions]), by)
    accepted = [one.decision == "accept" for one in decisions]
    return int((approved != accepted).sum())

"""Scores of many items at once, under any weights: as utils/critic/approval.py has them of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from utils.critic.approval import key, weights_of
from utils.models.calibration import Thresholds
from utils.models.options import ApprovalOptions
from utils.models.review import ReviewSnapshot
from utils.models.verdict import Band
from utils.quality.verdict import BANDS

_LEAST_RULES = next(least for least, band in BANDS if band is Band.REVISE)  # else they reject
Numbers = Any  # an array of numpy


class Group(NamedTuple):
    """The criteria of the rules or of the critic: a row an item, a column a criterion.

    ``own``: the weight that a score had when it was made, 0 where there is none. ``counts``: 1
    where it has any.
    """

    names: tuple[str, ...]
    scores: Numbers
    own: Numbers
    counts: Numbers

    def means(self, weights: Mapping[str, float]) -> Numbers:
        """The weighted mean of each item; not a number where nothing has a weight."""
        chosen = [weights.get(name) for name in self.names]
        used = self.own.copy()
        for column, weight in enumerate(chosen):
            if weight is not None:
                used[:, column] = self.counts[:, column] * weight
        total = used.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return (self.scores * used).sum(axis=1) / np.where(total > 0, total, np.nan)

    def part(self, rows: Numbers) -> Group:
        """The same of some items."""
        return Group(self.names, self.scores[rows], self.own[rows], self.counts[rows])


class Items(NamedTuple):
    """Items by their scores; ``barred``: not approved whatever the weights are."""

    rules: Group
    critic: Group
    barred: Numbers

    def part(self, rows: Numbers) -> Items:
        """Some of them."""
        return Items(self.rules.part(rows), self.critic.part(rows), self.barred[rows])


def items(snapshots: Sequence[ReviewSnapshot]) -> Items:
    """Items as tables of their scores."""
    barred = np.array([one.is_barred or one.is_doubtful for one in snapshots], dtype=bool)
    return Items(_group(snapshots, "rules"), _group(snapshots, "critic"), barred)


def scores(items: Items, weights: Mapping[str, float], rules_weight: float) -> Numbers:
    """The whole score of each item, to four digits."""
    return both(items.rules.means(weights), items.critic.means(weights), rules_weight)


def both(rules: Numbers, critic: Numbers, rules_weight: float) -> Numbers:
    """What rules and critic come to; where there is one of them, that one."""
    whole = rules_weight * rules + (1 - rules_weight) * critic
    whole = np.where(np.isnan(critic), rules, np.where(np.isnan(rules), critic, whole))
    # What the rules alone find too bad is not approved, whatever the critic says.
    whole = np.where(rules < _LEAST_RULES, 0.0, whole)
    return np.round(np.nan_to_num(whole), 4)


def approved(items: Items, thresholds: Thresholds) -> Numbers:
    """Whether each item would be approved."""
    found = scores(items, thresholds.weights, thresholds.rules_weight)
    return (found >= thresholds.publish_from) & ~items.barred


def is_rejected(items: Items, weights: Mapping[str, float]) -> Numbers:
    """Whether the rules alone find each item too bad."""
    return items.rules.means(weights) < _LEAST_RULES


def today(options: ApprovalOptions) -> Thresholds:
    """The thresholds that are set."""
    return Thresholds(
        publish_from=options.publish_from,
        rules_weight=options.rules_weight,
        weights=weights_of(options),
    )


def _group(snapshots: Sequence[ReviewSnapshot], by: str) -> Group:
    names = sorted({key(one.name) for row in snapshots for one in row.scores if one.by == by})
    place = {name: number for number, name in enumerate(names)}
    made, own, counts = (np.zeros((len(snapshots), len(names))) for _ in range(3))
    for number, row in enumerate(snapshots):
        for one in (one for one in row.scores if one.by == by):
            column = place[key(one.name)]
            made[number, column] = one.score
            own[number, column] = one.weight
            counts[number, column] = float(one.weight > 0)
    return Group(tuple(names), made, own, counts)

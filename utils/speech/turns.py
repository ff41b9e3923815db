"""Who speaks when: voices in stretches, cut where the voice changes, put together by likeness.

Thresholds were set on ten people of LibriSpeech and four synthesised voices
(docs/decisions/0031): one person's likeness to itself grows with the seconds that are compared.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from utils.models.signal import Span
from utils.speech.voiceprint import HOP_SECONDS, WINDOW_SECONDS, Floats, unit

# Cosines: below which two sides of a moment are two voices, and above which two turns are one
# voice for sure.
_CHANGE = 0.75
_SURELY_ALIKE = 0.8
# The least cosine of one person's voiceprints by the seconds of the shorter one.
_SECONDS = (1.6, 3.0, 6.0, 15.0)
_ALIKE = (0.66, 0.74, 0.8, 0.84)
_SIDE_SECONDS = 1.6  # looked at on both sides of a moment where the voice may change
_MIN_TURN_SECONDS = 1.2  # between two changes of voice without a pause
_CLEAR_SECONDS = 1.6  # shorter turns say too little of a voice: they join one
_MAX_CLUSTERED = 3000  # the longest turns; linkage needs the square of them
_SWITCH = 0.15  # what the likeness must gain by a change of speaker
_PAUSE_SECONDS = 1.0  # one speaker's pauses up to this belong to the turn


class Stretch(NamedTuple):
    """A stretch of voice: its windows' middles in seconds of the item, and their voiceprints."""

    span: Span
    middles: Floats
    prints: Floats


class Part(NamedTuple):
    """A part of a stretch in which one speaks, of whom ``speaker`` is the number, from 0."""

    stretch: Stretch
    start_seconds: float
    end_seconds: float
    speaker: int = 0

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end_seconds - self.start_seconds


class Turns(NamedTuple):
    """Spans with the number of their speaker, from 0, and the voiceprint of each speaker."""

    spans: list[tuple[float, float, int]]
    prints: list[Floats]


def tell_apart(stretches: list[Stretch], number: int | None) -> Turns:
    """Who speaks in each stretch, in turns.

    Args:
        stretches: Of voice, in their order.
        number: How many speakers there are; None to find out.
    """
    if not stretches:
        return Turns([], [])
    parts = [part for stretch in stretches for part in _cut(stretch)]
    prints, seconds = _heard(parts)
    labels = _cluster(prints, seconds, number)
    for _ in range(3):  # with the turns known better, so are the voices
        centres = _centres(prints, seconds, labels)
        parts = [part for stretch in stretches for part in _path(stretch, centres)]
        prints, seconds = _heard(parts)
        labels = _merged(prints, seconds, np.array([part.speaker for part in parts]), number)
    return _numbered(_joined(parts), centres)


def _heard(parts: list[Part]) -> tuple[Floats, NDArray[np.floating]]:
    """The voiceprint of each part, (n, 256), and how long it is."""
    return np.array([_print_of(part) for part in parts]), np.array([p.seconds for p in parts])


def _cut(stretch: Stretch) -> list[Part]:
    """A stretch in parts between changes of voice."""
    start, end = stretch.span.start_seconds, stretch.span.end_seconds
    moments = np.arange(start + _MIN_TURN_SECONDS, end - _MIN_TURN_SECONDS, 0.1)
    alike = np.array([_alike_around(stretch, moment) for moment in moments])
    cuts: list[float] = []
    while len(alike) and alike.min() < _CHANGE:
        moment = moments[alike.argmin()]
        cuts.append(float(moment))
        alike[np.abs(moments - moment) < _MIN_TURN_SECONDS] = 1
    edges = [start, *sorted(cuts), end]
    return [Part(stretch, *edge) for edge in itertools.pairwise(edges)]


def _alike_around(stretch: Stretch, moment: float) -> float:
    """The cosine of what is heard before and after a moment; 1 where one side is too short."""
    reach = WINDOW_SECONDS / 2 - 0.35  # windows may look so far over the moment
    before = (stretch.middles <= moment - reach) & (
        stretch.middles > moment - _SIDE_SECONDS - WINDOW_SECONDS / 2
    )
    after = (stretch.middles >= moment + reach) & (
        stretch.middles < moment + _SIDE_SECONDS + WINDOW_SECONDS / 2
    )
    if not before.any() or not after.any():
        return 1.0
    return float(unit(stretch.prints[before].mean(0)) @ unit(stretch.prints[after].mean(0)))


def _print_of(part: Part) -> Floats:
    """The voiceprint of a part: the mean of the windows in it, else the window nearest to it."""
    middles, inside = part.stretch.middles, WINDOW_SECONDS / 2 - HOP_SECONDS
    chosen = (middles >= part.start_seconds + inside) & (middles <= part.end_seconds - inside)
    if not chosen.any():
        chosen[np.abs(middles - (part.start_seconds + part.end_seconds) / 2).argmin()] = True
    return unit(part.stretch.prints[chosen].mean(0))


def _cluster(prints: Floats, seconds: NDArray[np.floating], number: int | None) -> NDArray[np.int_]:
    """The speaker of each turn, from 0; the clear turns decide who there is."""
    clear = np.flatnonzero(seconds >= _CLEAR_SECONDS)
    if len(clear) < (number or 1):
        clear = np.arange(len(seconds))
    clear = clear[np.argsort(-seconds[clear], kind="stable")[:_MAX_CLUSTERED]]
    labels = _merged(prints[clear], seconds[clear], _sure(prints[clear], number), number)
    centres = _centres(prints[clear], seconds[clear], labels)
    nearest: NDArray[np.int_] = (prints @ centres.T).argmax(1)
    return nearest


def _sure(prints: Floats, number: int | None) -> NDArray[np.int_]:
    """Turns together that are one voice for sure: by average linkage, (n,), from 0."""
    if len(prints) == 1:
        return np.zeros(1, int)
    tree = linkage(prints, "average", metric="cosine")
    labels = fcluster(tree, 1 - _SURELY_ALIKE, "distance") - 1
    if number and len(set(labels)) < number:
        labels = fcluster(tree, number, "maxclust") - 1
    return np.asarray(labels, int)


def _merged(
    prints: Floats, seconds: NDArray[np.floating], labels: NDArray[np.int_], number: int | None
) -> NDArray[np.int_]:
    """The speakers put together, the likest two first, while they are too many or alike enough."""
    labels = labels.copy()
    while len(names := np.unique(labels)) > (number or 1):
        centres = _centres(prints, seconds, labels)
        spoken = np.array([seconds[labels == name].sum() for name in names])
        needed = np.interp(np.minimum(spoken[:, None], spoken[None]), _SECONDS, _ALIKE)
        surplus = centres @ centres.T - needed
        surplus[np.tril_indices(len(names))] = -np.inf
        first, second = np.unravel_index(surplus.argmax(), surplus.shape)
        if number is None and surplus[first, second] < 0:
            break
        labels[labels == names[second]] = names[first]
    return labels


def _centres(prints: Floats, seconds: NDArray[np.floating], labels: NDArray[np.int_]) -> Floats:
    """The voiceprint of each speaker over all of its turns, weighted by their seconds."""
    return np.array(
        [
            unit((prints[labels == name] * seconds[labels == name][:, None]).sum(0))
            for name in np.unique(labels)
        ]
    )


def _path(stretch: Stretch, centres: Floats) -> list[Part]:
    """Turns by the likest speaker of each window, without changes that gain nothing (Viterbi)."""
    cosines = stretch.prints @ centres.T
    total = cosines[0].copy()
    came_from = []
    for row in cosines[1:]:
        best = int(total.argmax())
        came_from.append(np.where(total >= total[best] - _SWITCH, np.arange(len(total)), best))
        total = np.maximum(total, total[best] - _SWITCH) + row
    path = [int(total.argmax())]
    for origin in reversed(came_from):
        path.append(int(origin[path[-1]]))
    path.reverse()
    parts, start = [], stretch.span.start_seconds
    for at in range(1, len(path)):
        if path[at] != path[at - 1]:
            change = float(stretch.middles[at - 1] + stretch.middles[at]) / 2
            parts.append(Part(stretch, start, change, path[at - 1]))
            start = change
    return [*parts, Part(stretch, start, stretch.span.end_seconds, path[-1])]


def _joined(parts: list[Part]) -> list[tuple[float, float, int]]:
    """The turns with one speaker's short pauses in them."""
    joined: list[tuple[float, float, int]] = []
    for _, start, end, speaker in parts:
        if joined and joined[-1][2] == speaker and start - joined[-1][1] <= _PAUSE_SECONDS:
            joined[-1] = (joined[-1][0], end, speaker)
        else:
            joined.append((start, end, speaker))
    return joined


def _numbered(turns: list[tuple[float, float, int]], centres: Floats) -> Turns:
    """The same with the speakers counted in the order in which they begin."""
    order = list(dict.fromkeys(speaker for *_, speaker in turns))
    numbers = {speaker: number for number, speaker in enumerate(order)}
    return Turns(
        [(start, end, numbers[speaker]) for start, end, speaker in turns],
        [centres[speaker] for speaker in order],
    )

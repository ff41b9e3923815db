"""Speech in lines for reading: what is shown at once, and from when to when.

Where a stretch of speech is best cut is found by weighing all ways (as paragraphs are broken): a
cue more costs, so does one that is too fast or too short to be read, and an end in the middle of
a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from utils.models.transcript import Transcript
from utils.subtitles import limits, tokens
from utils.subtitles.limits import GAP_SECONDS, MAX_SECONDS, MIN_SECONDS, Limits
from utils.subtitles.tokens import Token, joined

_PAUSE_SECONDS = 1.5  # a longer one ends a cue. Chosen, as all weights below.
_HALF_PAUSE_SECONDS = 0.3
_SHORTEST_SECONDS = 0.05  # of what whisper puts at one and the same moment
_SENTENCE_ENDS, _CLAUSE_ENDS = ".!?。！？…؟।", ",;:、，；：،"
_QUOTES = "\"'”’」』)）]"


class Cue(NamedTuple):
    """What is shown from ``start`` to ``end``, in seconds, in at most two lines."""

    start: float
    end: float
    lines: tuple[tuple[Token, ...], ...]

    @property
    def text(self) -> str:
        """The lines, one below another."""
        return "\n".join(map(joined, self.lines))

    @property
    def words(self) -> tuple[Token, ...]:
        """All tokens, in their order."""
        return tuple(token for line in self.lines for token in line)

    @property
    def speaker(self) -> str | None:
        """Who speaks."""
        return self.lines[0][0].speaker

    @property
    def is_too_fast(self) -> bool:
        """True if it can't be read in its time."""
        text = self.text
        return len(text) / (self.end - self.start) > limits.of(text).most


class _Stretch(NamedTuple):
    """Tokens of one speaker without a long pause, and when the next ones begin."""

    tokens: list[Token]
    until: float
    limits: Limits
    max_lines: int


def of(
    transcript: Transcript,
    with_names: bool = False,
    max_lines: int = limits.MAX_LINES,
    until: float | None = None,
) -> list[Cue]:
    """The cues of a transcript; they never overlap.

    Args:
        transcript: With times of words, or without: then a segment's time is shared out.
        with_names: Who speaks stands before the first words of each turn.
        max_lines: 1 or 2.
        until: The length of the medium in seconds, where it is known.
    """
    parts = list(_turns(tokens.of(transcript)))
    if not parts:
        return []
    end = max(until, parts[-1][-1].end) if until else float("inf")
    begins = [*(part[0].start for part in parts[1:]), end]
    found: list[tuple[list[Token], Limits]] = []
    speaker: str | None = None
    for part, begin in zip(parts, begins, strict=True):
        if with_names and part[0].speaker and part[0].speaker != speaker:
            part = [_name(part[0]), *part]
        speaker = part[0].speaker
        fitting = limits.of(joined(part))
        stretch = _Stretch(part, begin, fitting, max_lines)
        found += [(cut, fitting) for cut in _cuts(stretch)]
    return _shown(found, max_lines, end)


def _name(first: Token) -> Token:
    label = f"{' '.join((first.speaker or '').split())[:20]}:"
    return Token(label, first.start, first.start, True, first.speaker)


def _turns(found: list[Token]) -> Iterator[list[Token]]:
    """The stretches between long pauses and changes of speaker."""
    turn: list[Token] = []
    for token in found:
        if turn and (
            token.start - turn[-1].end >= _PAUSE_SECONDS or token.speaker != turn[-1].speaker
        ):
            yield turn
            turn = []
        turn.append(token)
    if turn:
        yield turn


def _cuts(stretch: _Stretch) -> list[list[Token]]:
    """The stretch cut into cues in the way that costs least."""
    found = stretch.tokens
    number = len(found)
    best = [0.0] + [float("inf")] * number
    came_from = [0] * (number + 1)
    for begin in range(number):
        length = 0
        for end in range(begin + 1, number + 1):
            token = found[end - 1]
            length += len(token.text) + (token.is_apart and end > begin + 1)
            if end > begin + 1 and not _may_be_one(stretch, begin, end, length):
                break
            cost = best[begin] + _cost(stretch, begin, end, length)
            if cost < best[end]:
                best[end], came_from[end] = cost, begin
    cuts: list[list[Token]] = []
    end = number
    while end:
        cuts.append(found[came_from[end] : end])
        end = came_from[end]
    return cuts[::-1]


def _may_be_one(stretch: _Stretch, begin: int, end: int, length: int) -> bool:
    """True if these tokens fit into the lines and the time of one cue."""
    found, line = stretch.tokens, stretch.limits.line
    if found[end - 1].end - found[begin].start > MAX_SECONDS:
        return False
    if length <= line:
        return True
    if stretch.max_lines == 1 or length > 2 * line + 1:
        return False
    return _line_end(found[begin:end], line) is not None


def _cost(stretch: _Stretch, begin: int, end: int, length: int) -> float:
    found, fitting = stretch.tokens, stretch.limits
    following = found[end].start if end < len(found) else stretch.until
    start = found[begin].start
    seconds = max(
        _SHORTEST_SECONDS, _end(start, found[end - 1].end, length, following, fitting) - start
    )
    speed = length / seconds
    cost = (1.0 if stretch.max_lines > 1 else 0.3) + (0.1 if length > fitting.line else 0.0)
    cost += 3 * max(0.0, speed / fitting.speed - 1) + 10 * max(0.0, speed / fitting.most - 1)
    cost += 4 * max(0.0, 1 - seconds / MIN_SECONDS)
    cost += 0.4 * sum(token.text[-1] in _SENTENCE_ENDS for token in found[begin : end - 1])
    if end < len(found):
        is_pause = following - found[end - 1].end >= _HALF_PAUSE_SECONDS
        cost += _break(found[end - 1], found[end]) * (0.5 if is_pause else 1.0)
    return cost


def _break(token: Token, after: Token) -> float:
    """How bad it is that a cue or a line ends between two tokens: 0 after a sentence."""
    last = token.text.rstrip(_QUOTES)[-1:]
    if last and last in _SENTENCE_ENDS:
        return 0.0
    if last and last in _CLAUSE_ENDS:
        return 0.4
    # Japanese has no blanks; most of its words begin with a sign and end in kana.
    is_word = (
        limits.script(last or " ") is limits.KANA and limits.script(after.text[0]) is limits.HAN
    )
    return 0.8 if is_word or after.is_apart else 1.6


def _end(start: float, said: float, length: int, following: float, fitting: Limits) -> float:
    """When a cue goes: as late as its text needs, but before the next one."""
    wanted = max(said, start + max(MIN_SECONDS, length / fitting.speed))
    room = following - GAP_SECONDS
    return min(wanted, room if room - start >= MIN_SECONDS else following)


def _line_end(found: Sequence[Token], line: int) -> int | None:
    """After how many tokens the first of two lines best ends; None if two are not enough."""
    whole = joined(list(found))
    best: tuple[float, int] | None = None
    first = 0
    for number, (token, after) in enumerate(pairwise(found), 1):
        first += len(token.text) + (token.is_apart and number > 1)
        second = len(whole) - first - after.is_apart
        if first <= line and second <= line:
            uneven = abs(first - second) / line
            weight = (uneven + _break(token, after), number)
            best = min(best, weight) if best else weight
    return best[1] if best else None


def _shown(found: list[tuple[list[Token], Limits]], max_lines: int, until: float) -> list[Cue]:
    cues: list[Cue] = []
    now = 0.0
    for number, (cut, fitting) in enumerate(found):
        start = max(now, cut[0].start)
        following = found[number + 1][0][0].start if number + 1 < len(found) else until
        length = len(joined(cut))
        end = _end(start, cut[-1].end, length, max(following, start), fitting)
        now = max(end, start + _SHORTEST_SECONDS)
        cues.append(Cue(round(start, 3), round(now, 3), _lines(cut, fitting, max_lines)))
        now = cues[-1].end
    return cues


def _lines(cut: list[Token], fitting: Limits, max_lines: int) -> tuple[tuple[Token, ...], ...]:
    if len(joined(cut)) <= fitting.line or max_lines == 1:
        return (tuple(cut),)
    number = _line_end(cut, fitting.line)
    return (tuple(cut[:number]), tuple(cut[number:])) if number else (tuple(cut),)

"""Plain text with the times of what a machine heard: words that both have are the anchors."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from utils.db.words import words as folded
from utils.errors import PermanentError
from utils.models.transcript import Segment, Transcript

_MAX_WORDS = 50_000  # difflib takes seconds for so many. Chosen.
_MIN_SHARED = 0.3  # of the words; with fewer it is another text. Chosen.


class Alignment(NamedTuple):
    """Segments with the text's words, and ``told``: where their times are from."""

    segments: tuple[Segment, ...]
    told: tuple[str, ...]


def align(
    text: str, heard: Transcript | None, duration_seconds: float | None, name: str
) -> Alignment:
    """Give a text the times of the segments in which its words were heard.

    Where hardly any was, the text is spread over the time of the speech by the length of its lines.

    Raises:
        PermanentError: there are no words in it, too many, or nothing gives them times.
    """
    written = text.split()
    if not any(folded(word) for word in written):
        raise PermanentError(f"There are no words in {name}. Nothing was changed.")
    if len(written) > _MAX_WORDS:
        raise PermanentError(f"{name} has more than {_MAX_WORDS:,} words. Use .srt or .vtt.")
    segments = heard.segments if heard else ()
    spoken = [(_key(word), at) for at, one in enumerate(segments) for word in one.text.split()]
    matcher = SequenceMatcher(
        None, [key for key, _ in spoken], [_key(word) for word in written], len(written) > 2000
    )
    shared = sum(block.size for block in matcher.get_matching_blocks())
    if not spoken or shared < _MIN_SHARED * len(written):
        return _spread(text, segments, duration_seconds, name)
    return Alignment(_placed(written, spoken, segments, matcher), (
        f"{shared} of {len(written)} words were heard so: the times are those of the machine's "
        "segments",
    ))  # fmt: skip


def _key(word: str) -> str:
    return "".join(folded(word)) or word


def _placed(
    written: Sequence[str],
    spoken: Sequence[tuple[str, int]],
    segments: Sequence[Segment],
    matcher: SequenceMatcher[str],
) -> tuple[Segment, ...]:
    """Each written word in the segment of the spoken one whose place it takes."""
    texts: list[list[str]] = [[] for _ in segments]
    for _, a, b, c, d in matcher.get_opcodes():
        for offset, word in enumerate(written[c:d]):
            at = a + offset * (b - a) // (d - c) if b > a else a - 1
            texts[spoken[max(0, at)][1]].append(word)
    return tuple(
        Segment(
            start_seconds=segment.start_seconds,
            end_seconds=segment.end_seconds,
            text=" ".join(found),
            speaker=segment.speaker,
        )
        for segment, found in zip(segments, texts, strict=True)
        if found
    )


def _spread(
    text: str, segments: Sequence[Segment], duration_seconds: float | None, name: str
) -> Alignment:
    """The lines of a text one after another, each as long as its share of the characters."""
    start = segments[0].start_seconds if segments else 0.0
    end = segments[-1].end_seconds if segments else duration_seconds
    if not end or end <= start:
        raise PermanentError(
            f"Nothing was heard in this item that could give {name} its times. Use .srt or .vtt."
        )
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    total = sum(len(line) for line in lines)
    found, before = [], 0
    for line in lines:
        after = before + len(line)
        found.append(
            Segment(
                start_seconds=round(start + (end - start) * before / total, 3),
                end_seconds=round(start + (end - start) * after / total, 3),
                text=line,
            )
        )
        before = after
    return Alignment(tuple(found), (
        f"hardly a word of it was heard: its lines are spread from {start:.1f} to {end:.1f} s by "
        "their length, so their times are estimates",
    ))  # fmt: skip

"""One line of an item's speech in a person's words; the others, and their times, stay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import corrections, items, ledger, transcripts
from utils.db.schema import Item
from utils.db.words import clean
from utils.errors import PermanentError
from utils.models.transcript import Segment, Transcript, Word
from utils.subtitles import tokens

MOST_CHARACTERS = 5_000  # of a line
_MOST_SOURCES = 200  # characters


class Edit(NamedTuple):
    """A line by its number from 0, what a person saw in it, and what is to stand there.

    An empty ``text`` takes the line away; it keeps its place, so that no other is renumbered.
    """

    number: int
    was: str
    text: str


class ChangedMeanwhileError(PermanentError):
    """The line is another by now than the one that a person saw; ``now`` is what stands there."""

    def __init__(self, now: str | None) -> None:
        super().__init__(
            "Somebody changed this line meanwhile: your words were not kept. Look at it again."
        )
        self.now = now


def edit(s: Session, item: Item, wanted: Edit, who: str) -> Segment:
    """Put a person's words into a line; returns it as it stands now.

    What is as the machine heard it again is the machine's: its times of words come back.

    Raises:
        ChangedMeanwhileError: the line is another by now.
        PermanentError: it is too long.
    """
    text = " ".join(clean(wanted.text).split())
    if len(text) > MOST_CHARACTERS:
        raise PermanentError(f"A line has {MOST_CHARACTERS:,} characters at most.")
    items.hold(s, item.id)
    heard = ledger.latest_result(s, item.id, transcripts.STEP, Transcript)
    known = corrections.of(s, item.id)
    base = known or heard
    segments = list(base.segments) if base else []
    if wanted.number >= len(segments):
        raise ChangedMeanwhileError(None)
    before = segments[wanted.number]
    if _plain(before.text) != _plain(wanted.was):
        raise ChangedMeanwhileError(_plain(before.text))
    made = _as_heard(before, text, heard) or _changed(before, text)
    segments[wanted.number] = made
    if heard and _texts(segments) == _texts(heard.segments):
        corrections.remove(s, item.id)
    else:
        corrections.save(s, item.id, segments, _sources(known, who))
    return made


def heard_at(s: Session, item_id: str, start: float, end: float) -> str | None:
    """What the machine heard between two times; None where it did not listen."""
    heard = ledger.latest_result(s, item_id, transcripts.STEP, Transcript)
    if heard is None:
        return None
    there = [one for one in heard.segments if one.start_seconds < end and one.end_seconds > start]
    return " ".join(_plain(one.text) for one in there)


def _plain(text: str) -> str:
    return " ".join(clean(text).split())


def _texts(segments: Sequence[Segment]) -> list[tuple[float, float, str]]:
    return [(one.start_seconds, one.end_seconds, _plain(one.text)) for one in segments]


def _as_heard(before: Segment, text: str, heard: Transcript | None) -> Segment | None:
    """The machine's line with these times and words, if it has one."""
    key = (before.start_seconds, before.end_seconds, text)
    for one in heard.segments if heard else ():
        if (one.start_seconds, one.end_seconds, _plain(one.text)) == key:
            return one
    return None


def _changed(before: Segment, text: str) -> Segment:
    return before.model_copy(
        update={
            "text": text,
            "words": tuple(_timed(before, text)) if tokens.has_times(before) else (),
            "mean_log_probability": None,
            "compression_ratio": None,
            "no_speech_probability": None,
        }
    )


def _timed(before: Segment, text: str) -> Iterator[Word]:
    """The words of a text: those that were there have their times, others share what is between."""
    words, new = before.words, re.findall(r"\s*\S+", text)
    old = [word.text.strip() for word in words]
    matcher = SequenceMatcher(None, old, [one.strip() for one in new], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            for word, said in zip(words[a:b], new[c:d], strict=True):
                yield word.model_copy(update={"text": said})
            continue
        start = words[a - 1].end_seconds if a else before.start_seconds
        end = words[b].start_seconds if b < len(words) else before.end_seconds
        yield from _shared(new[c:d], start, max(start, end))


def _shared(new: Sequence[str], start: float, end: float) -> Iterator[Word]:
    """Words that share a time by their lengths."""
    each = (end - start) / max(1, sum(map(len, new)))
    for said in new:
        after = start + each * len(said)
        yield Word(text=said, start_seconds=round(start, 3), end_seconds=round(after, 3))
        start = after


def _sources(known: corrections.Correction | None, who: str) -> str:
    """Whose the words are: files and people that they came from."""
    before = known.source.split(", ") if known else []
    return ", ".join(dict.fromkeys([*before, who]))[:_MOST_SOURCES]

"""An item's text in pieces that can be found: summary, keywords, and its speech in chunks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby

from utils.db.words import clean
from utils.models.embedding import Passage, PassageKind
from utils.models.record import ItemRecord, SeenTextRecord, SegmentRecord
from utils.models.speakers import is_unnamed
from utils.storage import files

_CHUNK_CHARACTERS = 400  # about 100 tokens: a few sentences, far below the model's 512


def passages(record: ItemRecord) -> list[Passage]:
    """The passages of an item.

    An id holds a hash of the text and not its place, so that a line more at the beginning of a
    transcript does not make every passage a new one; what is said twice is counted.
    """
    seen: Counter[str] = Counter()
    found = []
    for kind, text, start_seconds in _parts(record):
        digest = sha256(text.encode()).hexdigest()[:16]
        name = f"{record.item_id}:{kind}:{digest}"
        seen[name] += 1
        found.append(
            Passage(
                passage_id=name if seen[name] == 1 else f"{name}:{seen[name]}",
                kind=kind,
                text=text,
                start_seconds=start_seconds,
            )
        )
    return found


def pictures(record: ItemRecord) -> list[Passage]:
    """The stills of an item, for an image model; two that are the same file are one."""
    found = {
        (digest := files.sha256(still.path)): Passage(
            passage_id=f"{record.item_id}:picture:{digest[:16]}",
            kind="picture",
            text=str(still.path),
            start_seconds=still.time_seconds,
        )
        for still in record.thumbnails
    }
    return list(found.values())


def _parts(record: ItemRecord) -> Iterator[tuple[PassageKind, str, float | None]]:
    yield "summary", clean(" · ".join(filter(None, (record.title, record.summary)))), None
    if record.description:
        yield "summary", clean(record.description), None
    if record.keywords:
        yield "keywords", clean(", ".join(record.keywords)), None
    for note in record.notes:
        if note.kind in {"description", "comment", "lyrics"}:
            yield "summary", clean(note.text), None
    yield from _speech(record.segments)
    yield from _seen(record.texts)
    subtitles = [note for note in record.notes if note.kind == "subtitle"]
    for _, lines in groupby(subtitles, key=lambda note: note.source):
        yield from _speech([
            SegmentRecord(start_seconds=line.start_seconds or 0.0,
                          end_seconds=line.end_seconds or 0.0, text=line.text)
            for line in lines
        ])  # fmt: skip


def _seen(texts: Sequence[SeenTextRecord]) -> Iterator[tuple[PassageKind, str, float | None]]:
    """What is to be read, a passage for each moment at which something new appears."""
    for start_seconds, lines in groupby(texts, key=lambda line: line.start_seconds):
        text = clean("\n".join(line.text for line in lines)).strip()
        if text:
            yield "text", text, start_seconds


def _speech(segments: Sequence[SegmentRecord]) -> Iterator[tuple[PassageKind, str, float | None]]:
    for chunk in chunks(segments):
        text = clean(" ".join(_spoken(chunk))).strip()
        if text:
            yield "speech", text, chunk[0].start_seconds


def _spoken(chunk: Sequence[SegmentRecord]) -> Iterator[str]:
    """What is said, with the name of who says it where another begins: it is found by it too."""
    before: str | None = None
    for segment in chunk:
        name = segment.speaker
        if name and name != before and not is_unnamed(name) and segment.text.strip():
            yield f"{name}:"
        before = name
        yield segment.text.strip()


def chunks(segments: Sequence[SegmentRecord]) -> list[list[SegmentRecord]]:
    """Neighbouring segments, joined up to ``_CHUNK_CHARACTERS``."""
    joined: list[list[SegmentRecord]] = []
    length = 0
    for segment in segments:
        if not joined or length + len(segment.text) > _CHUNK_CHARACTERS:
            joined.append([])
            length = 0
        joined[-1].append(segment)
        length += len(segment.text)
    return joined

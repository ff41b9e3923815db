"""Items in which somebody speaks, as a run would have left them, without one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.clock import now
from utils.db import ledger, library, transcripts
from utils.db.schema import File, Item
from utils.db.session import session
from utils.models.analysis import Analysis, Understanding
from utils.models.record import SegmentRecord
from utils.models.speakers import Speakers, Turn, Voice
from utils.models.transcript import Segment, Transcript, Word

VOICES = ((1.0, 0.0, 0.1), (0.0, 1.0, 0.1))


def line(start: float, text: str, seconds: float = 2.0) -> Segment:
    """A line whose words have times, in equal parts."""
    parts = text.split(" ")
    each = seconds / len(parts)
    words = tuple(
        Word(text=f" {part}", start_seconds=start + each * n, end_seconds=start + each * (n + 1))
        for n, part in enumerate(parts)
    )
    return Segment(start_seconds=start, end_seconds=start + seconds, text=f" {text}", words=words)


def add(path: Path, kind: str, segments: Sequence[Segment], **facts: Any) -> str:
    """An item at ``path`` in which that is said, its lines by two voices in turn; its id."""
    found = path.stat()
    item_id = hashlib.sha256(str(path).encode()).hexdigest()
    facts = {"title": path.stem, "language": "en", "duration_seconds": 8.0} | facts
    with session() as s:
        s.add(
            Item(id=item_id, kind=kind, size_bytes=found.st_size, status="done", lacks=[],
                 added_at=now(), processed_at=now(), **facts)
        )  # fmt: skip
        s.flush()
        s.add(
            File(path=str(path), item_id=item_id, size_bytes=found.st_size,
                 modified_ns=found.st_mtime_ns, inode=str(found.st_ino))
        )  # fmt: skip
    if segments:
        executed(
            item_id, "transcribe_audio",
            Transcript(engine="whisper", language=facts["language"], segments=tuple(segments)),
        )  # fmt: skip
        executed(item_id, "identify_speakers", _speakers(segments))
    with session() as s:
        spoken = transcripts.transcript_of(s, item_id)
        lines = tuple(SegmentRecord.of(one) for one in (spoken.segments if spoken else ()))
        library.save(s, library.load(s, item_id).model_copy(update={"segments": lines}), ())
    return item_id


def understood(item_id: str, **facts: Any) -> None:
    """What an analyst says of it."""
    read = Understanding(summary="", **facts)
    executed(item_id, "analyze_content", Analysis(engine="x", understanding=read))


def executed(item_id: str, step: str, result: Any) -> None:
    """The result of a step."""
    row = ledger.start(item_id, step, ledger.Inputs(f"{step}{item_id[-9:]}", {"version": 1}), "run")
    with session() as s:
        ledger.finish(s, row, result, 1.0)


def kept(item_id: str) -> list[tuple[str, str | None]]:
    """The lines that lists, searches and exports have, and who speaks."""
    with session() as s:
        return [(one.text, one.speaker) for one in library.load(s, item_id).segments]


def _speakers(segments: Sequence[Segment]) -> Speakers:
    turns = tuple(
        Turn(start_seconds=one.start_seconds, end_seconds=one.end_seconds, speaker=n % 2 + 1)
        for n, one in enumerate(segments)
    )
    voices = tuple(Voice(number=n, seconds=20.0, voiceprint=one) for n, one in enumerate(VOICES, 1))
    return Speakers(engine="x", voices=voices, turns=turns)

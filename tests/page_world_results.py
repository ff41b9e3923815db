"""What the ledger has of items of a world (tests/page_world.py): results as steps leave them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils import clock
from utils.models.analysis import Analysis, TokenUsage, Understanding, VocabularyEntry
from utils.models.approval import Approval, ApprovalStatus, Change, CriticScore, Critique, Evidence
from utils.models.base import Frozen
from utils.models.house_rules import RuleBreach
from utils.models.item import MediaKind
from utils.models.metadata import Metadata
from utils.models.rendition import Thumbnail, Thumbnails
from utils.models.speakers import Speakers, Turn, Voice
from utils.models.transcript import Segment, Transcript, Word
from utils.models.verdict import Band, Criterion, Verdict
from utils.storage import relative_paths

if TYPE_CHECKING:
    from tests.page_world import Made

NIGHTS = 30  # that are remembered as runs
_KEPT = (
    "latitude", "longitude", "camera_make", "camera_model", "lens", "width", "height",
    "duration_seconds", "size_bytes", "video_codec", "audio_codec", "captured_at",
)  # fmt: skip
_OTHERS = ("generate_checksum", "extract_ffprobe", "analyze_signal", "store_item")


def run_of(moment: datetime) -> str | None:
    """The run of the night of a moment; None where it is too long ago."""
    days = (clock.now() - moment).days
    return run_id(days) if days < NIGHTS else None


def run_id(days: int) -> str:
    """The run of so many nights ago."""
    return hashlib.sha256(f"night {days}".encode()).hexdigest()[:12]


def executions(one: Made, home: Path, details: bool) -> Iterator[dict[str, Any]]:
    """The rows of the ledger of an item; of few items each step with its result."""
    row, begun = one.row, one.row["added_at"] + timedelta(hours=1)
    if row["status"] == "done":
        made = _made(one, details)
        for step, result in made.items():
            packed = relative_paths.packed(result.model_dump(mode="json"), home)
            yield _execution(one, step, begun, result=packed)
        for step in _OTHERS if details else _OTHERS[1:2]:
            yield _execution(one, step, begun, result={})
    elif row["failed_step"]:
        for tries in range(1, 4):
            yield _execution(one, row["failed_step"], begun + timedelta(minutes=tries),
                status="failed", error_class=row["error_class"], error=row["error"])  # fmt: skip


def _execution(one: Made, step: str, begun: datetime, **values: Any) -> dict[str, Any]:
    return plain(one.id, step, begun) | {
        "run_id": run_of(begun), "cause": one.text[:300] or "it is new",
        "duration_seconds": 0.2 + one.number % 50 / 7, "inputs": {"version": 1, "title": one.text},
    } | values  # fmt: skip


def plain(item: str, step: str, begun: datetime) -> dict[str, Any]:
    """A row of the ledger of something that was done."""
    return {
        "item_id": item, "step": step, "version": 1, "key": f"{item[:40]}{step[:24]}",
        "run_id": None, "status": "done", "started_at": begun, "ended_at": begun,
        "used_at": begun, "duration_seconds": 1.0, "error_class": None, "error": None,
        "bytes_written": 120_000, "result": None, "inputs": None, "cause": None,
    }  # fmt: skip


def _made(one: Made, details: bool) -> dict[str, Frozen]:
    row = one.row
    found: dict[str, Frozen] = {"judge_quality": _verdict(one)}
    if row["kind"] != "audio":
        still = Thumbnail(path=one.picture, time_seconds=1.0, width=1280, height=720)
        found["generate_thumbnails"] = Thumbnails(images=(still,), contact_sheet=one.picture)
    if details or row["approval"] == "review":
        found |= {"critique_content": _critique(one), "decide_approval": _approval(one)}
    if details:
        found["consolidate_metadata"] = _metadata(one)
    if details and row["kind"] != "image":
        found |= {"transcribe_audio": _transcript(one), "identify_speakers": _speakers(one),
                  "analyze_content": _analysis(one)}  # fmt: skip
    return found


def _verdict(one: Made) -> Verdict:
    told = one.text or "As it should be."
    score = one.row["score"]
    criteria = [Criterion(name=name, score=score, weight=1.0, reason=told)
                for name in ("decodes", "loudness", "sharpness", "speech")]  # fmt: skip
    return Verdict(band=Band(one.row["verdict"]), score=score, criteria=tuple(criteria))


def _critique(one: Made) -> Critique:
    quote = one.sentences[0][:400]
    evidence = (Evidence(quote=quote, start_seconds=0.0), Evidence(start_seconds=12.5))
    told, score = one.text or "It is said.", one.row["score"]
    scores = [CriticScore(name=name, score=score, reason=told, evidence=evidence)
              for name in ("accuracy", "harm", "privacy")]  # fmt: skip
    return Critique(engine="gemini-2.5-flash", score=one.row["score"], criteria=tuple(scores),
                    readings=(0.7, 0.8), notes=(one.text,) if one.text else ())  # fmt: skip


def _approval(one: Made) -> Approval:
    breach = RuleBreach(rule="names of children", reason=one.text or "One is named.",
                        quote=one.sentences[0][:300], start_seconds=8.0)  # fmt: skip
    return Approval(
        item_id=one.id, status=ApprovalStatus(one.row["approval"]), score=one.row["score"],
        band=Band(one.row["verdict"]), by="critic", reason=one.row["approval_reason"],
        breaches=(breach,), notes=(one.text,) if one.text else (),
        changes=(Change(words=one.text or "Cut the name at 0:08."),),
    )  # fmt: skip


def _metadata(one: Made) -> Metadata:
    row, text = one.row, one.text or None
    return Metadata(
        kind=MediaKind(row["kind"]), **{name: row[name] for name in _KEPT}, location_name=text,
        title=text, artist=text, description=text, keywords=(text,) if text else (),
        sources=dict.fromkeys(_KEPT, text or "ExifTool"), container="mp4",
    )  # fmt: skip


def _transcript(one: Made) -> Transcript:
    segments = [
        Segment(start_seconds=n * 8.0, end_seconds=n * 8.0 + 7.5, text=text, language="en",
                words=_timed(text, n * 8.0))
        for n, text in enumerate(one.sentences)
    ]  # fmt: skip
    return Transcript(engine="faster-whisper small", language=one.row["language"],
                      segments=tuple(segments), confidence=0.83)  # fmt: skip


def _timed(text: str, start: float) -> tuple[Word, ...]:
    return tuple(
        Word(text=word, start_seconds=start + n * 0.3, end_seconds=start + n * 0.3 + 0.28,
             probability=0.4 if n % 9 == 8 else 0.95)
        for n, word in enumerate(text.split(" ")[:200])
    )  # fmt: skip


def _speakers(one: Made) -> Speakers:
    prints = ((1.0,) + (0.0,) * 255, (0.0, 1.0) + (0.0,) * 254)
    voices = [Voice(number=n, seconds=20.0, voiceprint=known) for n, known in enumerate(prints, 1)]
    turns = [Turn(start_seconds=n * 8.0, end_seconds=n * 8.0 + 7.5, speaker=n % 2 + 1)
             for n in range(len(one.sentences))]  # fmt: skip
    return Speakers(engine="pyannote", voices=tuple(voices), turns=tuple(turns))


def _analysis(one: Made) -> Analysis:
    text = one.text or "A talk in the evening."
    word = VocabularyEntry(word=text[:200], definition=text, romanisation=text[:200])
    return Analysis(
        engine="gemini-2.5-flash", usage=TokenUsage(prompt_tokens=9_000, response_tokens=500),
        cost_microusd=4_200,
        understanding=Understanding(
            language="en", summary=text, topics=(text[:200], "harbour"), keywords=(text[:200],),
            translation=text, romanisation=text, vocabulary=(word,), mood=text[:200],
            era="2020s", cultural_context=text, content_warnings=(text[:200],),
        ),
    )  # fmt: skip


def hour(item: str, spoken: Sequence[tuple[float, str]]) -> list[dict[str, Any]]:
    """The ledger of an hour of speech: every word with its times, and two voices."""
    segments = [Segment(start_seconds=start, end_seconds=start + 5.8, text=text, language="en",
                        words=_timed(text, start)) for start, text in spoken]  # fmt: skip
    heard = Transcript(engine="faster-whisper small", language="en", segments=tuple(segments),
                       speech_seconds=3400.0, confidence=0.9)  # fmt: skip
    prints = ((1.0,) + (0.0,) * 255, (0.0, 1.0) + (0.0,) * 254)
    said = Speakers(
        engine="pyannote",
        voices=tuple(Voice(number=n, seconds=900.0, voiceprint=p) for n, p in enumerate(prints, 1)),
        turns=tuple(Turn(start_seconds=start, end_seconds=start + 5.8, speaker=n // 7 % 2 + 1)
                    for n, (start, _) in enumerate(spoken)),
    )  # fmt: skip
    begun = clock.now()
    made = {"transcribe_audio": heard, "identify_speakers": said}
    return [plain(item, step, begun) | {"result": result.model_dump(mode="json")}
            for step, result in made.items()]  # fmt: skip

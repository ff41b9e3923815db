"""A library as years of nights leave it, for whatever shows one: pages, and how fast they are.

`fill` writes as many items as one likes with all that is known of them; the first ones have the
hostile texts (tests/hostile.py) wherever people or machines write text. What there is few of in any
library (sources, runs, publications, people) comes from tests/page_world_events.py. Rows are
written in bulk: 100,000 items take less than a minute.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from tests import page_world_events, page_world_results
from tests.hostile import TEXTS
from utils import clock
from utils.config import Settings
from utils.db import fulltext
from utils.db.fact_tables import Criterion, Keyword, Note, Passage, Segment, Thumbnail, Track
from utils.db.schema import Execution, File, Item
from utils.db.session import session
from utils.db.words import clean, clean_within, words

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_CHUNK = 5_000
_PICTURES = 24  # files; items share them
_SPOKEN_SECONDS = 8.0  # of a segment
VOCABULARY = (
    "harbour", "evening", "light", "tram", "winter", "market", "bread", "letter", "garden",
    "storm", "window", "radio", "mountain", "river", "bicycle", "kitchen", "lantern", "station",
    "bridge", "summer", "orchard", "island", "piano", "forest", "museum", "holiday", "birthday",
    "concert", "interview", "meeting", "lecture", "report", "wedding", "journey", "beach",
    "snow", "festival", "parade", "rehearsal",
)  # fmt: skip
_LANGUAGES = ("en", "de", "ja", "ar", "km", None)
_CAMERAS = (
    ("Canon", "EOS R6"),
    ("Apple", "iPhone 15 Pro"),
    ("SONY", "ILCE-7M4"),
    ("DJI", "FC3582"),
)
_SPEAKERS = ("Ada", "Grace Hopper", "Speaker 1", "Speaker 2", "Björn")
_ERRORS = (
    ("PermanentError", "analyze_signal", "moov atom not found: the file ends before its index."),
    ("RetryableError", "fetch_media", "HTTP 503 from media.example: the site is away."),
    (
        "ResourceError",
        "compress_video",
        "No space left on device: 2.1 GB are needed, 0.3 are there.",
    ),
    ("ThrottledError", "analyze_content", "The service asks for fewer calls; retry after 60 s."),
    (
        "DeferredError",
        "ai_video_analysis",
        "It would cost $0.42; $0.10 are left below the ceiling.",
    ),
    ("SettingsError", "critique_content", "No key is set: NIGHTSHIFT_GEMINI_API_KEY."),
)


class World(NamedTuple):
    """What is in it: all items in the order of their arrival, and some of each kind of the rest.

    ``hour``: the one with an hour of speech, word by word. ``waiting``: those that wait for a
    person's approval; ``failed``: failed and quarantined ones.
    """

    items: tuple[str, ...]
    hour: str
    waiting: tuple[str, ...]
    failed: tuple[str, ...]
    runs: tuple[str, ...]
    sources: tuple[str, ...]
    alike: tuple[tuple[str, str], ...]


class Made(NamedTuple):
    """An item as it is written: its row, and what else of it is decided by chance."""

    row: dict[str, Any]
    text: str
    number: int
    picture: Path
    sentences: tuple[str, ...]

    @property
    def id(self) -> str:
        """Of the item."""
        return str(self.row["id"])


def fill(settings: Settings, count: int, *, hostile: bool = True) -> World:
    """Write a library of ``count`` items (at least 60) into the home of the settings.

    Few items have everything known of them; of many every tenth speaks, and their ledgers are
    short. The home is made and migrated where it is not there yet.
    """
    chance = random.Random(15)
    pictures = _drawn(settings.home / "items" / "world", chance)
    texts = TEXTS if hostile else ()
    made = _items(count, texts, pictures, chance)
    known, details = [], count <= 5_000
    while chunk := list(islice(made, _CHUNK)):
        with session() as s:
            _write(s, chunk, settings.home, details)
        known += [(one.id, one.row["status"], one.row["approval"], one.row["kind"])
                  for one in chunk]  # fmt: skip
    done = [item for item, status, _, _ in known if status == "done"]
    with session() as s:
        hour = next(item for item, status, _, kind in reversed(known)
                    if status == "done" and kind == "audio")  # fmt: skip
        _speak_for_an_hour(s, hour, chance)
        events = page_world_events.write(
            s, done, [item for item, *_ in known], texts, pictures, settings.home / "media"
        )
    return World(
        items=tuple(item for item, *_ in known),
        hour=hour,
        waiting=tuple(item for item, _, approval, _ in known if approval == "review"),
        failed=tuple(item for item, status, *_ in known if status in {"failed", "quarantined"}),
        **events,
    )


def _items(
    count: int, texts: Sequence[str], pictures: Sequence[Path], chance: random.Random
) -> Iterator[Made]:
    begun = clock.now() - 730 * DAY
    for number in range(count):
        hostile = texts[number % len(texts)] if texts and number < 4 * len(texts) else None
        text = clean(hostile) if hostile is not None else ""
        title = (
            text.replace("\n", " ") if number < len(texts) else _words(chance, 2, 6).capitalize()
        )
        added = begun + (730 * DAY - 2 * HOUR) * ((number + 1) / count)
        row = _row(number, title or "untitled", text, added, chance)
        long = [_words(chance, 6, 14).capitalize() + "." for _ in range(4)]
        sentences = (*([text] if text else []), *long)
        yield Made(row, text, number, pictures[number % len(pictures)], sentences)


def _row(
    number: int, title: str, text: str, added: datetime, chance: random.Random
) -> dict[str, Any]:
    kind = chance.choices(("video", "audio", "image"), (40, 25, 35))[0]
    status = chance.choices(
        ("done", "failed", "quarantined", "pending", "deferred", "skipped"), (88, 3, 2, 4, 2, 1)
    )[0]
    is_done = status == "done"
    make, model = chance.choice(_CAMERAS)
    wrong = chance.choice(_ERRORS) if status in {"failed", "quarantined", "deferred"} else None
    score = round(chance.betavariate(6, 2), 3)
    verdict = "reject" if score < 0.5 else "revise" if score < 0.7 else (
        "accept" if score < 0.9 else "approve")  # fmt: skip
    approval = chance.choices(("approved", "review", "rejected"), (82, 8, 10))[0]
    width, height = chance.choice(((1920, 1080), (3840, 2160), (1080, 1920), (4032, 3024)))
    is_placed = kind != "audio" and chance.random() < 0.6
    return {
        "id": hashlib.sha256(f"{number} {chance.random()}".encode()).hexdigest(), "kind": kind,
        "title": title, "size_bytes": int(10 ** chance.uniform(5, 10)), "status": status,
        "source_url": f"https://media.example/watch?v={number}" if number % 7 == 0 else None,
        "tries": 3 if wrong else 0, "error_class": wrong[0] if wrong else None,
        "failed_step": wrong[1] if wrong else None,
        "error": f"{wrong[2]} {text}".strip() if wrong else None,
        "lacks": [{"step": "ai_video_analysis", "reason": text or "No key is set.",
                   "may_pass": True}] if is_done and number % 20 == 3 else [],
        "claimed_by": None, "requested_at": None, "added_at": added,
        "processed_at": added + 2 * HOUR if is_done else None,
        "duration_seconds": None if kind == "image" else round(chance.lognormvariate(5, 1.4), 2),
        "language": None if kind == "image" else chance.choice(_LANGUAGES),
        "verdict": verdict if is_done else None, "score": score if is_done else None,
        "summary": f"{text} {_words(chance, 12, 40).capitalize()}.".strip() if is_done else None,
        "captured_at": added - chance.uniform(0.1, 400) * DAY if chance.random() < 0.8 else None,
        "captured_at_offset_minutes": 120, "captured_at_source": "EXIF:DateTimeOriginal",
        "camera_make": None if kind == "audio" else (number % 3 == 0 and text[:200]) or make,
        "camera_model": model if kind != "audio" else None,
        "lens": text[:200] if text and number % 3 == 1 else "24-105 mm F4",
        "focal_length_mm": 35.0, "width": width if kind != "audio" else None,
        "height": height if kind != "audio" else None,
        "frame_rate": 25.0 if kind == "video" else None,
        "video_codec": "h264" if kind == "video" else None,
        "audio_codec": None if kind == "image" else "aac", "hdr_format": None,
        "latitude": round(chance.uniform(-60, 70), 5) if is_placed else None,
        "longitude": round(chance.uniform(-180, 180), 5) if is_placed else None,
        "rating": chance.choice((None, None, 3, 5)), "priority": 0, "queue": None,
        "approval": approval if is_done else None, "approval_score": score if is_done else None,
        "approval_reason": (text or "All criteria are met.") if is_done else None,
    }  # fmt: skip


def _write(s: Session, chunk: Sequence[Made], home: Path, details: bool) -> None:
    """The rows of some items; ``details``: of each all that a night finds out."""
    _insert(s, Item, [clean_within_row(one.row) for one in chunk])
    _insert(s, File, [
        {"path": clean(f"/media/{one.number % 97}/{one.text[:150] or one.row['title']} {one.number}"
                       f".{_SUFFIXES[one.row['kind']]}"), "item_id": one.id,
         "size_bytes": one.row["size_bytes"], "modified_ns": 1, "inode": "1"} for one in chunk
    ])  # fmt: skip
    done = [one for one in chunk if one.row["status"] == "done"]
    _insert(s, Thumbnail, [
        {"item_id": one.id, "number": 0, "path": str(one.picture), "time_seconds": 1.0,
         "reason": one.text or None, "phash": "0f0f0f0f0f0f0f0f"}
        for one in done if one.row["kind"] != "audio"
    ])  # fmt: skip
    ledger = [row for one in chunk for row in page_world_results.executions(one, home, details)]
    _insert(s, Execution, ledger)
    speaking = [one for one in done if details or one.number % 10 == 0]
    _write_facts(s, done if details else done[::10])
    _write_speech(s, [one for one in speaking if one.row["kind"] != "image"])


def _insert(s: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Rows in one statement, which SQLAlchemy makes of them only if it may write nulls."""
    if rows:
        s.execute(insert(table).execution_options(render_nulls=True), rows)


_SUFFIXES = {"video": "mp4", "audio": "mp3", "image": "jpg"}


def clean_within_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row as databases take it; moments and numbers stay what they are."""
    return {name: clean_within(value) if isinstance(value, (str, list)) else value
            for name, value in row.items()}  # fmt: skip


def _write_facts(s: Session, made: Sequence[Made]) -> None:
    said = [(one, one.text or one.sentences[0]) for one in made]
    _insert(s, Keyword, [
        {"item_id": one.id, "number": n, "word": word} for one, text in said
        for n, word in enumerate((text[:300], *VOCABULARY[one.number % 30 :][:4]))
    ])  # fmt: skip
    _insert(s, Note, [
        {"item_id": one.id, "number": n, "kind": kind, "text": text, "source": f"XMP {text[:60]}"}
        for one, text in said for n, kind in enumerate(("description", "person", "comment"))
    ])  # fmt: skip
    _insert(s, Criterion, [
        {"item_id": one.id, "number": n, "name": name, "score": one.row["score"],
         "reason": text} for one, text in said
        for n, name in enumerate(("decodes", "loudness", "sharpness", "speech"))
    ])  # fmt: skip
    _insert(s, Track, [
        {"item_id": one.id, "kind": "audio", "number": 0, "codec": "aac", "language": "en",
         "title": text[:200], "channels": 2, "channel_layout": "stereo", "sample_rate": 48_000,
         "embedded": True} for one, text in said if one.row["kind"] != "image"
    ])  # fmt: skip


def _write_speech(s: Session, speaking: Sequence[Made]) -> None:
    if not speaking:
        return
    rows = [
        {"item_id": one.id, "number": n, "start_seconds": n * _SPOKEN_SECONDS,
         "end_seconds": (n + 1) * _SPOKEN_SECONDS - 0.5, "text": text,
         "language": one.row["language"],
         "speaker": clean(one.text[:200]) if one.text and n % 2 else _SPEAKERS[n % 5]}
        for one in speaking for n, text in enumerate(one.sentences)
    ]  # fmt: skip
    _insert(s, Segment, rows)
    find(s, [(row["item_id"], row["start_seconds"], row["text"]) for row in rows])


def find(s: Session, spoken: Sequence[tuple[str, float, str]]) -> None:
    """Make what is said findable: (item, second, text)."""
    made = s.scalars(
        insert(Passage).returning(Passage.id, sort_by_parameter_order=True),
        [{"item_id": item, "kind": "speech", "start_seconds": second, "text": text}
         for item, second, text in spoken],
    ).all()  # fmt: skip
    pairs = zip(made, spoken, strict=True)
    fulltext.add_words(s, [(row, words(text)) for row, (_, _, text) in pairs])


def _speak_for_an_hour(s: Session, item: str, chance: random.Random) -> None:
    """An hour of speech: 600 stretches of 15 words, each word with its times."""
    spoken = [(n * 6.0, _words(chance, 12, 18)) for n in range(600)]
    s.execute(update(Item).where(Item.id == item).values(
        title="An hour of radio", duration_seconds=3600.0, language="en"))  # fmt: skip
    s.execute(Segment.__table__.delete().where(Segment.item_id == item))  # type: ignore[attr-defined]
    _insert(s, Segment, [
        {"item_id": item, "number": n, "start_seconds": start, "end_seconds": start + 5.8,
         "text": text, "language": "en", "speaker": _SPEAKERS[n // 7 % 5]}
        for n, (start, text) in enumerate(spoken)
    ])  # fmt: skip
    find(s, [(item, start, text) for start, text in spoken])
    _insert(s, Execution, page_world_results.hour(item, spoken))


def _words(chance: random.Random, least: int, most: int) -> str:
    return " ".join(chance.choices(VOCABULARY, k=chance.randint(least, most)))


def _drawn(folder: Path, chance: random.Random) -> list[Path]:
    """Pictures of 1280 pixels with something to see in them, as stills of films have."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{n}.jpg" for n in range(_PICTURES)]
    for n, path in enumerate(paths):
        size = ((1280, 720), (1280, 960), (720, 1280))[n % 3]
        noise = Image.effect_noise((size[0] // 8, size[1] // 8), 60).resize(size).convert("RGB")
        tint = Image.new("RGB", size, tuple(chance.randrange(40, 220) for _ in range(3)))
        picture = Image.blend(tint, noise, 0.25)
        draw = ImageDraw.Draw(picture)
        for _ in range(12):
            x, y, r = (
                chance.randrange(size[0]),
                chance.randrange(size[1]),
                chance.randrange(20, 160),
            )
            colour = tuple(chance.randrange(256) for _ in range(3))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        picture.save(path, quality=82)
    return paths

"""What a library has few of, however large it is: sources, runs, publications, people, pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tests.page_world_results import NIGHTS, plain, run_id
from utils import clock
from utils.db import (
    audit,
    corrections,
    duplicates,
    flags,
    listings,
    plays,
    sources,
    tokens,
    users,
    voices,
    works,
)
from utils.db.job_tables import JobRow
from utils.db.page_tables import SavedView
from utils.db.publication_tables import PublicationRow
from utils.db.review_tables import ReviewRow
from utils.db.schema import Address, Execution, Item, Run, RunItem, Spending, Worker
from utils.db.source_tables import SourceFile
from utils.db.upload_tables import Upload
from utils.db.visual_tables import VisualRow
from utils.db.words import clean
from utils.errors import PermanentError, UsageError
from utils.models.api import Scope
from utils.models.fingerprint import NearDuplicate, NearDuplicates
from utils.models.listing import Listing
from utils.models.music import Origin, Play, Service
from utils.models.page_settings import Role
from utils.models.refusal import Refusal
from utils.models.source import SourceDefinition, SourceKind
from utils.models.transcript import Segment
from utils.models.work import WorkKind

PASSWORD = "a long password of a world"
_DEFINED = (
    ("Camera", SourceKind.FOLDER, "camera", "*.mp4"),
    ("Old-disk", SourceKind.FOLDER, "old disk", None),
    ("Podcast", SourceKind.FEED, "https://media.example/feed.xml?<b>x</b>", None),
    ("Channel", SourceKind.YOUTUBE, "https://media.example/@channel", None),
    ("Bucket", SourceKind.BUCKET, "s3://archive/films", "**/*.mov"),
)
_TARGETS = ("podcast", "site", "archive")
_STATES = ("published", "scheduled", "failed", "publishing", "retracting", "retracted")


def write(
    s: Session, done: Sequence[str], items: Sequence[str], texts: Sequence[str],
    pictures: Sequence[Path], folder: Path,
) -> dict[str, Any]:  # fmt: skip
    """Write all of it about these items; what it says in words are hostile ``texts`` if any.

    ``folder``: where folders of sources are made.
    """
    said = [clean(text) for text in texts] or ["It is as it should be."]
    _people(s, said)
    _runs(s, done, items, said)
    _in_work(s, done[-3:], said)
    named = _sources(s, items, said, folder)
    _publications(s, done, said)
    _reviews(s, done, said)
    alike = _alike(s, done[:40], said)
    _works(s, done[40:50])
    _visuals(s, done, said, pictures)
    _speech(s, done, said)
    _errands(s, items, said)
    _plays(s, said)
    return {"runs": tuple(run_id(days) for days in range(NIGHTS)), "sources": named, "alike": alike}


def _people(s: Session, said: Sequence[str]) -> None:
    for role in Role:
        if users.find(s, role.value) is None:
            users.create(s, role.value, PASSWORD, role)
    for number, text in enumerate(said):
        actor = audit.Actor(text[:200] or "nobody", None, "pages", "192.0.2.1")
        audit.note(s, actor, "item.forget", text[:500], {"why": text})
        if number % 10:
            continue
        s.add(SavedView(user_id=None, name=text[:200] or "view", query=f"kind=video&q={number}",
                        on_start=number < 30))  # fmt: skip
        try:
            users.create(s, text[:60], None, Role.VIEWER)
        except UsageError:  # no name, or the same as another
            continue
    tokens.create(s, said[0][:100], [Scope.READ], None)


def _runs(s: Session, done: Sequence[str], items: Sequence[str], said: Sequence[str]) -> None:
    now = clock.now()
    states = ("partial", "success", "success", "failed", "crashed", "stopped", "nothing_to_do")
    s.execute(insert(Run), [
        {"id": run_id(days), "flow": "nightly-shift", "status": states[days % len(states)],
         "started_at": now - timedelta(days=days, hours=6),
         "ended_at": now - timedelta(days=days, hours=2), "report": None, "left_over": days % 4,
         "reason": said[days % len(said)] if days % 3 == 0 else None,
         "left_out": {".txt": 3, said[days % len(said)][:20] or ".x": 2}, "source_id": None,
         "trigger": None, "metrics": None} for days in range(NIGHTS)
    ])  # fmt: skip
    outcomes = ("done", "done", "done_with_lacks", "waits_for_you", "failed", "quarantined",
                "deferred", "skipped")  # fmt: skip
    s.execute(insert(RunItem), [
        {"run_id": run_id(n % 3), "path": f"/media/{said[n % len(said)][:200]}/{n}.mp4",
         "item_id": item, "kind": "video", "outcome": outcomes[n % len(outcomes)],
         "reason": said[n % len(said)] if n % 4 else None, "step": "analyze_signal",
         "verdict": None, "score": None, "error": said[n % len(said)] if n % 8 in (4, 5) else None,
         "lacks": []} for n, item in enumerate(items[-300:])
    ])  # fmt: skip
    s.execute(insert(Execution), [
        plain(item, step, now - timedelta(hours=4)) | {"run_id": run_id(0), "duration_seconds": n}
        for n, item in enumerate(done[-40:]) for step in ("compress_video", "upload_thumbnails")
    ])  # fmt: skip
    s.execute(insert(Spending), [
        {"run_id": run_id(n % NIGHTS), "item_id": item, "step": "analyze_content",
         "engine": "gemini-2.5-flash", "status": "settled", "reserved_tokens": 10_000,
         "reserved_microusd": 9_000, "actual_tokens": 7_000, "actual_microusd": 4_000 + n,
         "created_at": now - timedelta(days=n % NIGHTS), "closed_at": now}
        for n, item in enumerate(done[-200:])
    ])  # fmt: skip


def _in_work(s: Session, chosen: Sequence[str], said: Sequence[str]) -> None:
    """A run that goes on, on another machine that will be heard of again in a month."""
    now, running = clock.now(), "feedfacecafe"
    s.add(Run(id=running, flow="nightly-shift", status="running",
              started_at=now - timedelta(minutes=7)))  # fmt: skip
    s.add(Worker(id="elsewhere", run_id=running, host=said[-1][:80] or "elsewhere", lock="/none",
                 alive_until=now + timedelta(days=30)))  # fmt: skip
    s.execute(update(Item).where(Item.id.in_(chosen)).values(claimed_by="elsewhere"))
    lanes = ("transcribe_audio", "compress_video", "analyze_content")
    s.execute(insert(Execution), [
        plain(item, step, now - timedelta(minutes=2))
        | {"run_id": running, "status": "running", "ended_at": None, "duration_seconds": None}
        for item, step in zip(chosen, lanes, strict=False)
    ])  # fmt: skip


def _sources(
    s: Session, items: Sequence[str], said: Sequence[str], folder: Path
) -> tuple[str, ...]:
    for number, (name, kind, place, pattern) in enumerate(_DEFINED):
        url = str(folder / place) if kind is SourceKind.FOLDER else place
        if kind is SourceKind.FOLDER:
            Path(url).mkdir(parents=True, exist_ok=True)
        row = sources.define(s, SourceDefinition(
            name=name, kind=kind, url=url, pattern=pattern,
            schedule="0 3 * * *" if number else None, vocabulary=said[number % len(said)][:200],
        ))  # fmt: skip
        s.flush()
        states = ("success", "failed", "discovered", "processing", "skipped")
        s.execute(insert(SourceFile), [
            {"source_id": row.id, "key": f"{n} {text[:300]}", "size_bytes": 10**6 * n, "etag": None,
             "modified_at": clock.now(), "status": states[n % 5], "item_id": items[n % len(items)],
             "error_class": "PermanentError" if n % 5 == 1 else None,
             "error": text if n % 5 == 1 else None} for n, text in enumerate(said)
        ])  # fmt: skip
        wrong = PermanentError(f"The folder is not there. {said[number % len(said)]}"[:1500])
        sources.note_looks(s, {row.location: 40 + number if number % 2 == 0 else wrong})
        if name == "Bucket":
            sources.pause(row, True)
    return tuple(name for name, *_ in _DEFINED)


def _publications(s: Session, done: Sequence[str], said: Sequence[str]) -> None:
    now = clock.now()
    s.execute(insert(PublicationRow), [
        {"item_id": item, "target": _TARGETS[n % 3], "kind": "video", "title": text or "untitled",
         "status": _STATES[n % 6], "due_at": now + timedelta(hours=n), "tries": n % 3,
         "address": f"https://pages.example/{n}" if n % 6 in (0, 4) else None,
         "error": text if n % 6 == 2 else None, "flaws": [text] if n % 12 == 0 else [],
         "forced": text if n % 5 == 0 else None, "made_by": text[:100],
         "published_at": now - timedelta(hours=n) if n % 6 == 0 else None}
        for n, (item, text) in enumerate(zip(done[:150], cycle(said), strict=False))
    ])  # fmt: skip


def _reviews(s: Session, done: Sequence[str], said: Sequence[str]) -> None:
    decisions = ("accept", "reject", "revise")
    s.execute(insert(ReviewRow), [
        {"item_id": item, "decision": decisions[n % 3], "reason": text, "changes": {},
         "snapshot": {"title": text, "text": text[:500]}, "former_status": "review",
         "made_by": text[:100], "made_at": clock.now() - timedelta(hours=n),
         "undone_at": clock.now() if n % 9 == 8 else None}
        for n, (item, text) in enumerate(zip(done[50:], said, strict=False))
    ])  # fmt: skip


def _alike(s: Session, chosen: Sequence[str], said: Sequence[str]) -> tuple[tuple[str, str], ...]:
    pairs = tuple(zip(chosen[::2], chosen[1::2], strict=False))
    for n, (one, other) in enumerate(pairs):
        match = NearDuplicate(item_id=other, score=0.99 - n / 100,
                              evidence=f"12 of 12 frames {said[n % len(said)]}"[:500])  # fmt: skip
        duplicates.link(s, NearDuplicates(item_id=one, matches=(match,)))
    third = NearDuplicate(item_id=pairs[1][0], score=0.8, evidence="9 of 12 frames")
    duplicates.link(s, NearDuplicates(item_id=pairs[0][0], matches=(third,)))
    duplicates.decide(s, *pairs[-1], "different")
    return pairs


def _works(s: Session, chosen: Sequence[str]) -> None:
    kinds = (WorkKind.LIVE_PHOTO, WorkKind.RAW_AND_JPEG, WorkKind.BURST, WorkKind.RECORDING)
    for kind, one, other in zip(kinds, chosen[::2], chosen[1::2], strict=False):
        works.link(s, one, {other: (kind, "the same name in a folder")})


def _visuals(
    s: Session, done: Sequence[str], said: Sequence[str], pictures: Sequence[Path]
) -> None:
    s.execute(insert(VisualRow), [
        {"item_id": item, "kind": "generated" if n % 2 else "title_card", "aspect": "16:9",
         "path": str(pictures[n % len(pictures)]),
         "sha256": hashlib.sha256(item.encode()).hexdigest(), "size_bytes": 90_000, "width": 1280,
         "height": 720, "engine": "comfyui", "by_model": bool(n % 2), "model": text[:80],
         "workflow": "text_to_image", "prompt": text, "seed": "15", "inputs": {"prompt": text},
         "warnings": [text] if n % 3 == 0 else []}
        for n, (item, text) in enumerate(zip(done[:30], said, strict=False))
    ])  # fmt: skip


def _speech(s: Session, done: Sequence[str], said: Sequence[str]) -> None:
    for n, (item, text) in enumerate(zip(done[60:], said[:40], strict=False)):
        listings.save(s, item, Listing(source="the feed", title=text, description=text))
        if n % 4 == 0:
            told = Segment(start_seconds=0, end_seconds=4, text=text or "–", speaker=text[:100])
            corrections.save(s, item, [told], text[:100])
        try:
            voices.name(s, item, 1, text[:100])
        except UsageError:  # no voice in it, or no name
            continue


def _errands(s: Session, items: Sequence[str], said: Sequence[str]) -> None:
    now = clock.now()
    refusals = list(Refusal)
    s.execute(insert(Address), [
        {"key": hashlib.sha256(f"address {n}".encode()).hexdigest(),
         "url": f"https://media.example/{n}", "title": text, "entry": None,
         "status": ("failed", "quarantined")[n % 2], "tries": n % 4,
         "error_class": "PermanentError", "failed_step": "fetch_media", "error": text,
         "refusal": refusals[n % len(refusals)].value}
        for n, text in enumerate(said[:20])
    ])  # fmt: skip
    states = ("queued", "running", "completed", "failed", "cancelled")
    s.execute(insert(JobRow), [
        {"id": f"{n:032x}", "flow_run_id": None, "active_key": None, "kind": "full-frames",
         "video_id": text[:200] or "video", "priority": "background", "status": states[n % 5],
         "parameters": {"videoPath": text}, "progress": n / 10, "error": text}
        for n, text in enumerate(said[:10])
    ])  # fmt: skip
    s.execute(insert(Upload), [
        {"id": f"{n:032x}", "owner": "somebody", "name": text[:200] or "file", "told": text,
         "size_bytes": 10**7, "landed": f"/media/{n}" if n % 2 else None,
         "item_id": items[n] if n % 2 else None, "expires_at": now + timedelta(days=1),
         "completed_at": now if n % 2 else None} for n, text in enumerate(said[:10])
    ])  # fmt: skip
    if len(said) > 1:
        flags.put(s, "paused", {"reason": said[0]})


def _plays(s: Session, said: Sequence[str]) -> None:
    now = clock.now()
    plays.add(s, [
        Play(account="me", service=Service.LASTFM, origin=Origin.API,
             played_at=now - timedelta(minutes=97 * n), track=said[n % len(said)][:300] or "track",
             artist=said[n % 30 % len(said)][:300] or "artist", album=said[n % len(said)][:300],
             ms_played=180_000) for n in range(600)
    ])  # fmt: skip


def titles(s: Session) -> list[str]:
    """The titles of all items, first added first."""
    return list(s.scalars(select(Item.title).order_by(Item.added_at)))

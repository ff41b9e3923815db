"""An item that waits for a decision, with all that a reviewer is shown, and a film that plays."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.unit.critic.test_decisions import waiting_item
from tests.unit.db.test_voices import executed
from utils.config import load_settings
from utils.db import approvals, review_queue
from utils.db.schema import Item
from utils.db.session import session
from utils.models.approval import (
    Approval,
    ApprovalStatus,
    Change,
    CriticScore,
    Critique,
    Evidence,
    Precedent,
)
from utils.models.house_rules import RuleBreach
from utils.models.rendition import Compression, Rendition, Thumbnail, Thumbnails
from utils.models.transcript import Segment, Transcript
from utils.models.verdict import Band, Criterion, Verdict

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


def judged_item(title: str = "Evening", text: str = "good evening", **facts: Any) -> str:
    """An item of one minute that rules and critic are not sure of; ``text`` is in every part."""
    item_id = waiting_item(title, duration_seconds=60.0, language="en", **facts)
    change = Change(words=f"hear more: {text}", options={"transcription.model": "small"})
    executed(item_id, "judge_quality", Verdict(band=Band.REVISE, score=0.6, criteria=(
        Criterion(name="loudness", score=0.4, weight=1, reason=f"quiet: {text}"),
        Criterion(name="decodes", score=1.0, weight=3, reason="all of it"),
    )))  # fmt: skip
    executed(item_id, "transcribe_audio", Transcript(engine="whisper", segments=(
        Segment(start_seconds=0.0, end_seconds=1.0, text="Hello."),
        Segment(start_seconds=2.0, end_seconds=3.0, text=f"And {text}!"),
    )))  # fmt: skip
    executed(item_id, "critique_content", Critique(
        engine="openai test", score=0.5, readings=(0.4, 0.6), notes=(f"note {text}",),
        criteria=(
            CriticScore(name="clarity", score=0.4, reason=f"mumbled {text}", evidence=(
                Evidence(quote=text), Evidence(start_seconds=1.0),
            )),
            CriticScore(name="culture", score=0.9, reason="made up", counts=False),
        ),
        precedents=(Precedent(review_id=1, item_id="a" * 64, title=f"Old {text}",
                              decision="reject", reason="too quiet", similarity=0.91),),
    ))  # fmt: skip
    found = Approval(
        item_id=item_id, status=ApprovalStatus.REVIEW, score=0.61, band=Band.REVISE, by="critic",
        reason=f"score 0.61: {text}", changes=(change, Change(words="cut the intro")),
        breaches=(RuleBreach(rule="no adverts", reason=f"names {text}", start_seconds=2.5),),
    )  # fmt: skip
    executed(item_id, "decide_approval", found)
    with session() as s:
        approvals.note(s, found)
    return item_id


def with_film(item_id: str, film: Path, still: Path) -> None:
    """Give it a rendition and a still, which lie in the home as a run leaves them."""
    folder = load_settings().home / "items" / item_id
    folder.mkdir(parents=True)
    made, picture = folder / "film.mp4", folder / "still.jpg"
    shutil.copy(film, made)
    shutil.copy(still, picture)
    size = made.stat().st_size
    executed(item_id, "compress_video", Compression(
        source_bytes=size, encoded_bytes=size, reason="smaller",
        rendition=Rendition(path=made, kind="web", codec="h264", size_bytes=size),
    ))  # fmt: skip
    taken = Thumbnail(path=picture, time_seconds=2.0, width=800, height=600)
    executed(item_id, "generate_thumbnails", Thumbnails(images=(taken,)))


def stand_of(item_id: str) -> str:
    """How it stands, as the form of a decision says what was looked at."""
    with session() as s:
        return review_queue.stand(s, s.get_one(Item, item_id))

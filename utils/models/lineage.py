"""What is made of an item, of what, by which step: Prefect's assets and ``nightshift lineage``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from utils.models.analysis import Analysis
from utils.models.base import Frozen
from utils.models.embedding import EmbeddingReport
from utils.models.publication import Publication
from utils.models.record import ItemRecord
from utils.models.rendition import COMPRESSIONS, Compression, Rendition, Thumbnails
from utils.models.speakers import Speakers
from utils.models.subtitles import SubtitleFiles
from utils.models.transcript import Transcript
from utils.models.video_analysis import VideoAnalysis
from utils.privacy.redaction import shown

# Prefect takes a key of at most 512 characters, without these.
_LONGEST = 480
_NOT_IN_KEYS = re.compile(r"[\s\0#?&%\"'<>\[\]{}|\\^`]")
_SCHEME = re.compile(r"[a-z0-9]+://")


class Product(NamedTuple):
    """Something that steps make of an item.

    ``made_of`` names other products, those that there are; of none it is made of the item itself.
    Without ``needs``, a field of the step's result, nothing was made.
    """

    what: str
    steps: tuple[str, ...]
    result: type[BaseModel]
    made_of: tuple[str, ...] = ()
    needs: str | None = None


PRODUCTS = (
    Product("pictures", ("generate_thumbnails",), Thumbnails, needs="images"),
    Product("transcript", ("transcribe_audio",), Transcript, needs="segments"),
    Product("speakers", ("identify_speakers",), Speakers),
    Product("analysis", ("analyze_content",), Analysis, ("transcript",)),
    Product("proxy", ("make_proxy",), Rendition),
    Product("video-analysis", ("ai_video_analysis",), VideoAnalysis, ("proxy", "pictures")),
    Product("rendition", COMPRESSIONS, Compression, needs="rendition"),
    Product("record", ("store_item",), ItemRecord,
            ("transcript", "speakers", "analysis", "video-analysis", "pictures")),
    Product("index", ("generate_embeddings",), EmbeddingReport, ("record",), "passage_count"),
    Product("subtitles", ("write_subtitles",), SubtitleFiles, ("transcript",), "files"),
    Product("publication", ("upload_thumbnails",), Publication, ("pictures",), "files"),
)  # fmt: skip
OF_STEP = {step: product for product in PRODUCTS for step in product.steps}


class Made(Frozen):
    """One thing in the way of an item, from where it was found to what became of it.

    ``key`` is its own in Prefect too; ``made_from`` are keys. ``files`` are paths, or addresses
    without secrets, ``not_here`` those that this machine has not; ``step``, ``version``, ``run_id``
    and ``seconds`` say how it was made, ``detail`` what else there is to say. None is unknown, or
    does not apply.
    """

    key: str
    what: str
    name: str
    made_from: tuple[str, ...] = ()
    made_at: datetime | None = None
    step: str | None = None
    version: int | None = None
    run_id: str | None = None
    seconds: float | None = None
    files: tuple[str, ...] = ()
    not_here: tuple[str, ...] = ()
    size_bytes: int | None = None
    detail: str | None = None


def item_key(item_id: str, what: str | None = None) -> str:
    """The key of an item, or of something made of it."""
    return f"nightshift://item/{item_id}" + (f"/{what}" if what else "")


def place_key(place: str | Path) -> str:
    """The key of a path or an address: itself without secrets, in characters that Prefect takes.

    Where one had to be changed, or it was cut, a hash keeps two places apart.
    """
    known = str(place).rstrip("/")
    text = shown(f"file://{known}" if known.startswith("/") else known)
    if not _SCHEME.match(text):
        text = f"nightshift://place/{text}"
    fit = _NOT_IN_KEYS.sub("_", text)[:_LONGEST]
    if fit == text:
        return fit
    return f"{fit}~{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:12]}"


def is_made(product: Product, result: BaseModel) -> bool:
    """True if a step's result is not that there was nothing to make."""
    return product.needs is None or bool(getattr(result, product.needs))


def files_of(result: BaseModel) -> Iterator[str]:
    """Where the files of a result lie: paths, and addresses without secrets."""
    if isinstance(result, Publication):
        yield from (shown(file.url) for file in result.files)
    elif isinstance(result, SubtitleFiles):
        yield from (file.path for file in result.files)
    elif isinstance(result, Compression):
        yield from files_of(result.rendition) if result.rendition else ()
    elif isinstance(result, Rendition):
        yield str(result.path)
    elif isinstance(result, Thumbnails):
        yield from (str(one.path) for one in result.images)
        drawn = (result.contact_sheet, result.waveform, result.spectrogram)
        yield from (str(path) for path in drawn if path)

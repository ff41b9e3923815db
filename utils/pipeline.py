"""The steps of an item: one table, from which tasks, plans, limits and documents follow.

A step's version is part of its key: raise it when its result changes for the same input.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from utils.models.item import MediaKind
from utils.models.options import PipelineOptions
from utils.models.probe import ContainerProbe

VIDEO, AUDIO, IMAGE = MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.IMAGE


class Step(NamedTuple):
    """One atomic piece of work: ``needs`` are steps without which it makes no sense."""

    name: str
    group: str
    lane: str
    says: str
    version: int = 1
    retries: int = 2
    kinds: frozenset[MediaKind] = frozenset(MediaKind)
    needs: tuple[str, ...] = ()
    optional: bool = True


STEPS: tuple[Step, ...] = (
    Step("generate_checksum", "extraction", "probe", "reading the file", optional=False),
    Step("check_duplicate", "extraction", "database", "looking for duplicates"),
    Step("extract_ffprobe", "extraction", "probe", "probing the container", optional=False),
    Step("extract_mediainfo", "extraction", "probe", "asking MediaInfo"),
    Step("analyze_signal", "analysis", "decode", "decoding all of it", optional=False),
    Step(
        "transcribe_audio", "analysis", "transcribe", "listening", kinds=frozenset({VIDEO, AUDIO})
    ),
    Step("analyze_content", "analysis", "ai", "understanding", needs=("transcribe_audio",),
         retries=4, kinds=frozenset({VIDEO, AUDIO})),
    Step("generate_thumbnails", "analysis", "decode", "taking stills"),
    Step("judge_quality", "processing", "probe", "judging"),
    Step("compress_media", "processing", "compress", "compressing",
         kinds=frozenset({VIDEO, AUDIO})),
    Step("generate_embeddings", "storage", "embed", "making it findable",
         needs=("transcribe_audio",), kinds=frozenset({VIDEO, AUDIO})),
    Step("store_item", "storage", "database", "storing", retries=4, optional=False),
)  # fmt: skip

# Work that belongs to no item yet.
FETCH = Step("fetch_media", "ingestion", "download", "downloading", optional=False)

BY_NAME: dict[str, Step] = {step.name: step for step in (*STEPS, FETCH)}


def why_not(step: str, probe: ContainerProbe, options: PipelineOptions) -> str | None:
    """Why ``step`` does not apply to an item with this ``probe``; None if it does."""
    row = BY_NAME[step]
    if row.optional and step in options.skip:
        return "switched off"
    if probe.kind not in row.kinds:
        return f"makes no sense for {probe.kind.value}"
    if step == "transcribe_audio" and not probe.audio:
        return "has no sound"
    if step == "compress_media" and not options.compression.enabled:
        return "compression is switched off"
    for need in row.needs:
        if (reason := why_not(need, probe, options)) is not None:
            return f"needs {need}, which {reason}"
    return None


def pipeline_key(options: PipelineOptions, engines: str) -> str:
    """One hash of all that decides an item's results but the item: versions and options.

    An item that is done under this key has nothing to do; no step needs to be asked.

    Args:
        options: What the person chose.
        engines: The engines that the options resolve to on this machine.
    """
    versions = ",".join(f"{step.name}:{step.version}" for step in STEPS)
    text = "\n".join((versions, options.model_dump_json(), engines))
    return hashlib.sha256(text.encode()).hexdigest()

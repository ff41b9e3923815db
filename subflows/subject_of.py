"""What is judged of an item: its facts put together, and all that is read of it."""

from __future__ import annotations

from subflows.analysis import Findings
from subflows.extraction import Extraction
from tasks.context import RunContext
from tasks.extraction import consolidate_metadata
from utils.critic import labels
from utils.models.approval import Subject
from utils.models.metadata import Metadata
from utils.models.tool_reports import ToolReports


def consolidated(context: RunContext, facts: Extraction, findings: Findings) -> Metadata | None:
    """What the tools and the analysis say together."""
    return consolidate_metadata(context, facts.item, _reports(facts, findings))


def of(facts: Extraction, findings: Findings, source: str | None) -> Subject:
    """What is read of the item."""
    said, seen = findings.transcript, findings.video
    return Subject(
        title=facts.item.title,
        kind=facts.probe.kind.value,
        source=source,
        duration_seconds=findings.signal.decoded_seconds if findings.signal else None,
        language=said.language if said else None,
        segments=said.segments if said else (),
        understanding=findings.analysis.understanding if findings.analysis else None,
        video_summary=seen.summary if seen else None,
        content_warnings=seen.content_warnings if seen else (),
        texts=tuple(text.text for text in (findings.texts.texts if findings.texts else ())),
        labels=labels.of(
            facts.item.title, findings.metadata, facts.item.listing, facts.ffprobe, seen
        ),
    )


def _reports(facts: Extraction, findings: Findings) -> ToolReports:
    return ToolReports(
        ffprobe=facts.ffprobe,
        mediainfo=facts.mediainfo,
        exif=facts.exif,
        camera=facts.camera,
        codec=facts.codec,
        hdr=facts.hdr,
        audio_tracks=facts.audio_tracks,
        subtitle_tracks=facts.subtitle_tracks,
        focal_length=findings.focal_length,
        sidecars=facts.sidecars,
        signal=findings.signal,
    )

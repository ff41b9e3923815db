"""The sounds and subtitles of an item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from utils.metadata import streams
from utils.metadata import tags as look
from utils.metadata.languages import normal
from utils.models.metadata import AudioTrack, AudioTracks, SubtitleTrack, SubtitleTracks
from utils.models.probe import FfprobeReport, MediaInfoReport, Sidecar

_FORMATS = {"subrip": "srt", "mov_text": "tx3g", "hdmv_pgs_subtitle": "pgs", "webvtt": "vtt",
            "dvd_subtitle": "vobsub", "dvb_subtitle": "dvb"}  # fmt: skip
# Not "hi" for hearing impaired: that is Hindi.
_FLAGS = {"default", "forced", "sdh", "cc"}
_COMMENTARY = re.compile(r"comment|kommentar", re.IGNORECASE)


def audio(ffprobe: FfprobeReport | None, mediainfo: MediaInfoReport | None) -> AudioTracks:
    """The sounds, in the file's order; MediaInfo's facts join where both count as many."""
    found = streams.of_kind(ffprobe, "audio")
    said = streams.tracks(mediainfo, "Audio")
    if ffprobe is None:
        return AudioTracks(tracks=tuple(_audio({"index": i}, t) for i, t in enumerate(said)))
    paired = said if len(said) == len(found) else [{}] * len(found)
    return AudioTracks(tracks=tuple(map(_audio, found, paired)))


def subtitles(ffprobe: FfprobeReport | None, sidecars: Sequence[Sidecar] = ()) -> SubtitleTracks:
    """Embedded subtitles and those of files beside the item (``sidecars.beside``)."""
    embedded = [_subtitle(stream) for stream in streams.of_kind(ffprobe, "subtitle")]
    beside = [_sidecar(file) for file in sidecars if file.kind == "subtitle"]
    return SubtitleTracks(tracks=(*embedded, *beside))


def _audio(stream: dict[str, Any], track: dict[str, Any]) -> AudioTrack:
    tags, flags = _tags(stream), stream.get("disposition", {})
    title = tags.get("title") or streams.word(track.get("title"))
    milliseconds = look.number(track.get("duration"))
    return AudioTrack(
        index=stream["index"],
        codec=streams.word(stream.get("codec_name")) or str(track.get("format") or "unknown"),
        profile=streams.word(stream.get("profile")),
        channels=look.above_zero(stream.get("channels")) or look.above_zero(track.get("channel_s")),
        layout=streams.word(stream.get("channel_layout"))
        or streams.word(track.get("channel_layout")),
        sample_rate=look.above_zero(stream.get("sample_rate"))
        or look.above_zero(track.get("sampling_rate")),
        bit_depth=look.above_zero(track.get("bit_depth"))
        or look.above_zero(stream.get("bits_per_raw_sample"))
        or look.above_zero(stream.get("bits_per_sample")),
        bit_rate=look.above_zero(stream.get("bit_rate")) or look.above_zero(track.get("bit_rate")),
        language=normal(tags.get("language")) or normal(track.get("language")),
        title=title,
        duration_seconds=streams.length_seconds(stream)
        or (milliseconds / 1000 if milliseconds else None),
        is_default=_flag(flags, "default") or track.get("default") == "Yes",
        is_commentary=_flag(flags, "comment") or bool(_COMMENTARY.search(title or "")),
        is_for_visually_impaired=_flag(flags, "visual_impaired"),
    )


def _subtitle(stream: dict[str, Any]) -> SubtitleTrack:
    tags, flags = _tags(stream), stream.get("disposition", {})
    codec = streams.word(stream.get("codec_name"))
    return SubtitleTrack(
        format=_FORMATS.get(codec or "", codec or "unknown"),
        codec=codec,
        language=normal(tags.get("language")),
        title=tags.get("title"),
        index=stream["index"],
        is_embedded=True,
        is_default=_flag(flags, "default"),
        is_forced=_flag(flags, "forced"),
        is_for_hearing_impaired=_flag(flags, "hearing_impaired") or _flag(flags, "captions"),
    )


def _sidecar(file: Sidecar) -> SubtitleTrack:
    """By its name: ``film.pt-BR.forced.srt``."""
    flags = set(file.marks) & _FLAGS
    named = [normal(mark) for mark in reversed(file.marks) if mark not in _FLAGS]
    return SubtitleTrack(
        format=PurePath(file.name).suffix[1:].lower(),
        language=next((language for language in named if language), None),
        file_name=file.name,
        is_embedded=False,
        is_default="default" in flags,
        is_forced="forced" in flags,
        is_for_hearing_impaired=bool(flags & {"sdh", "cc"}),
    )


def _tags(stream: dict[str, Any]) -> dict[str, str]:
    """Tags under lower-case names, where Matroska writes DURATION and MP4 language."""
    return {str(name).lower(): str(value) for name, value in stream.get("tags", {}).items()}


def _flag(flags: dict[str, Any], name: str) -> bool:
    return bool(flags.get(name))

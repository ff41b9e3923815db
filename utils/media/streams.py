"""All streams of a file, as an encode needs to know them: what to keep, copy, or name as lost."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from utils.media import tools
from utils.media.imaging import filters
from utils.media.probing import ffprobe
from utils.metadata.streams import word
from utils.processes import child_process

# Formats of more than 8 bits by name: yuv420p10le, p010le, gray16be, rgb48le, gbrpf32le.
_DEEP = re.compile(r"(9|1[0-6]|20|32|48|64)(le|be)$")
_DYNAMIC_RANGE = (
    "Mastering display",
    "Content light level",
    "HDR Dynamic Metadata",
    "Dolby Vision",
)


class Stream(NamedTuple):
    """One stream and its number in the file; None means that ffprobe did not say.

    ``encoding`` is that of a subtitle's text where it is not UTF-8.
    """

    number: int
    type: str
    codec: str
    tag: str = ""
    is_cover: bool = False
    title: str | None = None
    language: str | None = None
    timecode: str | None = None
    bit_rate: int | None = None
    channels: int | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    pixel_format: str | None = None
    transfer: str | None = None
    primaries: str | None = None
    matrix: str | None = None
    has_hidden_alpha: bool = False
    is_interlaced: bool = False
    dolby_vision_profile: int | None = None
    encoding: str | None = None

    @property
    def is_deep(self) -> bool:
        """More than 8 bits a sample."""
        return bool(_DEEP.search(self.pixel_format or ""))

    @property
    def is_hdr(self) -> bool:
        """PQ or HLG."""
        return self.transfer in filters.HDR


class Layout(NamedTuple):
    """Every stream of a file in order, and what else an encode must keep."""

    streams: tuple[Stream, ...]
    chapter_count: int = 0

    def of(self, kind: str) -> tuple[Stream, ...]:
        """The streams of a type: video (without covers), audio, subtitle, attachment, data."""
        return tuple(s for s in self.streams if s.type == kind and not s.is_cover)

    @property
    def covers(self) -> tuple[Stream, ...]:
        """Attached pictures."""
        return tuple(s for s in self.streams if s.is_cover)


def read(path: Path) -> Layout:
    """The layout of ``path``."""
    return parse(json.loads(child_process.run(ffprobe.command(path), path).stdout))


def parse(printed: dict[str, Any]) -> Layout:
    """Make a layout of what ffprobe printed (``-show_streams -show_chapters``)."""
    chapters = len(printed.get("chapters", []))
    streams = [_stream(s) for s in printed.get("streams", [])]
    if chapters:  # QuickTime keeps them in a text track, which ffprobe lists as data
        streams = [s for s in streams if (s.type, s.tag) != ("data", "text")]
    return Layout(streams=tuple(streams), chapter_count=chapters)


def dynamic_range(path: Path) -> frozenset[str]:
    """What stands beside the picture: mastering display, light level, HDR10+, Dolby Vision.

    Names as ffprobe has them, of the container and of the first frame. (Of AV1 its build
    shows what the container holds: it has no decoder for the frames.)
    """
    finished = child_process.run(
        [
            tools.find("ffprobe"),
            *("-v", "quiet", "-read_intervals", "%+#1", "-select_streams", "V:0"),
            *("-show_entries", "frame_side_data=side_data_type:stream_side_data=side_data_type"),
            *("-of", "json"),
            *tools.input_arguments(path),
        ],
        path,
    )
    printed = json.loads(finished.stdout or "{}")
    workers = [*printed.get("frames", []), *printed.get("streams", [])]
    sides = (side for worker in workers for side in worker.get("side_data_list", []))
    names = (str(side.get("side_data_type", "")) for side in sides)
    return frozenset(name for name in names if name.startswith(_DYNAMIC_RANGE))


def _stream(printed: dict[str, Any]) -> Stream:
    tags = {name.lower(): value for name, value in printed.get("tags", {}).items()}
    dolby = [s["dv_profile"] for s in printed.get("side_data_list", []) if "dv_profile" in s]
    cover = printed.get("disposition", {}).get("attached_pic") == 1
    return Stream(
        number=printed["index"],
        type=printed.get("codec_type", "data"),
        codec="unknown" if _never_came(printed) else printed.get("codec_name", "unknown"),
        tag=printed.get("codec_tag_string", ""),
        is_cover=cover and printed.get("codec_type") == "video",
        title=tags.get("title") or tags.get("name"),  # QuickTime's is called name
        language=tags.get("language"),
        timecode=tags.get("timecode"),
        bit_rate=int(rate) if (rate := str(printed.get("bit_rate"))).isdecimal() else None,
        channels=printed.get("channels"),
        width=printed.get("width") or None,
        height=printed.get("height") or None,
        frame_rate=ffprobe.frame_rate(printed),
        pixel_format=printed.get("pix_fmt"),
        transfer=word(printed.get("color_transfer")),
        primaries=word(printed.get("color_primaries")),
        matrix=word(printed.get("color_space")),
        has_hidden_alpha=tags.get("alpha_mode") == "1",  # VP8 and VP9 keep it beside the picture
        is_interlaced=printed.get("field_order", "progressive") in {"tt", "bb", "tb", "bt"},
        dolby_vision_profile=dolby[0] if dolby else None,
    )


def _never_came(printed: dict[str, Any]) -> bool:
    """A sound that is declared, and of which no packet was seen."""
    return printed.get("codec_type") == "audio" and printed.get("channels") == 0

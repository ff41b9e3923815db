"""What ffmpeg's messages say of a file: faults of its picture or sound, and odd times.

A message names who sent it (``-loglevel level``): ``[vist#0:0/h264 @ 0x5a] [dec:h264 @ 0x5b]
[warning] corrupt decoded frame``. Only those of demuxers and decoders are about the file; those of
muxers, encoders, filters and bitstream filters are about what we do with it, and those of readers
of Exif, ICC and ID3, which come under the name of a decoder or demuxer, about neither picture nor
sound.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

# Numbers as C prints them. "N/A" and the like match none, and stay unknown.
FINITE = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
NUMBER = rf"(?:{FINITE}|[-+]?inf|[-+]?nan)"

_MESSAGE = re.compile(
    r"^(?P<senders>(?:\[[^\]]+ @ 0x[0-9a-f]+\] )*)"
    r"\[(?P<level>warning|error|fatal|panic)\] (?P<text>.+)"
)
_SENDER = re.compile(r"\[([^\]]+) @ 0x[0-9a-f]+\]")
# From here on what is decoded is decoded in full; what a decoder says before, it says again.
_BEGIN = re.compile(r"^\[info\] Stream mapping:$", re.MULTILINE)
_NO_SOURCE = re.compile(
    # The ends of ffmpeg itself: outputs, their encoders, graphs of filters.
    r"(?:out#|vost#|aost#|enc:|vf#|af#|fc#|graph|auto_|Parsed_|AVFilterGraph|AVIOContext"
    # Muxers, encoders and scalers of the analysis.
    r"|[^ ]*/?null$|image2$|wrapped_avframe$|ppm$|swscaler|SWR|SwrContext|scale|zscale|setparams"
    # Filters that go by their own name.
    r"|(?:black|freeze|silence)detect|scdet|ebur128|astats|select|split|overlay|drawbox|tonemap"
    # Bitstream filters, which ffmpeg puts in on its own.
    r"|setts|\w+_mp4toannexb|\w+_metadata|\w+_merge|\w*extradata|aac_adtstoasc|vp9_superframe"
    r"|vp9_raw_reorder|av1_frame_(?:split|merge)|mpeg4_unpack_bframes|dts2pts|noise$)"
)
_OF_METADATA = re.compile(
    r"\b(?:exif|ifd|icc|iccp|xmp|iptc|makernote|id3(?:v\d)?|apic|metadata|attached picture"
    r"|chapters?|cover)\b|incorrect BOM|error reading (?:frame|lyrics|comment)",
    re.IGNORECASE,
)
_OF_TIME = re.compile(
    r"non.monoton\w* |timestamp discontinuity|DTS .*out of order|invalid timestamps|pts.*< *dts"
    r"|timestamps? (?:are|is) unset|first pts.*after",
    re.IGNORECASE,
)


class Messages(NamedTuple):
    """``errors``: faults of picture or sound, in order; ``odd_times``: timestamps complained of."""

    errors: tuple[str, ...]
    odd_times: int


def read(log: str, demuxers: Collection[str] = ()) -> Messages:
    """What a log of ``-loglevel repeat+level+info`` says.

    Args:
        log: ffmpeg's stderr.
        demuxers: Names of the file's format: what a demuxer says while it opens the file counts,
            as it reads those packets once.
    """
    begin = _BEGIN.search(log)
    before, after = (log[: begin.start()], log[begin.start() :]) if begin else ("", log)
    opening = [m for m in _messages(before.splitlines()) if _is_of(m[0], demuxers)]
    said = [*opening, *_messages(after.splitlines())]
    times = [text for _, _, text in said if _OF_TIME.search(text)]
    return Messages(
        errors=tuple(
            text
            for senders, level, text in said
            if _is_fault(senders, level, text) and not _OF_TIME.search(text)
        ),
        odd_times=len(times),
    )


def _messages(lines: Iterable[str]) -> Iterator[tuple[list[str], str, str]]:
    for line in lines:
        if match := _MESSAGE.match(line):
            yield _SENDER.findall(match["senders"]), match["level"], match["text"]


def _is_of(senders: list[str], demuxers: Collection[str]) -> bool:
    names = {name for sender in senders for name in sender.split("/")[-1].split(",")}
    return bool(names & set(demuxers))


def _is_fault(senders: list[str], level: str, text: str) -> bool:
    if any(_NO_SOURCE.match(sender) for sender in senders) or _OF_METADATA.search(text):
        return False
    if level == "warning":  # the one word of a decoder that is graver than it sounds
        return bool(senders) and text.startswith("corrupt ")
    return True

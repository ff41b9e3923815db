"""The text of subtitles: in which encoding each stream is stored, and how many cues there are.

ffmpeg takes the text for UTF-8, and drops a cue that is not without a word in its exit code.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from utils.errors import PermanentError
from utils.media import tools
from utils.media.streams import Layout, Stream
from utils.metadata import text_encoding
from utils.processes import child_process
from utils.storage import scratch

# Stored as they are; others (MP4's own, bitmaps, captions) name their encoding or have none.
_PLAIN = {"subrip", "ass", "ssa", "webvtt", "text", "microdvd", "subviewer", "mpl2"}
_MP4_EMPTY_BYTES = 2  # a gap between cues
_SEEN_SECONDS = 0.02  # MP4 shows one cue at a time: of two at once the first lasts a microsecond


def with_encodings(path: Path, layout: Layout) -> Layout:
    """The layout with the guessed encoding of each subtitle stream whose text is not UTF-8."""
    plain = [s for s in layout.of("subtitle") if s.codec in _PLAIN]
    texts = _stored(path, plain)
    found = {s.number: text_encoding.of(texts.get(s.number, b""), s.language) for s in plain}
    return layout._replace(
        streams=tuple(s._replace(encoding=found.get(s.number)) for s in layout.streams)
    )


def cues(path: Path) -> dict[int, int]:
    """How many cues each subtitle stream shows, by its number; of bitmaps all changes count."""
    finished = child_process.run(
        [
            tools.find("ffprobe"),
            *("-v", "error", "-select_streams", "s", "-of", "csv=p=0"),
            *("-show_entries", "packet=stream_index,duration_time,size:stream=index,codec_name"),
            *tools.input_arguments(path),
        ],
        path,
    )
    rows = [line.split(",") for line in finished.stdout.splitlines()]
    codecs = {int(row[0]): row[1] for row in rows if len(row) == 2 and row[0].isdecimal()}
    shown = dict.fromkeys(codecs, 0)
    for row in rows:
        if len(row) == 3 and row[0].isdecimal() and int(row[0]) in shown:
            shown[int(row[0])] += _is_cue(codecs[int(row[0])], row[1], row[2])
    return shown


def _is_cue(codec: str, duration: str, size: str) -> bool:
    if not size.isdecimal() or int(size) <= (_MP4_EMPTY_BYTES if codec == "mov_text" else 0):
        return False
    try:
        return codec != "mov_text" or float(duration) >= _SEEN_SECONDS
    except ValueError:  # N/A
        return True


def _stored(path: Path, streams: Sequence[Stream]) -> dict[int, bytes]:
    """The text of each stream as it lies in the file, without its times; all in one reading."""
    if not streams:
        return {}
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as folder:
        targets = {stream.number: Path(folder) / str(stream.number) for stream in streams}
        try:
            child_process.run(
                [
                    *(tools.find("ffmpeg"), "-hide_banner", "-nostdin", "-v", "error"),
                    *tools.input_arguments(path),
                    *(
                        part
                        for number, target in targets.items()
                        for part in ("-map", f"0:{number}", "-c", "copy", "-f", "data", str(target))
                    ),
                ],
                path,
            )
        except PermanentError:  # an empty or broken stream: what is lost of it is counted
            return {}
        return {n: target.read_bytes() for n, target in targets.items() if target.exists()}

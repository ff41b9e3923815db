"""The text of subtitles: in which encoding it is stored, and how many cues there are.

ffmpeg takes the text for UTF-8, and drops a cue that is not without a word in its exit code.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from utils.errors import PermanentError
from utils.media import tools
from utils.media.streams import Layout, Stream
from utils.metadata.languages import normal
from utils.processes import child_process
from utils.storage import scratch

# Stored as they are; others (MP4's own, bitmaps, captions) name their encoding or have none.
_PLAIN = {"subrip", "ass", "ssa", "webvtt", "text", "microdvd", "subviewer", "mpl2"}
# What the languages of the world were written in before UTF-8; Western Europe where none is named.
_BY_LANGUAGE = {
    "cp1250": "pl cs sk hu sl hr bs ro sq", "cp1251": "ru uk be bg sr mk kk", "cp1253": "el",
    "cp1254": "tr az", "cp1255": "he", "cp1256": "ar fa ur", "cp1257": "et lv lt",
    "cp1258": "vi", "cp932": "ja", "gb18030": "zh", "cp949": "ko", "cp874": "th",
    "cp1252": "de en fr es it pt nl sv da no fi is ca",
}  # fmt: skip
_CANDIDATES = [*_BY_LANGUAGE, "koi8_r", "big5", "cp866"]
_WESTERN = set("äöüßÄÖÜéèêëàâáãåæçñíìîïóòôõøœúùûÿÉÈÊÀÂÁÅÆÇÑÍÓÔØŒÚÙ¿¡«»’‘“”„–—…°€£§ºª·")
_MOST_WESTERN_SHARE = 0.4  # of letters: those of Cyrillic in bytes are accented letters too
_MP4_EMPTY_BYTES = 2  # a gap between cues
_SEEN_SECONDS = 0.02  # MP4 shows one cue at a time: of two at once the first lasts a microsecond


def with_encodings(path: Path, layout: Layout) -> Layout:
    """The layout with the guessed encoding of each subtitle stream whose text is not UTF-8."""
    plain = [s for s in layout.of("subtitle") if s.codec in _PLAIN]
    texts = _stored(path, plain)
    found = {s.number: encoding(texts.get(s.number, b""), s.language) for s in plain}
    return layout._replace(
        streams=tuple(s._replace(encoding=found.get(s.number)) for s in layout.streams)
    )


def encoding(text: bytes, language: str | None = None) -> str | None:
    """The encoding of a text that is not UTF-8, by its language, else by its letters."""
    if _decoded(text, "utf-8") is not None:
        return None
    two_letters = normal(language)
    for name, languages in _BY_LANGUAGE.items():
        if two_letters in languages.split() and _decoded(text, name) is not None:
            return name
    if _is_western(text):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(text, cp_isolation=_CANDIDATES).best()
    return (best.encoding if best else "cp1252").replace("_", "-")


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


def _is_western(text: bytes) -> bool:
    decoded = _decoded(text, "cp1252")
    if decoded is None:
        return False
    letters = [letter for letter in decoded if letter.isalpha()]
    strange = [letter for letter in decoded if ord(letter) > 127]
    few = len(strange) <= _MOST_WESTERN_SHARE * max(1, len(letters))
    return few and set(strange) <= _WESTERN


def _decoded(text: bytes, name: str) -> str | None:
    try:
        return text.decode(name)
    except UnicodeDecodeError:
        return None

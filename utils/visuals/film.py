"""Words, a still ground and a sound become an MP4.

The ground stands still, so that the encode costs little: what moves is drawn by libass.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from utils.errors import PermanentError
from utils.media import tools
from utils.media.encoding import verify
from utils.media.imaging import filters
from utils.media.probing import ffprobe
from utils.models.probe import AudioStream
from utils.processes import child_process
from utils.storage import scratch
from utils.visuals import font_choice

if TYPE_CHECKING:
    from PIL.Image import Image

FPS = 25
AUDIO_KBPS = 192
_FADE_SECONDS = 0.6
_ENCODED = 0.85  # of the whole work, for its progress; the rest is its decode
_OFF_SECONDS = 0.1  # how far the film's length may be from the song's
_CRF, _PRESET = 21, "veryfast"
_BT709 = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
_CARD_COLOURS = "scale=out_color_matrix=bt709:out_range=limited,format=yuva420p"


class Film(NamedTuple):
    """What is filmed.

    ``is_copied``: the sound goes into it as it is; else it is encoded, with silence to the end.
    ``texts``: all that ``script`` shows, for its fonts; ``opens_at``: when the title card is gone
    (0: there is none), ``ends_at``: when it comes again (the end: it does not).
    """

    path: Path
    sound: AudioStream
    is_copied: bool
    seconds: float
    ground: Image
    card: Image
    script: str
    texts: tuple[str, ...]
    opens_at: float
    ends_at: float
    title: str
    artist: str


def encode(film: Film, target: Path, hear: Callable[[float], None]) -> None:
    """Write the film, and decode it: it is as long as the song.

    Raises:
        PermanentError: ffmpeg failed, or what it wrote has another length.
    """
    with tempfile.TemporaryDirectory(dir=scratch.folder()) as place:
        folder = Path(place)
        film.ground.save(folder / "ground.png", compress_level=1)
        film.card.save(folder / "card.png", compress_level=1)
        (folder / "words.ass").write_text(film.script, encoding="utf-8")
        _link_fonts(film.texts, folder / "fonts")
        encoding = child_process.share_of(film.seconds, lambda share: hear(_ENCODED * share))
        child_process.run(_command(film, folder, target), film.path, encoding)
    _demand_whole(target, film.seconds)


def _link_fonts(texts: tuple[str, ...], folder: Path) -> None:
    """A folder of the fonts that these texts need: libass reads all that lie in one."""
    folder.mkdir()
    used = {face.path for text in texts for face in font_choice.used(text)}
    for number, path in enumerate(sorted({*used, *_always()})):
        (folder / f"{number}{path.suffix}").symlink_to(path)


def _always() -> Iterator[Path]:
    for weight in ("Regular", "Bold"):
        yield font_choice.VENDORED / f"NotoSans-{weight}.ttf"


def _command(film: Film, folder: Path, target: Path) -> list[str]:
    sound = ("copy",) if film.is_copied else ("aac", "-b:a", f"{AUDIO_KBPS}k", *_padded(film))
    return [
        *(str(tools.find("ffmpeg")), "-hide_banner", "-nostdin", "-v", "error", "-y"),
        *("-progress", "pipe:1", "-stats_period", "1"),
        *("-i", str(folder / "ground.png"), "-i", str(folder / "card.png")),
        *tools.input_arguments(film.path),
        *("-filter_complex", _graph(film, folder), "-map", "[seen]"),
        *("-map", f"2:{film.sound.index}", "-t", f"{film.seconds:.3f}"),
        *("-c:v", "libx264", "-preset", _PRESET, "-crf", str(_CRF), "-tune", "animation"),
        *("-pix_fmt", "yuv420p", "-g", str(5 * FPS), "-r", str(FPS), *_BT709),
        *("-c:a", *sound, "-map_metadata", "-1", "-map_chapters", "-1"),
        *("-metadata", f"title={film.title}", "-metadata", f"artist={film.artist}"),
        *("-movflags", "+faststart", "-f", "mp4", str(target)),
    ]


def _padded(film: Film) -> tuple[str, ...]:
    channels = ("-ac", "2") if (film.sound.channels or 2) > 2 else ()
    return ("-af", "apad", *channels)


def may_be_copied(sound: AudioStream, seconds: float) -> bool:
    """True of AAC that is as long as the film."""
    length = sound.duration_seconds
    return sound.codec == "aac" and length is not None and abs(length - seconds) <= _OFF_SECONDS


def _graph(film: Film, folder: Path) -> str:
    """The ground, the title card over it at both ends, and the words over all."""
    still = f"loop=-1:1:0,setpts=N/({FPS}*TB)"
    parts = [f"[0:v]{filters.AS_BT709},{still}[ground]"]
    last = "ground"
    shown = [
        (f"trim=end={film.opens_at:.3f},fade=t=out:st={film.opens_at - _FADE_SECONDS:.3f}"
         f":d={_FADE_SECONDS}:alpha=1", film.opens_at > 0),
        (f"setpts=PTS+{film.ends_at:.3f}/TB,fade=t=in:st={film.ends_at:.3f}"
         f":d={_FADE_SECONDS}:alpha=1", film.ends_at < film.seconds),
    ]  # fmt: skip
    wanted = [filter_ for filter_, is_wanted in shown if is_wanted]
    if wanted:
        names = "".join(f"[card{number}]" for number in range(len(wanted)))
        parts.append(f"[1:v]{_CARD_COLOURS},{still},split={len(wanted)}{names}")
    for number, filter_ in enumerate(wanted):
        parts.append(f"[card{number}]{filter_}[over{number}]")
        parts.append(f"[{last}][over{number}]overlay=eof_action=pass[laid{number}]")
        last = f"laid{number}"
    words, fonts = (_escaped(folder / name) for name in ("words.ass", "fonts"))
    return ";".join((*parts, f"[{last}]ass=filename={words}:fontsdir={fonts}[seen]"))


def _escaped(path: Path) -> str:
    """A path as an option's value, in a graph: two levels of ffmpeg's own escaping."""
    value = re.sub(r"([\\':])", r"\\\1", str(path))
    return re.sub(r"([\\'\[\],;])", r"\\\1", value)


def _demand_whole(target: Path, wanted: float) -> None:
    made = ffprobe.probe(target)
    frames, seconds = verify.decode(target, made)
    sound = made.audio[0].duration_seconds if made.audio else None
    lengths = {"film": seconds, "picture": frames / FPS, "sound": sound or 0.0}
    off = {name: one for name, one in lengths.items() if abs(one - wanted) > _OFF_SECONDS}
    if off:
        told = ", ".join(f"its {name} lasts {one:.2f} s" for name, one in off.items())
        raise PermanentError(f"The lyric video is not as long as its song: {told}, the song "
                             f"{wanted:.2f} s.")  # fmt: skip

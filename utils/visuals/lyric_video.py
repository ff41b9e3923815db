"""A song as a film of its words: lit as they are sung, over its pictures."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from utils.config import Settings
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.media import tools
from utils.media.imaging import image
from utils.media.probing import ffprobe
from utils.models.analysis import Understanding
from utils.models.item import MediaItem
from utils.models.probe import AudioStream
from utils.models.signal import SignalReport
from utils.models.transcript import Transcript
from utils.models.visual_subject import VisualSubject
from utils.models.visuals import Aspect, LyricVideoOptions, Visual, Visuals
from utils.rules import romanised_text
from utils.storage import files, scratch
from utils.visuals import backgrounds, brands, cards, film, karaoke, palette, substation, waveforms
from utils.visuals.brands import Brand
from utils.visuals.karaoke import Song
from utils.visuals.palette import Palette
from utils.visuals.substation import Look

if TYPE_CHECKING:
    from PIL.Image import Image

VERSION = 1  # of what is drawn: part of the key
_FOLDER = "visuals"
_CARD_SECONDS = 1.5  # a shorter introduction has no room for a title card. Chosen, as the next.
_END_SECONDS = 4.0
_LIGHT = 0.72  # of a card's ground: more is read here
_BARS = 120
_LIT = {False: "from left to right as it is sung", True: "word by word (from right to left)"}
_PALE = 0.75  # luminance: from here on an accent is not told from white


class _Task(NamedTuple):
    """All that a film is made from."""

    item: MediaItem
    sound: AudioStream
    may_copy: bool
    subject: VisualSubject
    transcript: Transcript
    seconds: float
    visuals: Visuals | None
    options: LyricVideoOptions
    brand: Brand


class _Ground(NamedTuple):
    """What lies behind the words; ``told``: what it is."""

    picture: Image
    told: str
    made_by: Visual | None = None


def engine(settings: Settings) -> str:
    """What makes the film, and the brands that it may have: part of its key."""
    return f"{VERSION} {tools.version('ffmpeg')} {brands.digest(settings)}"


def make(
    item: MediaItem,
    subject: VisualSubject,
    transcript: Transcript,
    signal: SignalReport,
    visuals: Visuals | None,
    options: LyricVideoOptions,
    settings: Settings,
    hear: Callable[[float], None] = lambda _share: None,
) -> Visuals:
    """An MP4 in each aspect ratio that ``options`` ask for; none, and why, where nobody sings.

    ``hear`` is told how far it is, 0–1.

    Raises:
        PermanentError: ffmpeg failed, or what it made is not as long as the song.
        SettingsError: this ffmpeg can't draw words.
    """
    if not tools.has_filter("ass"):
        raise SettingsError(
            f"{tools.find('ffmpeg')} draws no words (no filter ass). Unset NIGHTSHIFT_FFMPEG."
        )
    heard = ffprobe.probe(item.path).heard
    sounds = [one for one in heard if one.index == signal.sound_index] or list(heard)
    seconds = signal.decoded_seconds
    has_words = any(one.text.strip() and one.start_seconds < seconds for one in transcript.segments)
    if not sounds or not has_words:
        why = "there are no words, nobody sings or speaks in it" if sounds else "it has no sound"
        return Visuals(item_id=item.item_id, visuals=(), notes=(f"No lyric video: {why}.",))
    may_copy = not signal.decode_errors and film.may_be_copied(sounds[0], seconds)
    task = _Task(
        item, sounds[0], may_copy, subject, transcript, seconds, visuals, options,
        brands.of_item(item, settings),
    )  # fmt: skip
    made = []
    for number, aspect in enumerate(options.aspects):
        told = partial(_tell, hear, number, len(options.aspects))
        made.append(_made(task, aspect, settings, told))
    return Visuals(item_id=item.item_id, visuals=tuple(made))


def _tell(hear: Callable[[float], None], number: int, count: int, share: float) -> None:
    hear((number + share) / count)


def size_of(aspect: Aspect, height: int) -> tuple[int, int]:
    """Width and height in pixels, both even; ``height`` is that of the shorter side."""
    short = height // 2 * 2
    long = round(short * 16 / 9 / 2) * 2
    return (short, long) if aspect == "9:16" else (long, short)


def _made(task: _Task, aspect: Aspect, settings: Settings, hear: Callable[[float], None]) -> Visual:
    size = size_of(aspect, task.options.height)
    chance = cards.chance_of(task.subject)
    colours = palette.of(task.brand.colours, chance)
    ground = _ground(task, aspect, colours, chance)
    ground = ground._replace(picture=_darker(ground.picture, size))
    look = _look(ground.picture, colours)
    read = task.subject.understanding
    known = (read.romanisation if read else None) or ""
    romanisation = known if task.options.romanisation else None
    wide = size[0] * substation.WIDTH / (look.unit * substation.SIZE.words)
    song = karaoke.of(task.transcript, romanisation, wide, task.seconds)
    planned = _planned(task, aspect, ground, look, song)
    temporary = scratch.folder() / f"{uuid.uuid4().hex}.mp4"
    try:
        film.encode(planned, temporary, hear)
        sha256 = files.sha256(temporary)
        folder = files.item_folder(settings.home, task.item.item_id) / _FOLDER
        folder.mkdir(exist_ok=True)
        target = folder / f"lyric_video-{aspect.replace(':', 'x')}-{sha256[:12]}.mp4"
        with files.whole_file(target) as whole:
            temporary.replace(whole)
    finally:
        temporary.unlink(missing_ok=True)
    maker = ground.made_by
    return Visual(
        kind="lyric_video", path=target, sha256=sha256, size_bytes=target.stat().st_size,
        width=size[0], height=size[1], aspect=aspect, duration_seconds=round(task.seconds, 3),
        engine=f"ffmpeg {tools.version('ffmpeg')}",
        by_model=bool(maker and maker.by_model), model=maker.model if maker else None,
        inputs=_told(planned, ground, song),
        warnings=(
            *song.warnings, *_rough(read, song), *cards.warnings(task.subject, task.brand.name)
        ),
    )  # fmt: skip


def _rough(read: Understanding | None, song: Song) -> list[str]:
    """What is to be said of a romanisation that no model made."""
    is_shown = any(screen.romanised for screen in song.screens)
    if read is None or not is_shown or not romanised_text.is_by_rules(read):
        return []
    return [f"The romanisation is rough: by {read.romanised_by}."]


def _told(planned: film.Film, ground: _Ground, song: Song) -> dict[str, str | int | bool]:
    """How it was made, for people."""
    directions = {screen.is_right_to_left for screen in song.screens}
    lit = [_LIT[one] for one in sorted(directions)]
    return {
        "lines": len(song.screens),
        "romanised": any(screen.romanised for screen in song.screens),
        "lit": ", ".join(lit),
        "ground": ground.told,
        "sound": "copied" if planned.is_copied else f"AAC, {film.AUDIO_KBPS} kb/s",
    }


def _planned(task: _Task, aspect: Aspect, ground: _Ground, look: Look, song: Song) -> film.Film:
    """The film, whole but for its encode."""
    text = cards.text_of(task.subject, None)
    heading = " – ".join(filter(None, (text.artist, text.title)))
    first, last = song.screens[0], song.screens[-1]
    opens_at = first.shown if first.shown >= _CARD_SECONDS else 0.0
    ends_at = last.gone if task.seconds - last.gone >= _END_SECONDS else task.seconds
    card = cards.drawn(task.subject, task.brand.colours, task.brand.name, aspect)
    wave = _wave(task, look)
    script = substation.script(song, heading, (opens_at, ends_at), wave, look)
    picture = ground.picture
    return film.Film(
        path=task.item.path, sound=task.sound, is_copied=task.may_copy, seconds=task.seconds,
        ground=picture,
        card=card.resize(picture.size), script=script,
        texts=(heading, substation.NOTE, *(part for one in song.screens
                                           for part in (one.text, one.romanised))),
        opens_at=opens_at, ends_at=ends_at, title=text.title, artist=text.artist,
    )  # fmt: skip


def _wave(task: _Task, look: Look) -> substation.Wave:
    """The sound as bars at the foot."""
    levels = waveforms.levels(task.item.path, _BARS, f"0:{task.sound.index}")
    return substation.Wave(tuple(levels), task.seconds)


def _look(ground: Image, colours: Palette) -> Look:
    light = backgrounds.most_luminance(ground, (0, 0, *ground.size))
    accent = palette.best(colours.accents, light)
    grey = palette.readable(palette.mixed(palette.WHITE, colours.ground, 0.42), light)
    is_pale = palette.luminance(accent) > _PALE
    sung, unsung = (accent, palette.WHITE) if not is_pale else (palette.WHITE, grey)
    return Look(*ground.size, sung=sung, unsung=unsung, dim=grey)


def _ground(task: _Task, aspect: Aspect, colours: Palette, chance: random.Random) -> _Ground:
    """A picture that was generated for it, else one of its own, else a pattern: as a card has."""
    drawn = cards.SIZES[aspect]
    generated = _generated(task.visuals, aspect)
    own = None if generated else backgrounds.own_picture(task.subject.pictures)
    if generated:
        visual, picture = generated
        return _Ground(backgrounds.of_picture(picture, drawn, colours), "generated picture", visual)
    if own is not None:
        return _Ground(backgrounds.of_picture(own, drawn, colours), "its own picture")
    return _Ground(backgrounds.pattern(drawn, colours, chance), "pattern")


def _darker(picture: Image, size: tuple[int, int]) -> Image:
    """The ground in the film's size, darker: more is read on it than on a card."""
    from PIL import Image as Pillow

    levels = np.asarray(picture.resize(size), dtype=np.float32) * _LIGHT
    return Pillow.fromarray(levels.astype(np.uint8), "RGB")


def _generated(visuals: Visuals | None, aspect: Aspect) -> tuple[Visual, Image] | None:
    """A generated picture that can be read, of this aspect ratio if there is one."""
    found = [one for one in (visuals.visuals if visuals else ()) if one.kind == "generated"]
    for visual in sorted(found, key=lambda one: one.aspect != aspect):
        try:
            with image.opened(visual.path) as seen:
                return visual, seen.convert("RGB")
        except (PermanentError, RetryableError):
            continue
    return None

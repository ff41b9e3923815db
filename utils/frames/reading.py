"""The text that is to be seen in an item: of a film in key frames every few seconds and shots."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from utils.errors import PermanentError, from_os_error
from utils.frames import extraction, moments, text
from utils.frames.extraction import Video
from utils.frames.moments import Moment, Shown
from utils.media.imaging import colour, image
from utils.models.frames import SeenText, SeenTexts, TextBox
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.processes import deadline
from utils.storage import scratch

# Chosen: a title stays for some seconds; a look costs 0.3–0.6 s of a core.
_APART_SECONDS = 5.0
_AFTER_CUT_SECONDS = 1.0
_MOST_LOOKS = 240  # of an item: what is longer is looked at less often
_ALIKE = 0.9  # by difflib: the same line, read twice
_SIDE = 1920
_MOST_PIXELS = 2**26  # of an image that is decoded in this process

Look = tuple[float | None, tuple[TextBox, ...]]


def read(path: Path, probe: ContainerProbe, signal: SignalReport) -> SeenTexts:
    """The lines of text in an item, each with the times at which it was seen.

    Raises:
        SettingsError: the reader is not installed.
    """
    text.require()
    try:
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as place:
            looks = [
                (seconds, _read(picture))
                for seconds, picture in _pictures(path, probe, signal, Path(place))
            ]
    except OSError as error:
        raise from_os_error(error, f"reading the text in {path.name}") from error
    return SeenTexts(engine=text.engine(), sampled=len(looks), texts=merged(looks))


def merged(looks: Iterable[Look]) -> tuple[SeenText, ...]:
    """What was read in pictures in the order of time, a line that stays as one."""
    found: list[SeenText] = []
    before: list[int] = []  # the lines of the picture before, by their place in ``found``
    for seconds, boxes in looks:
        now = []
        for box in boxes:
            same = next(
                (n for n in before if n not in now and _alike(found[n].text, box.text)), None
            )
            if same is None:
                same = len(found)
                found.append(
                    SeenText(text=box.text, start_seconds=seconds, end_seconds=seconds,
                             confidence=box.confidence)
                )  # fmt: skip
            else:
                found[same] = _longer(found[same], box, seconds)
            now.append(same)
        before = now
    return tuple(found)


def chosen(shown: Sequence[Shown], cuts: Sequence[float], apart: float) -> list[Moment]:
    """Key frames so many seconds apart, and one soon after each cut between them."""
    found: list[Moment] = []
    last = -apart
    left = sorted(cuts)
    for picture in shown:
        if not picture.is_key:
            continue
        passed = [cut for cut in left if cut <= picture.seconds + 1e-3]
        is_new = bool(passed) and picture.seconds - last >= _AFTER_CUT_SECONDS
        if is_new or picture.seconds - last >= apart - 1e-3:
            found.append(Moment(round(picture.seconds * 1e6), picture.seconds))
            last, left = picture.seconds, left[len(passed) :]
    return found


def _pictures(
    path: Path, probe: ContainerProbe, signal: SignalReport, place: Path
) -> Iterable[tuple[float | None, Path]]:
    """Pictures to be read, in the order of time; the small stills where there are no others."""
    if probe.kind is MediaKind.IMAGE:
        whole = _whole(path, place / "whole.jpg")
        return [(None, whole)] if whole else [(None, still.path) for still in signal.stills[:1]]
    shown = moments.shown_of(path, probe)
    keys = sum(picture.is_key for picture in shown)
    if keys * _APART_SECONDS * 3 >= signal.decoded_seconds:  # else they are too rare
        apart = max(_APART_SECONDS, signal.decoded_seconds / _MOST_LOOKS)
        wanted = chosen(shown, signal.cuts, apart)[:_MOST_LOOKS]
        made = extraction.at_keys(Video(path, probe, place), tuple(wanted))
        if made:
            return [(made[at].seconds, made[at].path) for at in sorted(made)]
    return [(still.time_seconds, still.path) for still in signal.stills]


def _whole(path: Path, target: Path) -> Path | None:
    """An image as JPEG, upright and not larger than text needs; None if Pillow does not read it."""
    from PIL import ImageOps

    try:
        with image.header(path) as picture:
            picture.draft("RGB", (_SIDE, _SIDE))
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.load()
            seen = colour.in_srgb(ImageOps.exif_transpose(picture))
            seen.thumbnail((_SIDE, _SIDE))
            colour.save(seen, target)
    except PermanentError:
        return None
    return target


def _read(picture: Path) -> tuple[TextBox, ...]:
    deadline.check("reading the text in pictures")
    return text.read(picture)


def _longer(line: SeenText, box: TextBox, seconds: float | None) -> SeenText:
    """The same line seen again; of two readings the surer."""
    better = {"text": box.text, "confidence": box.confidence}
    return line.model_copy(
        update={"end_seconds": seconds, **(better if box.confidence > line.confidence else {})}
    )


def _alike(one: str, other: str) -> bool:
    a, b = (" ".join(text.casefold().split()) for text in (one, other))
    return a == b or (min(len(a), len(b)) > 7 and SequenceMatcher(None, a, b).ratio() >= _ALIKE)

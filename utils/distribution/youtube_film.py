"""What YouTube is given of an item: its film, or of a song a film with a picture that stands."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from utils.distribution.call import Call
from utils.errors import PermanentError
from utils.media import tools
from utils.models.publishing import Package, PackageFile
from utils.processes import child_process

_SIZE = (1280, 720)
_MOST_BYTES = 2_000_000  # of a thumbnail: Google takes 2 MB
_FIT = (
    "scale=w={0}:h={1}:force_original_aspect_ratio=decrease,pad={0}:{1}:-1:-1:black,setsar=1"
).format(*_SIZE)
_AS_THEY_ARE = {"image/jpeg", "image/png"}


def of(package: Package, call: Call) -> PackageFile:
    """The film to be sent.

    Raises:
        PermanentError: there is none, and nothing that could become one.
    """
    media = package.first("media", "original")
    if media and package.kind == "video":
        return media
    if found := _of_shape(package, "lyric_video"):
        return found
    picture = _of_shape(package, "title_card", "generated", "waveform", "artwork")
    if media is None or package.kind != "audio":
        raise PermanentError(f"{package.title} is no film and no song: YouTube takes neither.")
    if picture is None:
        raise PermanentError(
            f"YouTube takes no sound alone, and there is no picture of {package.title}. Make one "
            "with `nightshift run --visuals` or `--lyric-video`."
        )
    made = call.work / "still.mp4"
    child_process.run(command(picture.path, media.path, made), media.path)
    return media.model_copy(
        update={"path": made, "mime_type": "video/mp4", "by_model": picture.by_model}
    )


def command(picture: Path, sound: Path, target: Path) -> list[str]:
    """ffmpeg's command line: the same picture twice a second, as long as the sound lasts."""
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y", "-nostats", "-progress", "pipe:1"),
        *("-loop", "1", "-framerate", "2"),
        *tools.input_arguments(picture),
        *tools.input_arguments(sound),
        *("-map", "0:v:0", "-map", "1:a:0", "-vf", f"{_FIT},format=yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-tune", "stillimage", "-crf", "18"),
        *(
            "-c:a",
            "aac",
            "-b:a",
            "256k",
            "-shortest",
            "-map_metadata",
            "-1",
            "-fflags",
            "+bitexact",
        ),
        *("-movflags", "+faststart", "-f", "mp4", str(target)),
    ]


def thumbnail(package: Package, call: Call) -> tuple[Path, str] | None:
    """A JPEG or PNG of at most 2 MB and its type; None if there is no picture."""
    found = _of_shape(package, "title_card", "generated", "artwork")
    if found is None:
        return None
    if found.mime_type in _AS_THEY_ARE and found.path.stat().st_size <= _MOST_BYTES:
        return found.path, found.mime_type
    small = call.work / "thumbnail.jpg"
    with Image.open(found.path) as picture:
        shown = picture.convert("RGB")
        shown.thumbnail(_SIZE)
        shown.save(small, quality=85)
    return small, "image/jpeg"


def _of_shape(package: Package, *roles: str) -> PackageFile | None:
    """The first of these roles, of several one that lies."""
    for role in roles:
        found = [one for one in package.files if one.role == role]
        if found:
            return next((one for one in found if one.aspect in ("16:9", None)), found[0])
    return None

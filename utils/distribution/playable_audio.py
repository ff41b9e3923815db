"""Sound that every player takes: feeds and pages have AAC or MP3, whatever a rendition is in.

Apple's players and older browsers take no Opus and no FLAC. The original is copied without loss
where it is in one of the two; what else it says of itself (its tags, where it was recorded) stays
here.
"""

from __future__ import annotations

from pathlib import Path

from utils.distribution.call import Call
from utils.distribution.xml_text import line
from utils.errors import PermanentError
from utils.media import tools
from utils.media.probing import ffprobe
from utils.models.publishing import Package, PackageFile
from utils.processes import child_process
from utils.storage import files

_TAKEN = {"audio/mpeg": ".mp3", "audio/mp4": ".m4a"}
_BIT_RATE = "128k"  # of AAC, for one or two channels. Chosen.
_SLACK_SECONDS, _SLACK_SHARE = 1.0, 0.01  # between a sound and what became of it


def of(package: Package, call: Call) -> PackageFile | None:
    """What is played of a package, made fit for every player if it is sound; None if nothing is.

    Raises:
        PermanentError: the sound can't be read to its end.
    """
    media = package.first("media", "original")
    if media is None or not media.mime_type.startswith("audio/"):
        return media
    if media.mime_type in _TAKEN and media.sha256 != package.item_id:  # a rendition
        return media
    original = package.first("original")
    is_sound = original is not None and original.mime_type.startswith("audio/")
    source = original if original and is_sound else media
    mime_type = source.mime_type if source.mime_type in _TAKEN else "audio/mp4"
    target = call.work / f"played{_TAKEN[mime_type]}"
    child_process.run(_command(source, target, package), source.path)
    _demand_whole(source.path, target)
    return _signed(_measured(target, mime_type), package, call)


def _command(source: PackageFile, target: Path, package: Package) -> list[str]:
    encoded: tuple[str, ...] = ("-c:a", "copy")
    if source.mime_type not in _TAKEN:
        encoded = ("-c:a", "aac", "-b:a", _BIT_RATE, "-af", "aformat=channel_layouts=stereo|mono")
    told = {"title": package.title, "artist": package.artist, "album": package.album}
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y", "-nostats", "-progress", "pipe:1"),
        *tools.input_arguments(source.path),
        *("-map", "0:a:0", *encoded, "-map_metadata", "-1", "-map_chapters", "-1"),
        *(part for name, text in told.items() if text
          for part in ("-metadata", f"{name}={line(text, 300)}")),
        # The same sound gives the same bytes.
        *("-fflags", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart"),
        str(target),
    ]  # fmt: skip


def _demand_whole(source: Path, target: Path) -> None:
    wanted, made = (ffprobe.probe(path).duration_seconds for path in (source, target))
    if wanted is None or made is None:
        return
    if abs(wanted - made) > _SLACK_SECONDS + _SLACK_SHARE * wanted:
        raise PermanentError(
            f"{source.name} has {wanted:.1f} s, and {made:.1f} s came out of it: it is damaged."
        )


def _measured(path: Path, mime_type: str) -> PackageFile:
    return PackageFile(
        role="media", path=path, sha256=files.sha256(path), size_bytes=path.stat().st_size,
        mime_type=mime_type,
    )  # fmt: skip


def _signed(made: PackageFile, package: Package, call: Call) -> PackageFile:
    """The same with content credentials, where they are on."""
    if not call.settings.c2pa.is_on:
        return made
    from utils.distribution import credentials

    return _measured(credentials.signed(made, package, call), made.mime_type)

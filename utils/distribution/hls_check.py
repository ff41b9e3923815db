"""An HLS package as players meet it: playlists lead to segments, and those are read to their end.

The segments of a rendition, one after another, are one fragmented MP4: that is what ffprobe reads,
with the formats and the protocol that it may use for any file. Nothing follows an address.
"""

from __future__ import annotations

import json
import posixpath
import shutil
from pathlib import Path

from utils.distribution import playlists
from utils.distribution.playlists import Playlist
from utils.errors import PermanentError
from utils.media import tools
from utils.processes import child_process, deadline
from utils.storage import remote
from utils.storage.remote import RemoteFolder

_SLACK_SECONDS, _SLACK_SHARE = 0.5, 0.01


def wrong(folder: RemoteFolder, master: str, names: frozenset[str], work: Path) -> tuple[str, ...]:
    """What a player would stumble over.

    Args:
        folder: The target.
        master: The master playlist's name below it.
        names: All files of the package.
        work: A folder for copies; the largest rendition must fit.
    """
    try:
        listed = playlists.named_in(_text(folder, master, work), master)
        found = [_of_rendition(folder, _beside(master, uri), names, work) for uri in listed]
    except PermanentError as error:
        return (str(error),)
    return tuple(said for said in found if said)


def _of_rendition(folder: RemoteFolder, name: str, names: frozenset[str], work: Path) -> str | None:
    if name not in names:
        return f"{name} is named and was never sent"
    playlist = playlists.parse(_text(folder, name, work), name)
    listed = [*filter(None, [playlist.initial]), *(one.name for one in playlist.segments)]
    parts = [_beside(name, one) for one in listed]
    if missing := [part for part in parts if part not in names]:
        return f"{missing[0]} is named in {name} and was never sent"
    if playlist.initial is None:  # subtitles
        return None
    whole = work / "whole.mp4"
    try:
        _joined(folder, parts, whole)
        return _unlike(whole, playlist, name)
    finally:
        whole.unlink(missing_ok=True)


def _joined(folder: RemoteFolder, parts: list[str], target: Path) -> None:
    part = target.with_suffix(".part")
    with target.open("wb") as whole:
        for name in parts:
            deadline.check(f"reading {name}")
            remote.get(folder, name, part)
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, whole, 1 << 20)
    part.unlink()


def _unlike(whole: Path, playlist: Playlist, name: str) -> str | None:
    """What ffprobe finds otherwise than a playlist says; None if nothing."""
    printed = child_process.run(
        [
            *(tools.find("ffprobe"), "-v", "error", "-count_packets", "-of", "json"),
            *("-show_entries", "stream=nb_read_packets:format=duration"),
            *tools.input_arguments(whole),
        ],
        whole,
    )
    said = json.loads(printed.stdout)
    if printed.stderr.strip():
        return f"{name} is damaged: {child_process.complaint(printed.stderr)}"
    if not all(int(one.get("nb_read_packets", 0)) for one in said["streams"]):
        return f"{name} has a track without anything in it"
    seconds = float(said["format"].get("duration", 0))
    if abs(seconds - playlist.seconds) > _SLACK_SECONDS + _SLACK_SHARE * playlist.seconds:
        return f"{name} lasts {seconds:.1f} s, its playlist says {playlist.seconds:.1f} s"
    return None


def _text(folder: RemoteFolder, name: str, work: Path) -> str:
    copy = work / "playlist"
    remote.get(folder, name, copy)
    return copy.read_text(encoding="utf-8", errors="replace")


def _beside(name: str, uri: str) -> str:
    return posixpath.join(posixpath.dirname(name), uri)

"""A film or a song in segments of fragmented MP4, at one height or several, by ffmpeg.

H.264 and AAC are copied as they are; what is not becomes that. All renditions are cut at the same
moments, each segment begins with a key frame: looked at in the segments themselves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from utils.distribution import fragments, playlists
from utils.distribution.playlists import Playlist, Variant
from utils.errors import PermanentError
from utils.media import tools
from utils.media.imaging import filters as colours
from utils.media.probing import ffprobe
from utils.models.item import MediaKind
from utils.models.probe import AudioStream, ContainerProbe, VideoStream
from utils.processes import child_process

PLAYLIST, INITIAL = "index.m3u8", "init.mp4"
# All chosen. Bits a second of a pixel, for what is encoded; a rendition's least.
_BITS, _LEAST = 2.5, 400_000
_LONGEST_SECONDS = 30.0  # of a copied segment: a film with fewer key frames is encoded
_APART_SECONDS = 0.1  # between the beginnings of one segment in two renditions
_SLACK_SECONDS, _SLACK_SHARE = (
    1.0,
    0.01,
)  # by which ffmpeg's sum may differ from the declared length
_MOST_RATE = 48_000  # browsers decode no AAC of studio rates
_PLAYED = {"yuv420p", "yuvj420p"}


class Rendition(NamedTuple):
    """One rendition as it lies in a folder of its name."""

    name: str
    folder: Path
    playlist: Playlist
    variant: Variant

    @property
    def files(self) -> tuple[Path, ...]:
        """The initialisation segment and all others, in their order."""
        names = (INITIAL, *(one.name for one in self.playlist.segments))
        return tuple(self.folder / name for name in names)


class _Output(NamedTuple):
    """What one rendition is made by; ``height`` is None where the picture keeps its size."""

    name: str
    copies: bool
    height: int | None = None


class _Source(NamedTuple):
    """What is played, and how long a segment is to be."""

    path: Path
    probe: ContainerProbe
    video: VideoStream | None
    sound: AudioStream | None
    segment_seconds: int


def make(
    path: Path, heights: Sequence[int], segment_seconds: int, folder: Path
) -> tuple[tuple[Rendition, ...], tuple[str, ...]]:
    """Write the renditions of a file into folders below ``folder``.

    Args:
        path: A film or a song.
        heights: More renditions, by the shorter side; those that are not smaller are left out.
        segment_seconds: Of each segment; copied ones end with the key frame after it.
        folder: An empty one.

    Returns:
        The renditions, the best first, and in words what is not as it might be expected.

    Raises:
        PermanentError: it is a picture, or damaged.
    """
    source = _source(path, segment_seconds)
    notes = []
    if len(source.probe.heard) > 1:
        left = len(source.probe.heard) - 1
        notes.append(f"Only the first of {left + 1} sounds is in it.")
    if _outlasting(source) and source.video:
        notes.append("Its sound outlasts its picture: the last one stands until the end.")
    whole = _Output(_name(source), _is_copied(source))
    made: list[Rendition] = []
    if whole.copies:
        made = _made(source, [whole], folder)
        if why := _unfit(made[0]):
            notes.append(f"Its picture was encoded again: {why}.")
            made, whole = [], whole._replace(copies=False, name=f"{whole.name}-encoded")
    wanted = [] if made else [whole]
    if source.video:
        wanted += [_Output(f"{h}p", False, h) for h in _smaller(source.video, heights)]
    if wanted:
        made += _made(source, wanted, folder, follows_source=bool(made))
    _demand_alignment(made)
    return tuple(made), tuple(notes)


def command(source: _Source, outputs: Sequence[_Output], folder: Path, follows: bool) -> list[str]:
    """ffmpeg's command line: one reading of the source for all outputs."""
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *("-nostats", "-progress", "pipe:1"),
        *tools.input_arguments(source.path),
        *(part for one in outputs for part in _output(source, one, folder / one.name, follows)),
    ]


def _source(path: Path, segment_seconds: int) -> _Source:
    probe = _probe(path)
    if probe.kind is MediaKind.IMAGE:
        raise PermanentError(f"{path.name} is a picture: HLS is for films and songs.")
    video = probe.video if probe.kind is MediaKind.VIDEO else None
    sound = next((one for one in probe.heard if not one.is_secondary), None)
    sound = sound or next(iter(probe.heard), None)
    if video is None and sound is None:
        raise PermanentError(f"{path.name} holds neither picture nor sound.")
    return _Source(path, probe, video, sound, segment_seconds)


def _probe(path: Path) -> ContainerProbe:
    """Container and streams, without a look into frames: a copy takes hardly longer than that."""
    printed = child_process.run(
        [
            *(tools.find("ffprobe"), "-v", "error", "-print_format", "json"),
            *("-show_format", "-show_streams", *tools.input_arguments(path)),
        ],
        path,
    )
    return ffprobe.parse(json.loads(printed.stdout), path)


def _name(source: _Source) -> str:
    return f"{_side(source.video)}p" if source.video else "audio"


def _side(video: VideoStream) -> int:
    return min(video.width or 0, video.height or 0)


def _smaller(video: VideoStream, heights: Sequence[int]) -> list[int]:
    return sorted({one - one % 2 for one in heights if 2 <= one < _side(video)}, reverse=True)


def _outlasting(source: _Source) -> float:
    """How much longer the sound is than the picture, in seconds; 0 if that is not seen."""
    ends = [one.duration_seconds for one in (source.video, source.sound) if one]
    picture, sound = ends if len(ends) == 2 else (None, None)
    longer = sound - picture if picture and sound else 0.0
    return longer if longer > _SLACK_SECONDS else 0.0


def _is_copied(source: _Source) -> bool:
    """True if a player takes the picture as it is; a turn is not seen by browsers.

    Segments end with the picture: sound that goes on would be lost to players.
    """
    video = source.video
    if video is None:
        return True
    if _outlasting(source):
        return False
    is_known = video.codec == "h264" and video.pixel_format in _PLAYED
    return is_known and not (video.rotation_degrees or 0) % 360


def _made(
    source: _Source, outputs: Sequence[_Output], folder: Path, follows_source: bool = False
) -> list[Rendition]:
    for one in outputs:
        (folder / one.name).mkdir(parents=True)
    child_process.run(command(source, outputs, folder, follows_source), source.path)
    return [_read(source, one, folder / one.name) for one in outputs]


def _output(source: _Source, output: _Output, folder: Path, follows: bool) -> list[str]:
    arguments: list[str] = []
    if source.video:
        arguments += ["-map", f"0:{source.video.index}", *_picture(source, output, follows)]
    if source.sound:
        arguments += ["-map", f"0:{source.sound.index}", *_sound(source.sound)]
    place = str(folder).replace("%", "%%")
    return [
        *arguments,
        # Times begin at 0, as subtitles have them: what lies before is left to an edit list.
        *("-avoid_negative_ts", "disabled", "-fflags", "+bitexact"),
        *("-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn"),
        *("-f", "hls", "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"),
        *("-hls_time", str(source.segment_seconds), "-hls_flags", "independent_segments"),
        *("-hls_fmp4_init_filename", INITIAL),
        *("-hls_segment_filename", f"{place}/%05d.m4s", str(folder / PLAYLIST)),
    ]


def _picture(source: _Source, output: _Output, follows: bool) -> list[str]:
    if output.copies:
        return ["-c:v", "copy"]
    video = source.video
    assert video
    width, height = video.width or 2, video.height or 2
    side = output.height or _side(video)
    rate = max(_LEAST, round(_BITS * side * side * max(width, height) / max(1, _side(video))))
    # Key frames where the copied rendition has them, else one for each segment: no others.
    keys = "source" if follows else f"expr:gte(t,n_forced*{source.segment_seconds})"
    filters = [*colours.described(video), _scale(output.height), *colours.shown(video)]
    filters.append(colours.AS_BT709)
    if longer := _outlasting(source):
        filters.append(f"tpad=stop_mode=clone:stop_duration={longer:.3f}")
    return [
        *("-vf", ",".join(filters)),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-profile:v", "high"),
        *("-maxrate", str(rate), "-bufsize", str(2 * rate)),
        *("-force_key_frames", keys, "-g", "100000", "-sc_threshold", "0"),
        *("-fps_mode", "vfr", "-enc_time_base:v", "demux"),
    ]


def _scale(height: int | None) -> str:
    """Square pixels and even sides; ``height`` is that of the shorter one."""
    if height is None:
        return "scale=w='trunc(iw*max(sar,0.01)/2)*2':h='trunc(ih/2)*2',setsar=1"
    return (
        f"scale=w='if(gte(iw,ih),-2,{height})':h='if(gte(iw,ih),{height},-2)',"
        "scale=w='trunc(iw*max(sar,0.01)/2)*2':h=ih,setsar=1"
    )


def _sound(sound: AudioStream) -> list[str]:
    rate = sound.sample_rate or _MOST_RATE
    if sound.codec == "aac" and rate <= _MOST_RATE:
        # As MPEG-TS has it, it lacks the header that MP4 wants; any other passes through.
        return ["-c:a", "copy", "-bsf:a", "aac_adtstoasc"]
    channels = min(sound.channels or 2, 6)
    lower = ["-ar", str(_MOST_RATE)] if rate > _MOST_RATE or sound.codec == "opus" else []
    return ["-c:a", "aac", "-ac", str(channels), "-b:a", f"{80 * max(2, channels)}k", *lower]


def _read(source: _Source, output: _Output, folder: Path) -> Rendition:
    """What ffmpeg wrote, held against its source.

    Raises:
        PermanentError: it is not whole.
    """
    text = (folder / PLAYLIST).read_text()
    playlist = playlists.parse(text, f"{output.name}/{PLAYLIST}")
    declared = source.probe.watchable_seconds
    if declared and not source.probe.duration_is_estimated:
        slack = _SLACK_SECONDS + _SLACK_SHARE * declared
        if playlist.seconds < declared - slack:
            raise PermanentError(
                f"{source.path.name} is damaged: {playlist.seconds:.1f} of {declared:.1f} s could "
                "be cut into segments."
            )
    found = fragments.tracks(folder / INITIAL)
    picture = next((one for one in found if one.is_picture), None)
    sizes = [(folder / one.name).stat().st_size for one in playlist.segments]
    peak, average = playlists.bit_rates(playlist, sizes)
    variant = Variant(
        uri=f"{output.name}/{PLAYLIST}",
        peak=peak,
        average=average,
        codecs=",".join(dict.fromkeys(one.codec for one in found)),
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        frame_rate=source.video.frame_rate if source.video and picture else None,
    )
    return Rendition(output.name, folder, playlist, variant)


def _unfit(made: Rendition) -> str | None:
    """Why a copied rendition does not serve; None if it does."""
    longest = max(one.seconds for one in made.playlist.segments)
    if longest > _LONGEST_SECONDS:
        return f"a key frame comes only after {longest:.0f} s"
    if not all(is_key for is_key, _ in beginnings(made)):
        return "segments would begin without a key frame"
    return None


def beginnings(made: Rendition) -> list[fragments.Beginning]:
    """How each segment begins: in its picture, of a song in its sound."""
    found = fragments.tracks(made.folder / INITIAL)
    track = next((one for one in found if one.is_picture), found[0])
    return [fragments.beginning(made.folder / one.name, track) for one in made.playlist.segments]


def _demand_alignment(made: Sequence[Rendition]) -> None:
    """A player changes from one rendition to another between two segments.

    Raises:
        PermanentError: they begin at other moments, or without key frames.
    """
    all_of = [beginnings(one) for one in made]
    for rendition, starts in zip(made, all_of, strict=True):
        if not all(is_key for is_key, _ in starts):
            raise PermanentError(f"A segment of {rendition.name} begins without a key frame.")
    for one, other in pairwise(all_of):
        apart = [abs(a.seconds - b.seconds) for a, b in zip(one, other, strict=False)]
        if len(one) != len(other) or max(apart) > _APART_SECONDS:
            raise PermanentError("The renditions are not cut at the same moments.")

"""Everything that needs a look at every frame and sample, in one decode.

Black, frozen and silent stretches, scene changes, loudness, peaks, and whether the file
decodes to its end; and stills at even distances, from which pictures, exposure and hashes
are made without opening the file again (docs/decisions/0007).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from utils.errors import PermanentError, from_os_error
from utils.media import levels, messages, sounds, threads, tools
from utils.media.imaging import colour, developed, filters, image, large_png
from utils.media.probing import picture
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe, VideoStream
from utils.models.signal import PADDING_SECONDS, SignalReport, SoundLevels, Span, Still, agree
from utils.processes import child_process
from utils.storage import scratch
from utils.storage.files import whole_file

# A file of which less than this decodes is damaged, not merely flawed.
MIN_DECODED_SHARE = 0.97

# Stills that a whole item gives. Divisible by 6, so that the five pictures at duration·i/6
# are among them.
STILLS = 48
STILL_WIDTH = 640
_BLIND_SPACING_SECONDS = 2.0  # between stills of what does not say how long it is
_MAX_STILLS = 2 * STILLS
# Chosen: an image of so many pixels takes a second and 200 MB in this process.
_PIXELS_HERE = 2**26

_PICTURE = (
    "scale=w='min(320,max(2,iw))':h=-2:flags=fast_bilinear,blackdetect=d=0.5:pix_th=0.10,"
    "freezedetect=n=-60dB:d=2,scdet=threshold=10"
)
# Lines of the filters themselves: ffmpeg prints the file's tags too, and a tag may say anything.
_FILTER = r"^\[(?:Parsed_)?(?:{name})(?:_\d+)? @ 0x[0-9a-f]+\] \[info\] "
_BLACK = re.compile(
    _FILTER.format(name="blackdetect")
    + rf"black_start:(?P<start>{messages.FINITE}) black_end:(?P<end>{messages.FINITE})",
    re.MULTILINE,
)
_EDGE = re.compile(
    _FILTER.format(name="freezedetect")
    + r"(?:lavfi\.freezedetect\.)?freeze_(?P<edge>start|end): "
    + rf"(?P<time>{messages.FINITE})",
    re.MULTILINE,
)
_CUT = re.compile(
    _FILTER.format(name="scdet")
    + rf"lavfi\.scd\.score: *{messages.NUMBER}, lavfi\.scd\.time: *(?P<time>{messages.FINITE})",
    re.MULTILINE,
)
# What demuxers say of a file that ends before its end. (Of an MP3 only by its Xing header's bytes.)
_CUT_OFF = re.compile(
    r"ended prematurely|partial file|Packet corrupt|corrupt input packet|[Tt]runcat"
    r"|Error during demuxing|filesize and duration do not match|single-track mode"
)
# Formats whose header counts samples, exactly; and those that declare no length at all: what
# ffprobe says of these is the last timestamp minus the first, across whatever jumps between.
_COUNTING = {"flac", "wav", "w64", "aiff", "wv", "tta", "ape", "caf", "mpc", "mpc8", "dsf", "au"}
_DECLARING_NOTHING = {"mpegts", "mpeg", "h264", "hevc", "m4v", "mpegvideo", "aac", "ac3", "eac3"}
# Whose decoder stumbles over tags and trailers, which are no fault of the sound.
_STUMBLING = {"mp3"}
_PROGRESS = re.compile(r"^(frame|out_time_us)=(\d+)$", re.MULTILINE)


def analyze(path: Path, probe: ContainerProbe, folder: Path) -> SignalReport:
    """Decode all of ``path`` once, measure it, and leave its stills in ``folder``/stills.

    A picture that ffmpeg can't decode is read by a library (utils/media/imaging/developed.py), and
    the other way round.

    Raises:
        PermanentError: less than ``MIN_DECODED_SHARE`` of the file decodes.
    """
    is_first = probe.by_library and not filters.is_hdr(probe.video)
    try:
        if is_first:
            return developed.analyze(path, folder)
        return _decoded(path, probe, folder)
    except PermanentError as error:
        if probe.kind is not MediaKind.IMAGE or not probe.is_for_ffmpeg:
            raise
        if not is_first:
            return developed.analyze(path, folder, error)
        with suppress(PermanentError):
            return _decoded(path, probe, folder)
        raise


def _decoded(path: Path, probe: ContainerProbe, folder: Path) -> SignalReport:
    """What ffmpeg makes of it; the same errors."""
    try:
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as temporary:
            seen = _decodable(path, probe, Path(temporary))
            finished = child_process.run(command(seen, probe, Path(temporary)), path)
            report = _measured(path, parse(finished.stdout, finished.stderr, probe))
            _demand_whole(path, probe, report)
            stills = _kept(path, Path(temporary), folder / "stills", probe)
            return report.model_copy(update={"stills": stills})
    except OSError as error:
        raise from_os_error(error, f"writing the stills of {path.name}") from error


def _decodable(path: Path, probe: ContainerProbe, place: Path) -> Path:
    """``path``, or a smaller picture made of it where its frame would take too much memory."""
    small = place / "small.png"
    is_plain = probe.kind is MediaKind.IMAGE and not filters.is_hdr(probe.video)
    return small if is_plain and large_png.reduced(path, small) else path


def _demand_whole(path: Path, probe: ContainerProbe, report: SignalReport) -> None:
    if report.decoded_seconds == 0 and not report.decoded_frames:
        raise PermanentError(
            f"{path.name} holds nothing: no sample and no frame decodes. Get the file again."
        )
    if report.decoded_share < MIN_DECODED_SHARE or report.decoded_seconds == 0 < (
        probe.duration_seconds or 0
    ):
        why = report.first_error or "it ends before its end"
        raise PermanentError(
            f"{path.name} is damaged: {report.decoded_seconds:.1f} of "
            f"{report.declared_seconds or 0:.1f} s decode ({why}). Get the file again."
        )


def command(path: Path, probe: ContainerProbe, place: Path) -> list[str]:
    """The ffmpeg command line; detectors on the first picture and on every sound.

    The stills are a second output: ``frame=`` of ffmpeg's progress counts the first one's.
    """
    outputs: list[str] = []
    stills: list[str] = []
    if probe.video:
        begin = ",".join((*filters.described(probe.video), "split"))
        graph = (
            f"[{probe.video.source}]{begin}[all][few];[all]{_PICTURE}[seen];"
            f"[few]{_stills(probe.video, probe)}[stills]"
        )
        outputs += ["-filter_complex", graph, "-map", "[seen]"]
        # Named for their times, in microseconds. (showinfo would print its lines in pieces,
        # between which those of other filters fall.)
        pattern = str(place).replace("%", "%%") + "/%015d.ppm"
        stills = [
            *("-map", "[stills]", "-frames:v", str(_MAX_STILLS), *filters.EVERY_FRAME),
            *("-c:v", "ppm", "-pix_fmt", "rgb24"),
            *("-threads", "1", "-f", "image2", "-frame_pts", "1", pattern),
        ]
    for number, stream in enumerate(probe.heard):
        outputs += ["-map", f"0:{stream.index}"]
        outputs += [f"-filter:a:{number}", levels.filters(number, len(probe.heard) == 1)]
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-nostats", "-loglevel", "repeat+level+info"),
        *("-progress", "pipe:1", "-stats_period", "5"),
        *threads.of_decoder(probe),
        *threads.of_filters(probe),
        *tools.input_arguments(path),
        *outputs,
        *(*filters.EVERY_FRAME, "-f", "null", "-"),
        *stills,
    ]


def _stills(video: VideoStream, probe: ContainerProbe) -> str:
    """The filters that pick the first frame of each of ``STILLS`` equal parts, as it is seen."""
    spacing = _BLIND_SPACING_SECONDS
    if probe.watchable_seconds and probe.kind is MediaKind.VIDEO:
        spacing = max(probe.watchable_seconds / STILLS, 1e-3)
    part = f"floor(t/{spacing:.6f}+1e-6)"
    before = f"floor(prev_selected_t/{spacing:.6f}+1e-6)"
    return ",".join(
        (
            f"select='isnan(prev_selected_t)+gt({part},{before})'",
            *filters.as_seen(video, STILL_WIDTH),
        )
    )


def _kept(path: Path, place: Path, folder: Path, probe: ContainerProbe) -> tuple[Still, ...]:
    """Write the stills as JPEG into ``folder``; their names are their times.

    That of an image is made anew where the image tells of colours what ffmpeg does not act on.
    """
    timed = probe.kind is MediaKind.VIDEO
    source = None if timed or filters.is_hdr(probe.video) else _for_colours(path, place, probe)
    made = []
    folder.mkdir(exist_ok=True)
    for still in sorted(place.glob("*.ppm")):
        time = round(int(still.stem) / 1e6, 6)
        target = folder / f"{still.stem}.jpg"
        with whole_file(target) as temporary:
            told = colour.write_still(source, temporary, STILL_WIDTH) if source else None
            width, height = told or _as_jpeg(still, temporary)
        still.unlink()
        made.append(
            Still(path=target, time_seconds=time if timed else None, width=width, height=height)
        )
    return tuple(made)


def _for_colours(path: Path, place: Path, probe: ContainerProbe) -> Path | None:
    """The image itself; a large one as a process in bounds has read it, None if that can't."""
    video = probe.video
    if video and (video.width or 0) * (video.height or 0) <= _PIXELS_HERE:
        return path
    with suppress(PermanentError):
        picture.read(path, place / "whole.tif")
        return place / "whole.tif"
    return None


def _as_jpeg(still: Path, target: Path) -> tuple[int, int]:
    with image.opened(still) as seen:
        colour.save(seen, target)
        return seen.size


def parse(progress: str, log: str, probe: ContainerProbe) -> SignalReport:
    """Make a report of ffmpeg's progress (stdout) and log (stderr)."""
    totals = {name: int(value) for name, value in _PROGRESS.findall(progress)}
    seconds = totals.get("out_time_us", 0) / 1e6
    declared = None if probe.duration_is_estimated else probe.watchable_seconds
    if probe.kind is MediaKind.IMAGE:
        declared = None  # of a still it is what one frame of a film would last
    said = messages.read(log, probe.format_names)
    edges = [(m["edge"], float(m["time"])) for m in _EDGE.finditer(log)]
    measured = levels.read(log, probe.heard, seconds)
    main = _main(probe, measured)
    lacks_end = _lacks_end(log, probe, bool(said.errors), (declared or 0.0) - seconds)
    return SignalReport(
        declared_seconds=declared,
        decoded_seconds=seconds,
        decoded_frames=totals.get("frame") if probe.video else None,
        decode_errors=len(said.errors),
        first_error=said.errors[0][:200] if said.errors else None,
        notes=_notes(said, declared, seconds, lacks_end),
        colours=_colours(probe),
        black=tuple(
            Span(start_seconds=float(m["start"]), end_seconds=float(m["end"]))
            for m in _BLACK.finditer(log)
        ),
        frozen=levels.stretches(edges, seconds),
        cuts=tuple(float(match["time"]) for match in _CUT.finditer(log)),
        lacks_end=lacks_end,
        sounds=measured,
        **_of_main(main),
    )


def _measured(path: Path, report: SignalReport) -> SignalReport:
    """The report with the loudness of the sound that stands for several."""
    main = next((s for s in report.sounds if s.stream_index == report.sound_index), None)
    if len(report.sounds) < 2 or main is None or not main.is_heard:
        return report
    known = levels.measure(path, main)
    sounds = tuple(known if sound is main else sound for sound in report.sounds)
    return report.model_copy(update={"sounds": sounds, **_of_main(known)})


def _main(probe: ContainerProbe, measured: Sequence[SoundLevels]) -> SoundLevels | None:
    """The sound that stands for all: the first in the order of choice that is not silent."""
    by_index = {one.stream_index: one for one in measured}
    ordered = [by_index[stream.index] for stream in sounds.in_order(probe)]
    return next((one for one in ordered if one.is_heard), ordered[0] if ordered else None)


def _of_main(main: SoundLevels | None) -> dict[str, Any]:
    if main is None:
        return {}
    shared = main.model_dump(exclude={"stream_index", "is_heard", "silence"})
    return {"sound_index": main.stream_index, "silence": main.silence, **shared}


def _lacks_end(log: str, probe: ContainerProbe, has_errors: bool, missing: float) -> bool:
    """Whether the file shows that its end is missing; a header alone proves nothing."""
    names = set(probe.format_names)
    if names & _DECLARING_NOTHING:
        return False
    stumbled = has_errors and not names & _STUMBLING
    unexplained = missing > PADDING_SECONDS and (stumbled or bool(names & _COUNTING))
    return unexplained or bool(_CUT_OFF.search(log))


def _colours(probe: ContainerProbe) -> str | None:
    if probe.video is None or probe.kind is not MediaKind.VIDEO:
        return None
    return filters.taken_for(probe.video)


def _notes(
    said: messages.Messages, declared: float | None, decoded: float, lacks_end: bool
) -> tuple[str, ...]:
    notes = []
    if said.odd_times:
        many = f"{said.odd_times} timestamps are" if said.odd_times > 1 else "1 timestamp is"
        notes.append(f"{many} out of order")
    if declared and decoded and not agree(declared, decoded):
        notes.append(f"the header declares {declared:.1f} s, {decoded:.1f} s decode")
    if lacks_end:
        notes.append("its end is missing")
    return tuple(notes)

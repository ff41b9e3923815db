"""Everything that needs a look at every frame and sample, in one decode.

Black, frozen and silent stretches, scene changes, loudness, peaks, and whether the file
decodes to its end; and stills at even distances, from which pictures, exposure and hashes
are made without opening the file again (docs/decisions/0007).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from utils.errors import PermanentError, from_os_error
from utils.media import messages, threads, tools
from utils.media.imaging import colour, filters, image
from utils.models.item import MediaKind
from utils.models.probe import ContainerProbe, VideoStream
from utils.models.signal import SignalReport, Span, Still
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

_PICTURE = (
    "scale=w='min(320,max(2,iw))':h=-2:flags=fast_bilinear,blackdetect=d=0.5:pix_th=0.10,"
    "freezedetect=n=-60dB:d=2,scdet=threshold=10"
)
_SOUND = (
    "silencedetect=n=-50dB:d=0.5,"
    "astats=measure_perchannel=none:measure_overall=Peak_level+Peak_count+Number_of_samples,"
    "ebur128=peak=true:framelog=verbose"
)
# Lines of the filters themselves: ffmpeg prints the file's tags too, and a tag may say anything.
_FILTER = r"^\[(?:Parsed_)?(?:{name})(?:_\d+)? @ 0x[0-9a-f]+\] \[info\] "
_BLACK = re.compile(
    _FILTER.format(name="blackdetect")
    + rf"black_start:(?P<start>{messages.FINITE}) black_end:(?P<end>{messages.FINITE})",
    re.MULTILINE,
)
_EDGE = re.compile(
    _FILTER.format(name="silencedetect|freezedetect")
    + r"(?:lavfi\.freezedetect\.)?(?P<what>silence|freeze)_(?P<edge>start|end): "
    + rf"(?P<time>{messages.FINITE})",
    re.MULTILINE,
)
_CUT = re.compile(
    _FILTER.format(name="scdet")
    + rf"lavfi\.scd\.score: *{messages.NUMBER}, lavfi\.scd\.time: *(?P<time>{messages.FINITE})",
    re.MULTILINE,
)
_SUMMARY = re.compile(_FILTER.format(name="ebur128") + "Summary:", re.MULTILINE)
_METER = re.compile(rf"^\s+(I|LRA|Peak):\s+({messages.NUMBER}) (?:LUFS|LU|dBFS)", re.MULTILINE)
_STATISTIC = re.compile(
    _FILTER.format(name="astats")
    + rf"(Peak level dB|Peak count|Number of samples): ({messages.NUMBER})",
    re.MULTILINE,
)
_PROGRESS = re.compile(r"^(frame|out_time_us)=(\d+)$", re.MULTILINE)


def analyze(path: Path, probe: ContainerProbe, folder: Path) -> SignalReport:
    """Decode all of ``path`` once, measure it, and leave its stills in ``folder``/stills.

    Raises:
        PermanentError: less than ``MIN_DECODED_SHARE`` of the file decodes.
    """
    try:
        with tempfile.TemporaryDirectory(dir=scratch.folder()) as temporary:
            finished = child_process.run(command(path, probe, Path(temporary)), path)
            report = parse(finished.stdout, finished.stderr, probe)
            _demand_whole(path, probe, report)
            stills = _kept(path, Path(temporary), folder / "stills", probe)
            return report.model_copy(update={"stills": stills})
    except OSError as error:
        raise from_os_error(error, f"writing the stills of {path.name}") from error


def _demand_whole(path: Path, probe: ContainerProbe, report: SignalReport) -> None:
    if report.decoded_seconds == 0 and not report.decoded_frames:
        raise PermanentError(
            f"{path.name} holds nothing: no sample and no frame decodes. Get the file again."
        )
    if report.decoded_share < MIN_DECODED_SHARE or report.decoded_seconds == 0 < (
        probe.duration_seconds or 0
    ):
        raise PermanentError(
            f"{path.name} is damaged: {report.decoded_seconds:.1f} of "
            f"{report.declared_seconds or 0:.1f} s decode"
            f"{f' ({report.first_error})' if report.first_error else ''}. Get the file again."
        )


def command(path: Path, probe: ContainerProbe, place: Path) -> list[str]:
    """The ffmpeg command line; detectors on the first picture and the first sound.

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
            *("-f", "image2", "-frame_pts", "1", pattern),
        ]
    for number, stream in enumerate(probe.heard):
        outputs += ["-map", f"0:{stream.index}"]
        if number == 0:
            outputs += ["-filter:a:0", _SOUND]
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-nostats", "-loglevel", "repeat+level+info"),
        *("-progress", "pipe:1", "-stats_period", "5"),
        *threads.of_decoder(probe),
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
    by_itself = not timed and not filters.is_hdr(probe.video)
    made = []
    folder.mkdir(exist_ok=True)
    for still in sorted(place.glob("*.ppm")):
        time = round(int(still.stem) / 1e6, 6)
        target = folder / f"{still.stem}.jpg"
        with whole_file(target) as temporary:
            told = colour.write_still(path, temporary, STILL_WIDTH) if by_itself else None
            width, height = told or _as_jpeg(still, temporary)
        still.unlink()
        made.append(
            Still(path=target, time_seconds=time if timed else None, width=width, height=height)
        )
    return tuple(made)


def _as_jpeg(still: Path, target: Path) -> tuple[int, int]:
    with image.opened(still) as seen:
        colour.save(seen, target)
        return seen.size


def parse(progress: str, log: str, probe: ContainerProbe) -> SignalReport:
    """Make a report of ffmpeg's progress (stdout) and log (stderr)."""
    totals = {name: int(value) for name, value in _PROGRESS.findall(progress)}
    seconds = totals.get("out_time_us", 0) / 1e6
    said = messages.read(log, probe.format_names)
    summary = _SUMMARY.split(log)[-1] if _SUMMARY.search(log) else ""
    meters = {name: _level(value) for name, value in _METER.findall(summary)}
    statistics = {name: float(value) for name, value in _STATISTIC.findall(log)}
    if not statistics.get("Number of samples"):
        meters = {}  # what nothing was heard of has no loudness, not one of 0
    edges = [(m["what"], m["edge"], float(m["time"])) for m in _EDGE.finditer(log)]
    return SignalReport(
        declared_seconds=None if probe.duration_is_estimated else probe.watchable_seconds,
        decoded_seconds=seconds,
        decoded_frames=totals.get("frame") if probe.video else None,
        decode_errors=len(said.errors),
        first_error=said.errors[0][:200] if said.errors else None,
        notes=_notes(said),
        colours=_colours(probe),
        black=tuple(
            Span(start_seconds=float(m["start"]), end_seconds=float(m["end"]))
            for m in _BLACK.finditer(log)
        ),
        frozen=_spans(((e, t) for w, e, t in edges if w == "freeze"), seconds),
        silence=_spans(((e, t) for w, e, t in edges if w == "silence"), seconds),
        cuts=tuple(float(match["time"]) for match in _CUT.finditer(log)),
        loudness_lufs=meters.get("I"),
        loudness_range_lu=meters.get("LRA"),
        true_peak_dbtp=meters.get("Peak"),
        clipped_share=_clipped(statistics) if probe.heard else None,
    )


def _colours(probe: ContainerProbe) -> str | None:
    if probe.video is None or probe.kind is not MediaKind.VIDEO:
        return None
    return filters.taken_for(probe.video)


def _notes(said: messages.Messages) -> tuple[str, ...]:
    if not said.odd_times:
        return ()
    many = f"{said.odd_times} timestamps are" if said.odd_times > 1 else "1 timestamp is"
    return (f"{many} out of order",)


def _spans(edges: Iterable[tuple[str, float]], end: float) -> tuple[Span, ...]:
    """Pair starts with ends; a stretch that never ends lasts to the end of the item."""
    spans: list[Span] = []
    start: float | None = None
    for edge, time in edges:
        if edge == "start":
            start = max(0.0, time)
        elif start is not None:
            spans.append(Span(start_seconds=start, end_seconds=time))
            start = None
    if start is not None:
        spans.append(Span(start_seconds=start, end_seconds=max(start, end)))
    return tuple(spans)


def _level(value: str) -> float | None:
    """A meter's reading; None below its floor (-70 LUFS is the gate of BS.1770)."""
    number = float(value)
    return number if -70.0 < number < 70.0 else None


def _clipped(statistics: dict[str, float]) -> float | None:
    samples = statistics.get("Number of samples")
    peak = statistics.get("Peak level dB")
    if not samples or peak is None:
        return None
    return min(1.0, statistics.get("Peak count", 0.0) / samples) if peak >= -0.1 else 0.0

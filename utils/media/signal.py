"""Everything that needs a look at every frame and sample, in one decode.

Black, frozen and silent stretches, loudness, peaks, and whether the file decodes to its
end: one ffmpeg, the picture reduced to 320 px first (22 CPU s for a minute of 1080p, of
which decoding alone is 19).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from utils.errors import PermanentError
from utils.media import process, tools
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport, Span

# A file of which less than this decodes is damaged, not merely flawed.
MIN_DECODED_SHARE = 0.97

_PICTURE = "scale=320:-2:flags=fast_bilinear,blackdetect=d=0.5:pix_th=0.10,freezedetect=n=-60dB:d=2"
_SOUND = (
    "silencedetect=n=-50dB:d=0.5,"
    "astats=measure_perchannel=none:measure_overall=Peak_level+Peak_count+Number_of_samples,"
    "ebur128=peak=true:framelog=verbose"
)
# Lines of the filters themselves: ffmpeg prints the file's tags too, and a tag may say anything.
_FILTER = r"^\[(?:Parsed_)?(?:{name})(?:_\d+)? @ 0x[0-9a-f]+\] \[info\] "
_BLACK = re.compile(
    _FILTER.format(name="blackdetect") + r"black_start:(?P<start>[\d.]+) black_end:(?P<end>[\d.]+)",
    re.MULTILINE,
)
_EDGE = re.compile(
    _FILTER.format(name="silencedetect|freezedetect")
    + r"(?:lavfi\.freezedetect\.)?(?P<what>silence|freeze)_(?P<edge>start|end): (?P<time>-?[\d.]+)",
    re.MULTILINE,
)
_SUMMARY = re.compile(_FILTER.format(name="ebur128") + "Summary:", re.MULTILINE)
_METER = re.compile(r"^\s+(I|LRA|Peak):\s+(-?[\d.]+|-?inf|nan) (LUFS|LU|dBFS)", re.MULTILINE)
_STATISTIC = re.compile(
    _FILTER.format(name="astats") + r"(Peak level dB|Peak count|Number of samples): (-?[\d.]+)",
    re.MULTILINE,
)
_ERROR = re.compile(r"^(?:\[[^\]]+ @ 0x[0-9a-f]+\] )*\[(?:error|fatal|panic)\] (?P<text>.+)")
_PROGRESS = re.compile(r"^(frame|out_time_us)=(\d+)$", re.MULTILINE)


def analyze(path: Path, probe: ContainerProbe) -> SignalReport:
    """Decode all of ``path`` once and measure it.

    Raises:
        PermanentError: less than ``MIN_DECODED_SHARE`` of the file decodes.
    """
    finished = process.run(command(path, probe), path)
    report = parse(finished.stdout, finished.stderr, probe)
    if report.decoded_share < MIN_DECODED_SHARE or report.decoded_seconds == 0 < (
        probe.duration_seconds or 0
    ):
        raise PermanentError(
            f"{path.name} is damaged: {report.decoded_seconds:.1f} of "
            f"{report.declared_seconds or 0:.1f} s decode"
            f"{f' ({report.first_error})' if report.first_error else ''}. Get the file again."
        )
    return report


def command(path: Path, probe: ContainerProbe) -> list[str]:
    """The ffmpeg command line; detectors on the first picture and the first sound."""
    outputs: list[str] = []
    if probe.video:
        outputs += ["-map", f"0:{probe.video.index}", "-filter:v:0", _PICTURE]
    for number, stream in enumerate(probe.audio):
        outputs += ["-map", f"0:{stream.index}"]
        if number == 0:
            outputs += ["-filter:a:0", _SOUND]
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"),
        *("-progress", "pipe:1", "-stats_period", "60"),
        *tools.input_arguments(path),
        *outputs,
        *("-fps_mode", "passthrough", "-f", "null", "-"),
    ]


def parse(progress: str, log: str, probe: ContainerProbe) -> SignalReport:
    """Make a report of ffmpeg's progress (stdout) and log (stderr)."""
    totals = {name: int(value) for name, value in _PROGRESS.findall(progress)}
    seconds = totals.get("out_time_us", 0) / 1e6
    errors = [match["text"] for line in log.splitlines() if (match := _ERROR.match(line))]
    summary = _SUMMARY.split(log)[-1] if _SUMMARY.search(log) else ""
    meters = {name: _level(value) for name, value, _ in _METER.findall(summary)}
    statistics = {name: float(value) for name, value in _STATISTIC.findall(log)}
    edges = [(m["what"], m["edge"], float(m["time"])) for m in _EDGE.finditer(log)]
    return SignalReport(
        declared_seconds=None if probe.duration_is_estimated else probe.duration_seconds,
        decoded_seconds=seconds,
        decoded_frames=totals.get("frame") if probe.video else None,
        decode_errors=len(errors),
        first_error=errors[0][:200] if errors else None,
        black=tuple(
            Span(start_seconds=float(m["start"]), end_seconds=float(m["end"]))
            for m in _BLACK.finditer(log)
        ),
        frozen=_spans(((e, t) for w, e, t in edges if w == "freeze"), seconds),
        silence=_spans(((e, t) for w, e, t in edges if w == "silence"), seconds),
        loudness_lufs=meters.get("I"),
        loudness_range_lu=meters.get("LRA"),
        true_peak_dbtp=meters.get("Peak"),
        clipped_share=_clipped(statistics) if probe.audio else None,
    )


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

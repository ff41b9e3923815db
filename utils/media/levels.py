"""How loud each of a file's sounds is: the filters, and what they print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from utils.media import messages, tools
from utils.models.probe import AudioStream
from utils.models.signal import SoundLevels, Span
from utils.processes import child_process

# Lines of the filters themselves: ffmpeg prints the file's tags too, and a tag may say anything.
_FILTER = r"^\[(?:{name})@(?P<track>\d+) @ 0x[0-9a-f]+\] \[info\] "
_SILENCE = re.compile(
    _FILTER.format(name="silencedetect")
    + rf"silence_(?P<edge>start|end): (?P<time>{messages.FINITE})",
    re.MULTILINE,
)
_SUMMARY = re.compile(
    _FILTER.format(name="ebur128") + r"Summary:(?P<meters>(?:\n(?!\[).*)*)", re.MULTILINE
)
_METER = re.compile(rf"^\s+(I|LRA|Peak):\s+({messages.NUMBER}) (?:LUFS|LU|dBFS)", re.MULTILINE)
_STATISTIC = re.compile(
    _FILTER.format(name="astats")
    + rf"(?P<name>Peak level dB|Peak count|Number of samples): (?P<value>{messages.NUMBER})",
    re.MULTILINE,
)
_NAMES = {"I": "loudness_lufs", "LRA": "loudness_range_lu", "Peak": "true_peak_dbtp"}
# Below it nothing is heard: the gate of BS.1770, and of the peak the same.
_FLOOR = -70.0


def filters(track: int, with_loudness: bool) -> str:
    """The filters of the ``track``-th sound; their names say in the log whose they are.

    Loudness only of one sound a process: the meter prints its summary in pieces, and what another
    thread prints between them comes without its name.
    """
    measured = "measure_perchannel=none:measure_overall=Peak_level+Peak_count+Number_of_samples"
    found = f"silencedetect@{track}=n=-50dB:d=0.5,astats@{track}={measured}"
    return f"{found},ebur128@{track}=peak=true:framelog=verbose" if with_loudness else found


def measure(path: Path, levels: SoundLevels) -> SoundLevels:
    """The same with the loudness, by a decode of this sound alone: 0.3 CPU s a minute."""
    command = [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+info"),
        *tools.input_arguments(path),
        *("-map", f"0:{levels.stream_index}", "-af", filters(0, with_loudness=True)),
        *("-f", "null", "-"),
    ]
    log = child_process.run(command, path).stderr
    meters = next((_meters(found) for found in _SUMMARY.finditer(log)), {})
    return levels.model_copy(update={name: meters.get(key) for key, name in _NAMES.items()})


def read(log: str, tracks: Iterable[AudioStream], seconds: float) -> tuple[SoundLevels, ...]:
    """What a log says of each sound.

    Args:
        log: ffmpeg's stderr.
        tracks: The sounds, in the order in which they were given to ``filters``.
        seconds: How long the item decodes.
    """
    statistics: dict[int, dict[str, float]] = {}
    for found in _STATISTIC.finditer(log):
        statistics.setdefault(int(found["track"]), {})[found["name"]] = float(found["value"])
    meters = {int(found["track"]): _meters(found) for found in _SUMMARY.finditer(log)}
    edges: dict[int, list[tuple[str, float]]] = {}
    for found in _SILENCE.finditer(log):
        edges.setdefault(int(found["track"]), []).append((found["edge"], float(found["time"])))
    return tuple(
        _levels(track.index, statistics.get(n, {}), meters.get(n, {}), edges.get(n, []), seconds)
        for n, track in enumerate(tracks)
    )


def _levels(
    index: int,
    statistics: Mapping[str, float],
    meters: Mapping[str, float | None],
    edges: Iterable[tuple[str, float]],
    seconds: float,
) -> SoundLevels:
    samples = statistics.get("Number of samples")
    peak = statistics.get("Peak level dB")
    if not samples:
        meters = {}  # what nothing was heard of has no loudness, not one of 0
    clipped = None
    if samples and peak is not None:
        share = min(1.0, statistics.get("Peak count", 0.0) / samples)
        clipped = share if peak >= -0.1 else 0.0
    return SoundLevels(
        stream_index=index,
        is_heard=bool(samples) and peak is not None and peak > _FLOOR,
        **{name: meters.get(key) for key, name in _NAMES.items()},
        clipped_share=clipped,
        silence=stretches(edges, seconds),
    )


def _meters(summary: re.Match[str]) -> dict[str, float | None]:
    return {name: _level(value) for name, value in _METER.findall(summary["meters"])}


def stretches(edges: Iterable[tuple[str, float]], end: float) -> tuple[Span, ...]:
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
    return number if _FLOOR < number < -_FLOOR else None

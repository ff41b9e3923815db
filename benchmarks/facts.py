"""Facts against what ExifTool, ffprobe and MediaInfo say themselves, field by field.

python -m benchmarks facts           over the corpus of benchmarks/corpus.py, fetched once
NIGHTSHIFT_FACTS=FOLDER …            over the media of a folder instead

The references are made without our code: one ExifTool with its own print conversion and its own
choice among groups (no -n, no -G; EXIF's own where makers' notes repeat it), one ffprobe a file.
A field counts where the reference states it and the file can be read at all; ``RULES`` says what
agrees. Of the 35 mm equivalent only what we state counts; what we leave out is told beside it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.fact_rules import RULES, Case, Rule
from utils.errors import NightShiftError
from utils.media import tools
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.metadata import codec, consolidation, exif, focal, hdr, tracks
from utils.models.metadata import ExtendedExif
from utils.models.tool_reports import ToolReports
from utils.processes import deadline

Row = tuple[str, str, str, str, str]
_PATIENCE_SECONDS = 60  # some files are made to keep a reader busy for ever
_AIM, _AIM_35MM = 0.99, 0.97
_OF_EXIF = ("-IFD0:Make", "-IFD0:Model", "-ExifIFD:ExposureTime", "-ExifIFD:FNumber",
            "-ExifIFD:DateTimeOriginal")  # fmt: skip


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def rows() -> list[Row]:
    folder = os.environ.get("NIGHTSHIFT_FACTS")
    if folder:
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
    else:
        paths = importlib.import_module("benchmarks.corpus").files(
            Path(tempfile.gettempdir()) / "night-shift-corpus"
        )
    return list(compared(list(cases(paths))))


def compared(found: list[Case], told: Callable[[str], object] = _say) -> Iterator[Row]:
    """A row a field; ``told`` hears of each disagreement: field, file, theirs, ours."""
    for rule in RULES:
        stated = [(case, want) for case in found if (want := _asked(rule, case)) is not None]
        counted = [(c, w) for c, w in stated if not rule.is_only_ours or rule.ours(c) is not None]
        wrong = [(c, w) for c, w in counted if not _agrees(rule, c, w)]
        for case, want in wrong:
            told(f"{rule.field}\t{case.path.name}\t{want!r}\t{rule.ours(case)!r}")
        share = f"{1 - len(wrong) / len(counted):.1%}" if counted else "–"
        left = len(stated) - len(counted)
        aim = _AIM_35MM if rule.is_only_ours else _AIM
        measured = f"{len(counted) - len(wrong)} of {len(counted)} files"
        measured += f", {left} left out" if left else ""
        yield rule.field, measured, rule.tool, share, f"≥ {aim:.0%}"


def cases(paths: list[Path]) -> Iterator[Case]:
    """What we say of each file that can be probed, and what the tools say."""
    references = _exiftool(paths)
    for path in paths:
        try:
            reports = looked(path)
        except NightShiftError as error:
            print(f"left out: {path.name}: {error}", file=sys.stderr)
            continue
        yield case_of(path, reports, references.get(str(path), {}), _ffprobe(path))
    exiftool.tool.close()


def looked(path: Path) -> ToolReports:
    """The tools' reports, as the flow makes them."""
    probed = ffprobe.report(path)
    reports = ToolReports(ffprobe=probed)
    for field, ask in (("mediainfo", mediainfo.report), ("exif", exiftool.report)):
        try:
            with deadline.within(_PATIENCE_SECONDS):
                reports = reports.model_copy(update={field: ask(path)})
        except NightShiftError as error:  # as in a run, where the item lacks the step
            print(f"{field} failed: {path.name}: {error}", file=sys.stderr)
    return reports


def case_of(
    path: Path, reports: ToolReports, by_exiftool: dict[str, Any], by_ffprobe: dict[str, Any]
) -> Case:
    """The facts of the reports, as the flow derives them."""
    probed, said, tags = reports.ffprobe, reports.mediainfo, reports.exif
    size = (said.width, said.height) if said else (None, None)
    probe = probed.container.with_size(*size)
    camera = exif.extended(tags) if tags else ExtendedExif()
    whole = reports.model_copy(
        update={
            "camera": camera,
            "codec": codec.details(probed, said),
            "hdr": hdr.describe(probed, said),
            "audio_tracks": tracks.audio(probed, said),
            "focal_length": focal.detect(tags, camera, probe),
        }
    )
    facts = consolidation.consolidate(whole)
    kinds = {str(t.get("track_type")): t for t in reversed(said.tracks if said else ())}
    return Case(path, facts, camera, by_exiftool, by_ffprobe, kinds)


def _exiftool(paths: list[Path]) -> dict[str, dict[str, Any]]:
    """ExifTool's choice among groups, but EXIF's own where the file has it in EXIF too."""
    found = _printed(paths, "-c", "%+.6f")
    for path, entry in _printed(paths, *_OF_EXIF).items():
        found.get(path, {}).update(entry)
    return found


def _printed(paths: list[Path], *arguments: str) -> dict[str, dict[str, Any]]:
    with tempfile.NamedTemporaryFile("w", suffix=".args") as names:
        names.write("\n".join(map(str, paths)))
        names.flush()
        command = [exiftool.command()[0], str(exiftool.script()), "-config", "", "-json", "-q",
                   *arguments, "-@", names.name]  # fmt: skip
        printed = subprocess.run(command, capture_output=True, check=False).stdout
    return {entry["SourceFile"]: entry for entry in json.loads(printed or b"[]")}


def _ffprobe(path: Path) -> dict[str, Any]:
    command = [str(tools.find("ffprobe")), "-v", "error", "-print_format", "json",
               "-show_format", "-show_streams", str(path)]  # fmt: skip
    try:
        printed = subprocess.run(command, capture_output=True, check=False, timeout=60).stdout
        return dict(json.loads(printed or b"{}"))
    except (subprocess.TimeoutExpired, ValueError):
        return {}


def _asked(rule: Rule, case: Case) -> Any:
    want = rule.reference(case)
    return None if want in (None, "", [], set()) else want


def _agrees(rule: Rule, case: Case, want: Any) -> bool:
    ours = rule.ours(case)
    return ours is not None and rule.agrees(want, ours)

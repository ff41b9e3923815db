"""What agrees with a tool, field by field: what it states, what we do, how both are compared."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from utils.metadata import encodings
from utils.models import sanitize
from utils.models.item import MediaKind
from utils.models.metadata import ExtendedExif, Metadata

_TURNS = {"Rotate 90 CW": 90, "Rotate 180": 180, "Rotate 270 CW": 270, "Horizontal (normal)": 0,
          "Mirror horizontal": 0, "Mirror vertical": 180,
          "Mirror horizontal and rotate 270 CW": 270, "Mirror horizontal and rotate 90 CW": 90,
          "Horizontal (Normal)": 0}  # fmt: skip
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_BY_MACHINES = re.compile(
    "digital camera|^dcim|written by adobe|^sony dsc|created with|^exif_jpeg|^default$"
)
_NO_WORDS = re.compile(r"unknown.*|none|n/a|.*no cpu.*|no lens.*", re.IGNORECASE)


class Case(NamedTuple):
    """One file: what we say of it, and what the tools say."""

    path: Path
    facts: Metadata
    camera: ExtendedExif
    by_exiftool: dict[str, Any]
    by_ffprobe: dict[str, Any]
    by_mediainfo: dict[str, Any]


class Rule(NamedTuple):
    """A field: what a tool states of it or None, what we do, and what of both agrees."""

    field: str
    tool: str
    reference: Callable[[Case], Any]
    ours: Callable[[Case], Any]
    agrees: Callable[[Any, Any], bool]
    is_only_ours: bool = False


# What the tools state


def _tag(*names: str) -> Callable[[Case], Any]:
    return lambda case: next((v for n in names if _says(v := case.by_exiftool.get(n))), None)


def _says(value: Any) -> bool:
    return value is not None and bool(str(value).strip(" \0-:.")) and str(value) != "undef"


def _numeric(*names: str) -> Callable[[Case], float | None]:
    def stated(case: Case) -> float | None:
        text = str(_tag(*names)(case) or "")
        top, _, bottom = text.partition("/")
        try:
            known = float(top) / float(bottom) if bottom else float(_NUMBER.match(text)[0])  # type: ignore[index]
        except (ValueError, TypeError, ZeroDivisionError):
            return None
        return known if math.isfinite(known) and known > 0 else None

    return stated


def _place(name: str) -> Callable[[Case], float | None]:
    def stated(case: Case) -> float | None:
        value = case.by_exiftool.get(name)
        numbers = [_NUMBER.match(str(case.by_exiftool.get(f"GPS{side}", "")))
                   for side in ("Latitude", "Longitude")]  # fmt: skip
        if value is None or not all(numbers):
            return None
        here = [float(number[0]) for number in numbers if number]
        # No fix, or a place on another planet.
        if not any(here) or abs(here[0]) > 90 or abs(here[1]) > 180:
            return None
        return float(_NUMBER.match(str(value))[0])  # type: ignore[index]

    return stated


def _is_still(case: Case) -> bool:
    return case.facts.kind is MediaKind.IMAGE


def _stream(kind: str, field: str) -> Callable[[Case], Any]:
    def stated(case: Case) -> Any:
        for stream in case.by_ffprobe.get("streams", []):
            if stream.get("codec_type") == kind and not stream["disposition"]["attached_pic"]:
                return (
                    None if stream.get(field) in {"0/0", "1/0", "unknown", 0} else stream.get(field)
                )
        return None

    return stated


def _moving(kind: str, field: str) -> Callable[[Case], Any]:
    return lambda case: None if _is_still(case) else _stream(kind, field)(case)


def _either(ours: str, theirs: str) -> Callable[[Case], set[int]]:
    """What both say of the first sound: they differ on DSD, hybrid files and cut ones."""

    def stated(case: Case) -> set[int]:
        said = (_stream("audio", ours)(case), case.by_mediainfo.get("Audio", {}).get(theirs))
        return {int(value) for value in said if re.fullmatch(r"[1-9]\d*", str(value))}

    return stated


def _durations(case: Case) -> set[float]:
    """What both say: without a header that counts, ffprobe divides by the first bit rate."""
    if _is_still(case):
        return set()
    probed = case.by_ffprobe.get("format", {}).get("duration")
    said = case.by_mediainfo.get("General", {}).get("duration")
    return {float(probed)} | ({float(said) / 1000} if said else set()) if probed else set()


def _side(field: str) -> Callable[[Case], Any]:
    """As ffprobe says; of HEIF, whose tiles ffprobe lists, as ExifTool does."""
    stream, tag = _stream("video", field), _tag(f"Image{field.title()}")
    heif = ("image/heic", "image/heif", "image/avif")
    return lambda case: (tag if case.by_exiftool.get("MIMEType") in heif else stream)(case)


def _text(*names: str) -> Callable[[Case], set[str]]:
    """Texts of people: not what a camera or a program writes in their place."""
    stated = _words(*names)
    return lambda case: {text for text in stated(case) if not _BY_MACHINES.search(text)}


def _date(case: Case) -> str | None:
    """Local time to the second: taken, else made; not of an unset clock."""
    if not str(case.by_exiftool.get("MIMEType", "")).startswith(("image", "video")):
        return None
    for name in ("CreationDate", "DateTimeOriginal", "CreateDate"):
        value = str(case.by_exiftool.get(name, ""))
        if re.match(
            r"(?!0000|1904:01:01 00:00:00|1970:01:01 00:00:00)\d{4}:\d\d:\d\d \d\d:\d\d:\d\d", value
        ):
            return value[:19] if value[11:13] < "24" else None
    return None


def _turn(case: Case) -> int | None:
    mime = str(case.by_exiftool.get("MIMEType"))
    if not _is_still(case) or not mime.startswith("image/"):
        return None
    if mime in {"image/heic", "image/heif", "image/avif"}:
        return _TURNS.get(str(case.by_exiftool.get("Rotation")))
    return _TURNS.get(str(case.by_exiftool.get("Orientation")))


def _depth(case: Case) -> int | None:
    if not _is_still(case):
        known = case.by_mediainfo.get("Video", {}).get("bit_depth")
        return int(known) if known and case.facts.width else None
    is_png = case.by_exiftool.get("FileType") == "PNG"  # whose XMP tells of what it was made of
    value = str(_tag(*(("BitDepth",) if is_png else ("BitsPerSample", "BitDepth")))(case) or "")
    bits = [int(part) for part in re.findall(r"\d+", value)]
    is_sample = "BitsPerSample" in case.by_exiftool or case.by_exiftool.get("FileType") == "PNG"
    return max(bits) if bits and is_sample and max(bits) <= 64 else None


def _lens(case: Case) -> set[str]:
    names = (case.by_exiftool.get(n) for n in ("LensID", "LensModel", "Lens", "LensType"))
    return {_plain(n) for n in names
            if n and re.search("[A-Za-z]{2}", str(n)) and not _NO_WORDS.fullmatch(str(n))
            and not re.fullmatch(r"[\d\s.?/f-]*(mm)?[\s\d.?/fF-]*", str(n))}  # fmt: skip


def _equivalent(case: Case) -> float | None:
    found = re.search(r"equivalent: ([\d.]+) mm", str(case.by_exiftool.get("FocalLength35efl")))
    return float(found[1]) if found and float(found[1]) > 0 else None


def _words(*names: str) -> Callable[[Case], set[str]]:
    def stated(case: Case) -> set[str]:
        values = [case.by_exiftool.get(name) for name in names]
        texts: Iterable[Any] = (t for v in values for t in (v if isinstance(v, list) else [v]))
        return {_plain(text) for text in texts if _says(text)}

    return stated


# What agrees


def _plain(value: Any) -> str:
    text = sanitize.text(encodings.repaired(str(value)).text.replace("\0", " "))
    return " ".join(text.split()).casefold()


def _same(want: Any, ours: Any) -> bool:
    return _plain(want) == _plain(ours) or _plain(want).startswith(_plain(ours)[:1900] + "…")


def _one_of(want: set[str], ours: str) -> bool:
    """One of the texts, or a list on one line that has it (ExifTool shows one of several)."""
    lists = {*want, *(part for text in want for part in re.split(", ", text))}
    return _plain(ours) in want or bool(set(re.split(" ?[/;] ?", _plain(ours))) & lists)


def _near(share: float, least: float = 0.0) -> Callable[[Any, Any], bool]:
    return lambda want, ours: abs(float(ours) - float(want)) <= max(share * abs(float(want)), least)


def _rate(want: str, ours: float) -> bool:
    top, _, bottom = want.partition("/")
    if float(top) / float(bottom or 1) > 1000:
        return True  # ffprobe's of raw DV, which is none
    return abs(float(top) / float(bottom or 1) - ours) <= 0.01 * ours


def _f(name: str) -> Callable[[Case], Any]:
    return lambda case: getattr(case.facts, name)


def _c(name: str) -> Callable[[Case], Any]:
    return lambda case: getattr(case.camera, name)


def _number_of(value: Any, least: int = 1) -> int | None:
    return int(value) if value and int(value) >= least else None


RULES: tuple[Rule, ...] = (
    Rule("make", "ExifTool", _tag("Make"), _f("camera_make"), _same),
    Rule("model", "ExifTool", _tag("Model"), _f("camera_model"), _same),
    Rule("lens", "ExifTool", _lens, _f("lens"), lambda want, ours: _plain(ours) in want),
    Rule("ISO", "ExifTool", _numeric("ISO"), _c("iso"), _near(0.01)),
    Rule("exposure time", "ExifTool", _numeric("ExposureTime"), _c("shutter_seconds"),
         _near(0.02)),
    Rule("f-number", "ExifTool", _numeric("FNumber"), _c("f_number"), _near(0.02, 0.051)),
    Rule("focal length", "ExifTool", _numeric("FocalLength"), _f("focal_length_mm"),
         _near(0.02, 0.06)),
    Rule("35 mm equivalent", "ExifTool", _equivalent, _f("focal_length_35mm"),
         _near(0.05, 0.06), is_only_ours=True),
    Rule("taken at", "ExifTool", _date,
         lambda c: c.facts.captured_at and c.facts.captured_at.strftime("%Y:%m:%d %H:%M:%S"),
         _same),
    Rule("latitude", "ExifTool", _place("GPSLatitude"), _f("latitude"), _near(0, 1e-5)),
    Rule("longitude", "ExifTool", _place("GPSLongitude"), _f("longitude"), _near(0, 1e-5)),
    Rule("width", "ffprobe, ExifTool", _side("width"), _f("width"), _near(0)),
    Rule("height", "ffprobe, ExifTool", _side("height"), _f("height"), _near(0)),
    Rule("turned by", "ExifTool", _turn, _c("orientation_degrees"), _near(0)),
    Rule("bit depth", "ExifTool, MediaInfo", _depth, _f("bit_depth"), _near(0)),
    Rule("duration", "ffprobe or MediaInfo", _durations, _f("duration_seconds"),
         lambda want, ours: any(_near(0.01, 0.06)(one, ours) for one in want)),
    Rule("frame rate", "ffprobe", _moving("video", "avg_frame_rate"), _f("frame_rate"), _rate),
    Rule("channels", "ffprobe or MediaInfo", _either("channels", "channel_s"), _f("channels"),
         lambda want, ours: ours in want),
    Rule("sample rate", "ffprobe or MediaInfo", _either("sample_rate", "sampling_rate"),
         _f("sample_rate"), lambda want, ours: ours in want),
    Rule("video codec", "MediaInfo", lambda c: c.by_mediainfo.get("Video", {}).get("format")
         if c.facts.width else None, _f("video_codec"), _same),
    Rule("audio codec", "MediaInfo", lambda c: c.by_mediainfo.get("Audio", {}).get("format"),
         _f("audio_codec"), _same),
    Rule("title", "ExifTool", _words("Title"), _f("title"), _one_of),
    Rule("artist", "ExifTool", _words("Artist"), _f("artist"), _one_of),
    Rule("album", "ExifTool", _words("Album"), _f("album"), _one_of),
    Rule("keywords", "ExifTool", _words("Subject", "Keywords"), _f("keywords"),
         lambda w, o: w <= {_plain(x) for x in o} or {y for x in w for y in re.split("[;,] *", x)}
         <= {_plain(x) for x in o}),
    Rule("description", "ExifTool", _text("Description", "Caption-Abstract", "ImageDescription"),
         _f("description"), lambda w, o: any(x.startswith(_plain(o)[:1900]) for x in w)),
)  # fmt: skip

"""Dynamic range: which of SDR, HDR10, HDR10+, HLG and Dolby Vision a picture is.

Told by what the stream declares. Where it declares no transfer, 8 bits mean SDR, since
BT.2100 (PQ and HLG) has 10 and 12 only; with more bits, or none stated, it stays unknown.
"""

from __future__ import annotations

import re
from typing import Any

from utils.metadata import codec, streams
from utils.metadata import tags as look
from utils.models.metadata import DolbyVision, HdrDetails, HdrFormat, MasteringDisplay
from utils.models.probe import FfprobeReport, MediaInfoReport

_PQ, _HLG = "smpte2084", "arib-std-b67"
_SDR = {"bt709", "gamma22", "gamma28", "bt470m", "bt470bg", "smpte170m", "smpte240m",
        "iec61966-2-1", "iec61966-2-4", "bt1361e", "bt2020-10", "bt2020-12"}  # fmt: skip
# MediaInfo's names where ffmpeg's differ.
_TRANSFERS = {"PQ": _PQ, "HLG": _HLG, "BT.709": "bt709", "BT.601": "smpte170m",
              "BT.470 System M": "gamma22", "BT.470 System B/G": "gamma28",
              "SMPTE 240M": "smpte240m", "BT.2020 (10-bit)": "bt2020-10",
              "BT.2020 (12-bit)": "bt2020-12", "xvYCC": "iec61966-2-4",
              "sRGB/sYCC": "iec61966-2-1", "Linear": "linear"}  # fmt: skip
_PRIMARIES = {"BT.2020": "bt2020", "BT.709": "bt709", "Display P3": "smpte432",
              "DCI P3": "smpte431", "BT.601 PAL": "bt470bg", "BT.601 NTSC": "smpte170m",
              "SMPTE 240M": "smpte240m"}  # fmt: skip
_MATRICES = {"BT.2020 non-constant": "bt2020nc", "BT.2020 constant": "bt2020c",
             "BT.709": "bt709", "BT.601": "smpte170m", "BT.470 System B/G": "bt470bg",
             "SMPTE 240M": "smpte240m", "ICtCp": "ictcp", "Identity": "gbr"}  # fmt: skip
# Table of dv_bl_signal_compatibility_id in Dolby's "Streams within the ISO Base Media File
# Format": 1 and (Blu-ray) 6 are HDR10, 2 is SDR, 4 is HLG; 0 shows nothing without Dolby.
_BASES = {1: HdrFormat.HDR10, 6: HdrFormat.HDR10, 2: HdrFormat.SDR, 4: HdrFormat.HLG}
_DOVI_TAG = re.compile(r"(?:dvhe|dvh1|dvav|dva1|dav1)\.(\d{2})(?:\.(\d{2}))?")


def describe(ffprobe: FfprobeReport | None, mediainfo: MediaInfoReport | None) -> HdrDetails:
    """The dynamic range and colour of the main picture."""
    stream, track = streams.main(ffprobe), streams.picture(mediainfo, ffprobe)
    if not stream and not track:
        return HdrDetails()
    sides = streams.side_data(ffprobe, stream)
    workers = [stream, *streams.frames(ffprobe, stream.get("index"))]
    transfer = _named(workers, "color_transfer", track, "transfer_characteristics", _TRANSFERS)
    dolby, plus = _dolby_vision(sides, track), _has_plus(sides, track)
    format_, basis = _format(dolby, plus, transfer, codec.bit_depth(stream, track))
    light = _side(sides, "Content light level")
    return HdrDetails(
        format=format_,
        basis=basis,
        dolby_vision=dolby,
        has_hdr10_plus=plus,
        primaries=_named(workers, "color_primaries", track, "color_primaries", _PRIMARIES),
        transfer=transfer,
        matrix=_named(workers, "color_space", track, "matrix_coefficients", _MATRICES),
        range=_range(workers, track),
        mastering=_mastering(sides, track),
        # CTA-861.3: 0 says that it was not measured.
        max_cll_nits=look.above_zero(light.get("max_content"))
        or look.above_zero(track.get("maximum_content_light_level")),
        max_fall_nits=look.above_zero(light.get("max_average"))
        or look.above_zero(track.get("maximum_frameaverage_light_level")),
    )


def _format(
    dolby: DolbyVision | None, plus: bool, transfer: str | None, bits: int | None
) -> tuple[HdrFormat | None, str | None]:
    if dolby is not None:
        return HdrFormat.DOLBY_VISION, f"Dolby Vision profile {dolby.profile}"
    if plus:
        return HdrFormat.HDR10_PLUS, "dynamic metadata of SMPTE ST 2094-40"
    if transfer == _PQ:
        return HdrFormat.HDR10, f"transfer {transfer}"
    if transfer == _HLG:
        return HdrFormat.HLG, f"transfer {transfer}"
    if transfer in _SDR:
        return HdrFormat.SDR, f"transfer {transfer}"
    if transfer is None and bits == 8:
        return HdrFormat.SDR, "8 bits; HDR has 10 or 12"
    return None, None


def _dolby_vision(sides: list[dict[str, Any]], track: dict[str, Any]) -> DolbyVision | None:
    if record := _side(sides, "DOVI configuration"):
        profile = look.integer(record.get("dv_profile"))
        compatibility = look.integer(record.get("dv_bl_signal_compatibility_id"))
        return DolbyVision(
            profile=profile,
            level=look.integer(record.get("dv_level")),
            compatibility_id=compatibility,
            base=_base(profile, compatibility),
            has_enhancement_layer=bool(look.integer(record.get("el_present_flag"))),
        )
    if "Dolby Vision" not in str(track.get("hdr_format") or ""):
        return None
    said = _DOVI_TAG.search(str(track.get("hdr_format_profile") or track.get("codec_id") or ""))
    profile = int(said[1]) if said else None
    named = str(track.get("hdr_format_compatibility") or "")
    base = next((f for f in (HdrFormat.HDR10, HdrFormat.HLG, HdrFormat.SDR) if f in named), None)
    layers = re.findall(r"\w+", str(track.get("hdr_format_settings") or ""))
    return DolbyVision(
        profile=profile,
        level=int(said[2]) if said and said[2] else look.above_zero(track.get("hdr_format_level")),
        base=None if profile == 5 else base,
        has_enhancement_layer="EL" in layers if layers else None,
    )


def _base(profile: int | None, compatibility: int | None) -> HdrFormat | None:
    if profile == 5:  # IPTPQc2 colours: no other player shows them right
        return None
    if profile == 7 and not compatibility:
        return HdrFormat.HDR10
    return _BASES.get(compatibility or 0)


def _has_plus(sides: list[dict[str, Any]], track: dict[str, Any]) -> bool:
    said = str(track.get("hdr_format") or "") + str(track.get("hdr_format_compatibility") or "")
    return bool(_side(sides, "2094-40")) or "2094 App 4" in said or "HDR10+" in said


def _mastering(sides: list[dict[str, Any]], track: dict[str, Any]) -> MasteringDisplay | None:
    side = _side(sides, "Mastering display")
    points = {
        name: _point(side, prefix)
        for name, prefix in (("red", "red"), ("green", "green"), ("blue", "blue"),
                             ("white_point", "white_point"))
    }  # fmt: skip
    said = str(track.get("mastering_display_luminance") or "")
    low, high = (re.search(rf"{edge}: ([\d.]+)", said) for edge in ("min", "max"))
    darkest = look.ratio(side.get("min_luminance"))
    brightest = look.ratio(side.get("max_luminance")) or None
    if brightest is None:
        brightest = float(high[1]) if high and float(high[1]) else None
        darkest = float(low[1]) if low and brightest else None
    primaries = streams.word(track.get("mastering_display_color_primaries"))
    if brightest is None and not any(points.values()) and primaries is None:
        return None  # absent, or all zeros
    return MasteringDisplay(
        **points,
        primaries=primaries,
        min_luminance_nits=darkest if brightest else None,
        max_luminance_nits=brightest,
    )


def _point(side: dict[str, Any], prefix: str) -> tuple[float, float] | None:
    x, y = look.ratio(side.get(f"{prefix}_x")), look.ratio(side.get(f"{prefix}_y"))
    return (round(x, 5), round(y, 5)) if x and y else None


def _side(sides: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((s for s in sides if name in str(s.get("side_data_type"))), {})


def _named(
    workers: list[dict[str, Any]], name: str, track: dict[str, Any], field: str,
    names: dict[str, str],
) -> str | None:  # fmt: skip
    """ffprobe's word of the stream or its frames, else MediaInfo's in ffmpeg's spelling."""
    said = next((word for worker in workers if (word := streams.word(worker.get(name)))), None)
    other = streams.word(track.get(field))
    return said or (names.get(other, other) if other else None)


def _range(workers: list[dict[str, Any]], track: dict[str, Any]) -> str | None:
    said = _named(workers, "color_range", track, "color_range", {"Limited": "tv", "Full": "pc"})
    return {"tv": "limited", "pc": "full"}.get(said or "", said)

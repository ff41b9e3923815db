"""Facts derived from reports: of the real tools on made files, and of shapes that cameras write."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.media import Clips, ffmpeg
from tests.paths import FIXTURES
from tests.unit.media.probing.test_exiftool import write
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.metadata import (
    codec,
    consolidation,
    dates,
    exif,
    focal,
    hdr,
    languages,
    location,
    tracks,
)
from utils.models.item import MediaKind
from utils.models.metadata import CaptureTime, FocalClass, FocalSource, HdrFormat, Metadata
from utils.models.probe import (
    ContainerProbe,
    ExifReport,
    FfprobeReport,
    MediaInfoReport,
    Sidecar,
    VideoStream,
)
from utils.models.signal import SignalReport
from utils.models.tool_reports import ToolReports
from utils.storage import sidecars

CAMERAS = json.loads((FIXTURES / "cameras.json").read_text())
IPHONE = json.loads((FIXTURES / "iphone_dolby_vision.json").read_text())
HDR = json.loads((FIXTURES / "hdr10_plus.json").read_text())
PROBE = ContainerProbe(
    kind="video", format_names=("mov",), size_bytes=1,
    video=VideoStream(index=0, codec="h264", width=6960, height=4640),
)  # fmt: skip
MOVING = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2,format=yuv420p")
X265_HDR10 = (
    "log-level=error:hdr10=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:"
    "colormatrix=bt2020nc:master-display=G(13250,34500)B(7500,3000)R(34000,16000)"
    "WP(15635,16450)L(10000000,1):max-cll=1000,400"
)


def camera(name: str) -> ExifReport:
    return exiftool.parse(CAMERAS[name])


def probed(**stream: Any) -> FfprobeReport:
    """A report of one picture."""
    raw = {"format": {}, "streams": [{"index": 0, "codec_type": "video", **stream}], "frames": []}
    return FfprobeReport(container=PROBE, raw=raw)


def reports(path: Path) -> tuple[FfprobeReport, MediaInfoReport]:
    return ffprobe.report(path), mediainfo.report(path)


def everything(path: Path) -> Metadata:
    """What the flow does with all steps on."""
    return consolidated(*reports(path), exiftool.report(path), sidecars.beside(path))


def consolidated(
    probe: FfprobeReport, media: MediaInfoReport, tags: ExifReport, files: tuple[Sidecar, ...] = ()
) -> Metadata:
    camera = exif.extended(tags)
    return consolidation.consolidate(
        ToolReports(
            ffprobe=probe, mediainfo=media, exif=tags, camera=camera,
            codec=codec.details(probe, media), hdr=hdr.describe(probe, media),
            audio_tracks=tracks.audio(probe, media),
            subtitle_tracks=tracks.subtitles(probe, files),
            focal_length=focal.detect(tags, camera, probe.container),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def iphone() -> tuple[FfprobeReport, MediaInfoReport, ExifReport]:
    raw = IPHONE["ffprobe"]
    probe = FfprobeReport(container=ffprobe.parse(raw, Path("x.mov")), raw=raw)
    return probe, mediainfo.parse(IPHONE["mediainfo"]), exiftool.parse(IPHONE["exiftool"])


@pytest.fixture(scope="module")
def hdr10(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hdr") / "hdr10.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=0.4", "-c:v", "libx265",
           "-pix_fmt", "yuv420p10le", "-x265-params", X265_HDR10, path)  # fmt: skip
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "small.mp4"
    ffmpeg(*MOVING, "-f", "lavfi", "-i", "sine=d=2", path)
    return path


# One report a tool


def test_a_report_does_not_change_when_the_file_moves(small: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere 01.mp4"
    shutil.copy2(small, moved)
    assert ffprobe.report(moved) == ffprobe.report(small)
    assert mediainfo.report(moved) == mediainfo.report(small)
    assert "elsewhere" not in mediainfo.report(moved).model_dump_json()


def test_a_report_of_ffprobe_has_the_first_picture_even_if_sound_comes_first(
    tmp_path: Path,
) -> None:
    film = tmp_path / "film.ts"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-itsoffset", "0.5", *MOVING, "-map", "0", "-map", "1",
           "-muxdelay", "0", film)  # fmt: skip
    frames = ffprobe.report(film).raw["frames"]
    assert {"video", "audio"} == {frame["media_type"] for frame in frames}


def test_mediainfo_does_not_join_numbered_files_into_one_item(clips: Clips, tmp_path: Path) -> None:
    for number in range(30):
        shutil.copy(clips.image, tmp_path / f"photo{number:04}.jpg")
    report = mediainfo.report(tmp_path / "photo0000.jpg")
    assert report.tracks[0]["file_size"] == clips.image.stat().st_size
    assert (report.width, report.height) == (800, 600)


@pytest.mark.parametrize(
    "text",
    ["#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
     "ffconcat version 1.0\nfile '{}'\n",
     '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><image href="{}"/></svg>'],
)  # fmt: skip
def test_mediainfo_does_not_follow_what_a_text_names(
    small: Path, tmp_path: Path, text: str
) -> None:
    secret = tmp_path / "secret.ts"
    ffmpeg("-i", small, "-c", "copy", secret)
    for name, encoding in (("list.m3u8", "utf-8"), ("film.mp4", "utf-8"), ("wide.mp4", "utf-16")):
        path = tmp_path / name
        path.write_text(text.format(secret), encoding=encoding)
        assert mediainfo.report(path) == MediaInfoReport()


@pytest.mark.parametrize("name", ["video", "tone", "speech", "image"])
def test_media_are_no_text(clips: Clips, name: str) -> None:
    assert mediainfo.report(getattr(clips, name)).tracks


# Coding


def test_the_coding_of_a_picture_is_told(small: Path) -> None:
    found = codec.details(*reports(small))
    assert (found.codec, found.profile, found.level) == ("h264", "High", "1.2")
    assert (found.pixel_format, found.chroma_subsampling, found.bit_depth) == (
        "yuv420p",
        "4:2:0",
        8,
    )
    assert (found.scan_type, found.cabac, found.reference_frames) == ("progressive", True, 4)
    assert (found.frame_rate, found.frame_rate_mode) == (25, "CFR")
    assert found.timecode is None


@pytest.mark.parametrize(("turn", "clockwise"), [("90", 270), ("-90", 90), ("180", 180)])
def test_rotation_is_clockwise_and_turns_the_display_size(
    small: Path, tmp_path: Path, turn: str, clockwise: int
) -> None:
    path = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", turn, "-i", small, "-c", "copy", path)
    probe, media = reports(path)
    assert codec.details(probe, None).rotation_degrees == clockwise
    assert codec.details(probe, media).rotation_degrees == clockwise
    found = everything(path)
    assert (found.width, found.height) == (320, 180)
    assert (found.display_width, found.display_height) == (
        (320, 180) if turn == "180" else (180, 320)
    )


def test_anamorphic_pixels_widen_the_display_not_the_stored_size(tmp_path: Path) -> None:
    path = tmp_path / "wide.mp4"
    ffmpeg(*MOVING, "-vf", "setsar=16/11", path)
    found = everything(path)
    assert (found.width, found.display_width, found.display_height) == (320, 465, 180)


def test_a_variable_frame_rate_is_told_by_either_tool(tmp_path: Path) -> None:
    path = tmp_path / "vfr.mp4"
    ffmpeg("-f", "lavfi", "-i", r"testsrc2=s=320x180:r=25:d=2,select='not(mod(n\,3))+lt(n\,20)'",
           "-fps_mode", "vfr", "-pix_fmt", "yuv420p", path)  # fmt: skip
    probe, media = reports(path)
    assert codec.details(probe, media).frame_rate_mode == "VFR"
    assert codec.details(probe, None).frame_rate_mode == "VFR"
    assert everything(path).frame_rate == pytest.approx(16.667, abs=0.01)


def test_the_rate_of_fields_is_no_variable_frame_rate() -> None:
    interlaced = probed(r_frame_rate="50/1", avg_frame_rate="25/1", field_order="tt")
    found = codec.details(interlaced, None)
    assert found.frame_rate_mode is None
    assert found.scan_type == "interlaced"


def test_timecode_and_data_streams_are_told(tmp_path: Path) -> None:
    path = tmp_path / "take.mov"
    ffmpeg(*MOVING, "-timecode", "01:02:03:04", path)
    found = codec.details(*reports(path))
    assert found.timecode == "01:02:03:04"
    assert [(s.kind, s.tag) for s in found.data_streams] == [("data", "tmcd")]
    assert everything(path).timecode == "01:02:03:04"


def test_the_counter_of_mpeg_2_is_no_timecode(tmp_path: Path) -> None:
    path = tmp_path / "old.mpg"
    ffmpeg(*MOVING, "-c:v", "mpeg2video", path)
    assert codec.details(*reports(path)).timecode is None


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7680, 4320)])
def test_the_smallest_and_a_large_picture_are_told(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", f"color=red:s={width}x{height}:r=5:d=0.4", "-c:v", "mjpeg",
           "-pix_fmt", "yuvj444p", path)  # fmt: skip
    found = everything(path)
    assert (found.width, found.height) == (width, height)
    assert (found.display_width, found.display_height) == (width, height)


def test_intra_only_has_groups_of_one(tmp_path: Path) -> None:
    path = tmp_path / "intra.mkv"
    ffmpeg(*MOVING, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", path)
    assert codec.details(ffprobe.report(path), None).gop_size == 1


def test_what_nobody_says_is_unknown() -> None:
    found = codec.details(probed(profile="unknown", level=-99, refs=1), None)
    assert all(
        value is None for name, value in found if name not in {"attached_pictures", "data_streams"}
    )


@pytest.mark.parametrize(
    ("pixels", "chroma", "bits"),
    [("yuv420p", "4:2:0", 8), ("yuv420p10le", "4:2:0", 10), ("p010le", "4:2:0", 10),
     ("yuv422p10le", "4:2:2", 10), ("yuvj444p", "4:4:4", 8), ("gbrp12le", "4:4:4", 12),
     ("gray", "4:0:0", 8), ("yuva444p16le", "4:4:4", 16), ("nv12", "4:2:0", 8),
     ("yuv411p", "4:1:1", 8), ("rgb24", "4:4:4", 8), ("uyvy422", "4:2:2", None)],
)  # fmt: skip
def test_a_pixel_format_tells_chroma_and_depth(pixels: str, chroma: str, bits: int | None) -> None:
    found = codec.details(probed(pix_fmt=pixels), None)
    assert (found.chroma_subsampling, found.bit_depth) == (chroma, bits)


# Dynamic range


def test_hdr10_comes_with_its_mastering_display_and_light_levels(hdr10: Path) -> None:
    probe, media = reports(hdr10)
    for found in (hdr.describe(probe, media), hdr.describe(probe, None)):
        assert found.format is HdrFormat.HDR10
        assert (found.primaries, found.transfer, found.matrix) == (
            "bt2020",
            "smpte2084",
            "bt2020nc",
        )
        assert found.range == "limited"
        assert found.mastering.red == (0.68, 0.32)
        assert found.mastering.white_point == (0.3127, 0.329)
        assert found.mastering.max_luminance_nits == 1000
        assert found.mastering.min_luminance_nits == 0.0001
        assert (found.max_cll_nits, found.max_fall_nits) == (1000, 400)
    alone = hdr.describe(None, media)
    assert (alone.format, alone.transfer, alone.max_cll_nits) == ("HDR10", "smpte2084", 1000)
    assert alone.mastering.max_luminance_nits == 1000


def test_hlg_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hlg.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=0.4", "-c:v", "libx265",
           "-pix_fmt", "yuv420p10le", "-x265-params",
           "log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc",
           path)  # fmt: skip
    found = hdr.describe(*reports(path))
    assert found.format is HdrFormat.HLG
    assert found.mastering is None
    assert found.max_cll_nits is None


def test_dolby_vision_is_told_with_its_base(
    iphone: tuple[FfprobeReport, MediaInfoReport, ExifReport],
) -> None:
    probe, media, _ = iphone
    both, by_ffprobe, by_mediainfo = (
        hdr.describe(*pair) for pair in ((probe, media), (probe, None), (None, media))
    )
    for found in (both, by_ffprobe, by_mediainfo):
        assert found.format is HdrFormat.DOLBY_VISION
        assert (found.dolby_vision.profile, found.dolby_vision.level) == (8, 4)
        assert found.dolby_vision.base is HdrFormat.HLG
        assert found.dolby_vision.has_enhancement_layer is False
        assert found.transfer == "arib-std-b67"


@pytest.mark.parametrize(
    ("profile", "compatibility", "base"),
    [(5, 0, None), (7, 6, HdrFormat.HDR10), (8, 1, HdrFormat.HDR10), (8, 2, HdrFormat.SDR),
     (8, 4, HdrFormat.HLG), (10, 0, None)],
)  # fmt: skip
def test_the_base_of_dolby_vision_goes_by_its_compatibility(
    profile: int, compatibility: int, base: HdrFormat | None
) -> None:
    side = {"side_data_type": "DOVI configuration record", "dv_profile": profile, "dv_level": 6,
            "el_present_flag": 0, "dv_bl_signal_compatibility_id": compatibility}  # fmt: skip
    found = hdr.describe(probed(side_data_list=[side]), None)
    assert found.dolby_vision.base is base


def test_hdr10_plus_is_told_by_its_frames_and_zero_light_levels_are_unknown() -> None:
    found = hdr.describe(FfprobeReport(container=PROBE, raw=HDR["plus"]), None)
    assert found.format is HdrFormat.HDR10_PLUS
    assert found.mastering.max_luminance_nits == 1000
    assert (found.max_cll_nits, found.max_fall_nits) == (None, None)


def test_dolby_vision_may_carry_hdr10_plus_too() -> None:
    found = hdr.describe(None, mediainfo.parse([HDR["dolby_mediainfo"]]))
    assert found.format is HdrFormat.DOLBY_VISION
    assert (found.dolby_vision.profile, found.dolby_vision.level) == (8, 6)
    assert found.dolby_vision.base is HdrFormat.HDR10
    assert found.has_hdr10_plus
    assert found.max_fall_nits == 237


@pytest.mark.parametrize(
    ("stream", "format_"),
    [({"color_transfer": "bt709"}, HdrFormat.SDR),
     ({"color_transfer": "bt2020-10", "pix_fmt": "yuv420p10le"}, HdrFormat.SDR),
     ({"pix_fmt": "yuv420p"}, HdrFormat.SDR),
     ({"color_transfer": "unknown", "pix_fmt": "yuv420p10le"}, None),
     ({"color_transfer": "linear", "pix_fmt": "gbrp"}, None),
     ({"color_primaries": "bt2020", "pix_fmt": "yuv420p10le"}, None),
     ({}, None)],
)  # fmt: skip
def test_sdr_is_declared_or_follows_from_8_bits_and_else_is_unknown(
    stream: dict[str, str], format_: HdrFormat | None
) -> None:
    assert hdr.describe(probed(**stream), None).format is format_


def test_a_song_has_no_dynamic_range_and_a_cover_is_not_its_picture(
    clips: Clips, tmp_path: Path
) -> None:
    song = tmp_path / "song.mp3"
    ffmpeg("-i", clips.tone, "-i", clips.image, "-map", "0", "-map", "1", "-disposition:v",
           "attached_pic", "-metadata", "title=Evening", "-metadata", "artist=Someone",
           "-metadata", "album=Songs", song)  # fmt: skip
    assert hdr.describe(*reports(song)).format is None
    found = everything(song)
    assert found.kind is MediaKind.AUDIO
    assert (found.width, found.video_codec, found.hdr_format) == (None, None, None)
    assert (found.title, found.artist, found.album) == ("Evening", "Someone", "Songs")
    assert codec.details(*reports(song)).attached_pictures == 1


# Sounds and subtitles


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    (folder / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    path = folder / "film.mkv"
    ffmpeg(*MOVING, "-f", "lavfi", "-i", "sine=d=2", "-f", "lavfi", "-i",
           "anoisesrc=d=2:c=pink,aformat=channel_layouts=stereo", "-i", folder / "words.srt",
           "-map", "0", "-map", "1", "-map", "2", "-map", "3", "-c:a:0", "aac", "-c:a:1", "flac",
           "-sample_fmt:a:1", "s16", "-c:s", "srt",
           "-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng",
           "-metadata:s:a:1", "title=Director's commentary", "-metadata:s:s:0", "language=khm",
           "-disposition:a:0", "default", "-disposition:s:0", "forced", path)  # fmt: skip
    (folder / "film.srt").write_text("")
    (folder / "film.pt-BR.forced.srt").write_text("")
    (folder / "film.en.sdh.VTT").write_text("")
    (folder / "film two.de.srt").write_text("")
    (folder / "film.nfo").write_text("")
    return path


def test_each_sound_is_told_with_its_language(film: Path) -> None:
    first, second = tracks.audio(*reports(film)).tracks
    assert (first.codec, first.language, first.is_default) == ("aac", "de", True)
    assert first.bit_depth is None
    assert (second.codec, second.language, second.is_commentary) == ("flac", "en", True)
    assert (second.channels, second.layout, second.bit_depth) == (2, "stereo", 16)
    assert second.duration_seconds == pytest.approx(2, abs=0.1)


def test_subtitles_are_those_inside_and_those_beside(film: Path) -> None:
    found = tracks.subtitles(ffprobe.report(film), sidecars.beside(film)).tracks
    inside, *beside = found
    assert (inside.format, inside.language, inside.is_forced) == ("srt", "km", True)
    assert inside.is_embedded
    assert [(t.file_name, t.format, t.language) for t in beside] == [
        ("film.en.sdh.VTT", "vtt", "en"),
        ("film.pt-BR.forced.srt", "srt", "pt"),
        ("film.srt", "srt", None),
    ]
    assert beside[0].is_for_hearing_impaired
    assert beside[1].is_forced


def test_languages_of_all_tracks_are_in_the_result(film: Path) -> None:
    found = everything(film)
    assert found.audio_languages == ("de", "en")
    assert found.subtitle_languages == ("km", "en", "pt")


def test_hi_beside_a_film_is_hindi() -> None:
    found = tracks.subtitles(None, [Sidecar(name="film.hi.srt", marks=("hi",))]).tracks[0]
    assert (found.language, found.is_for_hearing_impaired) == ("hi", False)


@pytest.mark.parametrize(
    ("said", "code"),
    [("ger", "de"), ("deu", "de"), ("en-US", "en"), ("pt_BR", "pt"), ("KHM", "km"),
     ("English", "en"), ("und", None), ("", None), (None, None), ("zxx", None),
     ("yue", "yue"), ("xx", None),
     ("'; DROP", None)],
)  # fmt: skip
def test_languages_have_one_code_each(said: str | None, code: str | None) -> None:
    assert languages.normal(said) == code


# Dates


def test_a_phones_date_has_its_zone(
    iphone: tuple[FfprobeReport, MediaInfoReport, ExifReport],
) -> None:
    found = dates.captured(iphone[2], iphone[0], iphone[1])
    assert found.at.isoformat() == "2024-06-21T14:34:08+02:00"
    assert found.is_zone_known
    assert found.source == "Keys:CreationDate"


def test_the_other_tools_know_the_same_moment(
    iphone: tuple[FfprobeReport, MediaInfoReport, ExifReport],
) -> None:
    probe, media, _ = iphone
    moment = datetime(2024, 6, 21, 12, 34, 8, tzinfo=UTC)
    by_ffprobe = dates.captured(None, probe, None)
    assert (by_ffprobe.at, by_ffprobe.at.utcoffset()) == (moment, timedelta(hours=2))
    assert dates.captured(None, None, media).at == moment


@pytest.mark.parametrize(
    ("name", "at", "is_known", "source"),
    [("sony", "2025-09-13T09:30:00+07:00", True, "XML:CreationDateValue"),
     ("canon", "2023-02-03T04:05:06", False, "ExifIFD:DateTimeOriginal"),
     ("android", "2024-01-02T03:04:05+00:00", True, "QuickTime:CreateDate"),
     ("gopro", "2022-07-08T09:10:11", False, "QuickTime:CreateDate")],
)  # fmt: skip
def test_each_kind_of_camera_is_dated_by_its_own_tag(
    name: str, at: str, is_known: bool, source: str
) -> None:
    found = dates.captured(camera(name), None, None)
    assert (found.at.isoformat(), found.is_zone_known, found.source) == (at, is_known, source)


def test_an_unset_clock_is_no_date() -> None:
    assert dates.captured(camera("zeroed"), None, None) is None


@pytest.mark.parametrize(
    "value",
    ["0000:00:00 00:00:00", "0000:01:01 00:00:00", "1904:01:01 00:00:00", "1904:01:01 02:00:00",
     "1970:01:01 00:00:00", "1969:12:31 19:00:00", "1980:01:01 00:00:00", "2024:13:01 00:00:00",
     "2024:02:31 00:00:00", "9999:01:01 00:00:00", "2024", "    :  :     :  :  ", "", "../../etc",
     "2024:01:01", 5, None, ["x"]],
)  # fmt: skip
def test_what_is_no_date_is_unknown(value: int | list[str] | str | None) -> None:
    assert dates.moment(value) is None


def test_a_zone_that_is_none_leaves_the_time_local() -> None:
    assert dates.moment("2024:05:06 07:08:09", "   :  ").tzinfo is None
    assert dates.moment("2024:05:06 07:08:09+99:00").tzinfo is None
    assert dates.moment("2024:05:06 07:08:09", "-03:30").utcoffset() == timedelta(hours=-3.5)
    assert dates.moment("2024:05:06 07:08:09.25Z").microsecond == 250_000


# Places


def test_exif_is_signed_by_its_refs_and_a_height_by_its_own(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "deep.jpg"
    shutil.copy(clips.image, path)
    write(path, "-GPSLatitude=11.5", "-GPSLatitudeRef=S", "-GPSLongitude=104.9",
          "-GPSLongitudeRef=W", "-GPSAltitude=12.5", "-GPSAltitudeRef#=1",
          "-XMP-photoshop:City=Phnom Penh", "-XMP-photoshop:Country=Cambodia")  # fmt: skip
    found = everything(path)
    assert (found.latitude, found.longitude) == (-11.5, -104.9)
    assert found.altitude_metres == -12.5
    assert found.location_name == "Phnom Penh, Cambodia"
    assert found.sources["latitude"] == "GPS:GPSLatitude"


def test_a_videos_coordinates_are_signed(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "sydney.mp4"
    shutil.copy(small, path)
    write(path, "-Keys:GPSCoordinates#=-33.8688 151.2093 58")
    found = everything(path)
    assert (found.latitude, found.longitude) == (-33.8688, 151.2093)
    assert found.altitude_metres == 58
    without = location.locate(None, ffprobe.report(path))
    assert (without.latitude, without.longitude, without.altitude_metres) == (
        -33.8688,
        151.2093,
        58,
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [("+60.1997+024.9473+016.943/", (60.1997, 24.9473, 16.943)),
     ("-33.8688+151.2093/", (-33.8688, 151.2093, None)),
     ("+4012.22-07500.25/", (40.2036667, -75.0041667, None)),
     ("+401213.1-0750015.1+2.79/", (40.2036389, -75.0041944, 2.79)),
     ("+00.0000+000.0000/", None), ("+91.0000+000.5000/", None), ("+10.0000+181.0000/", None),
     ("+4061.00-07500.25/", None), ("+401-075/", None), ("garbage", None)],
)  # fmt: skip
def test_iso_6709_in_all_its_forms(
    text: str, where: tuple[float, float, float | None] | None
) -> None:
    found = location.iso_6709(text, "x")
    got = found and (found.latitude, found.longitude, found.altitude_metres)
    assert got == where


@pytest.mark.parametrize(
    "tags",
    [CAMERAS["zeroed"], {"GPS:GPSLatitude": 11.5, "GPS:GPSLongitude": 104.9},
     {"GPS:GPSLatitude": 11.5, "GPS:GPSLatitudeRef": "N",
      "Composite:GPSLatitude": 11.5, "Composite:GPSLongitude": 104.9},
     {"Keys:GPSCoordinates": "200 500 1"}, {"Keys:GPSCoordinates": "nowhere"},
     {"XMP-exif:GPSLatitude": "nan", "XMP-exif:GPSLongitude": "inf"}],
)  # fmt: skip
def test_zeroed_halved_and_impossible_places_are_unknown(tags: dict[str, Any]) -> None:
    assert location.of_tags(tags) is None
    assert exif.extended(ExifReport(tags=tags)).altitude_metres is None


def test_3gpp_locations_are_read() -> None:
    tags = {
        "UserData:LocationInformation": "home Role=shooting Lat=-12.50000 Lon=30.25000 Alt=7.00"
    }
    found = location.of_tags(tags)
    assert (found.latitude, found.longitude, found.altitude_metres) == (-12.5, 30.25, 7)


# Camera and lens


def test_a_sonys_facts_come_from_its_own_tags() -> None:
    found = exif.extended(camera("sony"))
    assert (found.make, found.model, found.serial) == ("Sony", "ILCE-6700", "0004321")
    assert found.lens == "E PZ 16-50mm F3.5-5.6 OSS"


def test_exposure_is_in_words_and_units() -> None:
    found = exif.extended(camera("canon"))
    assert (found.iso, found.shutter_seconds, found.f_number) == (400, 0.005, 5.6)
    assert (found.exposure_mode, found.white_balance) == ("manual", "auto")
    assert found.lens == "Canon EF-S 18-135mm f/3.5-5.6 IS USM"  # not 506, the maker's number
    assert found.orientation_degrees == 90


def test_zeros_are_unknown() -> None:
    found = exif.extended(camera("zeroed"))
    assert all(value is None for _, value in found)


# Focal length


def test_a_newer_iphone_names_its_equivalent_in_the_videos_track(
    iphone: tuple[FfprobeReport, MediaInfoReport, ExifReport],
) -> None:
    tags = iphone[2]
    found = focal.detect(tags, exif.extended(tags), iphone[0].container)
    assert (found.focal_length_35mm, found.focal_class) == (24, FocalClass.WIDE)
    assert found.source is FocalSource.EXIF


def test_the_equivalent_is_computed_from_the_sensor() -> None:
    tags = camera("canon")
    found = focal.detect(tags, exif.extended(tags), PROBE)
    assert found.focal_length_mm == 35
    assert found.focal_length_35mm == pytest.approx(35 * 1.6, abs=0.5)  # APS-C
    assert (found.source, found.focal_class) == (FocalSource.COMPUTED, FocalClass.MEDIUM)
    assert "FocalPlaneResolution" in found.how


def test_without_a_sensor_there_is_no_equivalent_and_no_class() -> None:
    found = focal.detect(ExifReport(tags={"ExifIFD:FocalLength": 6.8}), None, PROBE)
    assert (found.focal_length_mm, found.focal_length_35mm) == (6.8, None)
    assert (found.source, found.focal_class) == (FocalSource.EXIF, None)


@pytest.mark.parametrize(
    ("lens", "millimetres"),
    [("RF50mm F1.8 STM", 50), ("XF23mmF2 R WR", 23), ("back camera 6.765mm f/1.78", 6.765),
     ("E PZ 16-50mm F3.5-5.6", None), ("24mm–70mm", None), ("Leica", None), ("99999mm", None)],
)  # fmt: skip
def test_the_name_of_a_prime_is_an_estimate_that_says_so(
    lens: str, millimetres: float | None
) -> None:
    tags = ExifReport(tags={"ExifIFD:LensModel": lens})
    found = focal.detect(tags, exif.extended(tags), PROBE)
    assert found.focal_length_mm == millimetres
    assert found.source == (FocalSource.ESTIMATED if millimetres else None)


def test_no_focal_length_is_none() -> None:
    assert focal.detect(camera("zeroed"), None, PROBE).source is None
    assert focal.detect(None, None, PROBE).focal_length_mm is None


@pytest.mark.parametrize(
    ("millimetres", "name"),
    [(7.9, None), (8, "ultra-wide"), (17.9, "ultra-wide"), (18, "wide"), (35, "medium"),
     (70, "long"), (199, "long"), (200, "tele"), (800, "tele"), (801, None), (None, None)],
)  # fmt: skip
def test_each_class_begins_with_its_lower_bound(
    millimetres: float | None, name: str | None
) -> None:
    assert focal.classify(millimetres) == name


# Consolidation


def test_an_iphones_facts_are_consolidated(
    iphone: tuple[FfprobeReport, MediaInfoReport, ExifReport],
) -> None:
    found = consolidated(*iphone)
    assert found.hdr_format == "Dolby Vision"
    assert (found.video_codec, found.bit_depth, found.frame_rate_mode) == ("HEVC", 10, "VFR")
    assert (found.width, found.height) == (1920, 1080)
    assert (found.display_width, found.display_height) == (1080, 1920)
    assert (found.camera_make, found.camera_model) == ("Apple", "iPhone 15 Pro")
    assert found.lens == "iPhone 15 Pro back triple camera 6.765mm f/1.78"
    assert (found.latitude, found.longitude, found.altitude_metres) == (60.1997, 24.9473, 16.943)
    assert found.captured_at_source == "Keys:CreationDate"
    assert found.sources["frame_rate"] == "mediainfo"
    assert found.sources["focal_length_35mm"] == "focal length (exif)"


def test_every_known_field_has_a_source_and_no_other(
    iphone: tuple[FfprobeReport, MediaInfoReport, ExifReport], film: Path
) -> None:
    flags = {"sources", "captured_at_zone_known", "captured_at_source"}
    for found in (consolidated(*iphone), everything(film)):
        known = {name for name, value in found if value not in (None, ()) and name not in flags}
        assert known == set(found.sources) - flags


def test_steps_that_did_not_run_leave_gaps_not_errors(film: Path, small: Path) -> None:
    for path in (film, small):
        found = consolidation.consolidate(ToolReports(ffprobe=ffprobe.report(path)))
        assert (found.video_codec, found.width) == ("h264", 320)
        assert found.sources["video_codec"] == "ffprobe"
        assert found.hdr_format is None


def test_the_stored_size_is_ffprobes_where_mediainfo_turned_it(small: Path) -> None:
    turned = MediaInfoReport(width=180, height=320)
    found = consolidation.consolidate(ToolReports(ffprobe=ffprobe.report(small), mediainfo=turned))
    assert (found.width, found.height, found.sources["width"]) == (320, 180, "ffprobe")


def test_a_png_has_its_size_although_ffprobe_can_not_tell(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    ffmpeg("-f", "lavfi", "-i", "color=red@0.5:s=800x600,format=rgba", "-frames:v", "1", path)
    found = everything(path)
    assert (found.width, found.height, found.display_width) == (800, 600, 800)
    assert (found.duration_seconds, found.frame_rate) == (None, None)


def test_a_photo_is_turned_by_its_orientation(clips: Clips, tmp_path: Path) -> None:
    path = tmp_path / "portrait.jpg"
    shutil.copy(clips.image, path)
    write(path, "-Orientation#=6")
    found = everything(path)
    assert (found.width, found.height) == (800, 600)
    assert (found.display_width, found.display_height) == (600, 800)
    assert found.sources["display_width"] == "extended exif"


@pytest.mark.parametrize(
    "name", ["video", "silent_video", "tone", "speech", "image", "half_faststart"]
)
def test_every_kind_of_clip_has_facts_that_can_be_stored(clips: Clips, name: str) -> None:
    found = everything(getattr(clips, name))
    assert json.loads(found.model_dump_json())["kind"] in {"video", "audio", "image"}
    assert found.size_bytes == getattr(clips, name).stat().st_size
    assert not {0, ""} & set(found.sources.values())


def test_a_wrong_suffix_changes_nothing_but_the_name(small: Path, tmp_path: Path) -> None:
    for suffix in (".jpg", ".mp3", ".txt", ""):
        path = tmp_path / f"film{suffix}"
        shutil.copy(small, path)
        assert everything(path) == everything(small)


def test_a_sound_without_samples_has_no_length(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-t", "0", path)
    found = everything(path)
    assert found.kind is MediaKind.AUDIO
    assert found.duration_seconds is None


def test_tags_of_strangers_are_bounded_and_free_of_control_characters(
    small: Path, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.mp4"
    ffmpeg("-i", small, "-c", "copy", "-metadata", "title=../../\x1b[2J\x07evil\u202egnp",
           "-metadata", "comment=" + "x" * 50_000, path)  # fmt: skip
    probe, media = reports(path)
    for report in (probe, media, exiftool.report(path)):
        printed = report.model_dump_json()
        assert "\\u001b" not in printed
        assert "\u202e" not in printed
        assert "x" * 2001 not in printed
    assert everything(path).title == "../../[2Jevilgnp"


def test_a_title_makes_no_camera() -> None:
    """ffprobe's creation_time is UTC; only a maker's own tag says that a clock was local."""
    from utils.models.probe import FfprobeReport

    def taken(**tags: str) -> CaptureTime:
        raw = {"format": {"tags": {"creation_time": "2024-06-01T10:00:00.000000Z", **tags}}}
        container = ContainerProbe(kind="video", format_names=("mov",), size_bytes=1)
        return dates.captured(None, FfprobeReport(container=container, raw=raw), None)

    assert taken(title="Canon in D").is_zone_known
    assert not taken(make="Canon").is_zone_known


@pytest.mark.parametrize(
    ("decoded", "length", "source"),
    [(15.0, 15.0, "decode"), (5.1, 5.02, "ffprobe"), (0.0, 5.02, "ffprobe")],
)
def test_the_decode_corrects_a_length_that_a_header_has_wrong(
    decoded: float, length: float, source: str, clips: Clips
) -> None:
    known = ffprobe.report(clips.video)
    known = known.model_copy(
        update={"container": known.container.model_copy(update={"duration_seconds": 5.02})}
    )
    seen = SignalReport(decoded_seconds=decoded, decode_errors=0)
    found = consolidation.consolidate(ToolReports(ffprobe=known, signal=seen))
    assert (found.duration_seconds, found.sources["duration_seconds"]) == (length, source)

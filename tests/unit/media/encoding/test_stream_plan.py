import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.media import Clips, ffmpeg
from utils.errors import PermanentError
from utils.media import signal, tools
from utils.media import streams as layout
from utils.media.encoding import encode, stream_plan
from utils.media.probing import ffprobe
from utils.models.options import CompressionOptions
from utils.models.rendition import Compression
from utils.models.signal import SignalReport

pytestmark = pytest.mark.e2e  # real encodes of many kinds

WEB = CompressionOptions(min_saving=0)
ARCHIVE = CompressionOptions(profile="archive", min_saving=0, crf=45)
CHAPTERS = """;FFMETADATA1
title=A film
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=One
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=2000
title=Two
"""
SUBTITLES = "1\n00:00:00,200 --> 00:00:01,000\nBonsoir\n"
# x265's options that make HDR10 (SMPTE ST 2086 and CTA-861.3).
HDR10 = (
    "log-level=none:hdr10=1:repeat-headers=1:colorprim=bt2020:transfer=smpte2084:"
    "colormatrix=bt2020nc:master-display=G(13250,34500)B(7500,3000)R(34000,16000)"
    "WP(15635,16450)L(10000000,1):max-cll=1000,400"
)


def moving(
    folder: Path, name: str, *options: str, size: str = "320x180", before: tuple[()] = ()
) -> Path:
    path = folder / name
    ffmpeg(*before, "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=2,noise=alls=12:allf=t",
           "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12",
           *options, path)  # fmt: skip
    return path


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film as an editor leaves it: two sounds, a subtitle, chapters, a time code."""
    folder = tmp_path_factory.mktemp("rich")
    (folder / "s.srt").write_text(SUBTITLES)
    (folder / "c.txt").write_text(CHAPTERS)
    picture = moving(folder, "picture.mp4")
    path = folder / "rich.mov"
    ffmpeg("-i", picture, "-f", "lavfi", "-i", "sine=d=2", "-f", "lavfi", "-i", "sine=f=800:d=2",
           "-i", folder / "s.srt", "-i", folder / "c.txt",
           *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_metadata", "4"),
           *("-c:v", "copy", "-c:a", "pcm_s16le", "-c:s", "mov_text"),
           *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=spa"),
           *("-metadata:s:a:1", "title=Kommentar: = -y", "-metadata:s:s:0", "language=fra"),
           *("-disposition:a:0", "0", "-disposition:a:1", "default"),
           *("-timecode", "01:00:00:00", path))  # fmt: skip
    return path


@pytest.fixture(scope="module")
def hdr10(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hdr") / "hdr10.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1,noise=alls=12:allf=t",
           "-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-crf", "8",
           "-x265-params", HDR10, "-color_primaries", "bt2020", "-color_trc", "smpte2084",
           "-colorspace", "bt2020nc", path)  # fmt: skip
    return path


def compressed(path: Path, options: CompressionOptions, folder: Path) -> Compression:
    probe = ffprobe.probe(path)
    result = encode.compress(path, probe, signal.analyze(path, probe, path.parent), options, folder)
    assert not [*folder.glob(".*")]
    return result


def printed(path: Path) -> dict[str, Any]:
    """What ffprobe says of a file's streams and chapters."""
    done = subprocess.run(ffprobe.command(path), capture_output=True, check=True)
    return json.loads(done.stdout)


def streams(path: Path, kind: str) -> list[dict[str, Any]]:
    return [s for s in printed(path)["streams"] if s["codec_type"] == kind]


@pytest.mark.parametrize("options", [WEB, ARCHIVE], ids=["web", "archive"])
def test_sounds_subtitles_chapters_and_time_code_are_kept(
    rich: Path, tmp_path: Path, options: CompressionOptions
) -> None:
    result = compressed(rich, options, tmp_path)
    made = result.rendition.path
    sounds, (subtitle,), (picture,) = (streams(made, k) for k in ("audio", "subtitle", "video"))
    assert [s["tags"].get("language", "und") for s in sounds] == ["eng", "spa"]
    tags = sounds[1]["tags"]
    assert "Kommentar: = -y" in (tags.get("name"), tags.get("title"))
    assert [s["disposition"]["default"] for s in sounds] == [0, 1]
    assert subtitle["tags"]["language"] == "fra"
    assert [c["tags"]["title"] for c in printed(made)["chapters"]] == ["One", "Two"]
    assert "01:00:00:00" in (picture["tags"].get("timecode"), picture["tags"].get("TIMECODE"))
    assert result.dropped == ()


def test_an_archive_keeps_uncompressed_sound_without_loss(rich: Path, tmp_path: Path) -> None:
    made = compressed(rich, ARCHIVE, tmp_path).rendition.path
    assert {s["codec_name"] for s in streams(made, "audio")} == {"flac"}


def test_the_sound_alone_says_what_it_leaves_out(rich: Path, tmp_path: Path) -> None:
    result = compressed(rich, CompressionOptions(profile="audio"), tmp_path)
    assert result.rendition.codec == "opus"
    assert result.rendition.kind == "audio"
    assert "picture 0 (h264)" in result.dropped
    assert "sound 2 (pcm_s16le, spa)" in result.dropped
    assert "subtitle 3 (mov_text, fra)" in result.dropped
    assert "without picture 0 (h264)" in result.reason


def pgs(folder: Path) -> Path:
    """A PGS subtitle: eight by two white pixels from 0.25 to 1 s."""

    def segment(kind: int, pts: int, data: bytes = b"") -> bytes:
        return (b"PG" + pts.to_bytes(4, "big") + bytes(4) + bytes([kind])
                + len(data).to_bytes(2, "big") + data)  # fmt: skip

    screen = bytes([1, 64, 0, 180, 16])  # 320×180, frame rate
    window = bytes([1, 0, 0, 10, 0, 10, 0, 8, 0, 2])
    lines = (b"\1" * 8 + b"\0\0") * 2
    shape = bytes([0, 0, 0, 0xC0]) + (len(lines) + 4).to_bytes(3, "big") + bytes([0, 8, 0, 2])
    shown = bytes([0, 0, 0x80, 0, 0, 1]) + bytes([0, 0, 0, 0, 0, 10, 0, 10])
    path = folder / "subtitle.sup"
    path.write_bytes(
        segment(0x16, 22500, screen + shown)
        + segment(0x17, 22500, window)
        + segment(0x14, 22500, bytes([0, 0, 1, 235, 128, 128, 255]))
        + segment(0x15, 22500, shape + lines)
        + segment(0x80, 22500)
        + segment(0x16, 90000, screen + bytes([0, 1, 0, 0, 0, 0]))
        + segment(0x17, 90000, window)
        + segment(0x80, 90000)
    )
    return path


def test_a_bitmap_subtitle_is_kept_by_the_archive_and_named_by_the_web(tmp_path: Path) -> None:
    picture = moving(tmp_path, "picture.mp4")
    film = tmp_path / "film.mkv"
    font = tmp_path / "font.ttf"
    font.write_bytes(b"no real font")
    ffmpeg("-i", picture, "-i", pgs(tmp_path), "-attach", font, "-metadata:s:t:0",
           "mimetype=font/ttf", "-map", "0", "-map", "1", "-c", "copy", film)  # fmt: skip
    kept = compressed(film, ARCHIVE, tmp_path)
    assert streams(kept.rendition.path, "subtitle")[0]["codec_name"] == "hdmv_pgs_subtitle"
    assert streams(kept.rendition.path, "attachment")
    assert kept.dropped == ()
    lost = compressed(film, WEB, tmp_path)
    assert lost.dropped[0] == "subtitle 1 (hdmv_pgs_subtitle)"
    assert lost.dropped[1].startswith("attachment 2 (")


@pytest.mark.parametrize("options", [WEB, ARCHIVE], ids=["web", "archive"])
def test_a_films_cover_is_kept(clips: Clips, tmp_path: Path, options: CompressionOptions) -> None:
    picture = moving(tmp_path, "picture.mp4")
    film = tmp_path / "film.mp4"
    ffmpeg("-i", picture, "-i", clips.image, "-map", "0", "-map", "1", "-c", "copy",
           "-disposition:v:1", "attached_pic", film)  # fmt: skip
    result = compressed(film, options, tmp_path)
    assert ffprobe.probe(result.rendition.path).picture is not None
    assert result.dropped == ()


@pytest.mark.parametrize("profile", ["web", "archive"])
def test_a_songs_cover_is_kept(clips: Clips, tmp_path: Path, profile: str) -> None:
    song = tmp_path / "song.wav"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=3:a=0.2", "-ac", "2", song)
    covered = tmp_path / "song.flac"
    ffmpeg("-i", song, "-i", clips.image, "-map", "0", "-map", "1", "-c:v", "copy",
           "-disposition:v", "attached_pic", covered)  # fmt: skip
    options = CompressionOptions(profile=profile, min_saving=0)
    result = compressed(covered, options, tmp_path)
    if result.rendition:  # a FLAC of a FLAC may be no smaller
        assert ffprobe.probe(result.rendition.path).picture is not None
    assert result.dropped == ()


def test_a_cover_that_does_not_decode_is_named_and_the_song_still_made(
    clips: Clips, tmp_path: Path
) -> None:
    picture = tmp_path / "cover.png"
    ffmpeg("-i", clips.image, picture)
    whole = picture.read_bytes()
    song = tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=3", "-i", picture, "-map", "0", "-map", "1",
           "-c:v", "copy", "-b:a", "256k", "-disposition:v", "attached_pic", song)  # fmt: skip
    data = bytearray(song.read_bytes())
    at = data.index(whole[:64]) + 8
    data[at : at + len(whole) - 16] = bytes(len(whole) - 16)
    song.write_bytes(data)
    result = compressed(song, CompressionOptions(audio_kbps=48), tmp_path)
    assert result.rendition is not None
    assert len(result.dropped) <= 1


def test_hdr10_keeps_its_metadata_and_ten_bits(hdr10: Path, tmp_path: Path) -> None:
    options = CompressionOptions(min_saving=0, crf=50)
    result = compressed(hdr10, options, tmp_path)
    (made,) = streams(result.rendition.path, "video")
    assert (made["codec_name"], made["pix_fmt"]) == ("av1", "yuv420p10le")
    assert (made["color_transfer"], made["color_primaries"]) == ("smpte2084", "bt2020")
    assert (made["color_space"], made["color_range"]) == ("bt2020nc", "tv")
    sides = {side["side_data_type"]: side for side in made["side_data_list"]}
    assert sides["Content light level metadata"]["max_content"] == 1000
    mastering = sides["Mastering display metadata"]
    assert ratio(mastering["max_luminance"]) == pytest.approx(1000)
    assert ratio(mastering["red_x"]) == pytest.approx(0.68, abs=0.001)
    assert result.dropped == ()


def ratio(text: str) -> float:
    top, bottom = text.split("/")
    return int(top) / int(bottom)


def test_h264_is_refused_for_more_than_eight_bits(hdr10: Path, tmp_path: Path) -> None:
    result = compressed(hdr10, CompressionOptions(video_codec="h264"), tmp_path)
    assert "choose av1" in result.reason


def test_a_rotated_anamorphic_picture_is_shown_as_before(tmp_path: Path) -> None:
    flat = moving(tmp_path, "flat.mp4", "-vf", "setsar=4/3")
    turned = tmp_path / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", flat, "-c", "copy", turned)
    (made,) = streams(compressed(turned, WEB, tmp_path).rendition.path, "video")
    # Turned for good: the sides and the pixels' shape change places, and no rotation is left.
    assert (made["width"], made["height"]) == (180, 320)
    assert made["sample_aspect_ratio"] == "3:4"
    assert not any("rotation" in side for side in made.get("side_data_list", []))


def times(path: Path) -> list[float]:
    done = subprocess.run(
        [tools.find("ffprobe"), "-v", "error", "-select_streams", "v", "-show_entries",
         "packet=pts_time", "-of", "csv=p=0", path], capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted(float(line.strip(",")) for line in done.stdout.split())


def test_a_variable_frame_rate_keeps_the_time_of_each_frame(tmp_path: Path) -> None:
    film = tmp_path / "vfr.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2,noise=alls=12:allf=t", "-vf",
           "settb=1/90000,setpts='(N+0.4*mod(N*7,3)/3+if(gt(N,30),17,0))*3000'",
           "-fps_mode", "vfr", "-enc_time_base", "1/90000", "-video_track_timescale", "90000",
           "-pix_fmt", "yuv420p", "-crf", "10", film)  # fmt: skip
    made = times(compressed(film, WEB, tmp_path).rendition.path)
    assert made == pytest.approx(times(film), abs=0.0005)
    assert len({round(b - a, 3) for a, b in itertools.pairwise(made)}) > 2


def test_full_range_stays_full_range(tmp_path: Path) -> None:
    film = tmp_path / "full.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:d=1,noise=alls=12:allf=t,format=yuvj420p",
           "-color_range", "pc", "-crf", "8", film)  # fmt: skip
    (made,) = streams(compressed(film, WEB, tmp_path).rendition.path, "video")
    assert made["color_range"] == "pc"


def test_an_odd_size_loses_one_line_at_most(tmp_path: Path) -> None:
    film = tmp_path / "odd.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=321x181:d=1", "-c:v", "ffv1", film)
    (made,) = streams(compressed(film, WEB, tmp_path).rendition.path, "video")
    assert (made["width"], made["height"]) == (320, 180)


def test_one_pixel_is_small_enough(tmp_path: Path) -> None:
    film = tmp_path / "one.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=red:s=1x1:d=1", "-c:v", "ffv1", film)
    for options in (WEB, ARCHIVE):
        result = encode.compress(film, ffprobe.probe(film), one_second(), options, tmp_path)
        assert "1×1 is small enough" in result.reason


def one_second() -> SignalReport:
    from utils.models.signal import SignalReport

    return SignalReport(decoded_seconds=1.0, decode_errors=0)


def test_what_holds_no_samples_is_kept(clips: Clips, tmp_path: Path) -> None:
    empty = one_second().model_copy(update={"decoded_seconds": 0.0})
    result = encode.compress(clips.tone, ffprobe.probe(clips.tone), empty, WEB, tmp_path)
    assert result.reason == "source kept: nothing of it decodes"


def test_small_aac_is_copied_and_large_encoded() -> None:
    streams = layout.Layout(
        (
            layout.Stream(0, "video", "h264", pixel_format="yuv420p"),
            layout.Stream(1, "audio", "aac", bit_rate=90_000, channels=2),
            layout.Stream(2, "audio", "aac", bit_rate=320_000, channels=2),
            layout.Stream(3, "audio", "ac3", bit_rate=384_000, channels=6),
            layout.Stream(4, "audio", "unknown", tag="apac"),
        )
    )
    plan = stream_plan.for_video(streams, WEB, is_intact=True)
    assert plan.output["c:a:0"] == "copy"
    assert plan.output["b:a:1"] == "96k"
    assert plan.output["b:a:2"] == "288k"
    assert plan.dropped == ("sound 4 (apac)",)
    damaged = stream_plan.for_video(streams, WEB, is_intact=False)
    assert damaged.output["c:a:0"] == "aac"


def test_what_an_encoder_can_not_hold_is_named() -> None:
    picture = layout.Stream(
        0, "video", "prores", pixel_format="yuva444p12le", is_interlaced=True
    )  # fmt: skip
    metadata = layout.Stream(1, "data", "bin_data", tag="gpmd")
    plan = stream_plan.for_video(layout.Layout((picture, metadata)), WEB, is_intact=True)
    assert plan.codec == "av1"
    assert plan.dropped == (
        "data stream 1 (gpmd)",
        "colour detail (yuva444p12le becomes 4:2:0)",
        "transparency",
        "more than 10 bits",
        "fields (the picture is deinterlaced)",
    )


def test_dolby_vision_without_a_base_layer_is_left_alone() -> None:
    side = {"side_data_type": "DOVI configuration record", "dv_profile": 5}
    streams = layout.parse(
        {"streams": [{"index": 0, "codec_type": "video", "side_data_list": [side]}]}
    )
    assert "profile 5" in encode.refusal(streams, WEB)


def test_a_lossy_song_has_no_archive_copy(clips: Clips, tmp_path: Path) -> None:
    result = compressed(clips.speech, ARCHIVE, tmp_path)
    assert "mp3 is lossy already" in result.reason


def test_a_damaged_source_is_compressed_and_its_errors_are_told(
    clips: Clips, tmp_path: Path
) -> None:
    """Zeroed in the middle: it decodes with exit code 0."""
    whole = moving(tmp_path, "whole.ts")
    data = bytearray(whole.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(data)
    probe = ffprobe.probe(damaged)
    facts = signal.analyze(damaged, probe, damaged.parent)
    assert facts.decode_errors > 0
    try:
        result = encode.compress(damaged, probe, facts, WEB, tmp_path)
    except PermanentError:
        assert not [*tmp_path.glob("rendition-*")]
    else:
        assert "errors" in result.reason


def test_the_sound_of_a_film_is_the_first_that_can_be_decoded() -> None:
    streams = (
        layout.Stream(number=0, type="video", codec="h264"),
        layout.Stream(number=1, type="audio", codec="unknown", tag="apac"),
        layout.Stream(number=2, type="audio", codec="aac", channels=2),
    )
    plan = stream_plan.for_sound(layout.Layout(streams), CompressionOptions(profile="audio"))
    assert [stream.number for stream in plan.streams] == [2]
    assert "sound 1 (apac)" in plan.dropped

from pathlib import Path

import numpy as np
import pytest
from PIL.Image import Image

from tests.media import Clips, ffmpeg
from tests.paths import FIXTURES
from utils.errors import PermanentError
from utils.media import signal
from utils.media.probing import ffprobe
from utils.models.options import VerdictOptions
from utils.models.probe import AudioStream, ContainerProbe
from utils.models.signal import Still
from utils.processes import output
from utils.quality import criteria, verdict

# Lines as ffmpeg 9.0 printed them.
LOG = """\
[silencedetect@0 @ 0x55a] [info] silence_start: 0
[silencedetect@0 @ 0x55a] [info] silence_end: 1.5 | silence_duration: 1.5
[blackdetect @ 0x55b] [info] black_start:0 black_end:0.96 black_duration:0.96
[freezedetect @ 0x55c] [info] lavfi.freezedetect.freeze_start: 4.2
[h264 @ 0x55d] [error] error while decoding MB 12 3, bytestream -7
[silencedetect@0 @ 0x55a] [info] silence_start: 8.25
[astats@0 @ 0x55e] [info] Overall
[astats@0 @ 0x55e] [info] Peak level dB: -0.000000
[astats@0 @ 0x55e] [info] Peak count: 96.000000
[astats@0 @ 0x55e] [info] Number of samples: 9600
[ebur128@0 @ 0x55f] [info] Summary:

  Integrated loudness:
    I:         -23.1 LUFS
    Threshold: -33.6 LUFS

  Loudness range:
    LRA:         5.4 LU

  True peak:
    Peak:       -0.2 dBFS
"""
PROGRESS = "frame=100\nout_time_us=5000000\nprogress=continue\nframe=200\nout_time_us=10000000\n"
PROBE = ContainerProbe(
    kind="audio",
    format_names=("wav",),
    size_bytes=1,
    duration_seconds=10,
    audio=(AudioStream(index=0, codec="pcm"),),
)


def test_a_log_gives_meters_and_stretches() -> None:
    report = signal.parse(PROGRESS, LOG, PROBE)
    assert report.decoded_seconds == 10
    assert report.loudness_lufs == -23.1
    assert report.loudness_range_lu == 5.4
    assert report.true_peak_dbtp == -0.2
    assert [(s.start_seconds, s.end_seconds) for s in report.silence] == [(0, 1.5), (8.25, 10)]
    assert [(s.start_seconds, s.end_seconds) for s in report.frozen] == [(4.2, 10)]
    assert report.black[0].end_seconds == 0.96
    assert report.clipped_share == 0.01
    assert report.decode_errors == 1
    assert "decoding MB" in report.first_error


def test_what_no_meter_showed_is_unknown_not_zero() -> None:
    report = signal.parse(PROGRESS, "", PROBE)
    assert report.loudness_lufs is None
    assert report.true_peak_dbtp is None
    assert report.clipped_share is None


def test_what_a_tag_says_is_no_measurement(clips: Clips, tmp_path: Path) -> None:
    forged = tmp_path / "forged.mp4"
    lies = "[x @ 0x1] [error] broken black_start:0 black_end:100 silence_start: 0\n"
    ffmpeg("-i", clips.video, "-c", "copy", "-metadata", f"comment={lies}[error] {lies}", forged)
    report = signal.analyze(forged, ffprobe.probe(forged), tmp_path)
    assert (report.decode_errors, report.black, report.silence) == (0, (), ())


def test_a_duration_that_was_only_guessed_damages_nothing(tmp_path: Path) -> None:
    raw = tmp_path / "raw.aac"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=20", "-af", "volume='if(lt(t,14),0,0.5)':eval=frame",
           "-c:a", "aac", "-f", "adts", raw)  # fmt: skip
    probe = ffprobe.probe(raw)
    assert probe.duration_is_estimated
    assert signal.analyze(raw, probe, tmp_path).decoded_seconds == pytest.approx(20, abs=0.5)


def test_black_silence_and_loudness_of_a_real_file(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=2", "-f", "lavfi", "-i",
           "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "anullsrc=d=2", "-f", "lavfi",
           "-i", "sine=f=1000:d=2:sample_rate=44100", "-filter_complex",
           "[0][1]concat=n=2[v];[2]aformat=channel_layouts=mono[a0];[a0][3]concat=v=0:a=1[a]",
           "-map", "[v]", "-map", "[a]", film)  # fmt: skip
    report = signal.analyze(film, ffprobe.probe(film), tmp_path)
    assert report.cuts == pytest.approx([2.0], abs=0.05)
    assert report.black[0].duration_seconds == pytest.approx(2, abs=0.2)
    assert report.silence[0].duration_seconds == pytest.approx(2, abs=0.2)
    assert report.loudness_lufs == pytest.approx(-21, abs=2)  # lavfi's sine is -18 dBFS
    assert report.decode_errors == 0
    assert report.decoded_share == pytest.approx(1, abs=0.01)


def test_clipping_is_seen(tmp_path: Path) -> None:
    loud = tmp_path / "loud.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=2", "-af", "volume=40dB", loud)
    assert signal.analyze(loud, ffprobe.probe(loud), tmp_path).clipped_share > 0.2


def test_half_a_file_that_declares_its_full_length_is_damaged(clips: Clips, tmp_path: Path) -> None:
    probe = ffprobe.probe(clips.half_faststart)
    assert probe.duration_seconds == pytest.approx(4, abs=0.1)  # the header lies
    with pytest.raises(PermanentError, match=r"is damaged: .* of 4\.0 s decode"):
        signal.analyze(clips.half_faststart, probe, tmp_path)


def test_a_silent_film_has_no_loudness(clips: Clips, tmp_path: Path) -> None:
    report = signal.analyze(clips.silent_video, ffprobe.probe(clips.silent_video), tmp_path)
    assert report.loudness_lufs is None
    assert report.silence == ()
    assert report.decoded_frames == 75


def picture_of(still: Still) -> Image:
    from PIL import Image

    with Image.open(still.path) as image:
        return image.convert("RGB").resize((9, 9))


def test_stills_stand_at_even_distances_and_are_whole_files(clips: Clips, tmp_path: Path) -> None:
    folder = tmp_path / "item"
    folder.mkdir()
    report = signal.analyze(clips.video, ffprobe.probe(clips.video), folder)
    times = [still.time_seconds for still in report.stills]
    assert len(times) == signal.STILLS
    assert times == pytest.approx([4 * i / signal.STILLS for i in range(signal.STILLS)], abs=0.041)
    assert {(still.width, still.height) for still in report.stills} == {(640, 360)}
    assert [path.name for path in folder.iterdir()] == ["stills"]


def test_an_image_gives_one_still_without_a_time(clips: Clips, tmp_path: Path) -> None:
    (still,) = signal.analyze(clips.image, ffprobe.probe(clips.image), tmp_path).stills
    assert still.time_seconds is None


def test_a_still_is_turned_upright_and_has_square_pixels(tmp_path: Path) -> None:
    flat, turned, wide = (tmp_path / f"{name}.mp4" for name in ("flat", "turned", "wide"))
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=5:d=1", "-pix_fmt", "yuv420p", flat)
    ffmpeg("-display_rotation", "90", "-i", flat, "-c", "copy", turned)
    ffmpeg("-i", flat, "-vf", "setsar=2/1", wide)
    sizes = []
    for path in (turned, wide):
        still = signal.analyze(path, ffprobe.probe(path), tmp_path).stills[0]
        sizes.append((still.width, still.height))
    assert sizes == [(180, 320), (640, 180)]


def test_a_still_of_hdr_is_as_bright_as_it_is_seen(tmp_path: Path) -> None:
    """Grey at 203 cd/m² is white in SDR; PQ stores it as 58 % (ITU-R BT.2408)."""
    film = tmp_path / "pq.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=c=0x949494:s=64x64:r=5:d=1",
           "-vf", "format=yuv420p10le,setparams=color_primaries=bt2020:color_trc=smpte2084:"
           "colorspace=bt2020nc:range=limited", "-c:v", "libx265", "-x265-params",
           "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
           film)  # fmt: skip
    probe = ffprobe.probe(film)
    assert probe.video.color_transfer == "smpte2084"
    still = signal.analyze(film, probe, tmp_path).stills[0]
    assert np.asarray(picture_of(still))[4, 4, 1] == pytest.approx(214, abs=10)


def test_a_folder_with_a_percent_sign_holds_stills(clips: Clips, tmp_path: Path) -> None:
    folder = tmp_path / "50%d off"
    folder.mkdir()
    report = signal.analyze(clips.video, ffprobe.probe(clips.video), folder)
    assert all(still.path.exists() for still in report.stills)


@pytest.mark.parametrize("size", ["2x2", "7680x4320"])
def test_the_smallest_and_an_8k_picture_are_looked_at(tmp_path: Path, size: str) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", f"color=c=gray:s={size}:r=2:d=1", "-c:v", "mjpeg", film)
    report = signal.analyze(film, ffprobe.probe(film), tmp_path)
    assert report.decoded_frames == 2
    assert report.stills[0].width <= signal.STILL_WIDTH


def test_a_1x1_image_is_looked_at(tmp_path: Path) -> None:
    dot = tmp_path / "dot.png"
    ffmpeg("-f", "lavfi", "-i", "color=c=red:s=1x1", "-frames:v", "1", dot)
    probe = ffprobe.probe(dot).with_size(1, 1)
    assert len(signal.analyze(dot, probe, tmp_path).stills) == 1


def test_an_audio_without_samples_holds_nothing(tmp_path: Path) -> None:
    empty = tmp_path / "empty.wav"
    ffmpeg("-f", "lavfi", "-i", "anullsrc", "-t", "0", empty)
    with pytest.raises(PermanentError, match="holds nothing"):
        signal.analyze(empty, ffprobe.probe(empty), tmp_path)


def test_frames_of_a_variable_rate_are_all_looked_at(tmp_path: Path) -> None:
    film = tmp_path / "vfr.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-vf",
           "settb=1/90000,setpts='(N+0.4*mod(N*7,3)/3+if(gt(N,30),17,0))*3000'",
           "-fps_mode", "vfr", "-enc_time_base", "1/90000", "-video_track_timescale", "90000",
           "-pix_fmt", "yuv420p", film)  # fmt: skip
    report = signal.analyze(film, ffprobe.probe(film), tmp_path)
    assert report.decoded_frames == 60
    assert report.decode_errors == 0
    assert report.stills[-1].time_seconds == pytest.approx(2.5, abs=0.1)


def test_a_sound_that_nobody_can_decode_does_not_spoil_the_rest(
    clips: Clips, tmp_path: Path
) -> None:
    """A phone's spatial sound beside its stereo: the codec's tag is one that ffmpeg lacks."""
    film = tmp_path / "phone.mov"
    ffmpeg("-i", clips.video, "-map", "0:v", "-map", "0:a", "-map", "0:a", "-c", "copy", film)
    data = film.read_bytes()
    second = data.rindex(b"stsd")
    film.write_bytes(
        data[:second] + data[second:].replace(b"mp4a", b"apac").replace(b"esds", b"free")
    )
    probe = ffprobe.probe(film)
    assert [stream.codec for stream in probe.audio] == ["aac", "unknown"]
    report = signal.analyze(film, probe, tmp_path)
    assert report.decoded_seconds == pytest.approx(4, abs=0.1)
    assert report.loudness_lufs is not None


def test_a_photo_stored_in_tiles_is_seen_whole(tmp_path: Path) -> None:
    """HEIC of phones: nine tiles of 512 px that make a picture of 1300×1100, turned upright."""
    photo = FIXTURES / "grid.heic"
    probe = ffprobe.probe(photo)
    assert (probe.kind, probe.video.width, probe.video.height) == ("image", 1300, 1100)
    still = signal.analyze(photo, probe, tmp_path).stills[0]
    assert still.width / still.height == pytest.approx(1100 / 1300, abs=0.01)


def test_subtitles_that_outlast_the_film_damage_nothing(clips: Clips, tmp_path: Path) -> None:
    words, film = tmp_path / "words.srt", tmp_path / "film.mkv"
    words.write_text("1\n00:00:03,000 --> 00:00:09,000\nThe end\n\n")
    ffmpeg("-i", clips.video, "-i", words, "-c", "copy", "-c:s", "srt", film)
    probe = ffprobe.probe(film)
    assert probe.duration_seconds > 8
    assert signal.analyze(film, probe, tmp_path).decoded_share > 0.99


@pytest.mark.parametrize("told", ["", "colorprim=bt2020:"])
def test_hdr_that_does_not_say_all_of_its_colours_is_looked_at(tmp_path: Path, told: str) -> None:
    film = tmp_path / "partial.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=5:d=1", "-pix_fmt", "yuv420p10le",
           "-c:v", "libx265", "-x265-params", f"log-level=error:{told}transfer=smpte2084",
           film)  # fmt: skip
    probe = ffprobe.probe(film)
    assert probe.video.color_transfer == "smpte2084"
    assert signal.analyze(film, probe, tmp_path).stills


def test_a_sound_that_is_declared_and_never_came_is_left_out(tmp_path: Path) -> None:
    both, mute = tmp_path / "both.ts", tmp_path / "mute.ts"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1",
           "-c:a", "ac3", "-mpegts_flags", "resend_headers", both)  # fmt: skip
    packets = [both.read_bytes()[i : i + 188] for i in range(0, both.stat().st_size, 188)]
    sound = [p for p in packets if ((p[1] & 0x1F) << 8 | p[2]) == 0x101]
    assert sound
    mute.write_bytes(b"".join(p for p in packets if p not in sound))
    probe = ffprobe.probe(mute)
    assert len(probe.audio) == 1
    assert probe.heard == ()
    report = signal.analyze(mute, probe, tmp_path)
    assert report.decoded_frames == 25
    assert report.loudness_lufs is None


def test_a_picture_much_taller_than_wide_costs_little(tmp_path: Path) -> None:
    thin = tmp_path / "thin.png"
    ffmpeg("-f", "lavfi", "-i", "color=c=red:s=1x3000", "-frames:v", "1", thin)
    probe = ffprobe.probe(thin).with_size(1, 3000)
    assert len(signal.analyze(thin, probe, tmp_path).stills) == 1


def test_a_picture_that_makes_ffmpeg_complain_for_ever_is_refused_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ffmpeg 9 says "Unexpected end of JXL codestream" without end, and ignores SIGTERM."""
    monkeypatch.setattr(output, "LOG_HEAD_BYTES", 1 << 20)
    path = tmp_path / "endless.jxl"
    path.write_bytes(b"\xff\x0a")
    with pytest.raises(PermanentError, match="got no further"):
        signal.analyze(path, ffprobe.probe(path), tmp_path)


@pytest.mark.parametrize(
    ("line", "errors"),
    [
        ("[vist#0:0/h264 @ 0x5a] [dec:h264 @ 0x5b] [warning] corrupt decoded frame", 1),
        ("[h264 @ 0x5a] [error] error while decoding MB 12 3, bytestream -7", 1),
        ("[swscaler @ 0x7f] [warning] deprecated pixel format used", 0),
        ("[null @ 0x5a] [error] Application provided invalid, non monotonically increasing dts", 0),
        ("[out#0/null @ 0x5a] [error] Error submitting a packet to the muxer", 0),
        ("[mjpeg @ 0x5a] [error] could not parse Exif data", 0),
        ("[mjpeg @ 0x5a] [error] not enough bytes remaining in EXIF buffer. entries: 64", 0),
        ("[vost#0:0/wrapped_avframe @ 0x5a] [enc:ppm @ 0x5b] [error] Error encoding a frame", 0),
        ("[Parsed_overlay_3 @ 0x5a] [error] Cannot allocate", 0),
        ("[vp9_superframe_split @ 0x5a] [error] Invalid superframe", 0),
        ("[mp3 @ 0x5a] [error] Incorrect BOM value", 0),
        ("[mov,mp4,m4a,3gp,3g2,mj2 @ 0x5a] [error] stream 0, offset 0x5b: partial file", 1),
        ("[libdav1d @ 0x5a] [error] Error parsing OBU data", 1),
        ("[in#0/matroska,webm @ 0x5a] [error] Error during demuxing: I/O error", 1),
        ("[warning]     comment : corrupt decoded frame", 0),
    ],
)
def test_what_the_decoder_complains_of_counts_and_nothing_else(line: str, errors: int) -> None:
    assert signal.parse(PROGRESS, f"{line}\n{LOG}", PROBE).decode_errors == 1 + errors


def test_what_a_decoder_says_while_the_file_is_opened_is_counted_once() -> None:
    error = "[h264 @ 0x5a] [error] error while decoding MB 12 3, bytestream -7\n"
    partial = "[wav @ 0x5a] [error] partial file\n"  # a demuxer reads its first packets once
    log = f"{error}{partial}[info] Stream mapping:\n{error}"
    assert signal.parse(PROGRESS, log, PROBE).decode_errors == 2


def test_odd_times_are_noted_and_are_no_errors() -> None:
    odd = "[null @ 0x5a] [error] Application provided invalid, non monotonically increasing dts\n"
    report = signal.parse(PROGRESS, 10 * odd, PROBE)
    assert report.decode_errors == 0
    assert report.notes == ("10 timestamps are out of order",)


@pytest.mark.parametrize(("peak", "share"), [("-inf", 0.0), ("nan", 0.0), ("0.000000", 0.01)])
def test_levels_are_read_as_c_prints_them(peak: str, share: float) -> None:
    log = LOG.replace("Peak level dB: -0.000000", f"Peak level dB: {peak}")
    assert signal.parse(PROGRESS, log, PROBE).clipped_share == share


def test_times_of_long_and_early_stretches_are_read() -> None:
    log = "[blackdetect @ 0x55b] [info] black_start:-0.04 black_end:1.2e+06 black_duration:9\n"
    assert signal.parse(PROGRESS, log, PROBE).black[0].end_seconds == 1_200_000


@pytest.mark.parametrize(
    "block", [b"XX\0\0" * 10, b"II*\0\x08\0\0\0\x40\0\x0f\x01\x02\0", b"II*\0"]
)
def test_a_photo_with_an_odd_exif_block_decodes_without_errors(
    clips: Clips, tmp_path: Path, block: bytes
) -> None:
    plain, odd = clips.image.read_bytes(), tmp_path / "odd.jpg"
    exif = b"Exif\0\0" + block
    odd.write_bytes(plain[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + plain[2:])
    report = signal.analyze(odd, ffprobe.probe(odd), tmp_path)
    assert (report.decode_errors, report.decoded_frames) == (0, 1)


def test_clocks_that_jump_back_are_noted_and_the_film_is_approved(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    back = "if(eq(mod(N\\,20)\\,19)\\,{0}-40\\,{0})"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=4", "-c:v", "mjpeg", "-q:v", "3",
           "-bsf:v", f"setts=pts={back.format('PTS')}:dts={back.format('DTS')}", film)  # fmt: skip
    probe = ffprobe.probe(film)
    report = signal.analyze(film, probe, tmp_path)
    judged = verdict.decide(criteria.judge(probe, report, None, VerdictOptions()))
    assert (report.decode_errors, report.decoded_frames, judged.band) == (0, 100, "approve")
    assert "out of order" in judged.criteria[0].reason


def test_the_decode_of_joined_files_is_longer_than_their_header_says(tmp_path: Path) -> None:
    one, joined = tmp_path / "one.vob", tmp_path / "joined.vob"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2",
           "-c:v", "mpeg2video", "-c:a", "ac3", one)  # fmt: skip
    joined.write_bytes(one.read_bytes() * 3)
    probe = ffprobe.probe(joined)
    assert probe.duration_seconds < 3
    report = signal.analyze(joined, probe, tmp_path)
    assert report.decoded_seconds == pytest.approx(6, abs=0.2)
    assert report.length(probe.duration_seconds) == pytest.approx(6, abs=0.2)
    assert report.decoded_share == 1
    assert "the header declares 2.0 s, 6.0 s decode" in report.notes


def test_a_live_recording_without_a_length_has_the_one_that_decodes(tmp_path: Path) -> None:
    live = tmp_path / "live.webm"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=3", "-f", "lavfi", "-i", "sine=d=3",
           "-c:v", "libvpx", "-c:a", "libopus", "-f", "webm", "-live", "1", live)  # fmt: skip
    probe = ffprobe.probe(live)
    assert probe.duration_seconds is None
    report = signal.analyze(live, probe, tmp_path)
    assert report.length(probe.duration_seconds) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "opus", "wav", "mp4"])
def test_the_padding_of_an_encoder_damages_no_short_file(tmp_path: Path, suffix: str) -> None:
    short = tmp_path / f"short.{suffix}"
    picture = ("-f", "lavfi", "-i", "color=s=64x64:r=25:d=0.8") if suffix == "mp4" else ()
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.8", *picture, short)
    report = signal.analyze(short, ffprobe.probe(short), tmp_path)
    assert report.decoded_share == 1
    assert report.decoded_seconds == pytest.approx(0.8, abs=0.1)


def test_a_clock_that_jumps_is_no_damage(tmp_path: Path) -> None:
    first, later = tmp_path / "first.ts", tmp_path / "later.ts"
    for part, offset in ((first, "0"), (later, "3600")):
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=3", "-f", "lavfi", "-i", "sine=d=3",
               "-output_ts_offset", offset, part)  # fmt: skip
    jumped = tmp_path / "jumped.ts"
    jumped.write_bytes(first.read_bytes() + later.read_bytes())
    probe = ffprobe.probe(jumped)
    assert probe.duration_seconds > 3000
    report = signal.analyze(jumped, probe, tmp_path)
    assert report.decoded_share == 1
    assert report.length(probe.duration_seconds) == pytest.approx(6, abs=0.3)


@pytest.mark.parametrize("suffix", ["flac", "mp3", "mkv", "flv"])
def test_a_file_that_ends_before_its_end_is_damaged(tmp_path: Path, suffix: str) -> None:
    whole, half = tmp_path / f"whole.{suffix}", tmp_path / f"half.{suffix}"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x64:d=8") if suffix in ("mkv", "flv") else ()
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=8:a=0.1", *picture, whole)
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(PermanentError, match="is damaged"):
        signal.analyze(half, ffprobe.probe(half), tmp_path)


def test_where_a_tool_corrects_the_length_it_is_said_that_the_end_is_missing(
    tmp_path: Path,
) -> None:
    whole, half = tmp_path / "whole.wav", tmp_path / "half.wav"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=8:a=0.1", whole)
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert "its end is missing" in signal.analyze(half, ffprobe.probe(half), tmp_path).notes


def test_every_sound_is_measured_and_the_first_that_is_heard_stands_for_them(
    tmp_path: Path,
) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", "anullsrc=d=2", "-f", "lavfi", "-i", "sine=d=2", "-f", "lavfi",
           "-i", "sine=f=900:d=2", "-map", "0", "-map", "1", "-map", "2",
           "-filter:a:2", "volume=20dB", film)  # fmt: skip
    report = signal.analyze(film, ffprobe.probe(film), tmp_path)
    assert [sound.is_heard for sound in report.sounds] == [False, True, True]
    assert report.sound_index == 1
    assert report.loudness_lufs == report.sounds[1].loudness_lufs
    assert report.loudness_lufs == pytest.approx(-21.7, abs=0.5)
    assert report.sounds[0].silence[0].duration_seconds == pytest.approx(2, abs=0.1)
    assert report.silence == ()


def test_a_sound_too_short_for_the_meter_is_heard(tmp_path: Path) -> None:
    short = tmp_path / "short.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=d=0.3", short)
    report = signal.analyze(short, ffprobe.probe(short), tmp_path)
    assert report.sounds[0].is_heard
    assert report.loudness_lufs is None

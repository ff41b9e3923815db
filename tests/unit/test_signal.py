import pytest

from tests.media import ffmpeg
from utils.errors import PermanentError
from utils.media import ffprobe, signal
from utils.models.probe import AudioStream, ContainerProbe

# Lines as ffmpeg 9.0 printed them.
LOG = """\
[Parsed_silencedetect_0 @ 0x55a] [info] silence_start: 0
[Parsed_silencedetect_0 @ 0x55a] [info] silence_end: 1.5 | silence_duration: 1.5
[blackdetect @ 0x55b] [info] black_start:0 black_end:0.96 black_duration:0.96
[freezedetect @ 0x55c] [info] lavfi.freezedetect.freeze_start: 4.2
[h264 @ 0x55d] [error] error while decoding MB 12 3, bytestream -7
[Parsed_silencedetect_0 @ 0x55a] [info] silence_start: 8.25
[Parsed_astats_1 @ 0x55e] [info] Overall
[Parsed_astats_1 @ 0x55e] [info] Peak level dB: -0.000000
[Parsed_astats_1 @ 0x55e] [info] Peak count: 96.000000
[Parsed_astats_1 @ 0x55e] [info] Number of samples: 9600
[Parsed_ebur128_2 @ 0x55f] [info] Summary:

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


def test_a_log_gives_meters_and_stretches():
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


def test_what_no_meter_showed_is_unknown_not_zero():
    report = signal.parse(PROGRESS, "", PROBE)
    assert report.loudness_lufs is None
    assert report.true_peak_dbtp is None
    assert report.clipped_share is None


def test_what_a_tag_says_is_no_measurement(clips, tmp_path):
    forged = tmp_path / "forged.mp4"
    lies = "[x @ 0x1] [error] broken black_start:0 black_end:100 silence_start: 0\n"
    ffmpeg("-i", clips.video, "-c", "copy", "-metadata", f"comment={lies}[error] {lies}", forged)
    report = signal.analyze(forged, ffprobe.probe(forged))
    assert (report.decode_errors, report.black, report.silence) == (0, (), ())


def test_a_duration_that_was_only_guessed_damages_nothing(tmp_path):
    raw = tmp_path / "raw.aac"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=20", "-af", "volume='if(lt(t,14),0,0.5)':eval=frame",
           "-c:a", "aac", "-f", "adts", raw)  # fmt: skip
    probe = ffprobe.probe(raw)
    assert probe.duration_is_estimated
    assert signal.analyze(raw, probe).decoded_seconds == pytest.approx(20, abs=0.5)


def test_black_silence_and_loudness_of_a_real_file(tmp_path):
    film = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=2", "-f", "lavfi", "-i",
           "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "anullsrc=d=2", "-f", "lavfi",
           "-i", "sine=f=1000:d=2:sample_rate=44100", "-filter_complex",
           "[0][1]concat=n=2[v];[2]aformat=channel_layouts=mono[a0];[a0][3]concat=v=0:a=1[a]",
           "-map", "[v]", "-map", "[a]", film)  # fmt: skip
    report = signal.analyze(film, ffprobe.probe(film))
    assert report.black[0].duration_seconds == pytest.approx(2, abs=0.2)
    assert report.silence[0].duration_seconds == pytest.approx(2, abs=0.2)
    assert report.loudness_lufs == pytest.approx(-21, abs=2)  # lavfi's sine is -18 dBFS
    assert report.decode_errors == 0
    assert report.decoded_share == pytest.approx(1, abs=0.01)


def test_clipping_is_seen(tmp_path):
    loud = tmp_path / "loud.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=440:d=2", "-af", "volume=40dB", loud)
    assert signal.analyze(loud, ffprobe.probe(loud)).clipped_share > 0.2


def test_half_a_file_that_declares_its_full_length_is_damaged(clips):
    probe = ffprobe.probe(clips.half_faststart)
    assert probe.duration_seconds == pytest.approx(4, abs=0.1)  # the header lies
    with pytest.raises(PermanentError, match=r"is damaged: .* of 4\.0 s decode"):
        signal.analyze(clips.half_faststart, probe)


def test_a_silent_film_has_no_loudness(clips):
    report = signal.analyze(clips.silent_video, ffprobe.probe(clips.silent_video))
    assert report.loudness_lufs is None
    assert report.silence == ()
    assert report.decoded_frames == 75

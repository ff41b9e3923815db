from pathlib import Path

import pytest

from tests.media import Clips, ffmpeg
from utils.errors import PermanentError, ResourceError, RetryableError
from utils.media import signal
from utils.media.encoding import encode, verify
from utils.media.probing import ffprobe
from utils.models.options import CompressionOptions
from utils.models.probe import ContainerProbe
from utils.models.signal import SignalReport
from utils.processes import child_process, deadline

pytestmark = pytest.mark.e2e  # real encodes, each verified


def facts(path: Path) -> tuple[ContainerProbe, SignalReport]:
    probe = ffprobe.probe(path)
    return probe, signal.analyze(path, probe, path.parent)


def test_a_wav_becomes_opus_and_lasts_as_long(clips: Clips, tmp_path: Path) -> None:
    result = encode.compress(clips.tone, *facts(clips.tone), CompressionOptions(), tmp_path)
    made = ffprobe.probe(result.rendition.path)
    assert made.audio[0].codec == "opus"
    assert made.duration_seconds == pytest.approx(3, abs=0.1)
    assert result.rendition.size_bytes < clips.tone.stat().st_size / 2


@pytest.mark.parametrize(("codec", "name"), [("h264", "h264"), ("av1", "av1")])
def test_a_video_keeps_its_frames_and_its_sound(
    clips: Clips, tmp_path: Path, codec: str, name: str
) -> None:
    options = CompressionOptions(video_codec=codec)
    result = encode.compress(clips.video, *facts(clips.video), options, tmp_path)
    made = ffprobe.probe(result.rendition.path)
    assert made.video.codec == name
    assert len(made.audio) == 1
    assert verify.decode(result.rendition.path, made)[0] == 100


def test_what_does_not_pay_is_not_kept(clips: Clips, tmp_path: Path) -> None:
    options = CompressionOptions(crf=0)
    result = encode.compress(clips.video, *facts(clips.video), options, tmp_path)
    assert result.rendition is None
    assert "source kept" in result.reason
    assert not [*tmp_path.glob("*rendition*"), *tmp_path.glob(".*")]


def test_a_small_song_is_not_encoded_at_all(tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "sine=d=3", "-b:a", "64k", song)
    result = encode.compress(song, *facts(song), CompressionOptions(), tmp_path / "out")
    assert result.encoded_bytes == 0
    assert "kb/s already" in result.reason


def test_a_rendition_that_lacks_frames_is_refused(clips: Clips, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    ffmpeg("-i", clips.video, "-t", "2", "-c", "copy", short)
    with pytest.raises(PermanentError, match="lasts"):
        verify.rendition(short, *facts(clips.video))


def test_a_rendition_without_its_sound_is_refused(clips: Clips, tmp_path: Path) -> None:
    mute = tmp_path / "mute.mp4"
    ffmpeg("-i", clips.video, "-an", "-c", "copy", mute)
    with pytest.raises(PermanentError, match="0 of 1 sounds"):
        verify.rendition(mute, *facts(clips.video))


def test_loudness_is_normalised_on_request(clips: Clips, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=f=500:d=8", "-af", "volume=-20dB", quiet)
    options = CompressionOptions(normalize_loudness=True)
    result = encode.compress(quiet, *facts(quiet), options, tmp_path)
    _, measured = facts(result.rendition.path)
    assert measured.loudness_lufs == pytest.approx(-16, abs=2)


def test_a_tool_that_takes_too_long_is_ended(clips: Clips) -> None:
    with deadline.within(0.3), pytest.raises(RetryableError, match="STEP_TIMEOUT"):
        child_process.run(["sleep", "30"], clips.video)


def test_a_tool_that_was_killed_may_be_tried_again(clips: Clips) -> None:
    with pytest.raises(RetryableError, match="signal 9"):
        child_process.run(["sh", "-c", "kill -9 $$"], clips.video)


def test_sound_of_any_layout_becomes_opus(tmp_path: Path) -> None:
    surround = tmp_path / "surround.wav"
    ffmpeg("-f", "lavfi", "-i", "anoisesrc=d=2", "-af", "aformat=channel_layouts=5.1(side)",
           surround)  # fmt: skip
    result = encode.compress(surround, *facts(surround), CompressionOptions(), tmp_path)
    assert result.rendition is not None


def test_renditions_of_different_options_stand_beside_each_other(
    clips: Clips, tmp_path: Path
) -> None:
    small, large = (CompressionOptions(audio_kbps=rate) for rate in (24, 96))
    paths = {
        encode.compress(clips.tone, *facts(clips.tone), options, tmp_path).rendition.path
        for options in (small, large)
    }
    assert len(paths) == 2
    assert all(path.exists() for path in paths)


def test_a_full_disk_is_named_as_such(clips: Clips) -> None:
    with pytest.raises(ResourceError, match="disk is full"):
        child_process.run(
            ["sh", "-c", "echo 'x: No space left on device' >&2; exit 1"], clips.video
        )


@pytest.mark.parametrize(("profile", "made"), [("web", True), ("audio", False)])
def test_a_microphone_that_was_muted_spoils_nothing(
    tmp_path: Path, profile: str, made: bool
) -> None:
    film = tmp_path / "muted.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2",
           "-af", "atrim=end=0", "-c:v", "mpeg4", "-q:v", "2", film)  # fmt: skip
    probe, signal_report = facts(film)
    assert len(probe.heard) == 1
    assert signal_report.loudness_lufs is None
    options = CompressionOptions(profile=profile)
    result = encode.compress(film, probe, signal_report, options, tmp_path)
    assert (result.rendition is not None) is made
    assert "empty sound" in result.reason if made else "no sample" in result.reason

"""What is heard of real files: times, tracks and channels, before any engine."""

from pathlib import Path

import numpy as np
import pytest

from tests.media import ffmpeg
from tests.paths import SAMPLES
from utils.config import Settings, load_settings
from utils.media import sounds
from utils.media.probing import ffprobe
from utils.models.options import TranscriptionOptions
from utils.models.probe import AudioStream
from utils.speech import audio, channels, transcriber, voice
from utils.speech.timeline import SAMPLE_RATE

SPOKEN = SAMPLES / "lighthouse.mp3"
MUSIC = "aevalsrc=0.4*sin(2*PI*220*t)+0.3*sin(2*PI*330*t)+0.2*sin(2*PI*554*t):s=44100:d=8"
pytestmark = pytest.mark.usefixtures("settings")


def said(path: Path) -> tuple[channels.Ear, list[tuple[float, float]]]:
    """The ear, and when somebody speaks in the first sound, by the file's time."""
    probe = ffprobe.probe(path)
    with audio.sound(path, probe.audio[0]) as sound:
        ear = channels.listen(sound.samples)
        spoken = voice.utterances(ear, sound.timeline)
        times = [(sound.timeline.seconds(s.first), sound.timeline.seconds(s.last)) for s in spoken]
    return ear, times


def chosen(ear: channels.Ear) -> str:
    """The way of listening that was taken most of the time."""
    return ear.candidates[int(np.bincount(ear.choices).argmax())].label


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_speech_after_a_hole_has_the_files_time(tmp_path: Path, suffix: str) -> None:
    gap = tmp_path / f"gap.{suffix}"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=5:d=38", "-i", SPOKEN, "-i", SPOKEN,
           "-filter_complex", "[1]atrim=0:4[a];[2]atrim=0:4,adelay=16000:all=1[b];[a][b]concat=v=0:"
           "a=1,aselect='lt(t,4)+gt(t,19.5)'[s]", "-map", "0:v", "-map", "[s]", "-t", "25",
           "-c:v", "mpeg2video", "-c:a", "ac3", gap)  # fmt: skip
    _, times = said(gap)
    assert times[-1][0] == pytest.approx(20, abs=0.7)
    assert not [start for start, _ in times if 4.6 < start < 19]


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])  # a timestamp; an empty edit
def test_a_sound_that_starts_late_has_the_files_time(tmp_path: Path, suffix: str) -> None:
    late = tmp_path / f"late.{suffix}"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=5:d=12", "-itsoffset", "5", "-i", SPOKEN,
           "-map", "0:v", "-map", "1:a", "-t", "12", "-c:v", "mpeg4", "-c:a", "ac3",
           late)  # fmt: skip
    assert said(late)[1][0][0] == pytest.approx(5, abs=0.6)


def test_what_an_edit_list_cuts_is_not_heard_and_moves_what_follows(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:r=25:d=14", "-itsoffset", "2", "-i", SPOKEN,
           "-map", "0:v", "-map", "1:a", "-t", "14", "-g", "1000", "-c:v", "mpeg4", "-c:a", "aac",
           whole)  # fmt: skip
    ffmpeg("-ss", "1.5", "-i", whole, "-c", "copy", cut)  # its one key frame is in it, not shown
    assert ffprobe.probe(cut).duration_seconds == pytest.approx(12.5, abs=0.1)
    (before, after) = (said(path)[1] for path in (whole, cut))
    assert after[0][0] == pytest.approx(before[0][0] - 1.5, abs=0.1)
    assert len(after) == len(before)


def test_a_clock_of_mpeg_ts_that_wraps_goes_on(tmp_path: Path) -> None:
    """Its 33 bits are full after 95,443.7 s (ISO/IEC 13818-1): here within the speech."""
    plain, wrapped = tmp_path / "plain.ts", tmp_path / "wrapped.ts"
    for path, offset in ((plain, "0"), (wrapped, "95438")):
        ffmpeg("-i", SPOKEN, "-t", "12", "-c:a", "ac3", "-output_ts_offset", offset, path)
    (before, after) = (said(path)[1] for path in (plain, wrapped))
    assert np.array(after) == pytest.approx(np.array(before), abs=0.1)


def test_a_clock_that_jumps_for_an_hour_makes_no_hour_of_sound(tmp_path: Path) -> None:
    first, later = tmp_path / "first.ts", tmp_path / "later.ts"
    for part, offset in ((first, "0"), (later, "3600")):
        ffmpeg("-i", SPOKEN, "-t", "4", "-c:a", "ac3", "-output_ts_offset", offset, part)
    jumped = tmp_path / "jumped.ts"
    jumped.write_bytes(first.read_bytes() + later.read_bytes())
    with audio.sound(jumped, ffprobe.probe(jumped).audio[0], 8.0) as sound:
        assert len(sound.samples) / SAMPLE_RATE == pytest.approx(8, abs=0.2)
        assert sound.timeline.seconds(len(sound.samples)) == pytest.approx(8, abs=0.3)


@pytest.mark.parametrize(
    ("mix", "label"),
    [
        ("[v]volume=0.3[q];[q][m]amerge=inputs=2", "the left channel"),
        ("[v]volume=0.4[q];[q][m]amerge=inputs=2,pan=stereo|c0=c0+c1|c1=-1*c1", "all channels"),
        ("[m]anullsink;[v]pan=stereo|c0=c0|c1=-1*c0", "the left channel"),
        ("[m]anullsink;[v]pan=stereo|c0=0*c0|c1=c0", "the right channel"),
        (
            "[v]volume=0.3[q];[m]asplit=2[l][r];[l]adelay=9[d];[d][r][q]amerge=inputs=3,"
            "pan=5.1|c0=c0|c1=c1|c2=c2",
            "channel 3",
        ),
    ],
    ids=["music beside", "music against", "wrong plug", "one silent", "centre"],
)
def test_a_voice_is_heard_in_the_channel_that_holds_it(
    tmp_path: Path, mix: str, label: str
) -> None:
    mixed = tmp_path / "mixed.wav"
    ffmpeg("-i", SPOKEN, "-f", "lavfi", "-i", MUSIC, "-filter_complex",
           f"[0]atrim=0:8,aformat=channel_layouts=mono[v];[1]anull[m];{mix}", mixed)  # fmt: skip
    ear, times = said(mixed)
    assert chosen(ear) == label
    assert sum(end - start for start, end in times) > 5


@pytest.mark.parametrize(("level", "codec"), [("-55dB", "pcm_s16le"), ("30dB", "pcm_f32le")])
def test_faint_and_overdriven_voices_come_at_one_level(
    tmp_path: Path, level: str, codec: str
) -> None:
    changed = tmp_path / "changed.wav"
    ffmpeg("-i", SPOKEN, "-t", "6", "-af", f"volume={level}", "-c:a", codec, changed)
    ear, times = said(changed)
    assert sum(end - start for start, end in times) > 4
    sound = ear.cut(0, 5 * SAMPLE_RATE)
    assert 0.02 < float(np.sqrt(np.mean(sound**2))) < 0.2


def test_the_defaults_then_the_wanted_language_are_heard_first(tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    tone = ("-f", "lavfi", "-i", "sine=d=1")
    ffmpeg(*tone, *tone, *tone, "-map", "0", "-map", "1", "-map", "2",
           "-metadata:s:a:0", "language=eng", "-metadata:s:a:2", "language=ger",
           "-disposition:a:0", "comment", "-disposition:a:1", "default", "-disposition:a:2", "0",
           film)  # fmt: skip
    probe = ffprobe.probe(film)
    assert [stream.index for stream in sounds.in_order(probe)] == [1, 2, 0]
    assert sounds.in_order(probe, "de")[0].index == 2
    assert sounds.name(probe, 1) == "sound 2 of 3 (default)"


def test_without_a_voice_in_any_track_that_is_said(tmp_path: Path) -> None:
    mute = tmp_path / "mute.mkv"
    quiet = ("-f", "lavfi", "-i", "anullsrc=d=1", "-f", "lavfi", "-i", "sine=d=1")
    ffmpeg(*quiet, "-map", "0", "-map", "1", mute)
    found = transcriber.transcribe(
        mute, ffprobe.probe(mute), 1.0, TranscriptionOptions(), load_settings()
    )
    assert (found.text, found.heard_in) == ("", "no voice in any of 2 sounds")


def test_an_empty_sound_is_no_fault(tmp_path: Path, settings: Settings) -> None:
    empty = tmp_path / "empty.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-t", "0", empty)
    with audio.sound(empty, AudioStream(index=0, codec="pcm_s16le")) as sound:
        assert voice.utterances(channels.listen(sound.samples), sound.timeline) == []

from typing import Any

import pytest

from utils.models.options import VerdictOptions
from utils.models.probe import AudioStream, ContainerProbe, VideoStream
from utils.models.signal import SignalReport, SoundLevels, Span
from utils.models.transcript import Segment, Transcript
from utils.models.verdict import Band, Criterion
from utils.quality import criteria
from utils.quality import verdict as gate

LIMITS = VerdictOptions()


def probe(kind: str = "video", **streams: Any) -> ContainerProbe:
    defaults = {
        "video": VideoStream(index=0, codec="h264", width=1920, height=1080),
        "audio": (AudioStream(index=1, codec="aac"),),
    }
    return ContainerProbe(
        kind=kind, format_names=("mp4",), size_bytes=1, duration_seconds=60, **defaults | streams
    )


def signal(**facts: Any) -> SignalReport:
    defaults = {
        "declared_seconds": 60,
        "decoded_seconds": 60,
        "decoded_frames": 1500,
        "decode_errors": 0,
        "loudness_lufs": -16.0,
        "clipped_share": 0.0,
    }
    return SignalReport(**defaults | facts)


def judged(
    a_signal: SignalReport,
    a_probe: ContainerProbe | None = None,
    transcript: Transcript | None = None,
) -> dict[str, Criterion]:
    found = criteria.judge(a_probe or probe(), a_signal, transcript, LIMITS)
    return {criterion.name: criterion for criterion in found}


def criterion(score: float, weight: float = 1.0, must: float | None = None) -> Criterion:
    return Criterion(name="x", score=score, weight=weight, must=must, reason="because")


def test_a_good_item_is_approved() -> None:
    verdict = gate.decide(judged(signal()).values())
    assert verdict.band is Band.APPROVE
    assert verdict.score == 1


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0.0, Band.REJECT),
        (0.4999, Band.REJECT),
        (0.5, Band.REVISE),
        (0.6999, Band.REVISE),
        (0.7, Band.ACCEPT),
        (0.8999, Band.ACCEPT),
        (0.9, Band.APPROVE),
        (1.0, Band.APPROVE),
    ],
)
def test_bands_begin_at_their_bound(score: float, band: Band) -> None:
    assert gate.band(score) is band


def test_a_failed_must_rejects_whatever_the_rest_says() -> None:
    verdict = gate.decide([criterion(0.4, must=0.5), criterion(1.0, weight=100)])
    assert verdict.score > 0.9
    assert verdict.band is Band.REJECT


def test_weights_count() -> None:
    assert gate.decide([criterion(1.0, weight=3), criterion(0.0, weight=1)]).score == 0.75


def test_many_decode_errors_fail_the_must() -> None:
    decodes = judged(signal(decode_errors=60, first_error="bad block"))["decodes"]
    assert decodes.failed
    assert "bad block" in decodes.reason


def test_a_few_decode_errors_do_not_reject() -> None:
    assert not judged(signal(decode_errors=3, first_error="late frame"))["decodes"].failed


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"loudness_lufs": -45.0}, "loudness"),
        ({"loudness_lufs": None}, "loudness"),
        ({"clipped_share": 0.02}, "clipping"),
        ({"silence": (Span(start_seconds=0, end_seconds=59),)}, "silence"),
        ({"black": (Span(start_seconds=0, end_seconds=40),)}, "black"),
        ({"decoded_seconds": 0.4}, "duration"),
    ],
)
def test_each_fault_lowers_its_own_criterion_and_says_why(facts: dict[str, Any], name: str) -> None:
    found = judged(signal(**facts))
    assert found[name].score < 1
    assert found[name].reason
    others = [c for n, c in found.items() if n not in {name, "decodes"}]
    assert all(other.score == 1 for other in others)


def test_resolution_goes_by_the_short_side() -> None:
    upright = VideoStream(index=0, codec="h264", width=1080, height=1920)
    small = VideoStream(index=0, codec="h264", width=320, height=180)
    assert judged(signal(), probe(video=upright))["resolution"].score == 1
    assert judged(signal(), probe(video=small))["resolution"].score == 0.5


def test_what_can_not_be_known_is_left_out() -> None:
    song = judged(signal(decoded_frames=None), probe("audio", video=None))
    assert "resolution" not in song
    assert "black" not in song
    image = judged(signal(loudness_lufs=None), probe("image", audio=()))
    assert set(image) == {"decodes", "resolution"}


def test_an_invented_transcript_lowers_the_score() -> None:
    text = Segment(start_seconds=0, end_seconds=1, text="Music Music")
    transcript = Transcript(engine="x", segments=(text,), confidence=0.3, hallucination=0.9)
    found = judged(signal(), transcript=transcript)
    assert found["hallucination"].score == pytest.approx(0.1)
    assert found["transcript confidence"].score == 0.5


def test_a_sound_too_short_to_be_measured_loses_no_points() -> None:
    heard = SoundLevels(stream_index=1, is_heard=True)
    short = signal(decoded_seconds=0.3, loudness_lufs=None, sound_index=1, sounds=(heard,))
    found = judged(short)["loudness"]
    assert (found.score, found.reason) == (1.0, "0.30 s are too short to be measured")


def test_silence_is_no_sound_however_short() -> None:
    silent = SoundLevels(stream_index=1, is_heard=False)
    short = signal(decoded_seconds=0.3, loudness_lufs=None, sound_index=1, sounds=(silent,))
    assert judged(short)["loudness"].score == 0


def test_of_several_sounds_it_is_said_which_was_measured() -> None:
    sounds = tuple(SoundLevels(stream_index=n, is_heard=n == 2) for n in (1, 2, 3))
    found = judged(signal(sound_index=2, sounds=sounds))["loudness"]
    assert found.reason == "-16.0 LUFS (sound 2 of 3; silent: 1, 3)"


def test_a_header_that_declares_more_is_no_damage_without_a_fault() -> None:
    absurd = signal(declared_seconds=3600, decoded_seconds=60)
    assert judged(absurd)["decodes"].score == 1
    cut_off = signal(declared_seconds=120, decoded_seconds=60, lacks_end=True)
    assert judged(cut_off)["decodes"].score == 0.5

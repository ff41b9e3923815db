"""Times as models write them, moments chosen from them, shots put in order, the local engine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.servers.gemini import WATCHED
from utils.analysis import answer, local_video, shots, thumbnail_choice, timecode
from utils.analysis.thumbnail_choice import Suggestion
from utils.errors import RetryableError
from utils.models.analysis import Understanding
from utils.models.rendition import Thumbnail
from utils.models.signal import Span
from utils.models.video_analysis import Shot, VideoAnalysis
from utils.models.video_answer import VideoAnswer


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s600ms", 5.6), ("5s 600ms", 5.6), ("600ms", 0.6), ("5s6ms", 5.006), ("1m5s", 65.0),
        ("1m5.5s", 65.5), ("1h2m3s400ms", 3723.4), ("1 min 5 s", 65.0), ("12.5", 12.5),
        ("12.5s", 12.5), ("12,5", 12.5), ("65", 65.0), ("0", 0.0), ("0s", 0.0), ("1:05", 65.0),
        ("01:05", 65.0), ("00:05.6", 5.6), ("00:01:05.250", 65.25), ("00:01:05,250", 65.25),
        ("10:00:00", 36_000.0), ("75:00", 4500.0), (" 01:05 ", 65.0), ("[01:05]", 65.0),
        ("~5s", 5.0),
    ],
)  # fmt: skip
def test_a_time_is_read_however_it_is_written(text: str, seconds: float) -> None:
    assert timecode.seconds(text) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    ["", " ", "abc", "-5s", "-1", "nan", "inf", "1e999", "05:600", "00:00:05:12", "5x", "m",
     "00:05-00:10", "../etc/passwd", "1" * 5000, "[", "half a minute"],
)  # fmt: skip
def test_what_is_no_time_is_unknown(text: str) -> None:
    assert timecode.seconds(text) is None


def times(
    suggested: list[float | None], duration: float, scenes: list[Span] | tuple[()] = ()
) -> tuple[list[float], tuple[str, ...]]:
    found = thumbnail_choice.choose([Suggestion(time) for time in suggested], duration, scenes)
    return [t.time_seconds for t in found.thumbnails], found.corrections


def test_three_good_suggestions_stay_as_they_are() -> None:
    assert times([8.0, 2.0, 5.0], 10.0) == ([8.0, 2.0, 5.0], ())


def test_a_time_behind_the_end_is_moved_or_left_out() -> None:
    found, wrong = times([10.4, 99.0, 2.0], 10.0)
    assert found[:2] == [9.8, 2.0]
    assert wrong == (
        "thumbnail 1 was moved from 10.4 s to the last moment",
        "thumbnail 2 was at 99 s, far behind the end",
        "1 of 3 thumbnails were filled in",
    )


def test_the_same_moment_twice_is_one() -> None:
    found, wrong = times([2.0, 2.3, 2.0], 100.0)
    assert found[0] == 2.0
    assert len(set(found)) == 3
    assert wrong[0] == "thumbnail 2 showed the same moment as another"


def test_what_is_missing_comes_from_the_longest_shots() -> None:
    scenes = [Span(start_seconds=0, end_seconds=2), Span(start_seconds=2, end_seconds=20)]
    assert times([None], 20.0, scenes)[0] == [11.0, 1.0, 10.0]


@pytest.mark.parametrize("duration", [0.0, 0.04, 0.5, 3.0, 60.0, 36_000.0])
@pytest.mark.parametrize("suggested", [[], [None] * 3, [1e9] * 5, [0.0] * 3, [0.1, 0.2, 0.3, 0.4]])
def test_there_are_always_exactly_three_within_the_video(
    duration: float, suggested: list[float | None]
) -> None:
    found, _ = times(suggested, duration)
    assert len(found) == 3
    assert all(0 <= time <= duration for time in found)
    assert duration == 0 or len(set(found)) == 3


def test_the_moments_of_an_analysis_are_held_against_another_duration() -> None:
    analysis = answer.read(VideoAnswer.model_validate(WATCHED), 4.0, 4.0, "x")
    assert thumbnail_choice.times(analysis, 4.0) == (2.6, 1.2, 3.5)
    shorter = thumbnail_choice.times(analysis, 2.0)
    assert len(shorter) == 3
    assert max(shorter) <= 2.0
    assert thumbnail_choice.times(analysis, 4.0) == thumbnail_choice.times(
        VideoAnalysis.model_validate_json(analysis.model_dump_json()), 4.0
    )


def shot(start: int, end: int, description: str | None = None) -> Shot:
    return Shot(start_seconds=start, end_seconds=end, description=description)


def test_shots_are_repaired_or_dropped_and_it_is_said() -> None:
    given = [
        shot(5, 9, "b"), shot(0, 6, "a"), None, shot(9, 30, "c"), shot(40, 50, "beyond"),
        shot(8, 3, "backwards"), shot(5, 12, "twice"),
    ]  # fmt: skip
    found, wrong = shots.ordered(given, 10.0)
    assert [(s.start_seconds, s.end_seconds, s.description) for s in found] == [
        (0, 5, "a"), (5, 9, "b"), (9, 10.0, "c"),
    ]  # fmt: skip
    assert wrong == (
        "shots: 1 without readable times dropped",
        "shots: 2 beyond the end or of no length dropped",
        "shots: 1 given twice dropped",
        "shots: 1 cut where the next one begins",
        "shots: 2 cut at the end of the video",
        "shots: put in order",
    )


def test_shots_of_a_video_without_duration_are_none() -> None:
    assert shots.ordered([shot(0, 1)], 0.0).shots == ()


def test_an_answer_full_of_nonsense_becomes_a_sound_analysis() -> None:
    said = WATCHED | {
        "shots": [{"start": "tomorrow", "end": "later", "description": " "}],
        "sound_events": [{"what": "bang", "time": "99:00"}, {"what": " ", "time": "1"}],
        "people": ["keeper", " keeper ", ""],
        "speakers": [{"label": " "}],
        "thumbnails": [{"time": "soon"}, {"time": 1.5}, {"time": "1.5s"}, {"time": "2"}],
        "summary": " ",
    }
    found = answer.read(VideoAnswer.model_validate_json(json.dumps(said)), 4.0, 4.0, "x")
    assert found.shots == ()
    assert [(s.what, s.time_seconds) for s in found.sound_events] == [("bang", None)]
    assert found.people == ("keeper",)
    assert found.speakers == ()
    assert found.summary is None
    assert [t.time_seconds for t in found.thumbnails][:2] == [1.5, 2.0]
    assert len(found.corrections) == 4


@pytest.fixture
def still(tmp_path: Path) -> Callable[..., Any]:
    """Make a still: a grey ground with a darker pattern on it."""

    def make(
        time: float, luma: int = 118, sharpness: float | None = 100.0, flat: bool = False
    ) -> Thumbnail:
        picture = Image.new("L", (64, 36), luma)
        if not flat:
            ImageDraw.Draw(picture).rectangle((8, 8, 40, 30), fill=max(0, luma - 60))
        path = tmp_path / f"{time}.jpg"
        picture.save(path)
        return Thumbnail(path=path, time_seconds=time, width=64, height=36, sharpness=sharpness)

    return make


SCENES = (
    Span(start_seconds=0, end_seconds=10),
    Span(start_seconds=10, end_seconds=14),
    Span(start_seconds=14, end_seconds=20),
)


def described(
    stills: list[Thumbnail],
    scenes: tuple[Span, ...] = SCENES,
    understanding: Understanding | None = None,
    duration: float = 20.0,
) -> tuple[VideoAnalysis, list[float]]:
    found = local_video.describe(scenes, stills, understanding, duration)
    return found, [t.time_seconds for t in found.thumbnails]


def test_local_stills_come_from_different_scenes_the_longest_first(
    still: Callable[..., Any],
) -> None:
    found, times = described([still(t) for t in (1.0, 3.0, 5.0, 11.0, 16.0)])
    assert {int(times[0]) // 10, times[1], times[2]} == {0, 16.0, 11.0}
    assert len(found.shots) == 3
    assert "scene 1 of 10.0 s" in found.thumbnails[0].reason
    assert found.engine.startswith("local")


def test_a_sharp_and_well_lit_still_beats_the_others_of_its_scene(
    still: Callable[..., Any],
) -> None:
    stills = [still(1.0, sharpness=5), still(3.0), still(5.0, luma=230), still(7.0, sharpness=20)]
    assert described(stills)[1][0] == 3.0


def test_black_white_and_flat_stills_are_never_chosen(still: Callable[..., Any]) -> None:
    stills = [still(2.0, luma=5), still(12.0, luma=255, flat=True), still(17.0, flat=True)]
    found, times = described(stills)
    assert not {2.0, 12.0, 17.0} & set(times)
    assert found.thumbnails[0].reason == "the middle of one of the longest shots"
    assert "filled in" in found.corrections[0]


def test_the_local_engine_invents_nothing() -> None:
    found, times = described([], scenes=(), duration=8.0)
    assert times == [4.0, 2.0, 6.0]
    empty = {"summary", "shots", "text_and_logos", "speakers", "sound_events", "people", "places",
             "activities", "content_warnings", "keywords", "usage", "cost_microusd"}  # fmt: skip
    assert all(not getattr(found, name) for name in empty)
    assert not any(words for _, words in found.technical_quality)


def test_keywords_come_from_the_speech(still: Callable[..., Any]) -> None:
    heard = Understanding(summary="Rain.", keywords=("rain", "river"))
    assert described([still(1.0)], understanding=heard)[0].keywords == ("rain", "river")


def test_stills_without_sharpness_are_told_apart_by_their_light(still: Callable[..., Any]) -> None:
    stills = [still(1.0, luma=230, sharpness=None), still(3.0, sharpness=None)]
    assert described(stills)[1][0] == 3.0


def test_a_still_that_vanished_may_come_back(still: Callable[..., Any]) -> None:
    gone = still(1.0)
    gone.path.unlink()
    with pytest.raises(RetryableError, match="vanished"):
        described([gone])

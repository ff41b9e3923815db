from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from tests.conftest import Override
from utils.config import Settings
from utils.errors import SettingsError
from utils.models import steps
from utils.models.options import CompressionOptions, PipelineOptions, Switches
from utils.models.probe import AudioStream, ContainerProbe, VideoStream
from utils.models.shift import Lack
from utils.pipeline import fingerprint, planning

VIDEO = VideoStream(index=0, codec="h264", width=640, height=360)
SOUND = (AudioStream(index=1, codec="aac"),)


def probe(kind: str, **streams: Any) -> ContainerProbe:
    return ContainerProbe(kind=kind, format_names=("x",), size_bytes=1, **streams)


FILM = probe("video", video=VIDEO, audio=SOUND)
MUTE = probe("video", video=VIDEO)
SONG = probe("audio", audio=SOUND)
IMAGE = probe("image", video=VIDEO)


@pytest.fixture
def why_not(settings: Settings) -> Callable[..., Any]:
    def ask(
        step: str,
        a_probe: ContainerProbe = FILM,
        options: PipelineOptions | None = None,
        **chosen: Any,
    ) -> str:
        options = options or PipelineOptions(**chosen)
        return planning.plan(a_probe, options, settings).reasons[step]

    return ask


def test_a_film_gets_all_but_what_is_for_songs_or_not_set_up(settings: Settings) -> None:
    reasons = planning.plan(FILM, PipelineOptions(), settings).reasons
    assert {name for name, reason in reasons.items() if reason} == {
        "check_house_rules",
        "compress_audio",
        "critique_content",
        "generate_visuals",
        "identify_recording",
        "identify_speakers",
        "make_lyric_video",
        "make_proxy",
        "read_text",
        "upload_thumbnails",
        "write_subtitles",
    }


def test_a_lyric_video_is_made_of_songs_that_are_heard_if_it_is_asked_for(why_not: Any) -> None:
    reasons = {
        "unasked": why_not("make_lyric_video", SONG),
        "film": why_not("make_lyric_video", FILM, only=("make_lyric_video",)),
        "unheard": why_not(
            "make_lyric_video",
            SONG,
            PipelineOptions(only=("make_lyric_video",)).without("transcribe_audio"),
        ),
        "asked": why_not("make_lyric_video", SONG, only=("make_lyric_video",)),
    }
    assert reasons == {
        "unasked": "not asked for (--lyric-video)",
        "film": "makes no sense for profile video",
        "unheard": "needs transcribe_audio: switched off",
        "asked": None,
    }


def test_a_key_and_an_address_bring_the_rest(override: Override) -> None:
    from utils.config import load_settings

    override(gemini_api_key=SecretStr("k"), publish_url=SecretStr("memory://x"))
    plan = planning.plan(FILM, PipelineOptions(), load_settings())
    assert plan.runs("make_proxy")
    assert plan.runs("upload_thumbnails")


@pytest.mark.parametrize(
    ("step", "a_probe", "reason"),
    [
        ("transcribe_audio", MUTE, "has no sound"),
        ("analyze_content", MUTE, "needs transcribe_audio: has no sound"),
        ("extract_audio_tracks", IMAGE, "has no sound"),
        ("transcribe_audio", IMAGE, "makes no sense for profile image"),
        ("compress_video", SONG, "makes no sense for profile song"),
        ("analyze_exposure", SONG, "makes no sense for profile song"),
    ],
)
def test_a_step_that_does_not_apply_says_why(
    why_not: Callable[..., Any], step: str, a_probe: ContainerProbe, reason: str
) -> None:
    assert why_not(step, a_probe) == reason


def test_a_switched_off_step_takes_along_what_needs_it(why_not: Callable[..., Any]) -> None:
    options = PipelineOptions().without("transcribe_audio")
    assert why_not("transcribe_audio", options=options) == "switched off"
    assert why_not("analyze_content", options=options) == "needs transcribe_audio: switched off"
    assert why_not("judge_quality", options=options) is None  # it only uses it
    off = CompressionOptions(enabled=False)
    assert why_not("compress_video", compression=off) == "compression is switched off"


def test_a_film_can_be_worked_on_as_a_song(why_not: Callable[..., Any]) -> None:
    assert why_not("compress_audio", profile="song") is None
    assert why_not("compress_video", profile="song") == "makes no sense for profile song"


def test_one_step_alone_takes_along_what_it_needs_and_nothing_else(settings: Settings) -> None:
    plan = planning.plan(FILM, PipelineOptions(only=("analyze_exposure",)), settings)
    assert {name for name in plan.reasons if plan.runs(name)} == {
        "generate_checksum",
        "extract_ffprobe",
        "extract_mediainfo",
        "analyze_signal",
        "analyze_exposure",
    }
    assert plan.reasons["store_item"] == "not asked for (only analyze_exposure)"


def test_voices_are_told_apart_only_when_asked_for(settings: Settings) -> None:
    def why(options: PipelineOptions) -> str | None:
        return planning.plan(FILM, options, settings).reasons["identify_speakers"]

    usual = PipelineOptions()
    switched = usual.steps.model_copy(update={"identify_speakers": True})
    assert why(usual) == "not asked for (--speakers auto)"
    assert why(usual.model_copy(update={"steps": switched})) is None
    assert why(PipelineOptions(only=("identify_speakers",))) is None
    assert "identify_speakers" not in planning.expected(FILM.kind, usual, settings)


def test_a_step_that_does_not_exist_is_a_clear_error(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="'transcribe' is no step"):
        planning.plan(FILM, PipelineOptions(only=("transcribe",)), settings)


def test_force_is_for_the_steps_that_were_named() -> None:
    assert planning.forced(PipelineOptions()) == frozenset()
    assert planning.forced(PipelineOptions(only=("extract_hdr",), force=True)) == {"extract_hdr"}
    assert len(planning.forced(PipelineOptions(force=True))) == len(steps.STEPS)


def test_every_optional_step_has_a_switch_and_no_other_has() -> None:
    optional = {step.name for step in steps.STEPS if step.optional}
    assert set(Switches.model_fields) == optional


def test_options_decide_what_done_means(settings: Settings) -> None:
    default = fingerprint.done_key(PipelineOptions(), settings)
    assert default == fingerprint.done_key(PipelineOptions(), settings)
    assert default == fingerprint.done_key(PipelineOptions(force=True), settings)
    assert default != fingerprint.done_key(PipelineOptions(thumbnail_count=3), settings)


@pytest.mark.parametrize("step", fingerprint.ENGINES)
def test_an_engine_of_another_version_makes_its_steps_items_not_done(
    step: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings.model_copy(update={"publish_url": SecretStr("file:///srv/pictures")})
    usual = PipelineOptions()
    not_usual = {step.name: True for step in steps.STEPS if step.optional and not step.default}
    every = usual.steps.model_copy(update=not_usual)
    options = usual.model_copy(update={"steps": every})
    before = fingerprint.done_key(options, settings)
    newer = {**fingerprint.ENGINES, step: lambda _options, _settings: "newer"}
    monkeypatch.setattr(fingerprint, "ENGINES", newer)
    assert fingerprint.done_key(options, settings) != before
    without = options.without(step) if steps.BY_NAME[step].optional else None
    if without:  # what does not run decides nothing
        off = fingerprint.done_key(without, settings)
        monkeypatch.undo()
        assert fingerprint.done_key(without, settings) == off


def test_what_is_rejected_is_not_made_small_and_the_plan_says_so(settings: Settings) -> None:
    plan = planning.plan(FILM, PipelineOptions(), settings)
    rejected = plan.for_rejected()
    assert rejected.reasons["compress_video"] == "the item was rejected"
    assert rejected.reasons["compress_audio"] == plan.reasons["compress_audio"]
    assert {s for s in plan.reasons if plan.runs(s) and not rejected.runs(s)} == {"compress_video"}


def test_what_needs_a_lacking_step_is_lacking_too(settings: Settings) -> None:
    plan = planning.plan(FILM, PipelineOptions().without("detect_focal_length"), settings)
    broken = Lack(step="extract_exiftool", reason="it broke", may_pass=True)
    assert planning.dependent_lacks(plan, [broken]) == [
        Lack(step=name, reason="needs extract_exiftool", may_pass=True)
        for name in ("extract_extended_exif", "find_work")
    ]
    assert planning.dependent_lacks(plan, []) == []


def test_only_what_makes_an_item_unusable_is_essential() -> None:
    assert {step.name for step in steps.STEPS if step.essential} == {
        "generate_checksum", "extract_ffprobe", "analyze_signal", "create_model", "store_item",
    }  # fmt: skip

import pytest

from utils import pipeline
from utils.models.options import CompressionOptions, PipelineOptions
from utils.models.probe import AudioStream, ContainerProbe, VideoStream

VIDEO = VideoStream(index=0, codec="h264", width=640, height=360)
SOUND = (AudioStream(index=1, codec="aac"),)


def probe(kind, **streams):
    return ContainerProbe(kind=kind, format_names=("x",), size_bytes=1, **streams)


FILM = probe("video", video=VIDEO, audio=SOUND)
MUTE = probe("video", video=VIDEO)
IMAGE = probe("image", video=VIDEO)


def why_not(step, a_probe=FILM, **options):
    return pipeline.why_not(step, a_probe, PipelineOptions(**options))


def test_every_step_applies_to_a_film():
    assert all(why_not(step.name) is None for step in pipeline.STEPS)


@pytest.mark.parametrize(
    ("step", "a_probe", "reason"),
    [
        ("transcribe_audio", MUTE, "has no sound"),
        ("analyze_content", MUTE, "needs transcribe_audio, which has no sound"),
        ("generate_embeddings", MUTE, "needs transcribe_audio, which has no sound"),
        ("transcribe_audio", IMAGE, "makes no sense for image"),
        ("compress_media", IMAGE, "makes no sense for image"),
    ],
)
def test_a_step_that_does_not_apply_says_why(step, a_probe, reason):
    assert why_not(step, a_probe) == reason


def test_a_switched_off_step_takes_along_what_needs_it():
    assert why_not("transcribe_audio", skip=("transcribe_audio",)) == "switched off"
    assert "switched off" in why_not("generate_embeddings", skip=("transcribe_audio",))
    assert why_not("compress_media", compression=CompressionOptions(enabled=False))


def test_what_every_item_needs_can_not_be_switched_off():
    assert why_not("extract_ffprobe", skip=("extract_ffprobe",)) is None


def test_options_and_engines_decide_what_done_means():
    default = pipeline.pipeline_key(PipelineOptions(), "a")
    assert default == pipeline.pipeline_key(PipelineOptions(), "a")
    assert default != pipeline.pipeline_key(PipelineOptions(), "b")
    assert default != pipeline.pipeline_key(PipelineOptions(thumbnail_count=3), "a")

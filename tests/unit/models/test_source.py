"""Definitions of sources: what fits together, and what is said of what does not."""

from typing import Any

import pytest
from pydantic import ValidationError

from utils.models.options import PipelineOptions, with_changes
from utils.models.source import SourceDefinition, SourceOptions, with_options
from utils.models.steps import BY_NAME


def defined(**facts: Any) -> SourceDefinition:
    return SourceDefinition.model_validate({"name": "films", "kind": "folder", "url": "/f"} | facts)


def test_options_change_by_names_with_dots_and_are_read_as_each_wants_it() -> None:
    said = {
        "transcription.model": "small",
        "steps.identify_speakers": "true",
        "verdict.loudness_lufs": "-40, -5",
        "compression.crf": "",
        "thumbnail_count": 3,
    }
    options = with_changes(PipelineOptions(), said)
    assert options.transcription.model == "small"
    assert options.steps.is_on(BY_NAME["identify_speakers"])
    assert options.verdict.loudness_lufs == (-40.0, -5.0)
    assert options.compression.crf is None
    assert options.thumbnail_count == 3
    assert options.analysis == PipelineOptions().analysis


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("transcription.modle", "small", "transcription.modle is no option.*In transcription.*mod"),
        ("transcriptoin.model", "small", "transcriptoin.model is no option.*transcription"),
        ("transcription", "small", "transcription is no option"),
        ("transcription.model.size", "1", "transcription.model.size is no option"),
        ("thumbnail_count", "50", "thumbnail_count: .*less than or equal to 20"),
        ("transcription.words", "perhaps", "transcription.words: "),
    ],
)
def test_an_option_that_there_is_not_is_named_with_those_that_there_are(
    name: str, value: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        with_changes(PipelineOptions(), {name: value})


def test_options_that_do_not_go_together_are_named() -> None:
    said = {"transcription.translate": "yes", "transcription.model": "turbo"}
    with pytest.raises(ValueError, match=r"transcription: .*turbo can't translate"):
        with_changes(PipelineOptions(), said)


def test_a_sources_own_options_and_those_of_the_pipeline_stand_apart() -> None:
    said = {
        "settle_seconds": "30",
        "sponsor_segments": "sponsor, intro",
        "transcription.words": "1",
    }
    options = with_options(SourceOptions(), said)
    assert (options.settle_seconds, options.sponsor_segments) == (30.0, ("sponsor", "intro"))
    assert options.pipeline == {"transcription.words": True}
    back = with_options(options, {"settle_seconds": "", "transcription.words": ""})
    assert (back.settle_seconds, back.pipeline) == (5.0, {})
    with pytest.raises(
        ValueError, match=r"settle is no option.*Of a source there are watch, settle"
    ):
        with_options(SourceOptions(), {"settle": "3"})
    with pytest.raises(ValueError, match="settle_seconds: "):
        with_options(SourceOptions(), {"settle_seconds": "soon"})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"kind": "bucket", "url": "/films"}, "s3://"),
        ({"kind": "bucket", "url": "https://site/films"}, "s3://"),
        ({"kind": "folder", "url": "s3://bucket/films"}, "path of a folder"),
        ({"kind": "folder", "url": "file:///films"}, "path of a folder"),
        ({"kind": "youtube", "url": "/films"}, "http"),
        ({"kind": "feed", "url": "gs://bucket"}, "http"),
        ({"schedule": "0 0 30 2 *"}, "0 0 30 2"),
        ({"schedule": "every now and then"}, "is no schedule"),
        ({"schedule": "daily@25:00"}, "no time of the day"),
        ({"timezone": "Mars/Olympus"}, "is no time zone"),
        ({"name": "a/b"}, "pattern"),
        ({"url": "/films\0"}, "zero byte"),
        ({"options": {"pipeline": {"transcription.vocabulary": "a\0"}}}, "zero byte"),
        ({"profile": "\ud800"}, "zero byte|unicode"),
        ({"options": {"poll_seconds": float("inf")}}, "poll_seconds"),
        ({"keep_last": 2**40}, "less than or equal"),
        ({"keep_last": 0}, "greater than or equal to 1"),
        (
            {"options": {"endpoint_url": "http://minio"}},
            "endpoint_url is an option of bucket alone",
        ),
        ({"options": {"pipeline": {"modle": 1}}}, "modle is no option"),
        ({"kind": "bucket", "url": "s3://b/c", "options": {"watch": True}}, "of folder alone"),
    ],
)
def test_what_does_not_fit_is_named(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        defined(**facts)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("folder", "/films"),
        ("bucket", "S3://bucket/films"),
        ("bucket", "az://container"),
        ("youtube", "https://site/@channel"),
        ("http", "http://site/films/"),
    ],
)
def test_what_fits_is_taken(kind: str, url: str) -> None:
    assert defined(kind=kind, url=url).url == url

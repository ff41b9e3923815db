from pathlib import Path
from typing import Any

import pytest

from utils.config import Settings, load_settings
from utils.db import causes, ledger
from utils.db.schema import Execution
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.analysis import Analysis, TokenUsage, Understanding
from utils.models.item import MediaItem, MediaKind
from utils.models.options import CompressionOptions
from utils.models.rendition import Thumbnail, Thumbnails
from utils.pipeline import recall, step_key


def item(path: str = "/a/song.mp3", item_id: str = "a" * 64) -> MediaItem:
    return MediaItem(
        item_id=item_id, path=Path(path), kind=MediaKind.AUDIO, size_bytes=1, title="song"
    )


def key(version: int = 1, fingerprint: str = "", **given: Any) -> str:
    return step_key.inputs_of("a_step", version, given, fingerprint, load_settings().home).key


def done(key_: str, result: Analysis | Thumbnails, item_id: str = "a" * 64) -> None:
    row = ledger.start(item_id, "a_step", ledger.Inputs(key_, {"version": 1}), "run")
    with session() as s:
        ledger.finish(s, row, result, 1.5)


def test_moving_a_file_does_not_change_its_keys() -> None:
    assert key(item=item("/a/song.mp3")) == key(item=item("/b/other name.mp3"))


def test_content_version_parameters_and_engines_change_the_key() -> None:
    keys = {
        key(item=item()),
        key(item=item(item_id="b" * 64)),
        key(version=2, item=item()),
        key(item=item(), crf=23),
        key(fingerprint="ffmpeg 9", item=item()),
    }
    assert len(keys) == 5


def test_what_a_call_cost_does_not_change_the_keys_after_it() -> None:
    def analysis(tokens: int) -> Analysis:
        return Analysis(
            engine="gemini",
            understanding=Understanding(summary="x"),
            usage=TokenUsage(prompt_tokens=tokens),
        )

    assert key(a=analysis(1)) == key(a=analysis(2))


def test_only_what_is_done_is_recalled(settings: Settings) -> None:
    understanding = Analysis(engine="local", understanding=Understanding(summary="x"))
    row = ledger.start("a" * 64, "a_step", ledger.Inputs("k1", {"version": 1}), None)
    assert recall.recall("k1", Analysis, load_settings()).result is None
    ledger.fail(row, RetryableError("no luck"), 0.1)
    assert recall.recall("k1", Analysis, load_settings()).result is None
    done("k1", understanding)
    assert recall.recall("k1", Analysis, load_settings()).result == understanding


def test_a_result_whose_file_is_gone_is_not_recalled(tmp_path: Path) -> None:
    path = tmp_path / "t.jpg"
    path.touch()
    result = Thumbnails(images=(Thumbnail(path=path, width=1, height=1),))
    done("k2", result)
    assert recall.recall("k2", Thumbnails, load_settings()).result == result
    path.unlink()
    assert recall.recall("k2", Thumbnails, load_settings()).result is None


def test_a_result_of_another_form_is_not_recalled() -> None:
    done("k3", Thumbnails(images=()))
    assert recall.recall("k3", Analysis, load_settings()).result is None


def test_the_result_that_counts_is_the_one_that_was_used_last() -> None:
    def report(summary: str) -> Analysis:
        return Analysis(engine="local", understanding=Understanding(summary=summary))

    done("first", report("one"))
    done("second", report("two"))
    with session() as s:
        assert ledger.latest_result(s, "a" * 64, "a_step", Analysis) == report("two")
    recall.recall("first", Analysis, load_settings())
    with session() as s:
        assert ledger.latest_result(s, "a" * 64, "a_step", Analysis) == report("one")
        assert ledger.latest_result(s, "a" * 64, "a_step", Thumbnails) is None


def test_the_ledger_counts_every_execution(settings: Settings) -> None:
    for _ in range(2):
        row = ledger.start("a" * 64, "a_step", ledger.Inputs("k4", {"version": 1}), None)
        ledger.fail(row, RetryableError("no luck"), 0.1)
    done("k4", Thumbnails(images=()))
    with session() as s:
        (summary,) = ledger.steps_of(s, "a" * 64)
    assert (summary.executions, summary.status, summary.error) == (3, "done", None)


def test_data_and_ledger_row_are_written_together_or_not_at_all() -> None:
    row = ledger.start("a" * 64, "a_step", ledger.Inputs("k5", {"version": 1}), None)
    with pytest.raises(ZeroDivisionError), session() as s:
        ledger.finish(s, row, Thumbnails(images=()), 1)
        raise ZeroDivisionError
    assert recall.recall("k5", Thumbnails, load_settings()).result is None


def executed(
    number: int,
    given: dict[str, str] | None = None,
    *,
    version: int = 1,
    fingerprint: str = "ffmpeg 8",
    **parts: Any,
) -> str:
    """Why an execution with these inputs happened."""
    options = CompressionOptions(**parts)
    inputs = step_key.inputs_of(
        "a_step", version, {"options": options, **(given or {})}, fingerprint, load_settings().home
    )
    row = ledger.start("a" * 64, "a_step", inputs, f"run {number}")
    with session() as s:
        ledger.finish(s, row, Thumbnails(images=()), 1)
        return s.get_one(Execution, row).cause


def test_an_execution_says_why_it_was_none_to_recall(settings: Settings) -> None:
    assert executed(1) == "the first time"
    assert executed(2, audio_kbps=24) == "options.audio_kbps: 96 → 24"
    assert executed(3, version=2, audio_kbps=24) == "version: 1 → 2"
    assert (
        executed(4, version=2, fingerprint="ffmpeg 9", audio_kbps=24)
        == "tool, model or file changed: ffmpeg 8 → ffmpeg 9"
    )


def test_what_came_out_differently_before_is_named(settings: Settings) -> None:
    long, other = ({"transcript": letter * 900} for letter in "ab")
    executed(1, long)
    assert executed(2, other) == "transcript came out differently"


def test_what_broke_off_or_failed_or_lost_a_file_says_so(
    settings: Settings, tmp_path: Path
) -> None:
    inputs = ledger.Inputs("k", {"version": 1})
    first = ledger.start("a" * 64, "a_step", inputs, None)
    second = ledger.start("a" * 64, "a_step", inputs, None)
    ledger.fail(second, RetryableError("no luck"), 0.1)
    third = ledger.start("a" * 64, "a_step", inputs, None)
    fourth = ledger.start("a" * 64, "a_step", inputs, None, causes.missing_file("t.jpg"))
    fifth = ledger.start("a" * 64, "a_step", inputs, None, causes.FORCED)
    with session() as s:
        told = [s.get_one(Execution, row).cause for row in (first, second, third, fourth, fifth)]
    assert told == [
        "the first time",
        "the run before broke off",
        "the try before failed: RetryableError",
        "its file t.jpg was gone",
        "asked for again",
    ]


def test_a_tag_that_writes_an_escape_is_kept_as_it_is(settings: Settings) -> None:
    """Postgres takes no NUL character; the six letters of its escape are no such character."""
    inputs = ledger.Inputs("k", {"version": 1, "tag": "a\0b"})
    row = ledger.start("a" * 64, "a_step", inputs, None)
    written = Analysis(engine="x", understanding=Understanding(summary='{"t": "\\u0000"} \0'))
    with session() as s:
        ledger.finish(s, row, written, 1)
    kept = recall.recall("k", Analysis, load_settings()).result
    assert kept.understanding.summary == '{"t": "\\u0000"} '
    with session() as s:
        assert s.get_one(Execution, row).inputs["tag"] == "ab"

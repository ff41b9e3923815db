from pathlib import Path

import pytest

from utils.db import ledger
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.analysis import Analysis, TokenUsage, Understanding
from utils.models.item import MediaItem, MediaKind
from utils.models.rendition import Thumbnail, Thumbnails


def item(path="/a/song.mp3", item_id="a" * 64):
    return MediaItem(
        item_id=item_id, path=Path(path), kind=MediaKind.AUDIO, size_bytes=1, title="song"
    )


def key(version=1, fingerprint="", **given):
    return ledger.key_of("a_step", version, given, fingerprint)


def done(key_, result, item_id="a" * 64):
    row = ledger.start(item_id, "a_step", 1, key_, "run")
    with session() as s:
        ledger.finish(s, row, result, 1.5)


def test_moving_a_file_does_not_change_its_keys():
    assert key(item=item("/a/song.mp3")) == key(item=item("/b/other name.mp3"))


def test_content_version_parameters_and_engines_change_the_key():
    keys = {
        key(item=item()),
        key(item=item(item_id="b" * 64)),
        key(version=2, item=item()),
        key(item=item(), crf=23),
        key(fingerprint="ffmpeg 9", item=item()),
    }
    assert len(keys) == 5


def test_what_a_call_cost_does_not_change_the_keys_after_it():
    def analysis(tokens):
        return Analysis(
            engine="gemini",
            understanding=Understanding(summary="x"),
            usage=TokenUsage(prompt_tokens=tokens),
        )

    assert key(a=analysis(1)) == key(a=analysis(2))


def test_only_what_is_done_is_recalled(settings):
    understanding = Analysis(engine="local", understanding=Understanding(summary="x"))
    row = ledger.start("a" * 64, "a_step", 1, "k1", None)
    assert ledger.recall("k1", Analysis) is None
    ledger.fail(row, RetryableError("no luck"), 0.1)
    assert ledger.recall("k1", Analysis) is None
    done("k1", understanding)
    assert ledger.recall("k1", Analysis) == understanding


def test_a_result_whose_file_is_gone_is_not_recalled(tmp_path):
    path = tmp_path / "t.jpg"
    path.touch()
    result = Thumbnails(images=(Thumbnail(path=path, width=1, height=1),))
    done("k2", result)
    assert ledger.recall("k2", Thumbnails) == result
    path.unlink()
    assert ledger.recall("k2", Thumbnails) is None


def test_a_result_of_another_form_is_not_recalled():
    done("k3", Thumbnails(images=()))
    assert ledger.recall("k3", Analysis) is None


def test_the_result_that_counts_is_the_one_that_was_used_last():
    def report(summary):
        return Analysis(engine="local", understanding=Understanding(summary=summary))

    done("first", report("one"))
    done("second", report("two"))
    with session() as s:
        assert ledger.latest_result(s, "a" * 64, "a_step", Analysis) == report("two")
    ledger.recall("first", Analysis)
    with session() as s:
        assert ledger.latest_result(s, "a" * 64, "a_step", Analysis) == report("one")
        assert ledger.latest_result(s, "a" * 64, "a_step", Thumbnails) is None


def test_the_ledger_counts_every_execution(settings):
    for _ in range(2):
        row = ledger.start("a" * 64, "a_step", 1, "k4", None)
        ledger.fail(row, RetryableError("no luck"), 0.1)
    done("k4", Thumbnails(images=()))
    with session() as s:
        (summary,) = ledger.steps_of(s, "a" * 64)
    assert (summary.executions, summary.status, summary.error) == (3, "done", None)


def test_data_and_ledger_row_are_written_together_or_not_at_all():
    row = ledger.start("a" * 64, "a_step", 1, "k5", None)
    with pytest.raises(ZeroDivisionError), session() as s:
        ledger.finish(s, row, Thumbnails(images=()), 1)
        raise ZeroDivisionError
    assert ledger.recall("k5", Thumbnails) is None

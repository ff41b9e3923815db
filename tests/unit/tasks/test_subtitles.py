"""What the step writes, without Prefect around it: where, and what it says of what it left."""

from pathlib import Path

import pytest

from tasks import subtitles
from tasks.context import RunContext
from utils.config import Settings, load_settings
from utils.db import items
from utils.db.items import Seen
from utils.db.session import session
from utils.models.item import MediaItem, MediaKind
from utils.models.options import PipelineOptions, SubtitleOptions
from utils.models.rendition import Compression, Rendition
from utils.models.subtitles import SubtitleFiles
from utils.models.transcript import Segment, Transcript
from utils.pipeline import planning
from utils.storage import files

ITEM = "f" * 64
SAID = Transcript(
    engine="test",
    language="en",
    segments=(Segment(start_seconds=0, end_seconds=2, text="Good evening."),),
)
BESIDE = SubtitleOptions(beside="source")


def write(
    item: MediaItem, said: Transcript, made: Compression | None, options: SubtitleOptions
) -> SubtitleFiles:
    context = RunContext("run", "run", PipelineOptions(), load_settings())
    return subtitles._write(context, item, said, made, options)


@pytest.fixture
def item(tmp_path: Path) -> MediaItem:
    """An item with three copies, of which one is not where it was any more."""
    for name in ("a", "b", "gone"):
        path = tmp_path / name / "Film.mkv"
        path.parent.mkdir()
        path.write_bytes(b"film")
        with session() as s:
            items.register(s, Seen(files.stat(path), ITEM, True), MediaKind.VIDEO)
    path.unlink()
    return MediaItem(
        item_id=ITEM, path=tmp_path / "a" / "Film.mkv", kind=MediaKind.VIDEO, size_bytes=4,
        title="Film",
    )  # fmt: skip


def test_each_copy_of_a_film_gets_its_subtitles(item: MediaItem, tmp_path: Path) -> None:
    found = write(item, SAID, None, BESIDE)
    assert [file.path for file in found.files] == [
        str(tmp_path / name / "Film.en.srt") for name in ("a", "b")
    ]


def test_a_song_gets_lyrics(item: MediaItem) -> None:
    song = item.model_copy(update={"kind": MediaKind.AUDIO})
    (first, _) = write(song, SAID, None, BESIDE).files
    assert first.path.endswith("Film.lrc")


def test_the_rendition_has_them_beside_it_or_it_is_said_why_not(
    item: MediaItem, tmp_path: Path
) -> None:
    options = SubtitleOptions(beside="rendition")
    kept = Compression(source_bytes=1, encoded_bytes=0, reason="source kept: no saving")
    (reason,) = write(item, SAID, kept, options).left
    assert reason == "there is no rendition: source kept: no saving"
    small = tmp_path / "small.mp4"
    small.write_bytes(b"small")
    made = kept.model_copy(
        update={"rendition": Rendition(path=small, kind="video", codec="h264", size_bytes=5)}
    )
    assert write(item, SAID, made, options).files[0].path == str(tmp_path / "small.en.srt")


def test_the_key_changes_when_the_place_does_and_not_when_ours_was_written(
    item: MediaItem, tmp_path: Path
) -> None:
    before = subtitles._state(item, SAID, None, BESIDE)
    write(item, SAID, None, BESIDE)
    assert subtitles._state(item, SAID, None, BESIDE) == before
    (tmp_path / "a" / "Film.en.srt").write_text("a person's")
    changed = subtitles._state(item, SAID, None, BESIDE)
    assert changed != before
    (tmp_path / "b").rename(tmp_path / "c")
    assert subtitles._state(item, SAID, None, BESIDE) != changed


def test_what_lies_on_another_machine_is_told(item: MediaItem) -> None:
    elsewhere = item.model_copy(update={"size_bytes": 5})
    found = write(elsewhere, SAID, None, BESIDE)
    assert found.left == ("the source does not lie on this machine",)


def test_the_plan_says_that_nobody_asked(settings: Settings) -> None:
    why = planning._not_configured("write_subtitles", PipelineOptions(), settings)
    assert why == "not asked for; set NIGHTSHIFT_PIPELINE__SUBTITLES__BESIDE"
    wanted = PipelineOptions(subtitles=BESIDE)
    assert planning._not_configured("write_subtitles", wanted, settings) is None

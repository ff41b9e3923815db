"""Tags written into files of the library: the item stays the item, or nothing is changed."""

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import Override
from tests.media import ffmpeg
from tests.unit.music.recordings.tagging import songs
from tests.unit.music.recordings.tagging.songs import ARTIST, RECORDING
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import item_checksums, items, music_entities, queue, recordings, workers
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import NightShiftError, PermanentError, RetryableError
from utils.housekeeping import forgetting
from utils.models.item import ItemStatus
from utils.models.music import Entity, EntityKind, Provider
from utils.models.recording import RecordingTags
from utils.music.recordings import matching
from utils.music.recordings.tagging import chosen, flac, writing
from utils.sources import scan
from utils.storage import files, home

Song = Callable[[str], Path]
DONE = "done-key"


def taken_in(path: Path) -> str:
    """A file of the library that is done, whose recording is known; returns its item."""
    settings = load_settings()
    home.prepare(settings)
    scan.scan([str(path)], DONE, settings)
    with session() as s:
        item = items.find(s, str(path))
        item.status, item.done_key = ItemStatus.DONE.value, DONE
        tags = RecordingTags(title="Ночь 夜 لَيْل", artist="Кино & 桜", recording_mbid=RECORDING)
        matching.look_again(s, item.id, tags)
        document = {"title": "Night", "artists": [{"id": ARTIST, "name": "桜"}],
                    "isrcs": ["GBAYE0601498"], "release_groups": []}  # fmt: skip
        music_entities.put(s, [Entity(
            source=Provider.MUSICBRAINZ, kind=EntityKind.RECORDING, id=RECORDING, fetched_at=now(),
            document=document,
        )])  # fmt: skip
        return item.id


def write(path: Path, overwrite: bool = False) -> str:
    return writing.write(chosen.preview(str(path), overwrite), load_settings())


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_a_written_song_is_the_same_item_and_nothing_is_done_again(form: str, song: Song) -> None:
    path = song(form)
    item_id, sound = taken_in(path), songs.decoded(path)
    path.chmod(0o640)
    os.utime(path, (10**9, 10**9))
    scan.scan([str(path)], DONE, load_settings())  # it was touched
    digest = write(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest != item_id
    assert songs.decoded(path) == sound
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_mtime > 10**9 + 1  # what copies files by their time copies it
    other = Path(shutil.copy(path, path.with_name(f"a copy of it.{form}")))
    found = scan.scan([str(path.parent)], DONE, load_settings())
    assert found.pending == []
    assert {one.item_id for one in found.outcomes} == {item_id}
    with session() as s:
        assert set(items.paths_of(s, item_id)) == {path, other}
        row = recordings.get(s, item_id)
        assert row and row.isrc == "GBAYE0601498"
        assert row.how == "tags"
    assert chosen.preview(str(path), overwrite=False).changes == ()


def test_a_song_that_was_swapped_before_a_kill_is_known_by_its_content(song: Song) -> None:
    """Its row says what it was; its new content was noted before."""
    path = song("mp3")
    item_id = taken_in(path)
    preview = chosen.preview(str(path), overwrite=False)
    with files.whole_file(path) as temporary:
        writing._write_beside(path, temporary, {one.field: one.new for one in preview.changes})
        with session() as s:
            item_checksums.note(s, files.sha256(temporary), item_id)
    found = scan.scan([str(path)], DONE, load_settings())
    assert (found.pending, [one.item_id for one in found.outcomes]) == ([], [item_id])
    with session() as s:
        assert len(recordings.songs(s)) == 1


def test_a_forgotten_song_stays_forgotten_under_its_new_content(song: Song, tmp_path: Path) -> None:
    path = song("mp3")
    item_id = taken_in(path)
    write(path)
    settings = load_settings()
    forgetting.forget(forgetting.preview([item_id], settings), settings)
    other = tmp_path / "elsewhere.mp3"
    shutil.copy(path, other)
    found = scan.scan([str(other)], DONE, settings)
    assert found.pending == []
    assert "forgotten" in (found.outcomes[0].reason or "")
    with session() as s:
        assert recordings.get(s, item_id) is None


def linked(path: Path) -> Path:
    link = path.with_name("link.mp3")
    link.symlink_to(path)
    return link


def named_twice(path: Path) -> Path:
    os.link(path, path.with_name("twice.mp3"))
    return path


def read_only(path: Path) -> Path:
    path.chmod(0o444)
    return path


@pytest.mark.parametrize(
    ("hinder", "why"),
    [(linked, "is a link to"), (named_twice, "2 names"), (read_only, "read-only")],
)
def test_what_may_not_be_changed_stays(
    hinder: Callable[[Path], Path], why: str, song: Song, settings: Settings
) -> None:
    path = hinder(song("mp3"))
    taken_in(path)
    before = (path.read_bytes(), path.lstat())
    with pytest.raises(PermanentError, match=why):
        write(path)
    assert (path.read_bytes(), path.lstat()) == before


def test_originals_in_the_home_and_in_a_store_stay(
    song: Song, settings: Settings, tmp_path: Path, override: Override
) -> None:
    with pytest.raises(PermanentError, match="home"):
        writing.require_writable(settings.home / "items" / "a.mp3", settings)
    path = song("mp3")
    override(store_url=SecretStr(f"file://{tmp_path}/store"))
    with pytest.raises(PermanentError, match="store"):
        writing.require_writable(path, load_settings())


def test_a_file_that_changed_or_is_in_work_is_left_alone(song: Song, settings: Settings) -> None:
    path = song("mp3")
    item_id = taken_in(path)
    preview = chosen.preview(str(path), overwrite=False)
    with session() as s:
        workers.register(s, "another", None, 600)
        queue.claim_these(s, "another", [item_id])
    with pytest.raises(RetryableError, match="working"):
        writing.write(preview, settings)
    with session() as s:
        queue.release_all(s, "another")
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(RetryableError, match="changed since"):
        writing.write(preview, settings)
    assert path.read_bytes().endswith(b"x")
    with session() as s:
        assert s.get_one(Item, item_id).claimed_by is None


def test_a_new_file_that_would_sound_otherwise_is_not_taken(
    song: Song, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last look before the swap: a writer that spoils the sound changes nothing."""
    path = song("flac")
    taken_in(path)
    before = path.read_bytes()
    real = writing.packets
    monkeypatch.setattr(writing, "packets", lambda one: [*real(one), str(one)])
    with pytest.raises(PermanentError, match="would not sound"):
        write(path)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_the_command_shows_and_then_writes(song: Song) -> None:
    path = song("m4a")
    item_id = taken_in(path)
    before = path.read_bytes()
    shown = CliRunner().invoke(app, ["music", "tag", str(path), "--json"])
    told = json.loads(shown.stdout)
    assert path.read_bytes() == before
    assert (told["item_id"], told["written"], told["format"]) == (item_id, False, "M4A")
    assert told["changes"] == [
        {"field": "isrc", "old": [], "new": ["GBAYE0601498"]},
        {"field": "recording_mbid", "old": [], "new": [RECORDING]},
        {"field": "artist_mbid", "old": [], "new": [ARTIST]},
    ]
    assert [one["field"] for one in told["kept"]] == ["title", "artist"]
    assert told["old"] == {"title": ["Ночь 夜 لَيْل"], "artist": ["Кино & 桜"], "album": ["Größe"]}
    done = CliRunner().invoke(app, ["music", "tag", item_id[:10], "--write", "--overwrite"])
    assert done.exit_code == 0, done.output
    assert "Written" in done.output
    assert songs.tags_of(path)["title"] == "Night"
    assert songs.tags_of(path)["musicbrainz track id"] == RECORDING


def test_names_that_the_file_has_in_its_own_way_stay(song: Song, tmp_path: Path) -> None:
    path = tmp_path / "several.flac"
    with song("flac").open("rb") as source, path.open("wb") as target:
        flac.write(source, target, {"artist": ("桜", "Кино"), "title": ("Night ",)})
    taken_in(path)
    with session() as s:
        (told,) = music_entities.kept(
            s, Provider.MUSICBRAINZ, EntityKind.RECORDING, [RECORDING]
        ).values()
        document = told.document or {}
        artists = [*document["artists"], {"id": RECORDING, "name": "Кино"}]
        changed = {"document": document | {"artists": artists}}
        music_entities.put(s, [told.model_copy(update=changed)])
    found = chosen.preview(str(path), overwrite=True)
    assert [one.field for one in found.changes] == ["isrc", "recording_mbid", "artist_mbid"]
    assert found.old["artist"] == ("桜", "Кино")


def test_a_format_whose_tags_are_not_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", path)
    scan.scan([str(path)], DONE, load_settings())
    with pytest.raises(NightShiftError, match="MP3, FLAC, M4A"):
        chosen.preview(str(path), overwrite=False)

"""Files beside a medium: named for media servers, ours told apart, a person's never touched."""

import os
import stat
from pathlib import Path

import pytest

from utils.db import items, subtitle_files
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import PermanentError
from utils.models.item import MediaKind
from utils.models.options import SubtitleOptions
from utils.models.subtitles import SubtitleFiles
from utils.models.transcript import Segment, Transcript
from utils.storage import files
from utils.subtitles import nightly, placing
from utils.subtitles.document import Document
from utils.subtitles.placing import Text

ITEM, OTHER = "a" * 64, "b" * 64


def medium(path: Path, item_id: str = ITEM) -> Path:
    """A file that the library knows."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"film of " + item_id.encode())
    with session() as s:
        items.register(s, Seen(files.stat(path), item_id, True), MediaKind.VIDEO)
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return medium(tmp_path / "lib" / "Film.mkv")


def said(text: str = "Good evening.", language: str | None = "en") -> Transcript:
    segments = (Segment(start_seconds=0, end_seconds=2, text=text),) if text else ()
    return Transcript(engine="test", language=language, segments=segments)


def night(
    path: Path, transcript: Transcript, item_id: str = ITEM, form: str = "srt"
) -> SubtitleFiles:
    what = Document(item_id, path.stem, transcript)
    options = SubtitleOptions.model_validate({"beside": "source", "format": form})
    return nightly.write(what, path, options, nightly.form_for(options, has_picture=True))


def foreign(path: Path) -> list[str]:
    with session() as s:
        return [one.name for one in subtitle_files.foreign_beside(s, path)]


@pytest.mark.parametrize(
    ("language", "form", "name"),
    [
        ("en", "srt", "A. Film.en.srt"),
        ("yue", "vtt", "A. Film.yue.vtt"),
        ("jw", "srt", "A. Film.jv.srt"),  # whisper's own code of Javanese
        (None, "srt", "A. Film.srt"),
        ("../x", "srt", "A. Film.srt"),
        ("en", "lrc", "A. Film.lrc"),
    ],
)
def test_names_are_those_that_media_servers_find(
    language: str | None, form: str, name: str
) -> None:
    assert placing.file_name("A. Film", language, form) == name


def test_a_rerun_replaces_ours_and_a_new_language_takes_the_place_of_the_old(film: Path) -> None:
    (first,) = night(film, said()).files
    assert first.path == str(film.with_name("Film.en.srt"))
    night(film, said("Good night."))
    assert "Good night." in film.with_name("Film.en.srt").read_text()
    found = night(film, said("Guten Abend.", "de"))
    assert found.left == ("Film.en.srt removed: Film.de.srt takes its place",)
    assert sorted(p.name for p in film.parent.iterdir()) == ["Film.de.srt", "Film.mkv"]


def test_ours_is_no_subtitle_of_the_item_and_a_persons_is(film: Path) -> None:
    night(film, said())
    assert foreign(film) == []
    film.with_name("Film.de.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHallo\n")
    assert foreign(film) == ["Film.de.srt"]


def test_a_persons_own_file_stays_and_is_named(film: Path) -> None:
    own = film.with_name("Film.en.srt")
    own.write_text("mine")
    found = night(film, said())
    assert own.read_text() == "mine"
    assert found.files == ()
    assert found.left == ("Film.en.srt is not ours: it stays",)


def test_what_a_person_changed_is_theirs_from_then_on(film: Path) -> None:
    night(film, said())
    ours = film.with_name("Film.en.srt")
    ours.write_text(ours.read_text().replace("Good", "Bad "))
    assert foreign(film) == ["Film.en.srt"]
    assert night(film, said("Later.")).left == (
        "Film.en.srt was changed by somebody since: it stays",
    )
    assert "Bad" in ours.read_text()
    night(film, said("Hallo.", "de"))
    assert ours.exists()


def test_a_link_is_not_followed(film: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("keep me")
    film.with_name("Film.en.srt").symlink_to(precious)
    assert night(film, said()).files == ()
    assert precious.read_text() == "keep me"


def test_a_moved_or_copied_library_keeps_ours_ours(film: Path, tmp_path: Path) -> None:
    night(film, said())
    moved = tmp_path / "elsewhere"
    film.parent.rename(moved)
    again = medium(moved / "Film.mkv")
    os.utime(moved / "Film.en.srt", ns=(1, 1))
    assert foreign(again) == []
    assert night(again, said("New.")).files[0].path == str(moved / "Film.en.srt")
    assert "New." in (moved / "Film.en.srt").read_text()


def test_two_files_of_one_name_do_not_take_turns(film: Path) -> None:
    twin = medium(film.with_suffix(".mp4"), OTHER)
    night(film, said("From the first."))
    found = night(twin, said("From the second."), OTHER)
    assert found.left == ("Film.en.srt belongs to another file of this name",)
    assert "first" in film.with_name("Film.en.srt").read_text()


def test_other_content_at_the_same_place_takes_the_name_over(film: Path) -> None:
    night(film, said("From before."))
    medium(film, OTHER)
    night(film, said("From now."), OTHER)
    assert "now" in film.with_name("Film.en.srt").read_text()


def test_who_may_see_the_film_may_read_its_subtitles(film: Path) -> None:
    film.chmod(0o754)
    night(film, said())
    assert stat.S_IMODE(film.with_name("Film.en.srt").stat().st_mode) == 0o644


def test_a_folder_that_can_not_be_written_stops_nothing_else(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(self: Path, target: Path) -> Path:
        raise OSError(30, "Read-only file system", str(target))

    monkeypatch.setattr(Path, "replace", read_only)
    assert "read-only" in night(film, said()).left[0]
    assert sorted(p.name for p in film.parent.iterdir()) == ["Film.mkv"]


def test_a_file_that_was_written_before_a_crash_could_be_noted_is_ours(film: Path) -> None:
    night(film, said())
    with session() as s:
        subtitle_files.forget(s, str(film.with_name("Film.en.srt")))
    assert len(night(film, said()).files) == 1
    assert foreign(film) == []


def test_when_nobody_speaks_any_more_ours_goes(film: Path) -> None:
    night(film, said())
    found = night(film, said(""))
    assert found.left == ("nobody speaks", "Film.en.srt removed")
    assert not film.with_name("Film.en.srt").exists()


def test_what_a_person_exported_is_not_taken_away_by_the_night(film: Path) -> None:
    by_hand = film.with_name("Film.en.vtt")
    placing.write(by_hand, Text(ITEM, "WEBVTT\n", is_nightly=False))
    night(film, said())
    assert by_hand.exists()
    assert foreign(film) == []


def test_an_export_of_two_items_of_one_name_has_both(film: Path, tmp_path: Path) -> None:
    folder = placing.folder_for(str(tmp_path / "out"))
    for item_id in (ITEM, OTHER, ITEM):
        target = placing.free_name(folder, "Film", item_id, ".en.srt")
        medium(tmp_path / item_id[:1] / "Film.mkv", item_id)
        placing.write(target, Text(item_id, f"of {item_id}", is_nightly=False))
    assert sorted(p.name for p in folder.iterdir()) == ["Film [bbbbbbbbbb].en.srt", "Film.en.srt"]


def test_forgetting_takes_what_the_night_wrote_and_not_what_was_changed(film: Path) -> None:
    night(film, said())
    film.with_name("Film.en.srt").write_text("changed")
    assert placing.remove_all(ITEM) == []
    assert film.with_name("Film.en.srt").exists()
    night(film, said("Hallo.", "de"))
    placing.remove_all(ITEM)
    assert not film.with_name("Film.de.srt").exists()


def test_a_folder_that_is_none_is_refused(film: Path) -> None:
    with pytest.raises(PermanentError, match="no folder"):
        placing.folder_for(str(film))

import signal
import threading
from collections import Counter
from pathlib import Path

import pytest

from utils.config import Settings, load_settings
from utils.errors import PermanentError
from utils.media import formats
from utils.models.item import MediaKind
from utils.models.shift import Outcome
from utils.processes import limits
from utils.processes.deadline import Limit
from utils.sources import folders, scan
from utils.sources.scan import ScanResult
from utils.storage import files, home


def take(*locations: Path | str) -> ScanResult:
    return scan.scan([str(one) for one in locations], "key", load_settings())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.MP4", MediaKind.VIDEO),
        ("a.mkv", MediaKind.VIDEO),
        ("a.opus", MediaKind.AUDIO),
        ("a.flac", MediaKind.AUDIO),
        ("a.heic", MediaKind.IMAGE),
        ("a.jpg", MediaKind.IMAGE),
        ("a.txt", None),
        ("a.svg", None),
        ("a.m3u8", None),
        ("README", None),
    ],
)
def test_names_say_what_is_media(name: str, kind: MediaKind | None) -> None:
    assert formats.kind_of(Path(name)) is kind


def test_a_folder_is_searched_for_media_and_hidden_files_stay_hidden(tmp_path: Path) -> None:
    folder = tmp_path / "library"
    for name in ("b/c/deep.mp3", "a.mp4", "notes.txt", ".hidden.mp4", ".git/x.mp4"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    found = {path.name for path in folders.media_files(folder, load_settings())}
    assert found == {"a.mp4", "deep.mp3"}


@pytest.mark.parametrize("whose", ["ours", "another's"])
def test_a_home_in_a_library_is_left_out_and_is_none_itself(
    tmp_path: Path, settings: Settings, whose: str
) -> None:
    folder = settings.home if whose == "ours" else tmp_path / "another"
    for name in ("items/ab/abc/thumb.jpg", "scratch/1/part.mp4", "inbox/new/a.mp4"):
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    home.mark(folder)
    (tmp_path / "b.mp4").write_text("b")
    assert [path.name for path in folders.expanded([str(tmp_path)], settings)] == ["b.mp4"]
    assert [path.name for path in folders.expanded([str(folder / "inbox")], settings)] == ["a.mp4"]
    (tmp_path / "link").symlink_to(folder)
    for refused in (folder, folder / "items", folder / "items" / "ab", tmp_path / "link"):
        (outcome,) = take(refused).outcomes
        assert outcome.outcome is Outcome.FAILED
        assert "inbox" in outcome.error


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_a_blank_path_is_not_the_working_directory(blank: str) -> None:
    with pytest.raises(PermanentError, match="empty"):
        take(blank)


def test_a_file_named_twice_is_taken_once(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("x")
    found = take(path, tmp_path, f"{tmp_path}/./a.mp3")
    assert len(found.pending) == 1
    assert found.outcomes == []


def test_an_unchanged_file_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("x")
    take(path)
    monkeypatch.setattr("utils.storage.files.sha256", lambda path: pytest.fail("read again"))
    assert len(take(path).pending) == 1


def test_a_file_with_new_content_is_a_new_item(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("one")
    first = take(path).pending
    path.write_text("other")
    assert take(path).pending != first


@pytest.mark.parametrize("name", ["missing.mp4", "folder-that-is-not"])
def test_what_does_not_exist_is_a_failure_with_a_remedy(tmp_path: Path, name: str) -> None:
    (outcome,) = take(tmp_path / name).outcomes
    assert outcome.outcome is Outcome.FAILED
    assert "Check the spelling" in outcome.error


def test_an_empty_file_is_a_failure_and_no_item(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    found = take(tmp_path)
    assert found.pending == []
    assert found.outcomes[0].item_id is None
    assert "0 bytes" in found.outcomes[0].error


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("x")

    def refuse(path: Path, hear: object = None) -> None:
        from utils.errors import from_os_error

        raise from_os_error(PermissionError(13, "Permission denied", str(path)), "reading a.mp3")

    monkeypatch.setattr("utils.storage.files.sha256", refuse)  # root may read everything
    (outcome,) = take(path).outcomes
    assert "Change its permissions" in outcome.error


def test_a_name_that_is_no_utf8_is_a_failure_that_can_be_printed(tmp_path: Path) -> None:
    import os

    folder = os.fsencode(tmp_path) + b"/odd"
    os.mkdir(folder)
    with open(folder + b"/caf\xe9.mp3", "wb") as file:
        file.write(b"x")
    (outcome,) = take(tmp_path / "odd").outcomes
    assert "Rename the file" in outcome.error
    outcome.model_dump_json().encode()


def test_a_file_that_takes_too_long_to_read_is_a_failure_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        limits, "of_reading", lambda size, _: Limit(0 if size > 1 else 60, "SOME_SETTING", True)
    )
    (tmp_path / "slow.mp4").write_text("long")
    (tmp_path / "a.mp4").write_text("a")
    found = take(tmp_path)
    assert len(found.pending) == 1
    assert "reading slow.mp4 took more than 0 s" in str(found.outcomes[0].error)
    assert "SOME_SETTING" in str(found.outcomes[0].error)


def test_ctrl_c_does_not_wait_until_a_large_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_TOLD_BYTES", 0)
    for name in ("a.mp4", "b.mp4"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 40)
    main = threading.main_thread().ident

    def tell(path: Path, share: float) -> None:
        if not told:
            told.append(share)
            signal.pthread_kill(main, signal.SIGINT)

    told: list[float] = []
    with pytest.raises(KeyboardInterrupt):
        scan.scan([str(tmp_path)], "key", load_settings(), tell=tell)


def _lay(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def test_what_is_no_media_is_counted_by_suffix(tmp_path: Path) -> None:
    _lay(tmp_path, "a.mp4", "b.PDF", "c.pdf", "README", "a.srt", "a.jpg.xmp", "Thumbs.db", "x.y z%")
    found = take(tmp_path)
    assert len(found.pending) == 1
    assert found.left_out == {".pdf": 2, "without a suffix": 1, ".y z%": 1}


@pytest.mark.parametrize(
    ("name", "is_left_out"),
    [
        ("IMG_1.jpg.json", False), ("IMG_1.jpg.supplemental-metadata.json", False),
        ("IMG_1.jpg(2).json", False),
        ("a name of a picture that is longer than an exp.json", False),
        ("package.json", True),
    ],
)  # fmt: skip
def test_the_json_of_an_export_is_no_rest(tmp_path: Path, name: str, is_left_out: bool) -> None:
    for picture in ("IMG_1.jpg", "a name of a picture that is longer than an export keeps.jpg"):
        (tmp_path / picture).touch()
    (tmp_path / name).touch()
    left_out = Counter[str]()
    list(folders.media_files(tmp_path, load_settings(), left_out))
    assert left_out == ({".json": 1} if is_left_out else {})


@pytest.mark.parametrize(
    "junk", ["@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", "System Volume Information"]
)
def test_folders_that_systems_make_for_themselves_are_left_out(tmp_path: Path, junk: str) -> None:
    _lay(tmp_path, f"{junk}/a.mp4", f"deep/{junk}/b.mp4", ".Trash-1000/c.mp4", ".thumbnails/d.jpg")
    found = take(tmp_path)
    assert found.pending == []
    assert found.left_out == {f"{junk}/": 2}
    assert len(take(tmp_path / junk).pending) == 1  # unless a person names one


def test_folders_behind_links_are_searched_and_links_back_left_out(tmp_path: Path) -> None:
    _lay(tmp_path, "library/z/own.mp4", "other/2022/old.mp4")
    library = tmp_path / "library"
    for name, target in (("2022", "../other/2022"), ("a", "z"), ("up", ".."), ("z/loop", "../z")):
        (library / name).symlink_to(target)
    (tmp_path / "other/2022/back").symlink_to(library)
    left_out = Counter[str]()
    found = list(folders.media_files(library, load_settings(), left_out))
    assert found == [library / "z/own.mp4", library / "2022/old.mp4"]
    assert left_out == {folders.LOOP: 4}


def test_typescript_is_no_film(tmp_path: Path) -> None:
    _lay(tmp_path, "a.ts", "b.mts", "go.mod")
    (tmp_path / "c.ts").write_bytes(b"\x47\x40\x00\x10\x00" * 100)
    found = take(tmp_path)
    assert len(found.pending) == 1
    assert found.left_out == {".ts": 1, ".mts": 1, ".mod": 1}


def test_what_is_taken_does_not_depend_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mimetypes.guess_type", lambda *_: pytest.fail("the host was asked"))
    taken = ("a.CR3", "a.arw", "a.weba", "a.mkv", "a.f4v", "a.wtv", "a.eac3", "a.jxl", "a.heic")
    assert all(formats.kind_of(Path(name)) for name in taken)

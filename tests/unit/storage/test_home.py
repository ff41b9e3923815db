"""A home carries our mark; what carries none is somebody else's, and stays as it is."""

import json
import os
import tarfile
from pathlib import Path

import pytest

from tests.conftest import Override
from tests.paths import FIXTURES
from utils.config import Settings, load_settings
from utils.db import sources
from utils.db.session import session
from utils.errors import PermanentError, SettingsError
from utils.search import vectors
from utils.storage import home, removal, scratch


def listing(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def theirs(tmp_path: Path, override: Override) -> Path:
    """Somebody's folder, which the settings name as the home."""
    folder = tmp_path / "data"
    (folder / "scratch" / "model").mkdir(parents=True)
    (folder / "scratch" / "model.lock").write_text("theirs")
    (folder / "scratch" / "model" / "weights").write_text("theirs")
    (folder / "nightshift.db").write_text("no database")
    override(home=folder)
    return folder


def test_a_new_home_is_marked_before_anything_else_is_written(override: Override) -> None:
    path = load_settings().home.with_name("new") / "deep"
    override(home=path)
    home.prepare(load_settings())
    assert [p.name for p in path.iterdir()] == [home.MARKER]
    told = json.loads((path / home.MARKER).read_text())
    assert len(told["id"]) == 32
    assert told["made_at"]
    assert told["version"]


def test_the_mark_stays_as_it_is(settings: Settings) -> None:
    with session():
        pass
    told = (settings.home / home.MARKER).read_bytes()
    home.mark(settings.home)
    home.adopt(settings)
    assert (settings.home / home.MARKER).read_bytes() == told


def use_the_database() -> None:
    with session():
        pass


@pytest.mark.parametrize(
    "use", [use_the_database, scratch.folder, lambda: vectors.count(load_settings())]
)
def test_somebody_elses_folder_is_refused_untouched(theirs: Path, use: object) -> None:
    before = listing(theirs)
    with pytest.raises(SettingsError, match="nightshift --adopt doctor"):
        use()  # type: ignore[operator]
    assert listing(theirs) == before


def test_an_adopted_folder_is_a_home_and_what_lay_there_stays(theirs: Path) -> None:
    before = listing(theirs)
    home.adopt(load_settings())
    home.prepare(load_settings())
    for path in theirs.rglob("*"):
        os.utime(path, (1, 1))
    scratch.remove_abandoned(theirs)
    assert before.items() <= listing(theirs).items()


@pytest.mark.empty_home
@pytest.mark.parametrize("name", ["lost+found", "inbox", None])
def test_an_empty_folder_becomes_a_home(settings: Settings, name: str | None) -> None:
    if name:
        (settings.home / name).mkdir()
    home.prepare(settings)
    assert home.is_marked(settings.home)


@pytest.mark.empty_home
def test_a_folder_with_nothing_but_what_a_person_wrote_for_it_becomes_a_home(
    settings: Settings,
) -> None:
    for name in ("rules.yaml", "house_rules.yaml", "targets.yaml"):
        (settings.home / name).write_text("{}")
    home.prepare(settings)
    assert home.is_marked(settings.home)
    assert (settings.home / "targets.yaml").read_text() == "{}"


@pytest.mark.empty_home
def test_a_link_is_no_mark(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    (settings.home / home.MARKER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError):
        home.prepare(settings)
    assert (tmp_path / "elsewhere").read_bytes() == b""


@pytest.mark.empty_home
def test_a_home_of_0_1_is_recognised_and_looking_at_it_writes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    with tarfile.open(FIXTURES / "home_0.1.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    before = listing(tmp_path / "nightshift")
    assert home.is_home(tmp_path / "nightshift")
    home.require_ours(tmp_path / "nightshift")
    assert listing(tmp_path / "nightshift") == before
    home.prepare(settings.model_copy(update={"home": tmp_path / "nightshift"}))
    assert home.is_marked(tmp_path / "nightshift")


@pytest.mark.empty_home
def test_a_home_of_0_1_with_its_database_elsewhere_is_recognised(settings: Settings) -> None:
    (settings.home / "schema.lock").touch()
    (settings.home / "items").mkdir()
    home.require_ours(settings.home)
    (settings.home / "taxes").mkdir()
    with pytest.raises(SettingsError):
        home.require_ours(settings.home)


def test_a_database_that_was_never_checkpointed_is_recognised(
    settings: Settings, tmp_path: Path
) -> None:
    import shutil
    import sqlite3

    source = sqlite3.connect(tmp_path / "nightshift.db")
    source.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; "
        "CREATE TABLE alembic_version (x); CREATE TABLE executions (x);"
    )
    (tmp_path / "killed").mkdir()
    for path in tmp_path.glob("nightshift.db*"):
        shutil.copy(path, tmp_path / "killed")
    source.close()
    assert home.is_home(tmp_path / "killed")
    (tmp_path / "killed" / "nightshift.db-wal").unlink()
    assert not home.is_home(tmp_path / "killed")


def test_a_home_is_no_source_and_neither_is_what_it_made(settings: Settings) -> None:
    home.prepare(settings)
    for inside in ("", "items", "items/ab", "scratch"):
        (settings.home / inside).mkdir(parents=True, exist_ok=True)
        with session() as s, pytest.raises(PermanentError, match=r"home|made"):
            sources.add(s, str(settings.home / inside))
    for inside in ("inbox", "films"):
        (settings.home / inside).mkdir()
        with session() as s:
            sources.add(s, str(settings.home / inside))


def test_what_is_swapped_for_a_link_meanwhile_is_not_followed(
    settings: Settings, tmp_path: Path
) -> None:
    """The folder was opened before: removing goes on there, whatever its name means now."""
    home.prepare(settings)
    (settings.home / "scratch" / "ours").mkdir(parents=True)
    (tmp_path / "theirs" / "ours").mkdir(parents=True)
    with removal.opened(settings.home, "scratch") as folder:
        (settings.home / "scratch").rename(settings.home / "moved")
        (settings.home / "scratch").symlink_to(tmp_path / "theirs")
        os.rmdir("ours", dir_fd=folder)
    assert not removal.remove(settings.home, "scratch", "ours")
    assert (tmp_path / "theirs" / "ours").is_dir()
    assert not (settings.home / "moved" / "ours").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../inbox"])
def test_only_a_name_in_the_folder_is_removed(settings: Settings, name: str) -> None:
    home.prepare(settings)
    (settings.home / "scratch" / "a" / "b").mkdir(parents=True)
    settings.inbox.mkdir()
    assert not removal.remove(settings.home, "scratch", name)
    assert (settings.home / "scratch" / "a" / "b").is_dir()
    assert settings.inbox.is_dir()


def test_links_inside_a_removed_folder_go_and_what_they_lead_to_stays(
    settings: Settings, tmp_path: Path
) -> None:
    home.prepare(settings)
    (tmp_path / "film.mp4").write_text("theirs")
    (settings.home / "scratch" / "a").mkdir(parents=True)
    (settings.home / "scratch" / "a" / "film").symlink_to(tmp_path / "film.mp4")
    (settings.home / "scratch" / "a" / "folder").symlink_to(tmp_path)
    assert removal.remove(settings.home, "scratch", "a")
    assert (tmp_path / "film.mp4").read_text() == "theirs"

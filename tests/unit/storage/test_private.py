"""Real files, their modes, and another user of the machine."""

import os
import stat
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from utils.config import Settings
from utils.errors import SettingsError
from utils.storage import home, private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A home as an older version left it: open to everybody."""
    old = tmp_path / "used"
    for name in ("nightshift.db", "nightshift.db-wal", "schema.lock", "logs/worker.log",
                 "reports/1.html", "prefect/prefect.db", "chroma/chroma.sqlite3"):  # fmt: skip
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_text("")
        (old / name).chmod(0o644)
    old.chmod(0o755)
    return old


def test_a_new_home_is_its_owners_alone(tmp_path: Path) -> None:
    home.prepare(Settings(home=tmp_path / "new" / "home"))
    assert mode(tmp_path / "new" / "home") == 0o700


def test_an_open_home_of_an_older_version_is_closed_with_what_it_keeps(used: Path) -> None:
    found = list(private.readable_by_others(used))
    assert found[0] == used
    assert {path.name for path in found[1:]} == {
        "nightshift.db", "nightshift.db-wal", "worker.log", "1.html", "prefect.db",
        "chroma.sqlite3",
    }  # fmt: skip
    private.close(used)
    assert mode(used) == 0o700
    assert {mode(path) for path in found[1:]} == {0o600}
    assert not list(private.readable_by_others(used))


def test_an_empty_folder_becomes_a_home_and_is_closed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir(mode=0o755)
    home.prepare(Settings(home=tmp_path / "empty"))
    assert mode(tmp_path / "empty") == 0o700


def test_a_folder_that_is_no_home_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "letter").touch()
    tmp_path.chmod(0o755)
    with pytest.raises(SettingsError, match="no home of Night Shift"):
        home.prepare(Settings(home=tmp_path))
    assert mode(tmp_path) == 0o755


def test_a_link_in_a_home_is_not_followed(used: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("")
    outside.chmod(0o644)
    (used / "services.json").symlink_to(outside)
    private.close(used)
    assert mode(outside) == 0o644


def test_a_login_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "prefect-login"
    made, is_new = private.login(path)
    assert is_new
    assert mode(path) == 0o600
    assert private.login(path) == (made, False)
    user, _, password = made.partition(":")
    assert user == "nightshift"
    assert len(password) == 32


def test_another_home_has_another_login(tmp_path: Path) -> None:
    assert private.login(tmp_path / "one")[0] != private.login(tmp_path / "two")[0]


def test_a_login_that_others_could_read_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "prefect-login"
    path.write_text("nightshift:chosen\n")
    path.chmod(0o644)
    assert private.login(path) == ("nightshift:chosen", False)
    assert mode(path) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which root alone can")
def test_another_user_reads_nothing_of_a_home(used: Path) -> None:
    with TemporaryDirectory() as name:  # pytest's own folders are closed to others anyway
        old = used.rename(Path(name) / "home")
        old.parent.chmod(0o755)
        private.login(old / "prefect-login")
        files = [old / "prefect-login", old / "nightshift.db", old / "logs/worker.log"]
        assert denied(files) == 1  # what was there before is open still
        private.close(old)
        assert denied(files) == 3


def denied(files: list[Path]) -> int:
    """How many of the files user 65534 may not read."""
    read = subprocess.run(
        ["cat", *files], capture_output=True, user=65534, group=65534, extra_groups=[], check=False
    )
    return read.stderr.count(b"denied")


def test_the_database_closes_the_home_that_it_lies_in(settings: Settings) -> None:
    from utils.db.session import engine

    settings.home.chmod(0o755)
    engine(settings)
    assert mode(settings.home) == 0o700

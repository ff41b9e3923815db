"""What a person may not read or write is said in a line, by programs that are not root's.

Root may read all: its children here are without the capabilities that let it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.e2e.test_cli import PROGRAM, environment
from tests.paths import SAMPLES

_LESS = "-dac_override,-dac_read_search,-fowner"
_UNPRIVILEGED = (
    () if os.geteuid() else ("setpriv", f"--bounding-set={_LESS}", f"--inh-caps={_LESS}")
)
pytestmark = pytest.mark.skipif(
    bool(_UNPRIVILEGED) and not shutil.which("setpriv"), reason="root can't be without its rights"
)


def nightshift(home: Path, *arguments: str) -> CompletedProcess[str]:
    command = [*_UNPRIVILEGED, PROGRAM, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(home), cwd=home.parent.parent,
        check=False,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder with a library of one picture; all in it may be read again at the end."""
    (tmp_path / "library").mkdir()
    shutil.copy(SAMPLES / "coast.jpg", tmp_path / "library")
    yield tmp_path
    for folder in (tmp_path, *(path for path in tmp_path.iterdir() if path.is_dir())):
        folder.chmod(0o700)


def told(finished: CompletedProcess[str], code: int) -> str:
    """All that a command said, none of it a traceback."""
    said = finished.stdout + finished.stderr
    assert finished.returncode == code, said
    assert "Traceback" not in said
    assert "PermissionError" not in said
    return said


def test_a_folder_that_may_not_be_read_fails_and_is_named(place: Path) -> None:
    (place / "library").chmod(0)
    home = place / "data" / "home"
    for command in ("run", "plan"):
        said = told(nightshift(home, command, str(place / "library")), 1)
        assert "library may not be read. Change its permissions." in said


def test_what_lies_in_a_folder_that_may_not_be_searched_fails(place: Path) -> None:
    (place / "library").chmod(0)
    home, picture = place / "data" / "home", str(place / "library" / "coast.jpg")
    for command in ("run", "plan"):
        assert "Change its permissions." in told(nightshift(home, command, picture), 1)
    told(nightshift(home, "source", "add", picture), 0)  # each shift says that it can't be read


def test_a_file_that_may_not_be_read_fails_and_is_not_called_damaged(place: Path) -> None:
    picture = place / "library" / "coast.jpg"
    picture.chmod(0)
    for command in ("run", "plan"):
        said = told(nightshift(place / "data" / "home", command, str(picture)), 1)
        assert "Change its permissions." in said
        assert "damaged" not in said


@pytest.mark.parametrize("mode", [0o555, 0])
def test_a_home_that_may_not_be_made_is_one_line(place: Path, mode: int) -> None:
    (place / "data").mkdir(mode)
    finished = nightshift(place / "data" / "home", "run", str(place / "library"))
    assert "Change its permissions." in told(finished, 1)
    assert len(finished.stderr.splitlines()) == 1


@pytest.mark.parametrize("mode", [0o444, 0])
def test_a_database_that_may_not_be_written_is_one_line(place: Path, mode: int) -> None:
    home = place / "data" / "home"
    told(nightshift(home, "items"), 0)
    (home / "nightshift.db").chmod(mode)
    finished = nightshift(home, "run", str(place / "library"))
    said = told(finished, 1)
    assert "read-only. Make it writable" in said or "may not be opened. Change its perm" in said
    assert len(finished.stderr.splitlines()) == 1


def test_these_programs_are_without_roots_rights(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    (tmp_path / "mine").chmod(0)
    reads = f"open({str(tmp_path / 'mine')!r})"
    command = [*_UNPRIVILEGED, sys.executable, "-c", reads]
    assert b"PermissionError" in subprocess.run(command, capture_output=True, check=False).stderr

"""Songs, made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.music.recordings.tagging import songs


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return songs.make(tmp_path_factory.mktemp("songs"))


@pytest.fixture
def song(made: dict[str, Path], tmp_path: Path) -> Callable[[str], Path]:
    """A song of one's own, of a format."""

    def copy(form: str) -> Path:
        folder = tmp_path / "library"
        folder.mkdir(exist_ok=True)
        return Path(shutil.copy(made[form], folder / made[form].name))

    return copy

from pathlib import Path
from typing import Any

from utils.storage import relative_paths

HERE, THERE = Path("/srv/night"), Path("/home/me/data")
RESULT: dict[str, Any] = {
    "path": "/srv/night/items/ab/abcd/proxy.mp4",
    "files": [{"path": "/srv/night/items/ab/abcd/1.jpg"}, None, 3.5],
    "said": "⌂/home is where the heart is",
    "source": "/media/film.mp4",
    "near": "/srv/nightly/x",
}


def test_what_one_home_writes_another_reads_as_its_own() -> None:
    read = relative_paths.unpacked(relative_paths.packed(RESULT, HERE), THERE)
    assert read["path"] == "/home/me/data/items/ab/abcd/proxy.mp4"
    assert read["files"] == [{"path": "/home/me/data/items/ab/abcd/1.jpg"}, None, 3.5]
    assert {name: read[name] for name in ("said", "source", "near")} == {
        name: RESULT[name] for name in ("said", "source", "near")
    }


def test_nothing_changes_for_one_home() -> None:
    digests = {Path(RESULT["path"]): "a" * 64}
    assert relative_paths.unpacked(relative_paths.packed(RESULT, HERE, digests), HERE) == RESULT
    assert relative_paths.unpacked(RESULT | {"said": ""}, HERE) == RESULT | {"said": ""}


def test_the_checksum_of_a_file_travels_with_its_path() -> None:
    packed = relative_paths.packed(RESULT, HERE, {Path(RESULT["path"]): "a" * 64})
    assert relative_paths.digests(packed, THERE) == {THERE / "items/ab/abcd/proxy.mp4": "a" * 64}

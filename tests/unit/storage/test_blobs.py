"""Two machines with homes of their own, one database, one store."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest
from pydantic import SecretStr

from utils import config
from utils.config import Settings, load_settings
from utils.db import items, ledger
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.item import MediaKind
from utils.models.rendition import Rendition
from utils.pipeline import recall, step_key
from utils.scheduling import claims
from utils.storage import blobs, files

Machines = Callable[[str], Path]


@pytest.fixture(params=["file", "memory"])
def machines(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> Machines:
    """Changes this process into one machine or the other."""
    url = f"file://{tmp_path}/nas" if request.param == "file" else f"memory://{tmp_path}"

    def become(name: str) -> Path:
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        config.override(
            home=home,
            store_url=SecretStr(url),
            database_url=SecretStr(f"sqlite:///{tmp_path}/shared.db"),
        )
        return home

    return become


def stored_blobs(url: Any) -> Any:
    system, root = fsspec.core.url_to_fs(url)
    return system, sorted(path for path in system.find(root) if "/blobs/" in path)


def made(home: Path, content: bytes = b"small") -> str:
    """A step on this machine makes a rendition; returns the key it is kept under."""
    with session() as s:
        path = home / "inbox.mp4"
        path.write_bytes(b"film")
        items.register(s, Seen(files.stat(path), "ab" * 32, True), MediaKind.VIDEO)
    output = files.item_folder(home, "ab" * 32) / "proxy.mp4"
    output.write_bytes(content)
    result = Rendition(path=output, kind="proxy", codec="h264", size_bytes=len(content))
    inputs = step_key.inputs_of("make_proxy", 1, {"beside": output}, "", load_settings().home)
    row = ledger.start("ab" * 32, "make_proxy", inputs, None)
    stored = blobs.upload(ledger.output_paths(result), load_settings())
    with session() as s:
        ledger.finish(s, row, result, 1.0, stored)
    return inputs.key


def test_what_one_machine_made_the_other_recalls_without_doing_it_again(
    machines: Machines,
) -> None:
    key = made(machines("one"))
    home = machines("two")
    kept = recall.recall(key, Rendition, load_settings())
    assert kept.missing is None
    assert kept.result.path == home / "items/ab" / ("ab" * 32) / "proxy.mp4"
    assert kept.result.path.read_bytes() == b"small"


def test_where_the_home_is_decides_no_key(machines: Machines) -> None:
    keys = set()
    for name in ("one", "two"):
        home = machines(name)
        given = {"picture": home / "items/ab/1.jpg", "count": 3}
        keys.add(step_key.inputs_of("generate_thumbnails", 1, given, "", home).key)
    assert len(keys) == 1


def test_a_file_that_a_run_with_other_options_wrote_is_put_right(
    machines: Machines,
) -> None:
    key = made(machines("one"))
    machines("two")
    path = recall.recall(key, Rendition, load_settings()).result.path
    path.write_bytes(b"other")
    assert recall.recall(key, Rendition, load_settings()).result.path.read_bytes() == b"small"


def test_what_neither_the_home_nor_the_store_has_is_lost(machines: Machines) -> None:
    key = made(machines("one"))
    system, kept = stored_blobs(load_settings().store_url.get_secret_value())
    for blob in kept:
        system.rm(blob)
    home = machines("two")
    kept = recall.recall(key, Rendition, load_settings())
    assert kept.result is None
    assert kept.missing == home / "items/ab" / ("ab" * 32) / "proxy.mp4"


def test_what_comes_back_damaged_is_not_taken(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.processes.deadline.pause", lambda _seconds: None)
    key = made(machines("one"))
    system, (blob,) = stored_blobs(load_settings().store_url.get_secret_value())
    system.pipe(blob, b"smell")
    home = machines("two")
    with pytest.raises(RetryableError, match="came damaged"):
        recall.recall(key, Rendition, load_settings())
    assert not list(home.rglob("proxy.mp4"))


def test_the_same_content_is_put_there_once(machines: Machines) -> None:
    home = machines("one")
    made(home)
    made(home)
    (home / "items/copy.mp4").write_bytes(b"small")
    blobs.upload([home / "items/copy.mp4"], load_settings())
    assert len(stored_blobs(load_settings().store_url.get_secret_value())[1]) == 1


def test_an_original_travels_with_its_name_and_its_subtitles_and_is_let_go(
    machines: Machines, tmp_path: Path
) -> None:
    machines("one")
    film = tmp_path / "camera" / "film.mp4"
    film.parent.mkdir()
    film.write_bytes(b"a film")
    film.with_name("film.de.srt").write_text("1")
    item_id = hashlib.sha256(b"a film").hexdigest()
    with session() as s:
        items.register(s, Seen(files.stat(film), item_id, True), MediaKind.VIDEO)
    blobs.upload_original(item_id, film, load_settings())
    film.unlink()
    machines("two")
    with blobs.checked_out(item_id, load_settings()):
        item = claims.claim_one(item_id, "worker", load_settings())
        assert item.path.read_bytes() == b"a film"
        assert item.path.name == "film.mp4"
        assert item.path.with_name("film.de.srt").read_text() == "1"
        with session() as s:
            assert items.known_path(s, item) == film
    assert not item.path.exists()


def test_another_file_at_the_same_path_is_not_taken_for_the_item(
    machines: Machines, tmp_path: Path
) -> None:
    machines("one")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    item_id = hashlib.sha256(b"a film").hexdigest()
    with session() as s:
        items.register(s, Seen(files.stat(film), item_id, True), MediaKind.VIDEO)
    blobs.upload_original(item_id, film, load_settings())
    film.write_bytes(b"something else")
    machines("two")
    with blobs.checked_out(item_id, load_settings()):
        assert claims.claim_one(item_id, "worker", load_settings()).path.read_bytes() == b"a film"


def test_an_item_that_nobody_put_there_vanished(machines: Machines, tmp_path: Path) -> None:
    machines("one")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    with session() as s:
        items.register(s, Seen(files.stat(film), "cd" * 32, True), MediaKind.VIDEO)
    film.unlink()
    machines("two")
    with pytest.raises(RetryableError, match="vanished"):
        claims.claim_one("cd" * 32, "worker", load_settings())


def test_without_a_store_nothing_is_put_anywhere(settings: Settings) -> None:
    output = settings.home / "proxy.mp4"
    output.write_bytes(b"small")
    assert blobs.upload([output], load_settings()) == {}
    assert blobs.original("ab" * 32, load_settings()) is None

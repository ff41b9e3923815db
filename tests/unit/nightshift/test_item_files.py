"""An item's files over HTTP: ranges, what has not changed, and nothing that is not its own."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from nightshift.api.app import create_app
from tests.conftest import Override
from tests.unit.nightshift.test_api import LOCAL, token
from utils.config import Settings, load_settings
from utils.db import items, ledger, subtitle_files
from utils.db.items import Seen
from utils.db.session import session
from utils.models.api import Scope
from utils.models.item import MediaKind
from utils.models.rendition import Compression, Rendition, Thumbnail, Thumbnails
from utils.storage import blobs, files, home

CONTENT = bytes(range(256))
ITEM = hashlib.sha256(CONTENT).hexdigest()
FILES = f"/api/v1/items/{ITEM}/files"


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    home.prepare(settings)
    home.mark(settings.home)
    app = create_app(settings)
    told = token(Scope.READ)
    with TestClient(app, base_url="http://127.0.0.1", client=LOCAL, headers=told) as client:
        yield client


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "library" / "Ein Film (1).mp4"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    with session() as s:
        items.register(s, Seen(files.stat(path), ITEM, True), MediaKind.VIDEO)
    return path


def finished(step: str, result: Any, stored: Any = None) -> None:
    row = ledger.start(ITEM, step, ledger.Inputs("key", {"version": 1}), None)
    with session() as s:
        ledger.finish(s, row, result, 1.0, stored)


@pytest.fixture
def made(original: Path, settings: Settings) -> Path:
    """The folder of the item, with a rendition and a picture of the original's name."""
    folder = files.item_folder(settings.home, ITEM)
    for name in ("rendition.mp4", original.name):
        (folder / name).write_bytes(f"made: {name}".encode())
    rendition = Rendition(path=folder / "rendition.mp4", kind="video", codec="h264", size_bytes=4)
    finished("compress_video", Compression(
        source_bytes=2, encoded_bytes=1, reason="saves", rendition=rendition,
    ))  # fmt: skip
    still = Thumbnail(path=folder / original.name, width=1, height=1)
    finished("generate_thumbnails", Thumbnails(images=(still,), scenes=(still,)))
    return folder


def test_the_files_of_an_item_are_listed_and_each_is_sent_under_its_name(
    client: TestClient, original: Path, made: Path
) -> None:
    told = client.get(f"/api/v1/items/{ITEM[:8]}/files").json()
    assert [(file["name"], file["kind"]) for file in told] == [
        ("Ein Film (1).mp4", "original"),
        ("rendition.mp4", "video"),
        ("Ein Film (1) (2).mp4", "thumbnail"),
    ]
    for file, path in zip(
        told, (original, made / "rendition.mp4", made / original.name), strict=True
    ):
        answer = client.get(file["url"])
        assert (answer.status_code, answer.content) == (200, path.read_bytes())
        assert answer.headers["content-type"] == file["media_type"] == "video/mp4"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("inline")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert answer.headers["etag"] == f'"{digest}"'
    assert (
        client.get(told[0]["url"], params={"download": True})
        .headers["content-disposition"]
        .startswith("attachment")
    )
    head = client.head(told[0]["url"])
    assert (head.headers["content-length"], head.content) == ("256", b"")


@pytest.mark.parametrize(
    ("wanted", "status", "content", "told"),
    [
        ("bytes=0-9", 206, CONTENT[:10], "bytes 0-9/256"),
        ("bytes=250-", 206, CONTENT[250:], "bytes 250-255/256"),
        ("bytes=-6", 206, CONTENT[-6:], "bytes 250-255/256"),
        ("bytes=10-9999", 206, CONTENT[10:], "bytes 10-255/256"),
        ("bytes=nonsense", 200, CONTENT, None),
        ("items=0-1", 200, CONTENT, None),
    ],
)
def test_ranges_are_sent(
    client: TestClient, original: Path, wanted: str, status: int, content: bytes, told: str | None
) -> None:
    answer = client.get(f"{FILES}/{original.name}", headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-range") == told


def test_several_ranges_come_in_parts_and_one_behind_the_end_is_a_problem(
    client: TestClient, original: Path
) -> None:
    place = f"{FILES}/{original.name}"
    several = client.get(place, headers={"Range": "bytes=0-1,10-11"})
    assert several.status_code == 206
    assert several.headers["content-type"].startswith("multipart/byteranges")
    assert b"bytes 10-11/256" in several.content and CONTENT[10:12] in several.content
    behind = client.get(place, headers={"Range": "bytes=256-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, "bytes */256")
    assert behind.headers["content-type"] == "application/problem+json"


def test_what_has_not_changed_is_not_sent_again(client: TestClient, original: Path) -> None:
    place, etag = f"{FILES}/{original.name}", f'"{ITEM}"'
    for known in (etag, f'"other", W/{etag}', "*"):
        same = client.get(place, headers={"If-None-Match": known})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert client.get(place, headers={"If-None-Match": '"other"'}).status_code == 200
    part = {"Range": "bytes=0-9"}
    assert client.get(place, headers={**part, "If-Range": etag}).status_code == 206
    whole = client.get(place, headers={**part, "If-Range": '"other"'})
    assert (whole.status_code, whole.content) == (200, CONTENT)


def test_what_vanished_or_was_changed_is_said_and_nothing_else_is_sent(
    client: TestClient, original: Path, made: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(256))  # of the same size
    original.unlink()
    original.symlink_to(secret)
    changed = client.get(f"{FILES}/{original.name}")
    assert changed.status_code == 404 and "another item" in changed.json()["detail"]
    original.unlink()
    gone = client.get(f"{FILES}/{original.name}")
    assert gone.status_code == 404 and "vanished" in gone.json()["detail"]
    (made / "rendition.mp4").unlink()
    (made / "rendition.mp4").symlink_to(secret)
    assert client.get(f"{FILES}/rendition.mp4").status_code == 404
    (made / "rendition.mp4").unlink()
    os.mkfifo(made / "rendition.mp4")
    assert client.get(f"{FILES}/rendition.mp4").status_code == 404
    for name in ("secret", "%2e%2e%2fsecret", "..%2f..%2fnightshift.db"):
        assert client.get(f"{FILES}/{name}").status_code == 404, name


def test_a_folder_on_the_way_that_became_a_link_leads_nowhere(
    client: TestClient, made: Path, tmp_path: Path
) -> None:
    made.rename(tmp_path / "elsewhere")
    made.symlink_to(tmp_path / "elsewhere")
    assert client.get(f"{FILES}/rendition.mp4").status_code == 404


def test_a_file_that_was_touched_is_still_the_item(client: TestClient, original: Path) -> None:
    os.utime(original, (1, 1))
    assert client.get(f"{FILES}/{original.name}").content == CONTENT


@pytest.mark.parametrize(("suffix", "how"), [(".srt", "attachment"), (".vtt", "inline")])
def test_what_a_browser_could_execute_is_saved(
    client: TestClient, original: Path, suffix: str, how: str
) -> None:
    path = original.with_suffix(suffix)
    path.write_text("<script>alert(1)</script>")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with session() as s:
        subtitle_files.note(s, files.stat(path), ITEM, digest, True)
    answer = client.get(f"{FILES}/{path.name}")
    assert answer.headers["content-disposition"].startswith(how)
    assert answer.headers["etag"] == f'"{digest}"'
    path.write_text("a person's own words")
    assert client.get(f"{FILES}/{path.name}").status_code == 404


def test_with_a_shared_store_what_is_not_here_is_fetched(
    original: Path, tmp_path: Path, override: Override, settings: Settings
) -> None:
    override(store_url=SecretStr(f"file://{tmp_path}/store"))
    shared = load_settings()
    home.mark(shared.home)
    folder = files.item_folder(shared.home, ITEM)
    (folder / "rendition.mp4").write_bytes(b"small")
    stored = blobs.upload([folder / "rendition.mp4"], shared)
    rendition = Rendition(path=folder / "rendition.mp4", kind="video", codec="h264", size_bytes=5)
    result = Compression(source_bytes=2, encoded_bytes=1, reason="saves", rendition=rendition)
    finished("compress_video", result, stored)
    blobs.upload_original(ITEM, original, shared)
    (folder / "rendition.mp4").unlink()
    original.unlink()
    headers = token(Scope.READ)
    client = TestClient(
        create_app(shared), base_url="http://127.0.0.1", client=LOCAL, headers=headers
    )
    names = [file["name"] for file in client.get(FILES).json()]
    assert names == [original.name, "rendition.mp4"]
    assert client.get(f"{FILES}/{original.name}").content == CONTENT
    part = client.get(f"{FILES}/{original.name}", headers={"Range": "bytes=1-2"})
    assert part.content == CONTENT[1:3]
    assert client.get(f"{FILES}/rendition.mp4").content == b"small"

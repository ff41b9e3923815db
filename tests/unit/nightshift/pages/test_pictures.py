"""Pictures of items: in the width that is wanted, made once, of strangers' files in bounds."""

import hashlib
import io
import zlib
from pathlib import Path
from struct import pack

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.pages import client
from utils.config import Settings
from utils.db import items
from utils.db.fact_tables import Thumbnail
from utils.db.items import Seen
from utils.db.session import session
from utils.db.visual_tables import VisualRow
from utils.documents import pictures
from utils.housekeeping import forgetting
from utils.models.item import MediaKind
from utils.models.page_settings import Role
from utils.storage import files, home, picture_cache

RED, BLUE, GREEN = (200, 30, 30), (30, 30, 200), (30, 180, 30)


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    home.mark(settings.home)
    return client(settings, Role.VIEWER)


def added(path: Path, kind: MediaKind) -> str:
    item_id = hashlib.sha256(path.read_bytes()).hexdigest()
    with session() as s:
        items.register(s, Seen(files.stat(path), item_id, True), kind)
    return item_id


def a_film(tmp_path: Path) -> str:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    return added(path, MediaKind.VIDEO)


def still(settings: Settings, item_id: str, name: str, colour: tuple[int, int, int]) -> Path:
    path = files.item_folder(settings.home, item_id) / name
    Image.new("RGB", (640, 360), colour).save(path)
    return path


def stand(item_id: str, *paths: Path, chosen: int | None = None) -> None:
    """Have stills stand for an item, one of them chosen by an analysis."""
    with session() as s:
        for number, path in enumerate(paths):
            reason = "it is good" if number == chosen else None
            s.add(Thumbnail(item_id=item_id, number=number, path=str(path), reason=reason))


def seen(content: bytes) -> tuple[tuple[int, int], tuple[int, ...]]:
    """The size of a WebP, and the colour of its middle to the nearest ten."""
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "WEBP"
        middle = picture.convert("RGB").resize((1, 1)).tobytes()
        return picture.size, tuple(round(one, -1) for one in middle)


def test_the_still_that_was_chosen_stands_for_a_film_in_the_width_that_is_wanted(
    asking: TestClient, settings: Settings, tmp_path: Path
) -> None:
    film = a_film(tmp_path)
    assert asking.get(f"/pictures/{film}").status_code == 404
    colours = (RED, GREEN, BLUE)
    stand(
        film, *(still(settings, film, f"{n}.jpg", one) for n, one in enumerate(colours)), chosen=2
    )
    answer = asking.get(f"/pictures/{film}?width=320")
    assert seen(answer.content) == ((320, 180), BLUE)
    assert answer.headers["cache-control"] == "private, max-age=86400"
    assert answer.headers["vary"] == "Cookie"  # who logs in at this browser next asks anew
    assert seen(asking.get(f"/pictures/{film}?width=1280").content)[0] == (640, 360)
    with session() as s:
        assert pictures.which(s, [film, "0" * 64]).keys() == {film}


def test_a_picture_that_a_browser_has_is_not_sent_again_until_it_is_another(
    asking: TestClient, settings: Settings, tmp_path: Path
) -> None:
    film = a_film(tmp_path)
    stand(film, still(settings, film, "1.jpg", RED))
    told = {"If-None-Match": asking.get(f"/pictures/{film}").headers["etag"]}
    again = asking.get(f"/pictures/{film}", headers=told)
    assert (again.status_code, again.content) == (304, b"")
    still(settings, film, "1.jpg", GREEN)
    assert seen(asking.get(f"/pictures/{film}", headers=told).content)[1] == GREEN


def test_an_image_of_which_nothing_was_made_is_shown_upright_from_its_own_file(
    asking: TestClient, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    path = tmp_path / "photo.jpg"
    Image.new("RGB", (1600, 800), RED).save(path, exif=exif)
    photo = added(path, MediaKind.IMAGE)
    assert seen(asking.get(f"/pictures/{photo}?width=320").content) == ((320, 640), RED)
    path.write_bytes(path.read_bytes() + b"more")  # another file than the one that was taken in
    assert asking.get(f"/pictures/{photo}?width=640").status_code == 404


def test_what_can_not_be_shown_is_nothing_and_is_tried_once(
    asking: TestClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = zlib.compress(b"\0" * 100)
    head = pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ))  # fmt: skip
    drawing = tmp_path / "drawing.svg"
    drawing.write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    for path in (bomb, drawing):
        refused = added(path, MediaKind.IMAGE)
        assert asking.get(f"/pictures/{refused}").status_code == 404
        assert picture_cache.refusal(settings.home, refused, refused).exists()
        with monkeypatch.context() as changed:
            changed.setattr(pictures, "_made", None)  # is not called
            assert asking.get(f"/pictures/{refused}").status_code == 404
    assert asking.get("/pictures/..%2F..%2Fetc").status_code in {404, 422}


def test_a_card_stands_for_a_sound_rather_than_its_wave(
    asking: TestClient, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"sound")
    song = added(path, MediaKind.AUDIO)
    stand(song, still(settings, song, "waveform.jpg", RED))
    assert seen(asking.get(f"/pictures/{song}").content)[1] == RED
    card = still(settings, song, "card.png", GREEN)
    with session() as s:
        s.add(VisualRow(item_id=song, kind="title_card", aspect="16:9", sha256="0" * 64,
                        path=str(card.relative_to(settings.home)), size_bytes=1, width=1, height=1,
                        engine="local", by_model=False))  # fmt: skip
    assert seen(asking.get(f"/pictures/{song}").content)[1] == GREEN


def test_small_pictures_go_with_their_item_and_the_oldest_where_there_are_too_many(
    asking: TestClient, settings: Settings, tmp_path: Path
) -> None:
    film = a_film(tmp_path)
    stand(film, still(settings, film, "1.jpg", RED))
    for width in (160, 320):
        assert asking.get(f"/pictures/{film}?width={width}").is_success
    kept = sorted((settings.home / "cache").rglob("*.webp"))
    assert len(kept) == 2
    size = sum(path.stat().st_size for path in kept)
    assert picture_cache.shrink(settings.home, size) == (0, 0)
    assert picture_cache.shrink(settings.home, size - 1, dry_run=True).files == 1
    assert picture_cache.shrink(settings.home, size - 1).files == 1
    assert asking.get(f"/pictures/{film}?width=160").is_success  # is made again
    forgetting.forget(forgetting.preview([film], settings), settings)
    assert not list((settings.home / "cache").rglob("*.webp"))

"""What a step says to Prefect of what it made: once it is made, and on a server alone."""

from pathlib import Path
from typing import Any

import pytest
from prefect.context import AssetContext

from tasks import assets
from tests.unit.db.test_library import add
from tests.unit.db.test_voices import executed
from utils.models.item import Checksum, Entry, Fetched, MediaItem, MediaKind
from utils.models.lineage import item_key, place_key
from utils.models.rendition import Compression, Rendition
from utils.models.steps import BY_NAME
from utils.models.transcript import Segment, Transcript

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "SERVED", True)


def media(item_id: str, **facts: Any) -> MediaItem:
    known = {"path": Path("/x/film"), "kind": MediaKind.VIDEO, "size_bytes": 1, "title": "film"}
    return MediaItem(item_id=item_id, **(known | facts))


def told(step: str, item: Any, result: Any) -> tuple[set[str], set[str], AssetContext]:
    """The keys of what was made, and of what it was made of."""
    with AssetContext() as context:
        assets.note(BY_NAME[step], item, result)
    made = {asset.key for asset in context.downstream_assets}
    return made, {asset.key for asset in context.direct_asset_dependencies}, context


def encode(rendition: Rendition | None) -> Compression:
    return Compression(source_bytes=9, encoded_bytes=4, rendition=rendition, reason="tested")


def test_the_first_step_leads_from_path_and_address_to_the_item() -> None:
    item = media("a" * 64, source_url="https://u:secret@a.example/v")
    made, of, _ = told("generate_checksum", item, Checksum(sha256="a" * 64, size_bytes=1))
    assert made == {item_key("a" * 64)}
    assert of == {"file:///x/film", place_key("https://u:secret@a.example/v")}
    assert "secret" not in str(of)


def test_a_download_leads_from_its_source_to_its_address() -> None:
    entry = Entry(url="https://a.example/v/1", site="A", site_id="1", source="https://a.example/c")
    result = Fetched(path=Path("/in/1.mp4"), title="one", url=entry.url)
    assert told("fetch_media", entry, result)[:2] == (
        {"https://a.example/v/1"}, {"https://a.example/c"},
    )  # fmt: skip


def test_a_rendition_is_told_with_its_file_and_no_rendition_is_not(tmp_path: Path) -> None:
    item = media("a" * 64)
    small = Rendition(path=tmp_path / "s.mp4", kind="rendition", codec="av1", size_bytes=4)
    made, of, context = told("compress_video", item, encode(small))
    assert (made, of) == ({item_key("a" * 64, "rendition")}, {item_key("a" * 64)})
    (details,) = context.materialization_metadata.values()
    assert details["files"] == [str(tmp_path / "s.mp4")]
    assert told("compress_video", item, encode(None))[:2] == (set(), set())


def test_the_record_is_made_of_what_there_is() -> None:
    item_id = add("film")
    spoken = Segment(start_seconds=0, end_seconds=1, text="hello")
    executed(item_id, "transcribe_audio", Transcript(engine="whisper", segments=(spoken,)))
    record = BY_NAME["store_item"]
    _, of, _ = told(record.name, media(item_id), Transcript(engine="whisper"))
    assert of == {item_key(item_id, "transcript")}


def test_an_ephemeral_server_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "SERVED", False)
    assert told("generate_checksum", media("a" * 64), Checksum(sha256="a" * 64, size_bytes=1))[
        :2
    ] == (set(), set())

"""The way of an item: from its source to what steps made of it, and of what."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.unit.db.test_library import add
from tests.unit.db.test_voices import executed
from utils.clock import now
from utils.db import corrections, downloads, sources
from utils.db.schema import Item
from utils.db.session import session
from utils.db.source_tables import Source, SourceFile, SourceFileVersion
from utils.documents import lineage
from utils.models.embedding import EmbeddingReport
from utils.models.item import Entry
from utils.models.lineage import Made, item_key
from utils.models.publication import Publication, PublishedFile
from utils.models.record import ItemRecord
from utils.models.rendition import Compression, Rendition
from utils.models.source import SourceDefinition, SourceKind
from utils.models.transcript import Segment, Transcript

SPOKEN = Segment(start_seconds=0, end_seconds=1, text="hello")
CHANNEL = "https://site.example/channel?token=geheim123"

pytestmark = pytest.mark.usefixtures("database")


def way(item_id: str) -> dict[str, Made]:
    with session() as s:
        return {one.what: one for one in lineage.way_of(s, s.get_one(Item, item_id))}


def tree(item_id: str) -> list[tuple[int, str]]:
    with session() as s:
        found = lineage.way_of(s, s.get_one(Item, item_id))
    return [(depth, one.what) for depth, one in lineage.nested(found)]


def compressed(item_id: str, rendition: Rendition | None) -> None:
    fields = {"source_bytes": 9, "encoded_bytes": 4, "reason": "tested"}
    executed(item_id, "compress_video", Compression(rendition=rendition, **fields))


def test_a_download_leads_from_its_source_to_what_was_made_of_it(tmp_path: Path) -> None:
    item_id = add("film")
    small = tmp_path / "small.mp4"
    small.write_bytes(b"1234")
    entry = Entry(url="https://site.example/v/1", site="Site", site_id="1", source=CHANNEL)
    with session() as s:
        sources.define(s, SourceDefinition(name="evenings", kind=SourceKind.YOUTUBE, url=CHANNEL))
        downloads.mark(s, entry, item_id)
    executed(item_id, "transcribe_audio", Transcript(engine="whisper", segments=(SPOKEN,)))
    compressed(item_id, Rendition(path=small, kind="rendition", codec="av1", size_bytes=4))
    executed(item_id, "store_item", ItemRecord(item_id=item_id, kind="video", title="film"))
    report = EmbeddingReport(engine="e5", passage_count=3, embedded_count=3)
    executed(item_id, "generate_embeddings", report)
    assert tree(item_id) == [
        (0, "source"),
        (1, "address"),
        (2, "file"),
        (3, "item"),
        (4, "transcript"),
        (5, "record"),
        (6, "index"),
        (4, "rendition"),
    ]
    found = way(item_id)
    assert (found["source"].name, found["address"].name) == ("evenings", entry.url)
    made = found["rendition"]
    assert (made.step, made.version, made.run_id) == ("compress_video", 1, "run")
    assert (made.files, made.not_here, made.size_bytes) == ((str(small),), (), 4)
    small.unlink()
    assert way(item_id)["rendition"].not_here == (str(small),)


def test_a_secret_of_an_address_is_neither_shown_nor_part_of_a_key() -> None:
    item_id = add("film")
    entry = Entry(url=f"{CHANNEL}&v=1", site="Site", site_id="1", source=CHANNEL)
    with session() as s:
        downloads.mark(s, entry, item_id)
        said = str(lineage.document(s, s.get_one(Item, item_id)))
    assert "geheim123" not in said
    assert "channel?token=***" in said


def test_what_a_step_found_nothing_to_make_of_is_not_in_the_way() -> None:
    item_id = add("film")
    compressed(item_id, None)
    executed(item_id, "transcribe_audio", Transcript(engine="whisper"))
    executed(item_id, "upload_thumbnails", Publication(item_id=item_id, files=()))
    assert tree(item_id) == [(0, "file"), (1, "item")]


def test_an_object_of_a_source_says_which_version_the_item_was() -> None:
    item_id = add("film")
    bucket = SourceDefinition(name="cold", kind=SourceKind.BUCKET, url="s3://cold/media/")
    with session() as s:
        source_id = sources.define(s, bucket).id
        known: dict[str, Any] = {"source_id": source_id, "key": "a b/film.mp4"}
        s.add(SourceFile(**known, status="success", item_id="f" * 64, version=2))
        s.add(SourceFileVersion(**known, version=1, item_id=item_id, replaced_at=now()))
    found = way(item_id)["object"]
    assert found.key.startswith("s3://cold/media/a_b/film.mp4~")
    assert (found.name, found.detail) == ("a b/film.mp4", "version 1, replaced since")
    assert tree(item_id)[:2] == [(0, "source"), (1, "object")]


def test_a_file_of_a_folder_that_is_a_source_comes_from_it() -> None:
    item_id = add("film")  # lies in /x
    with session() as s:
        s.add(Source(id="x", name="x", kind=SourceKind.FOLDER, location="/x"))
    assert tree(item_id) == [(0, "source"), (1, "file"), (2, "item")]


def test_words_that_a_person_wrote_are_said_to_be() -> None:
    item_id = add("film")
    with session() as s:
        corrections.save(s, item_id, [SPOKEN], "film.srt")
    assert way(item_id)["transcript"].detail == "written by hand: film.srt"
    executed(item_id, "transcribe_audio", Transcript(engine="whisper", segments=(SPOKEN,)))
    made = way(item_id)["transcript"]
    assert made.step == "transcribe_audio" and str(made.detail).startswith("corrected by hand, 2")


def test_a_publication_names_its_addresses_and_people_get_a_tree() -> None:
    item_id = add("film")
    files = (PublishedFile(path="/x/1.jpg", url="https://cdn.example/1.jpg"),)
    executed(item_id, "upload_thumbnails", Publication(item_id=item_id, files=files))
    assert way(item_id)["publication"].files == ("https://cdn.example/1.jpg",)
    said = CliRunner().invoke(app, ["lineage", item_id[:10]], catch_exceptions=False).stdout
    lines = said.splitlines()
    assert lines[0].startswith("file  /x/film") and "not on this machine" in lines[0]
    assert lines[1].startswith("└─ item  film")
    assert lines[2].startswith("   └─ publication  by upload_thumbnails, version 1")
    assert lines[3] == "      └─ https://cdn.example/1.jpg"


def test_a_strangers_title_obeys_nothing_in_prefects_page() -> None:
    evil = Made(key=item_key("a"), what="item", name="<img src=x> [x](javascript:1)\n# big")
    page = lineage.as_markdown([evil])
    assert "<img" not in page and "](" not in page.replace("\\](", "") and "\n" not in page

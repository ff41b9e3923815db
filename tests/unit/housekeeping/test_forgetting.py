"""A forgotten item is nowhere any more, and comes back only if a person asks: on both databases."""

import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from tests.conftest import Override
from tests.unit.db.test_library import FULL
from tests.unit.search.test_vectors import Axes, passage
from utils.clock import now
from utils.config import load_settings
from utils.db import library, queue, runs
from utils.db.base import Base
from utils.db.fact_tables import ListingRow, SeenText, SubtitleFile
from utils.db.fulltext import search
from utils.db.item_checksum_tables import ItemContent
from utils.db.music_tables import RecordingRow
from utils.db.publication_tables import PublicationRow
from utils.db.review_tables import ReviewRow
from utils.db.schema import (
    Download,
    DuplicatePair,
    Execution,
    ExecutionStatus,
    FingerprintRow,
    FingerprintTerm,
    ForgottenItem,
    Item,
    Spending,
)
from utils.db.session import session
from utils.db.source_tables import Source, SourceFile, SourceFileVersion
from utils.db.speech_tables import CorrectionRow, VoiceName
from utils.db.upload_tables import Upload
from utils.db.visual_tables import VisualRow
from utils.db.work_tables import WorkCluesRow, WorkKey, WorkLinkRow
from utils.errors import PermanentError
from utils.housekeeping import forgetting
from utils.models.item import Entry
from utils.models.options import PipelineOptions
from utils.models.record import ItemRecord, ThumbnailRecord
from utils.models.shift import ItemOutcome, Outcome
from utils.scheduling import preview
from utils.search import vectors
from utils.search.passages import passages
from utils.sources import scan
from utils.storage import blobs, files, publishing
from utils.subtitles import placing
from utils.subtitles.placing import Text

pytestmark = pytest.mark.usefixtures("database")

ENTRY = Entry(url="https://site.example/1", site="site", site_id="1")


class Known(NamedTuple):
    """An item with a row in every table, and a file of everything that is made of one."""

    item_id: str
    path: Path
    still: Path


def take(path: Path, again: bool = False) -> tuple[list[str], list[str]]:
    """The items that a scan has to do, and what it says of the rest."""
    found = scan.scan([str(path)], "key", load_settings(), again)
    return found.pending, [one.reason for one in found.outcomes]


def know(path: Path) -> Known:
    """Take a file in, as if it had been worked through."""
    settings = load_settings()
    (item_id,), _ = take(path)
    still = files.item_folder(settings.home, item_id) / "stills" / "1.jpg"
    still.parent.mkdir(exist_ok=True)
    still.write_bytes(path.read_bytes() + b" as a picture")
    facts = FULL | {"thumbnails": (ThumbnailRecord(path=still),)}
    record = ItemRecord(item_id=item_id, kind="video", title=path.stem, **facts)
    with session() as s:
        library.save(s, record, passages(record))
        runs.begin(s, f"run-{path.stem}", "night-shift")
        outcome = ItemOutcome(item_id=item_id, path=str(path), outcome=Outcome.DONE)
        runs.add_outcome(s, f"run-{path.stem}", outcome)
        for key in (item_id, path.stem.ljust(64, "0")):
            s.add(
                Execution(
                    item_id=key, step="a_step", version=1, key="k", started_at=func.now(),
                    status=ExecutionStatus.DONE, result={},
                )
            )  # fmt: skip
        s.add(Download(key=path.stem.ljust(64, "0"), url="u", item_id=item_id))
        s.add(
            Spending(
                run_id="r", item_id=item_id, step="a", engine="e", status="settled",
                reserved_tokens=1,
            )
        )  # fmt: skip
        row = FingerprintRow(item_id=item_id, document={})
        s.add(row)
        s.flush()
        s.add(FingerprintTerm(term=7, fingerprint_id=row.id))
        s.add(
            SubtitleFile(
                path=f"{path}.gone", name="gone", item_id=item_id, sha256="0", size_bytes=1,
                modified_ns=1, is_nightly=True,
            )
        )  # fmt: skip
        s.add(CorrectionRow(item_id=item_id, source="x.srt", segments=[]))
        s.add(VoiceName(item_id=item_id, name="Anna", voiceprint=[], seconds=9.0))
        s.add(WorkCluesRow(item_id=item_id, document={}))
        s.add(WorkKey(key="beside", item_id=item_id))
        s.add(ListingRow(item_id=item_id, document={}))
        s.add(RecordingRow(item_id=item_id, title="A song", how="names", score=0.5))
        s.add(ItemContent(sha256=path.stem[::-1].ljust(64, "0"), item_id=item_id))
        s.add(
            VisualRow(
                item_id=item_id, kind="title_card", aspect="16:9", path=str(still), sha256="0",
                size_bytes=1, width=1, height=1, engine="local", by_model=False,
            )
        )  # fmt: skip
        s.add(ReviewRow(item_id=item_id, decision="accept"))
        s.add(
            PublicationRow(
                item_id=item_id, target="public", kind="folder", title=path.stem,
                status="scheduled", due_at=now(),
            )
        )  # fmt: skip
        s.add(SeenText(item_id=item_id, number=0, text="EXIT", confidence=0.9))
        source = Source(id=item_id[:32], name=path.stem, kind="folder", location=str(path.parent))
        s.add(source)
        s.flush()
        s.add(SourceFile(source_id=source.id, key=path.name, status="success", item_id=item_id))
        s.add(SourceFileVersion(source_id=source.id, key=path.name, version=1, item_id=item_id))
        s.add(
            Upload(
                id=item_id[:32], owner="t", name=path.name, landed=str(path), item_id=item_id,
                expires_at=now(),
            )
        )  # fmt: skip
    return Known(item_id, path, still)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Known, Known]:
    """Two items that are thought alike."""
    (tmp_path / "library").mkdir()
    for name in ("boat", "port"):
        (tmp_path / "library" / f"{name}.mp4").write_text(name)
    found = know(tmp_path / "library" / "boat.mp4"), know(tmp_path / "library" / "port.mp4")
    first, second = sorted(one.item_id for one in found)
    with session() as s:
        s.add(DuplicatePair(first_id=first, second_id=second, score=1, evidence=""))
        s.add(WorkLinkRow(first_id=first, second_id=second, kind="burst", evidence=""))
    return found


def forget(*wanted: str, with_files: bool = False) -> forgetting.Outcome:
    settings = load_settings()
    return forgetting.forget(forgetting.preview(wanted, settings), settings, with_files)


def rows_of(item_id: str) -> dict[str, int]:
    """In which tables an item has how many rows."""
    found = {}
    with session() as s:
        for table in Base.metadata.tables.values():
            names = {"item_id", "first_id", "second_id"} & set(table.columns.keys())
            if table.name in {"items", "forgotten_items"}:
                names = {"id"}
            for name in names:
                number = s.scalar(select(func.count()).where(table.c[name] == item_id))
                if number:
                    found[table.name] = number
    return found


def test_its_rows_in_every_table_go_and_those_of_others_stay(two: tuple[Known, Known]) -> None:
    boat, port = two
    for item_id in (boat.item_id, port.item_id):
        vectors.replace(item_id, [passage(item_id, "3")], Axes(), load_settings())
    before = rows_of(port.item_id)
    with_item_rows = {
        table.name
        for table in Base.metadata.tables.values()
        if {"item_id", "first_id"} & set(table.columns.keys())
    }
    assert with_item_rows - {"forgotten_places"} <= set(rows_of(boat.item_id))
    done = forget(boat.item_id[:8])
    assert done == ((boat.item_id,), ())
    left = rows_of(boat.item_id)
    assert left == {
        "spending": 1, "forgotten_items": 1, "forgotten_places": 2, "item_contents": 1,
        "publications": 1,
    }  # fmt: skip
    shared = {"duplicate_pairs", "work_links"}
    assert rows_of(port.item_id) == {k: v for k, v in before.items() if k not in shared}
    with session() as s:
        assert [found.item_id for found in search(s, "Boot", 10)] == [port.item_id]
        assert len(s.scalars(select(FingerprintTerm)).all()) == 1
        assert s.scalars(select(Execution.item_id)).all().count("boat".ljust(64, "0")) == 0
    near = vectors.nearest("3", 5, Axes(), load_settings())["speech"]
    assert [found.item_id for found in near] == [port.item_id]


def test_subtitles_that_a_night_wrote_go_and_a_persons_stay(two: tuple[Known, Known]) -> None:
    boat, _ = two
    ours, theirs = (boat.path.with_suffix(suffix) for suffix in (".en.srt", ".de.srt"))
    placing.write(ours, Text(boat.item_id, "by the night", is_nightly=True))
    placing.write(theirs, Text(boat.item_id, "on request", is_nightly=False))
    (found,) = forgetting.preview([boat.item_id], load_settings())
    assert found.made == (boat.still, ours)
    forget(boat.item_id)
    assert not ours.exists()
    assert theirs.read_text() == "on request"
    assert boat.path.exists()


def test_what_was_made_goes_and_its_file_stays(two: tuple[Known, Known]) -> None:
    boat, port = two
    (found,) = forgetting.preview([str(boat.path)], load_settings())
    assert found.made == (boat.still,)
    assert found.size_bytes == boat.still.stat().st_size
    assert [row.path for row in found.files] == [str(boat.path)]
    forget(str(boat.path))
    assert not boat.still.parent.parent.exists()
    assert boat.path.read_text() == "boat"
    assert port.still.exists()


def test_an_item_of_which_nothing_was_made_is_forgotten_too(tmp_path: Path) -> None:
    (tmp_path / "new.mp4").write_text("new")
    take(tmp_path / "new.mp4")
    assert forget(str(tmp_path / "new.mp4")).left == ()


def test_its_file_goes_if_a_person_says_so(two: tuple[Known, Known]) -> None:
    boat, port = two
    assert forget(boat.item_id, with_files=True).left == ()
    assert not boat.path.exists()
    assert port.path.exists()


@pytest.mark.parametrize("change", ["other content", "a link"])
def test_a_file_that_changed_meanwhile_stays(
    two: tuple[Known, Known], change: str, tmp_path: Path
) -> None:
    boat, _ = two
    boat.path.unlink()
    if change == "a link":
        (tmp_path / "theirs.mp4").write_text("boat")
        boat.path.symlink_to(tmp_path / "theirs.mp4")
    else:
        boat.path.write_text("another film")
    (problem,) = forget(boat.item_id, with_files=True).left
    assert str(boat.path) in problem
    assert boat.path.exists()


def test_a_download_in_the_home_stays_unless_its_file_goes_too(two: tuple[Known, Known]) -> None:
    boat, _ = two
    original = boat.still.parent.parent / "original.mp4"
    shutil.move(boat.path, original)
    take(original)
    forget(boat.item_id)
    assert [path.name for path in original.parent.rglob("*")] == ["original.mp4"]
    assert take(original, again=True)[0] == [boat.item_id]
    forget(boat.item_id, with_files=True)
    assert not original.parent.exists()


def test_it_is_not_taken_again_unless_asked_for(
    two: tuple[Known, Known], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boat, port = two
    forget(boat.item_id)
    folder = boat.path.parent
    with monkeypatch.context() as patched:
        patched.setattr("utils.storage.files.sha256", lambda path: pytest.fail("read again"))
        pending, said = take(folder)
    assert pending == [port.item_id]
    assert "nightshift run --again" in said[0]
    plans = preview.of([str(folder)], PipelineOptions(), load_settings())
    assert any("forgotten on" in plan.summary for plan in plans if plan.path == boat.path)
    shutil.copy(boat.path, tmp_path / "library" / "another name.mp4")  # by its content
    assert take(folder)[0] == [port.item_id]
    assert take(folder)[0] == [port.item_id]
    assert set(take(folder, again=True)[0]) == {boat.item_id, port.item_id}
    assert set(take(folder)[0]) == {boat.item_id, port.item_id}
    with session() as s:
        assert s.scalars(select(ForgottenItem)).all() == []


def test_a_plan_knows_forgotten_content_at_another_path(
    two: tuple[Known, Known], tmp_path: Path
) -> None:
    boat, _ = two
    forget(boat.item_id)
    copy = tmp_path / "elsewhere" / "another name.mp4"
    copy.parent.mkdir()
    shutil.copy(boat.path, copy)
    (plan,) = preview.of([str(copy)], PipelineOptions(), load_settings())
    assert "forgotten on" in plan.summary
    assert plan.steps == ()


def test_other_content_at_its_path_is_taken(two: tuple[Known, Known]) -> None:
    boat, _ = two
    forget(boat.item_id)
    boat.path.write_text("a better copy")
    pending, _ = take(boat.path.parent)
    assert len(pending) == 2
    assert boat.item_id not in pending


def test_what_is_in_work_is_not_forgotten(two: tuple[Known, Known]) -> None:
    boat, _ = two
    settings = load_settings()
    found = forgetting.preview([boat.item_id], settings)
    with session() as s:
        queue.claim_these(s, "a-worker", [boat.item_id])
    with pytest.raises(PermanentError, match="working on"):
        forgetting.preview([boat.item_id], settings)
    done = forgetting.forget(found, settings)  # claimed between the question and the answer
    assert done.item_ids == ()
    assert "another run" in done.left[0]
    assert boat.still.exists()


def published(one: Known, url: str) -> str:
    """Have an item's still published; returns where."""
    prefix = f"{one.item_id[:2]}/{one.item_id}"
    (address,) = publishing.upload([one.still], url, prefix)
    stored = blobs.upload([one.still], load_settings())
    name = one.still.relative_to(load_settings().home)
    with session() as s:
        for step, result in (
            ("upload_thumbnails", {"item_id": one.item_id, "files": [{"url": address}]}),
            ("generate_thumbnails", {"path": f"⌂/{name}#{stored[one.still]}"}),
        ):
            s.add(
                Execution(
                    item_id=one.item_id, step=step, version=1, key="k", started_at=func.now(),
                    status=ExecutionStatus.DONE, result=result,
                )
            )  # fmt: skip
    return address.removeprefix("file://")


def test_copies_elsewhere_go_but_for_those_that_others_have_too(
    two: tuple[Known, Known], tmp_path: Path, override: Override
) -> None:
    boat, port = two
    url = f"file://{tmp_path}/public"
    override(publish_url=SecretStr(url), store_url=SecretStr(f"file://{tmp_path}/store"))
    port.still.write_bytes(boat.still.read_bytes())  # two black pictures, one blob
    theirs, ours = published(port, url), published(boat, url)
    blobs.upload_original(boat.item_id, boat.path, load_settings())
    forget(boat.item_id)
    assert not Path(ours).exists()
    assert Path(theirs).exists()
    stored = [path.name for path in (tmp_path / "store" / "blobs").rglob("*") if path.is_file()]
    assert len(stored) == 2  # the picture that both had, and the original
    forget(port.item_id)
    stored = [path.name for path in (tmp_path / "store" / "blobs").rglob("*") if path.is_file()]
    assert stored == [boat.item_id]


def test_an_item_whose_copies_can_not_be_removed_now_is_kept(
    two: tuple[Known, Known], tmp_path: Path, override: Override
) -> None:
    boat, _ = two
    url = f"file://{tmp_path}/public"
    override(publish_url=SecretStr(url), store_url=SecretStr(f"file://{tmp_path}/store"))
    published(boat, url)
    override(publish_url=SecretStr("no-system://x"))
    done = forget(boat.item_id)
    assert done.item_ids == ()
    assert "is kept" in done.left[0]
    with session() as s:
        assert s.get_one(Item, boat.item_id).claimed_by is None


def test_a_download_that_was_forgotten_is_not_fetched_again(
    two: tuple[Known, Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    from subflows import listing

    boat, _ = two
    with session() as s:
        s.add(Download(key=ENTRY.item_id, url=ENTRY.url, item_id=boat.item_id))
    forget(boat.item_id)
    listed: Any = [ENTRY]
    monkeypatch.setattr(listing, "list_entries", lambda *_: listed)  # what a site answers
    found = listing.list_addresses([ENTRY.url], load_settings())
    assert found.entries == []
    assert "nightshift run --again" in found.fetched_before[0].reason
    known = ENTRY.model_copy(update={"source": ENTRY.url})
    assert listing.list_addresses([ENTRY.url], load_settings(), again=True).entries == [known]
    assert listing.list_addresses([ENTRY.url], load_settings()).entries == [known]

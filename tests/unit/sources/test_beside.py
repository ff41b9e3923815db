"""What lies around a done item: ours changes nothing, a person's subtitles and names do."""

from pathlib import Path

import pytest

from utils.config import load_settings
from utils.db import items, sources, subtitle_files, vocabularies
from utils.db.schema import Item
from utils.db.session import session
from utils.models.item import ItemStatus
from utils.pipeline import fingerprint
from utils.scheduling import preview
from utils.sources import scan
from utils.storage import sidecars
from utils.subtitles import placing
from utils.subtitles.placing import Text


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "lib" / "Film.mkv"
    path.parent.mkdir()
    path.write_bytes(b"film")
    take(path)
    finish(path)
    return path


def take(path: Path) -> list[str]:
    return scan.scan([str(path.parent)], "key", load_settings()).pending


def finish(path: Path) -> None:
    """Settle the item as subflows/outcome.py does."""
    with session() as s:
        item = items.find(s, str(path))
        beside = subtitle_files.foreign(s, path.parent)
        expected = vocabularies.of_item(s, item.id, path)
        item.status = ItemStatus.DONE.value
        item.done_key = sidecars.complete_key(vocabularies.in_key("key", expected), path, beside)


def item_id(path: Path) -> str:
    with session() as s:
        return items.find(s, str(path)).id


def test_what_we_wrote_beside_a_done_item_gives_a_run_nothing_to_do(film: Path) -> None:
    for name in ("Film.en.srt", "Film.en.vtt", "Film.lrc"):
        placing.write(film.with_name(name), Text(item_id(film), name, is_nightly=True))
    assert take(film) == []


def test_a_persons_subtitles_beside_ours_do(film: Path) -> None:
    placing.write(film.with_name("Film.en.srt"), Text(item_id(film), "ours", is_nightly=True))
    film.with_name("Film.de.srt").write_text("theirs")
    assert take(film) == [item_id(film)]
    finish(film)
    assert take(film) == []


def test_a_change_of_ours_by_a_person_does(film: Path) -> None:
    ours = film.with_name("Film.en.srt")
    placing.write(ours, Text(item_id(film), "ours", is_nightly=True))
    ours.write_text("corrected")
    assert take(film) == [item_id(film)]


def test_names_that_a_source_expects_are_heard_again_and_then_known(film: Path) -> None:
    with session() as s:
        sources.add(s, str(film.parent), "Oświęcim,  Nguyen")
    assert take(film) == [item_id(film)]
    finish(film)
    assert take(film) == []
    with session() as s:
        sources.add(s, str(film.parent))  # added again without a word of it: they stay
        assert vocabularies.by_location(s) == {str(film.parent): "Oświęcim, Nguyen"}
        sources.add(s, str(film.parent), "")
        assert vocabularies.by_location(s) == {}
    assert take(film) == [item_id(film)]


def test_the_nearest_folder_decides_what_is_expected(film: Path) -> None:
    with session() as s:
        sources.add(s, str(film.parent.parent), "far")
        assert vocabularies.of_item(s, item_id(film), film) == "far"
        sources.add(s, str(film.parent), "near")
        assert vocabularies.of_item(s, item_id(film), film) == "near"
        assert vocabularies.of_item(s, item_id(film), Path("/elsewhere/Film.mkv")) is None


def test_a_preview_tells_ours_apart_too(film: Path) -> None:
    settings = load_settings()
    with session() as s:
        row = s.get_one(Item, item_id(film))
        row.done_key = fingerprint.done_key(settings.pipeline, settings)
    placing.write(film.with_name("Film.en.srt"), Text(item_id(film), "ours", is_nightly=True))
    (found,) = preview.of([str(film)], settings.pipeline, settings)
    assert found.summary == "nothing to do: done with these options"

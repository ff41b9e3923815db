"""The tabs of an item: all that is known is there, whatever strangers called it, or is missing."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from nightshift.pages import item_facts, item_map
from nightshift.pages.viewer import COOKIE
from tests.hostile import NAMES
from tests.pages import client, cookie_of, post
from utils.config import Settings
from utils.db import corrections, items, ledger, library, listings, publications
from utils.db.items import Seen
from utils.db.ledger import Inputs
from utils.db.publication_tables import PublicationRow
from utils.db.publications import Wish
from utils.db.schema import Item
from utils.db.session import session
from utils.documents import nearby
from utils.models.analysis import Analysis, Understanding, VocabularyEntry
from utils.models.item import FileStat, MediaKind
from utils.models.listing import Listing
from utils.models.metadata import Metadata
from utils.models.page_settings import Role
from utils.models.record import ItemRecord, NoteRecord, SeenTextRecord, ShotRecord
from utils.models.rendition import Compression, Rendition, Thumbnail, Thumbnails
from utils.models.verdict import Band, Criterion, Verdict

PART = {"HX-Request": "true"}
HOSTILE = [name.replace("\0", "") for name in NAMES if name.strip()]


def add(number: int, path: Path | str, kind: MediaKind = MediaKind.VIDEO) -> str:
    item_id = f"{number:064x}"
    stat = FileStat(path=Path(path), size_bytes=1000, modified_ns=1, inode=1)
    with session() as s:
        items.register(s, Seen(stat, item_id, True), kind)
    return item_id


def did(item_id: str, step: str, result: BaseModel) -> None:
    row = ledger.start(item_id, step, Inputs(f"{item_id}{step}", {"version": 1}), "run")
    with session() as s:
        ledger.finish(s, row, result, 0.02)


def filled(item_id: str, said: str, home: Path) -> None:
    """All that may be known of an item, in a stranger's words."""
    picture, encode = home / "still.jpg", home / "rendition.mp4"
    picture.write_bytes(b"x")
    encode.write_bytes(b"x" * 100)
    did(item_id, "consolidate_metadata",
        Metadata(kind=MediaKind.VIDEO, title=said, camera_model=said, size_bytes=1000,
                 captured_at=datetime(2026, 5, 1, 20), captured_at_source=said,
                 keywords=(said,), sources={"title": said}, guessed=(said,)))  # fmt: skip
    understood = Understanding(summary=said, topics=(said,), keywords=("harbour",), mood=said,
                               vocabulary=(VocabularyEntry(word=said, definition=said),)
                               )  # fmt: skip
    did(item_id, "analyze_content", Analysis(engine="local", understanding=understood))
    did(item_id, "generate_thumbnails",
        Thumbnails(images=(Thumbnail(path=picture, time_seconds=61.5, width=1, height=1),))
        )  # fmt: skip
    did(item_id, "judge_quality",
        Verdict(band=Band.REVISE, score=0.61, criteria=(
            Criterion(name="black", score=0.2, weight=1, must=0.3, reason=said),)))  # fmt: skip
    did(item_id, "compress_video",
        Compression(source_bytes=1000, encoded_bytes=100, reason=said, metric="vmaf", score=95.4,
                    dropped=(said,), guessed=(said,),
                    rendition=Rendition(path=encode, kind="video", codec="av1",
                                        size_bytes=100)))  # fmt: skip
    record = ItemRecord(
        item_id=item_id, kind="video", title=said, duration_seconds=200.0, latitude=54.31,
        longitude=10.13, shots=(ShotRecord(start_seconds=0, description=said),
                                ShotRecord(start_seconds=70, description="The quay")),
        notes=(NoteRecord(kind="comment", text=said, source=said),),
        texts=(SeenTextRecord(text=said, start_seconds=3.0, confidence=0.9),),
    )  # fmt: skip
    with session() as s:
        library.save(s, record, [])
        listings.save(s, item_id, Listing(source=said, title=said, description=said))
        corrections.save(s, item_id, [], said)
        row = s.get_one(Item, item_id)
        row.error, row.source_url = said, "https://ada:secret@example.org/a?token=abcdef"
        row.lacks = [{"step": "make_proxy", "reason": said}]


def tabs_of(asking: Any, item_id: str) -> dict[str, str]:
    found = {}
    for name in item_facts.TABS:
        answer = asking.get(f"/items/{item_id}/{name}", headers=PART)
        assert answer.status_code == 200, (name, answer.text)
        found[name] = answer.text
    return found


def test_what_strangers_wrote_is_text_in_every_tab(settings: Settings) -> None:
    asking = client(settings)
    several = (" ".join(HOSTILE), HOSTILE[1])
    for number, said in enumerate(several, start=1):
        item_id = add(number, settings.home / f"{number}.mp4")
        filled(item_id, said, settings.home)
        for name, text in tabs_of(asking, item_id).items():
            assert "<script>alert" not in text, name
            assert "<img src=x" not in text, name
            assert "onmouseover='" not in text, name
            assert "secret" not in text, name
            assert "abcdef" not in text, name


def test_facts_have_their_sources_and_what_is_doubtful_is_said(settings: Settings) -> None:
    item_id = add(1, settings.home / "a.mp4")
    filled(item_id, "said by somebody", settings.home)
    text = client(settings).get(f"/items/{item_id}/facts", headers=PART).text
    assert "Taken" in text
    assert "2026-05-01 20:00:00" in text
    assert "zone unknown" in text
    assert 'data-seek="61.5"' in text
    assert "rejects it alone" in text
    assert 'value="0.2"' in text
    assert "Not in the encode" in text
    assert "make_proxy" in text
    assert 'd="M' in text  # the map
    assert "Germany" in text
    assert "http" not in text.replace("https://ada:***@example.org", "")  # nothing from elsewhere


def test_files_say_what_was_saved_and_are_compared(settings: Settings) -> None:
    item_id = add(1, settings.home / "a % ?#.mp4")
    (settings.home / "a % ?#.mp4").write_bytes(b"x" * 1000)
    filled(item_id, "x", settings.home)
    asking = client(settings)
    text = asking.get(f"/items/{item_id}/files", headers=PART).text
    assert "saves 900 B" in text
    assert "VMAF 95.4" in text
    assert f"/api/v1/items/{item_id}/files/a%20%25%20%3F%23.mp4?download=true" in text
    assert text.count("<video ") == 2
    swapped = asking.get(f"/items/{item_id}/compare?a=rendition.mp4&b=a%20%25%20%3F%23.mp4").text
    assert swapped.index("files/rendition.mp4") < swapped.index("files/a%20%25%20%3F%23.mp4")
    assert asking.get(f"/items/{item_id}/compare?a=../../etc/passwd").status_code == 200
    (settings.home / "a % ?#.mp4").unlink()
    gone = asking.get(f"/items/{item_id}/files", headers=PART).text
    assert "not on this machine" in gone
    assert "<video " not in gone


def test_an_item_of_which_nothing_is_known_has_all_tabs(settings: Settings) -> None:
    item_id = add(1, "/nowhere/a.mp4")
    asking = client(settings, Role.VIEWER)
    found = tabs_of(asking, item_id)
    assert "<svg viewBox" not in found["facts"]
    assert "Nothing ran for it yet" in found["history"]
    assert "nothing like it" in found["alike"]
    assert "published nowhere" in found["published"]
    assert "<button" not in found["alike"] + found["published"]  # of a viewer
    whole = asking.get(f"/items/{item_id}/files")  # as a browser asks for it: the page around it
    assert whole.headers["location"] == f"/items/{item_id}?tab=files"


def test_history_says_why_a_step_ran_and_what_it_came_from(settings: Settings) -> None:
    item_id = add(1, settings.home / "a.mp4")
    filled(item_id, "by hand.srt", settings.home)
    failed = ledger.start(item_id, "make_proxy", Inputs("k", {"version": 1}), None, "asked for")
    ledger.fail(failed, RuntimeError("no room"), 1.5)
    text = client(settings).get(f"/items/{item_id}/history", headers=PART).text
    assert "the first time" in text
    assert "asked for" in text
    assert "no room" in text
    assert "corrected by hand" in text
    assert text.count("<ul") + text.count("<ol") == text.count("</ul>") + text.count("</ol>")
    assert text.count("<li>") == text.count("</li>")


def test_works_are_joined_and_split_and_only_by_who_may(settings: Settings) -> None:
    one, other = add(1, "/x/a.mp4"), add(2, "/x/b.mp4")
    editor, fields = client(settings, Role.VIEWER), {"one": one, "other": other}
    assert post(editor, "/works/join", fields).status_code == 403
    editor.cookies.set(COOKIE, cookie_of(Role.EDITOR))
    assert post(editor, "/works/join", fields).headers["location"] == f"/items/{one}?tab=alike"
    text = editor.get(f"/items/{other}/alike", headers=PART).text
    assert "joined by hand" in text
    assert f"/items/{one}" in text
    assert "this one" in text
    assert post(editor, "/works/split", {"item": one}).status_code == 303
    assert post(editor, "/works/split", {"item": one}).status_code == 422
    assert "joined by hand" not in editor.get(f"/items/{other}/alike", headers=PART).text


def test_what_is_published_stands_there_and_only_an_admin_takes_it_back(settings: Settings) -> None:
    item_id = add(1, "/x/a.mp4")
    wish = Wish(item_id, "a", "site", "files", datetime(2026, 5, 1, tzinfo=UTC), "ada", None)
    with session() as s:
        number = publications.want(s, wish)
        s.get_one(PublicationRow, number).address = "javascript:alert(1)"
    asking = client(settings, Role.EDITOR)
    text = asking.get(f"/items/{item_id}/published", headers=PART).text
    assert "site" in text
    assert 'href="javascript' not in text
    assert "Take back" not in text
    assert post(asking, f"/publications/{number}/take-back").status_code == 403
    asking.cookies.set(COOKIE, cookie_of(Role.ADMIN))
    assert "Take back" in asking.get(f"/items/{item_id}/published", headers=PART).text
    assert post(asking, "/publications/999/take-back").status_code == 404


@pytest.mark.parametrize(
    ("place", "country", "city"),
    [((54.31, 10.13), "DE", "Copenhagen"), ((48.86, 2.34), "FR", "Paris"), 
     ((0.0, -140.0), None, "Marquesas"),     ((-17.0, 179.9), None, "Fiji")],
)  # fmt: skip
def test_a_place_is_told_without_asking_anybody(
    place: tuple[float, float], country: str | None, city: str
) -> None:
    if not nearby.cities():
        pytest.skip("this machine has no list of cities")
    found = nearby.of(*place)
    assert found.city is not None
    assert (found.country, found.city.name) == (country, city)


@pytest.mark.parametrize("place", [(90.0, 0.0), (-90.0, 180.0), (0.0, -180.0), (66.0, 179.99)])
def test_a_map_can_be_drawn_of_any_place(place: tuple[float, float]) -> None:
    made = item_map.of(*place)
    assert all(0 <= line.at <= item_map.WIDTH for line in made.lines)
    assert len(made.world) < 20_000

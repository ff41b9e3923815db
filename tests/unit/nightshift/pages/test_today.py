"""The start page: what was done, what waits and why, asked without a browser."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, select, update

from tests.hostile import NAMES
from tests.pages import client, post
from tests.unit.nightshift.pages.test_shift import RUN, add, begin, note, started
from utils.clock import now
from utils.config import Settings
from utils.db import addresses, ledger, queue, runs, sources
from utils.db.schema import Address, DuplicatePair, Item, Run
from utils.db.session import session
from utils.errors import PermanentError, RetryableError, SettingsError
from utils.models.page_settings import Role
from utils.models.rendition import Compression, Rendition
from utils.models.shift import Outcome, PublishedCounts, RunStatus


@pytest.fixture
def asking(settings: Settings) -> TestClient:
    return client(settings, Role.EDITOR)


def text_of(page: str) -> str:
    """What people read of a page, on one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def finish(status: RunStatus) -> None:
    with session() as s:
        runs.finish(s, RUN, status, None)


def fail(item_id: str, error: Exception) -> None:
    with session() as s:
        queue.claim_these(s, "w", [item_id])
        queue.settle_failed(s, "w", item_id, error, 3)


def test_an_empty_home_says_what_to_do_first(settings: Settings, asking: TestClient) -> None:
    page = asking.get("/").text
    assert "Welcome" in page
    for place in ("/sources", "/upload", "/shift"):
        assert 'class="button' in page and f'href="{place}"' in page
    reader = text_of(client(settings, Role.VIEWER).get("/").text)
    assert "Add a source" not in reader


def test_before_any_run_it_says_what_waits_for_the_night(asking: TestClient) -> None:
    add("a")
    page = text_of(asking.get("/").text)
    assert "Nothing has run yet" in page and "1 item waits for the next night" in page


def test_while_the_very_first_shift_runs_the_page_tells_what_it_has_done(
    asking: TestClient,
) -> None:
    begin()
    assert "Welcome" not in asking.get("/").text
    add("a")
    page = text_of(asking.get("/").text)
    assert "Nothing has run yet" not in page and "0 items are done" in page


def test_what_the_last_night_did_and_cost_is_told(settings: Settings, asking: TestClient) -> None:
    film = add("a", NAMES[0])
    begin(film)
    row = started(film, "compress_video")
    rendition = Rendition(path=settings.home / "r.mp4", kind="video", codec="av1", size_bytes=10**7)
    rendition.path.write_bytes(b"x" * 1000)
    made = Compression(
        source_bytes=6 * 10**7, encoded_bytes=10**7, rendition=rendition, reason="smaller"
    )
    with session() as s:
        ledger.finish(s, row, made, 90.0)
        queue.settle_done(s, RUN, film, "key")
    note(film, Outcome.DONE)
    finish(RunStatus.SUCCESS)
    page = text_of(asking.get("/").text)
    assert "1 item is done, nothing waits for you, 50 MB saved" in page
    assert "1 video" in page and "60 MB" in page and "&lt;script&gt;" in page
    with session() as s:  # two days later
        s.execute(update(Run).values(started_at=now() - timedelta(days=2)))
        s.execute(update(Item).values(processed_at=now() - timedelta(days=2, minutes=-1)))
    assert "1 item is done" in text_of(asking.get("/").text)


def test_what_failed_is_grouped_by_its_reason_and_tried_again_together(
    database: str, settings: Settings
) -> None:
    asking = client(settings, Role.EDITOR)
    films = [add(one, f"Film {one}") for one in "abcd"]
    for one in films[:2]:
        fail(one, PermanentError("it is broken: https://me:secret@example.org/"))
    fail(films[2], SettingsError("no key is set"))
    fail(films[3], RetryableError("it did not answer"))
    page = asking.get("/").text
    told = text_of(page)
    assert "2 items could not be worked on" in told and "secret" not in page
    assert "1 item needs a setting, a key or a tool" in told
    assert "1 more failed and is tried again by itself" in told
    answer = post(asking, "/today/requeue", {"step": "–", "error": "PermanentError"})
    assert answer.headers["location"] == "/"
    with session() as s:
        assert s.scalars(select(Item.id).where(Item.status == "pending")).all() == films[:2]


def test_all_else_that_waits_for_a_person_is_told_with_what_mends_it(
    tmp_path: Path, asking: TestClient
) -> None:
    one, other = add("a"), add("b")
    begin(one)
    finish(RunStatus.FAILED)
    with session() as s:
        queue.release_all(s, RUN)
        s.execute(update(Item).where(Item.id == one).values(status="done", approval="review"))
        s.execute(insert(DuplicatePair).values(
            first_id=one, second_id=other, score=0.9, evidence="frames"))  # fmt: skip
        addresses.settle_failed(s, "https://example.org/x", PermanentError("members only"), 1)
        s.execute(update(Address).values(refusal="login"))
        folder = sources.add(s, str(tmp_path))
        sources.note_looks(s, {folder: PermanentError("it is gone")})
    page = asking.get("/").text
    for said, place in (
        ("1 item waits for your review", "/review"),
        ("1 pair looks alike", "/duplicates"),
        ("1 address wants a login", "/sources"),
        (f"The source {tmp_path.name}", f"/sources/{tmp_path.name}"),
    ):
        assert said in text_of(page) and f'href="{place}"' in page


def test_a_night_that_could_not_publish_says_why_to_editors(
    settings: Settings, asking: TestClient
) -> None:
    begin(add("a"))
    why = "/srv/targets.yaml: shelf.url is no URL"
    with session() as s:
        runs.note_published(s, RUN, PublishedCounts(error=why))
    finish(RunStatus.PARTIAL)
    page = text_of(asking.get("/").text)
    assert "could not publish anything" in page and why in page
    assert why in text_of(asking.get(f"/shift/runs/{RUN}").text)
    reader = client(settings, Role.VIEWER)
    for place in ("/", f"/shift/runs/{RUN}"):
        assert why not in reader.get(place).text


def test_the_german_page_has_no_english_text_of_ours(settings: Settings) -> None:
    add("a")
    german = client(settings, Role.EDITOR)
    german.headers["accept-language"] = "de"
    page = text_of(german.get("/").text)
    assert "Heute Morgen" in page and "Nothing" not in page
    assert "Spuren" in text_of(german.get("/shift").text)

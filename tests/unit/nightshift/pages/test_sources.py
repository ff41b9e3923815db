"""Sources on pages: added after a test, changed without losing secrets, by whom it is allowed."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from nightshift.api.logins import COOKIE
from nightshift.pages import source_form
from tests.hostile import NAMES
from tests.pages import client, cookie_of, post
from tests.waiting import until
from utils.config import Settings
from utils.db import sources
from utils.db.session import session
from utils.errors import RetryableError
from utils.models.page_settings import Role
from utils.models.source import SourceDefinition, SourceKind
from utils.storage.sealing import opened, sealed_source

SECRET = "tiefgeheim0815"


@pytest.fixture
def folder(settings: Settings) -> Path:
    made = settings.inbox / "camera"
    made.mkdir(parents=True)
    (made / "a film <b>.mp4").write_bytes(b"x" * 1234567)
    (made / "notes.txt").write_bytes(b"x")
    return made


def defined(settings: Settings, **facts: Any) -> str:
    given = {"name": "feed", "kind": SourceKind.FEED} | facts
    with session() as s:
        return sources.define(s, sealed_source(SourceDefinition(**given), settings)).name


def said_of_test(asking: TestClient, fields: dict[str, str]) -> str:
    """What the page says of a test, once it is over."""
    begun = post(asking, "/sources/new", fields | {"test": "yes"})
    assert begun.status_code == 303
    return when_over(asking, begun.headers["location"])


def when_over(asking: TestClient, place: str) -> str:
    """The page of a test that is over."""

    def told() -> str:
        page = asking.get(place).text
        return "" if "aria-busy" in page else page

    return until(told, "the end of the test of a source")


def test_a_test_says_what_would_be_found_and_left_out_and_writes_nothing(
    settings: Settings, folder: Path
) -> None:
    asking = client(settings, Role.EDITOR)
    said = said_of_test(asking, {"url": str(folder)})
    assert "1 would be found" in said and "a film &lt;b&gt;.mp4" in said and "1.2 MB" in said
    assert "files .txt" in said
    with session() as s:
        assert sources.every(s) == []
    assert (
        "does not exist"
        in post(asking, "/sources/new", {"url": str(folder / "no"), "test": "yes"}).text
    )
    assert (
        "neither in the inbox" in post(asking, "/sources/new", {"url": "/etc", "test": "yes"}).text
    )


def test_what_a_test_found_another_process_of_the_server_tells_too(
    settings: Settings, folder: Path
) -> None:
    asking, other = client(settings, Role.EDITOR), client(settings, None)
    other.cookies.set(COOKIE, asking.cookies[COOKIE])
    begun = post(asking, "/sources/new", {"url": str(folder), "test": "yes"})
    assert "1 would be found" in when_over(other, begun.headers["location"])


def test_a_test_is_its_own_persons_and_may_fail_in_words(settings: Settings, folder: Path) -> None:
    asking = client(settings, Role.EDITOR)
    begun = post(asking, "/sources/new", {"url": str(folder), "test": "yes"})
    asking.cookies.set(COOKIE, cookie_of(Role.ADMIN))
    assert "No answer in time" in asking.get(begun.headers["location"]).text
    with pytest.raises(RetryableError):
        from utils.scheduling import source_preview

        wanted = SourceDefinition(name="x", kind=SourceKind.FOLDER, url=str(folder / "gone"))
        source_preview.of(wanted, settings, 5)


def test_a_source_is_added_shown_changed_paused_and_removed(
    settings: Settings, folder: Path
) -> None:
    asking = client(settings, Role.EDITOR)
    fields = {
        "url": str(folder),
        "name": "camera",
        "schedule": "own",
        "own_schedule": "30 3 * * 1",
        "pattern": "*.mp4",
        "option_settle_seconds": "9",
        "more": "transcription.model=small",
    }
    assert post(asking, "/sources/new", fields).headers["location"] == "/sources/camera"
    with session() as s:
        kept = sources.definition(sources.named(s, "camera"))
    assert (kept.schedule, kept.options.settle_seconds) == ("30 3 * * 1", 9.0)
    assert kept.options.pipeline == {"transcription.model": "small"}
    shown = asking.get("/sources/camera").text
    assert "every Monday at 03:30" in shown and "*.mp4" in shown and "not looked into yet" in shown
    form = asking.get("/sources/camera/edit").text
    assert 'value="9.0"' in form and "transcription.model=small" in form
    changed = fields | {"name": "lens", "schedule": "daily@02:00", "more": ""}
    assert post(asking, "/sources/camera/edit", changed).headers["location"] == "/sources/lens"
    assert "every day at 02:00" in asking.get("/sources").text
    post(asking, "/sources/lens/pause")
    assert "paused" in asking.get("/sources").text
    post(asking, "/sources/lens/resume")
    assert post(asking, "/sources/lens/remove").status_code == 303
    assert asking.get("/sources/lens").status_code == 404


def test_what_is_wrong_stands_by_its_field(settings: Settings, folder: Path) -> None:
    asking = client(settings, Role.EDITOR)
    wrong = {"url": str(folder), "schedule": "own", "own_schedule": "sometimes"}
    answer = post(asking, "/sources/new", wrong)
    assert answer.status_code == 422 and "is no schedule" in answer.text
    assert "KEY=VALUE" in post(asking, "/sources/new", {"url": str(folder), "more": "x"}).text
    assert "is no option" in post(asking, "/sources/new", {"url": str(folder), "more": "x=1"}).text
    defined(settings, url="https://example.org/feed.xml")
    taken = {"url": "https://example.org/other.xml", "name": "feed"}
    assert "There is a source feed already" in post(asking, "/sources/new", taken).text


def test_secrets_are_never_shown_and_survive_a_change(settings: Settings) -> None:
    address = f"https://user:{SECRET}@example.org/feed.xml?token={SECRET}"
    name = defined(settings, url=address)
    with session() as s:
        sources.note_looks(s, {sources.named(s, name).location: RetryableError(f"no: {address}")})
    asking = client(settings, Role.EDITOR)
    pages = [
        asking.get(place).text for place in ("/sources", "/sources/feed", "/sources/feed/edit")
    ]
    assert not [page for page in pages if SECRET in page or "sealed~" in page]
    url = re.search(r'name="url" value="([^"]*)"', pages[2])
    assert url is not None and "***" in url[1]
    post(asking, "/sources/feed/edit", {"url": url[1], "kind": "feed", "name": "feed",
                                        "keep_last": "5"})  # fmt: skip
    with session() as s:
        row = sources.named(s, "feed")
    assert (opened(row.location, settings), row.keep_last) == (address, 5)


def test_trouble_is_told_with_what_to_do_and_hostile_words_are_only_text(
    settings: Settings,
) -> None:
    for number, text in enumerate(NAMES[:6]):
        fit = "".join(one for one in text if one.isprintable()) or "x"
        address = f"https://example.org/{number}"
        defined(settings, name=f"s{number}", url=address, vocabulary=fit[:90], kind=SourceKind.HTTP)
        with session() as s:
            error = RetryableError(text)
            sources.note_looks(s, {f"https://example.org/{number}": error})
    asking = client(settings, Role.EDITOR)
    listed, one = asking.get("/sources").text, asking.get("/sources/s1").text
    for page in (listed, one):
        assert (
            "<img src=x" not in page
            and "<script>alert" not in page
            and "onerror=" not in re.sub(r">[^<]*<", "><", page)
        )
    assert "Trouble" in one and "It is meant to be so" in one
    post(asking, "/sources/s1/reset")
    assert "Trouble" not in asking.get("/sources/s1").text


def test_viewers_read_and_change_nothing(settings: Settings, folder: Path) -> None:
    defined(settings, url="https://example.org/feed.xml")
    asking = client(settings, Role.VIEWER)
    assert asking.get("/sources").status_code == asking.get("/sources/feed").status_code == 200
    assert "Remove this source" not in asking.get("/sources/feed").text
    for place in ("/sources/new", "/sources/feed/pause", "/sources/feed/remove"):
        assert post(asking, place, {"url": str(folder)}).status_code == 403
    asking.cookies.set(COOKIE, cookie_of(Role.EDITOR))
    assert asking.post("/sources/feed/remove").status_code == 403  # without the page's token
    answer = post(asking, "/sources/feed/look")
    assert answer.status_code == 422 and "There is no Prefect server" in answer.text


def test_a_form_shows_each_option_once(settings: Settings) -> None:
    bucket = SourceDefinition(name="b", kind=SourceKind.BUCKET, url="s3://bucket/x",
                              options={"region": "eu", "anonymous": True,
                                       "rate_limit": 4096})  # fmt: skip
    fields = source_form.fields_of(bucket)
    assert (fields["option_region"], fields["option_anonymous"]) == ("eu", "yes")
    assert fields["more"] == "rate_limit=4096"
    again = source_form.read(fields, settings, bucket)
    assert again.definition == bucket

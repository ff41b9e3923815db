"""AcoustID is asked with a key alone, at its rate, and once for each fingerprint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from tests.conftest import Override
from tests.servers import acoustid as server
from tests.servers.acoustid import FINGERPRINT, KEY, Service
from tests.servers.loopback import Answer
from tests.servers.musicbrainz import mbid, page
from utils.config import load_settings
from utils.errors import (
    NightShiftError,
    PermanentError,
    RetryableError,
    SettingsError,
    ThrottledError,
)
from utils.models.music_settings import MusicSettings
from utils.music import acoustid
from utils.music.acoustid import Match

SONG: dict[str, Any] = {"id": mbid("song"), "title": "Hey Boy Hey Girl", "duration": 290,
        "artists": [{"id": mbid("they"), "name": "The Chemical Brothers"}]}  # fmt: skip


@pytest.fixture
def service(override: Override) -> Iterator[Service]:
    worse = server.result(0.4, SONG, {"id": mbid("other")})
    with server.acoustid({FINGERPRINT: [worse, server.result(0.95, SONG)]}) as running:
        use(running, override)
        yield running


def use(running: Service, override: Override, key: str | None = KEY, **more: Any) -> None:
    given = {"acoustid_url": running.url, "acoustid_per_second": 1000.0, **more}
    override(music=MusicSettings(acoustid_key=SecretStr(key) if key else None, **given))


def lookup(fingerprint: str = FINGERPRINT, seconds: float = 290.4) -> list[Match]:
    return acoustid.lookup(fingerprint, seconds, load_settings())


def test_recordings_come_with_their_best_score_the_best_first(service: Service) -> None:
    assert lookup() == [
        Match(SONG["id"], 0.95, "Hey Boy Hey Girl", ("The Chemical Brothers",)),
        Match(mbid("other"), 0.4, None, ()),
    ]
    assert service.forms[0]["duration"] == "290"


def test_a_fingerprint_is_asked_for_once(service: Service) -> None:
    first = lookup()
    assert lookup() == first
    assert len(service.forms) == 1


def test_one_that_it_does_not_know_is_remembered(service: Service) -> None:
    assert lookup("AQ" + "B" * 50) == []
    assert lookup("AQ" + "B" * 50) == []
    assert len(service.forms) == 1


@pytest.mark.parametrize("key", [None, "  "])
def test_without_a_key_nothing_is_asked_and_that_is_said(
    service: Service, override: Override, key: str | None
) -> None:
    use(service, override, key)
    assert not acoustid.is_asked(load_settings())
    assert lookup() == [] and service.forms == []
    assert "NIGHTSHIFT_MUSIC__ACOUSTID_KEY" in acoustid.NOT_ASKED


def test_a_wrong_key_is_said_without_it(service: Service, override: Override) -> None:
    use(service, override, "wrong-key-1")
    with pytest.raises(SettingsError) as raised:
        lookup()
    assert "ACOUSTID_KEY" in str(raised.value) and "wrong-key-1" not in str(raised.value)


@pytest.mark.parametrize(
    "mood",
    [server.too_many(), server.failed(503, 14, "later", **{"Retry-After": "0"})],
    ids=["429", "503"],
)
def test_a_refused_rate_is_waited_for(service: Service, mood: Answer) -> None:
    service.moods = [mood]
    assert len(lookup()) == 2
    assert len(service.forms) == 2


@pytest.mark.parametrize(
    ("mood", "error"),
    [
        (server.failed(500, 5, "internal error"), RetryableError),
        (page(502), RetryableError),
        (page(200), RetryableError),
        (Answer(body=b'{"status": "ok", "resu', cut_to=9), RetryableError),
        (Answer.of_json({"status": "ok", "results": "?"}), RetryableError),
        (server.failed(400, 3, "invalid fingerprint"), PermanentError),
    ],
)
def test_errors_are_those_of_ours(
    service: Service, mood: Answer, error: type[NightShiftError]
) -> None:
    service.moods = [mood]
    with pytest.raises(error):
        lookup()


@pytest.mark.parametrize("given", ["", "short", "AQ" + "é" * 20, "AQ&client=x" * 9, "AQ\n" * 9])
def test_what_is_no_fingerprint_is_not_sent(service: Service, given: str) -> None:
    with pytest.raises(PermanentError):
        lookup(given)
    assert service.forms == []


def test_a_long_rest_is_not_waited_for(service: Service) -> None:
    service.moods = [server.failed(429, 14, "later", **{"Retry-After": "3600"})]
    with pytest.raises(ThrottledError):
        lookup()
    assert len(service.forms) == 1


def test_its_rate_is_kept(service: Service, override: Override) -> None:
    use(service, override, acoustid_per_second=10.0)
    for number in range(6):
        lookup(f"AQ{number:08}AAAA")
    assert 5 / (service.moments[-1] - service.moments[0]) <= 10

"""One process renews at a time, and no token that Spotify gave is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from tests.conftest import Override
from tests.servers import spotify as server
from tests.servers.loopback import Answer
from tests.servers.spotify import Spotify
from tests.unit.music.spotify.conftest import configured
from utils.config import Settings
from utils.db import music_accounts
from utils.db.music_tables import MusicAccount
from utils.db.session import session
from utils.errors import NightShiftError, RetryableError, SettingsError, ThrottledError
from utils.models.music import Service
from utils.music.spotify import account_status, api, connection, tokens
from utils.music.spotify.oauth import RefusedGrantError, Tokens
from utils.storage import sealing


def row() -> MusicAccount:
    with session() as s:
        return s.scalars(select(MusicAccount)).one()


def renew(settings: Settings, refused: str | None = None) -> str:
    with connection.client() as asking:
        return tokens.access_token(asking, settings, refused)


@pytest.mark.usefixtures("database")
def test_ten_at_once_renew_once_and_get_the_same_token(
    spotify: Spotify, override: Override
) -> None:
    settings = configured(spotify, override)
    spotify.latency = 0.05
    with ThreadPoolExecutor(10) as pool:
        found = set(pool.map(lambda _: renew(settings), range(10)))
    assert len(found) == 1
    assert spotify.renewals == 1


def test_a_rotated_refresh_token_takes_the_place_of_the_one_before(
    spotify: Spotify, music: Settings
) -> None:
    first = renew(music)
    second = renew(music, refused=first)
    third = renew(music, refused=second)
    assert len({first, second, third}) == 3
    assert spotify.renewals == 3
    assert len(spotify.refresh_tokens) == 1


def test_a_token_is_used_until_it_is_nearly_over(spotify: Spotify, music: Settings) -> None:
    assert renew(music) == renew(music)
    assert spotify.renewals == 1
    spotify.expires_seconds = 59
    renew(music, refused=renew(music))
    renew(music)
    assert spotify.renewals == 3


def test_a_service_that_rotates_nothing_keeps_its_token(spotify: Spotify, music: Settings) -> None:
    spotify.rotates = False
    renew(music, refused=renew(music))
    (kept,) = spotify.refresh_tokens
    opened = sealing.opened_secret(row().refresh_token, tokens.purpose(music), music)
    assert opened == kept


def test_no_token_lies_open_in_the_database(spotify: Spotify, music: Settings) -> None:
    access = renew(music)
    (refresh,) = spotify.refresh_tokens
    raw = (music.home / "nightshift.db").read_bytes()
    raw += (music.home / "nightshift.db-wal").read_bytes()
    for secret in (access, refresh):
        assert secret.encode() not in raw
    assert row().access_token.startswith("sealed~")


def test_a_token_opens_for_the_service_that_gave_it_alone(
    spotify: Spotify, music: Settings, override: Override
) -> None:
    renew(music)
    elsewhere = configured(spotify, override, spotify_accounts_url="http://127.0.0.1:9")
    with pytest.raises(NightShiftError, match="sealed in another home, or for another address"):
        renew(elsewhere)


def test_a_revoked_login_says_how_to_log_in_again_and_is_remembered(
    spotify: Spotify, music: Settings
) -> None:
    spotify.revoke()
    with pytest.raises(RefusedGrantError, match=r"Refresh token revoked.*nightshift music login"):
        renew(music)
    assert account_status.of(music)["connection"] == "refused"
    assert row().refreshing_by is None


def test_a_kept_token_that_is_refused_gives_way_to_that_of_the_settings(
    spotify: Spotify, music: Settings, override: Override
) -> None:
    renew(music, refused=renew(music))  # the settings' first token was rotated away
    spotify.revoke()
    again = configured(spotify, override)  # a new one is set
    assert renew(again, refused=renew(music))
    assert account_status.of(again)["connection"] == "connected"


def test_a_renewal_that_a_killed_process_left_is_taken_over_and_told(
    spotify: Spotify, music: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session() as s:
        assert music_accounts.take_renewal(s, Service.SPOTIFY, "me", "killed", -1)
    assert renew(music)
    spotify.revoke()
    with session() as s:
        assert music_accounts.take_renewal(s, Service.SPOTIFY, "me", "killed", -1)
    with pytest.raises(RefusedGrantError, match="A process was killed while it renewed"):
        renew(music, refused=renew(music))


def test_who_waits_for_another_gets_what_that_one_wrote(spotify: Spotify, music: Settings) -> None:
    with session() as s:
        assert music_accounts.take_renewal(s, Service.SPOTIFY, "other", "other", 60)
        assert music_accounts.take_renewal(s, Service.SPOTIFY, "me", "other", 60)
        assert not music_accounts.take_renewal(s, Service.SPOTIFY, "me", "mine", 60)
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(renew(music)))
    thread.start()
    given = Tokens("BQof-the-other", None, 3600, None)
    with session() as s:
        kept = tokens.columns(given, "AQ", music, s)
        music_accounts.end_renewal(s, Service.SPOTIFY, "me", "other", kept)
    thread.join(30)
    assert found == ["BQof-the-other"]
    assert spotify.renewals == 0


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(503), RetryableError, "503"),
        (server.too_many(7), ThrottledError, "429"),
        (Answer(200, b"<html>Sign in</html>"), RetryableError, "no JSON"),
        (Answer(200, b'{"access_token": "BQ'), RetryableError, "no JSON"),
        (Answer.of_json({"access_token": 7}), RetryableError, "without a token"),
        (Answer.of_json({"access_token": "with\nline"}), RetryableError, "without a token"),
        (Answer(302, headers={"Location": "http://127.0.0.1:9/"}), NightShiftError, "redirects"),
    ],
)
def test_an_answer_of_no_use_leaves_the_token_and_frees_the_renewal(
    spotify: Spotify, music: Settings, answer: Answer, kind: type[Exception], said: str
) -> None:
    spotify.say(answer, "/api/token")
    with pytest.raises(kind, match=said) as error:
        renew(music)
    for secret in (*spotify.refresh_tokens, server.CLIENT_ID):
        assert secret not in str(error.value)
    assert renew(music)


def test_an_unknown_application_and_a_wrong_secret_are_told(
    spotify: Spotify, override: Override
) -> None:
    wrong = configured(spotify, override, spotify_client_id=SecretStr("another"))
    with pytest.raises(SettingsError, match=r"Invalid client.*SPOTIFY_CLIENT_ID"):
        renew(wrong)
    wrong = configured(spotify, override, spotify_client_secret=SecretStr("wrong"))
    with pytest.raises(SettingsError, match="Invalid client secret"):
        renew(wrong)
    right = configured(spotify, override, spotify_client_secret=SecretStr(server.CLIENT_SECRET))
    assert renew(right)


def test_without_a_login_it_is_said_how_to_get_one(spotify: Spotify, override: Override) -> None:
    settings = configured(spotify, override, spotify_refresh_token=None)
    with pytest.raises(SettingsError, match="nightshift music login"):
        renew(settings)
    with pytest.raises(SettingsError, match=r"developer\.spotify\.com/dashboard"):
        renew(configured(spotify, override, spotify_client_id=None))


def test_the_token_of_another_account_is_refused_and_forgotten(
    spotify: Spotify, music: Settings, override: Override
) -> None:
    with api.connected(music):
        pass
    spotify.revoke()
    other = spotify.grant({"id": "somebody-else", "display_name": "B"})
    foreign = configured(spotify, override, spotify_refresh_token=SecretStr(other))
    with session() as s:
        music_accounts.change(s, Service.SPOTIFY, "me", access_ends_at=None)
    for _ in range(2):  # also the next time, when it has lost the token that it rotated
        with pytest.raises(SettingsError, match=r"somebody-else|revoked"):
            with api.connected(foreign):
                pass
    assert row().refresh_token is None
    assert row().profile["id"] == "listener"

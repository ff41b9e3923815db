"""The login: one answer, of this login, on this machine; nothing of it is shown again."""

import socket
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests import ports
from tests.conftest import Override
from tests.servers import spotify as server
from tests.servers.spotify import Spotify
from tests.unit.music.spotify.conftest import configured
from utils.config import Settings
from utils.errors import PermanentError, SettingsError, UsageError
from utils.music.spotify import account_status, history, login


@pytest.fixture
def nobody(spotify: Spotify, override: Override) -> Settings:
    """Settings without a refresh token."""
    return configured(spotify, override, spotify_refresh_token=None)


def agreed(address: str) -> None:
    """What a browser does: it follows the page back to this machine."""
    httpx.get(address, follow_redirects=True)


def later(do: Callable[[str], object]) -> Callable[[str], None]:
    """Have a browser do it while the login listens."""
    return lambda address: threading.Thread(target=do, args=(address,)).start()


def test_a_login_keeps_a_token_that_lasts_and_says_whose_it_is(
    spotify: Spotify, nobody: Settings
) -> None:
    owner = login.log_in(nobody, 0, later(agreed), 30)
    assert (owner["id"], owner["name"]) == ("listener", "A Listener")
    found = account_status.of(nobody)
    assert (found["connection"], found["spotify_id"]) == ("connected", "listener")
    assert found["login_ends_at"] > found["logged_in_at"]
    spotify.play(spotify.add_song(1), spotify.now() - 60)
    assert history.take(nobody).metrics["new"] == 1
    asked = next(one for one in spotify.server.asked if one.path.startswith("/authorize"))
    query = parse_qs(urlsplit(asked.path).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["scope"] == ["user-read-recently-played"]


def test_only_the_answer_to_this_login_counts(spotify: Spotify, nobody: Settings) -> None:
    seen: list[int] = []

    def try_others(address: str) -> None:
        query = parse_qs(urlsplit(address).query)
        back = query["redirect_uri"][0]
        for path in (f"{back}?code=foreign&state=foreign", f"{back}?code=foreign",
                     back.replace("/callback", "/"), f"{back}/more"):  # fmt: skip
            seen.append(httpx.get(path).status_code)
        agreed(address)

    assert login.log_in(nobody, 0, later(try_others), 30)["id"] == "listener"
    assert seen == [400, 400, 404, 404]


def test_who_does_not_agree_or_comes_late_changes_nothing(
    spotify: Spotify, nobody: Settings
) -> None:
    spotify.denies = True
    with pytest.raises(PermanentError, match="did not agree"):
        login.log_in(nobody, 0, later(agreed), 30)
    with pytest.raises(PermanentError, match="in time"):
        login.log_in(nobody, 0, lambda _: None, 0)
    assert account_status.of(nobody)["connection"] == "none"


def test_a_port_that_is_taken_is_told(nobody: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        with pytest.raises(UsageError, match="--port"):
            login.log_in(nobody, other.getsockname()[1], lambda _: None)


def test_the_same_port_serves_the_next_login_at_once(spotify: Spotify, nobody: Settings) -> None:
    with ports.held() as port:
        for _ in range(2):
            assert login.log_in(nobody, port, later(agreed), 30)["id"] == "listener"


def test_a_login_as_somebody_else_is_refused_until_the_first_is_forgotten(
    spotify: Spotify, nobody: Settings
) -> None:
    login.log_in(nobody, 0, later(agreed), 30)
    spotify.me = {"id": "somebody-else", "display_name": "B"}
    with pytest.raises(SettingsError, match=r"somebody-else.*NIGHTSHIFT_MUSIC__ACCOUNT"):
        login.log_in(nobody, 0, later(agreed), 30)
    assert account_status.of(nobody)["spotify_id"] == "listener"
    assert login.log_out(nobody, forget=True)
    assert login.log_in(nobody, 0, later(agreed), 30)["id"] == "somebody-else"


def test_a_login_after_a_logout_goes_on_where_reading_was(
    spotify: Spotify, nobody: Settings
) -> None:
    login.log_in(nobody, 0, later(agreed), 30)
    spotify.play(spotify.add_song(1), spotify.now() - 60)
    history.take(nobody)
    cursor = account_status.of(nobody)["cursor_ms"]
    assert login.log_out(nobody)
    assert not login.log_out(nobody)
    assert (account_status.of(nobody)["connection"], account_status.of(nobody)["cursor_ms"]) == (
        "none",
        cursor,
    )
    login.log_in(nobody, 0, later(agreed), 30)
    assert account_status.of(nobody)["cursor_ms"] == cursor


def test_a_state_holds_nothing_secret(spotify: Spotify, music: Settings) -> None:
    history.take(music)
    text = str(account_status.of(music))
    for secret in (*spotify.refresh_tokens, *spotify.access_tokens, server.CLIENT_ID, "sealed~"):
        assert secret not in text

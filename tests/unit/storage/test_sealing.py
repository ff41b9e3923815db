"""Secrets in addresses are encrypted with a key of the home, and open for their site only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.conftest import Override
from utils.config import Settings, load_settings
from utils.errors import PermanentError
from utils.privacy.redaction import redacted
from utils.storage.sealing import opened, sealed

ADDRESSES = [
    "https://me:hunter2@site/feed",
    "https://site/feed?token=hunter%202&v=1#sig=hunter2",
    "https://hunter2@site:8443/eyJhbGciOiJI.eyJzdWIiOiIx.abc/feed",
    "s3://AKIAEXAMPLE:hunter/+2/x@films/in",  # keys of S3 are of base64
    "https://me:hunter#2/?@site:8443/feed?token=hunter2",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_sealed_address_shows_no_secret_and_opens_again(address: str, settings: Settings) -> None:
    kept = sealed(address, settings)
    assert "hunter" not in kept and "eyJ" not in kept
    assert kept == sealed(address, settings) == sealed(kept, settings) == redacted(kept)
    assert opened(kept, settings) == address


@pytest.mark.parametrize("address", ["https://site/watch?v=abc", "/a://b?token=x", "a://b", "x"])
def test_an_address_without_secrets_and_a_path_stay_as_they_are(
    address: str, settings: Settings
) -> None:
    assert sealed(address, settings) == opened(address, settings) == address
    assert not (settings.home / "secret.key").exists()


def test_a_sealed_secret_opens_for_no_other_site(settings: Settings) -> None:
    kept = sealed("https://site/feed?token=hunter2", settings)
    for site in ("https://site.example", "http://site", "https://site:8443", "https://thief"):
        with pytest.raises(PermanentError, match="another home"):
            opened(kept.replace("https://site", site), settings)


def test_the_key_is_its_owners_and_made_once(settings: Settings) -> None:
    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(lambda _: sealed(ADDRESSES[0], settings), range(32)))
    assert len(kept) == 1
    path = settings.home / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in settings.home.iterdir() if "secret" in one.name] == ["secret.key"]


def test_a_home_without_the_key_says_what_to_do(
    settings: Settings, tmp_path: Path, override: Override
) -> None:
    kept = sealed(ADDRESSES[0], settings)
    key = SecretStr((settings.home / "secret.key").read_text())
    override(home=tmp_path / "other")
    with pytest.raises(PermanentError, match="NIGHTSHIFT_SECRET_KEY"):
        opened(kept, load_settings())
    override(secret_key=key)
    assert opened(kept, load_settings()) == ADDRESSES[0]

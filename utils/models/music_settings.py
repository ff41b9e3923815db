"""What the music library asks of outside services, and how much of it at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr, field_validator

from utils.models.base import Frozen

LOGIN_PORT = 8898  # of the redirect URI that an application at Spotify names


class MusicSettings(Frozen):
    """Settings of the music library (``NIGHTSHIFT_MUSIC__…``).

    A limit is how many are asked for in one run; ``none`` for no limit. Time-outs are seconds of
    one subflow.
    """

    account: str = Field(
        default="me", min_length=1, description="Whose plays are kept, from the API and imports."
    )
    spotify_client_id: SecretStr | None = None
    spotify_client_secret: SecretStr | None = Field(
        default=None, description="Not needed after a login by PKCE."
    )
    spotify_refresh_token: SecretStr | None = Field(
        default=None, description="`nightshift music login` gets one and keeps it."
    )
    acoustid_key: SecretStr | None = Field(
        default=None, description="Looks files up by their sound: acoustid.org/new-application."
    )
    contact: str | None = Field(
        default=None, description="An e-mail or URL in the User-Agent, as MusicBrainz asks for."
    )
    spotify_accounts_url: str = "https://accounts.spotify.com"
    spotify_api_url: str = "https://api.spotify.com/v1"
    musicbrainz_url: str = "https://musicbrainz.org/ws/2"
    acoustid_url: str = "https://api.acoustid.org/v2"
    musicbrainz_per_second: float = Field(
        default=1.0,
        gt=0,
        allow_inf_nan=False,
        description="Of all machines together; more only for a mirror of yours.",
    )
    acoustid_per_second: float = Field(default=3.0, gt=0, allow_inf_nan=False)
    not_found_days: int = Field(
        default=30,
        ge=1,
        description="What a service did not know is asked for again after so long.",
    )
    refresh_days: int = Field(
        default=90, ge=1, description="What a service told is asked for again after so long."
    )
    spotify_artist_limit: int | None = Field(default=None, ge=1)
    spotify_album_limit: int | None = Field(default=None, ge=1)
    musicbrainz_fetch_limit: int | None = Field(default=None, ge=1)
    geographic_limit: int | None = Field(default=None, ge=1)
    default_timeout: int = Field(default=300, ge=1)
    spotify_timeout: int = Field(default=900, ge=1)
    musicbrainz_timeout: int = Field(default=1800, ge=1)
    transformation_timeout: int = Field(default=1200, ge=1)

    @field_validator(
        "spotify_artist_limit", "spotify_album_limit", "musicbrainz_fetch_limit",
        "geographic_limit", mode="before",
    )  # fmt: skip
    @classmethod
    def _no_limit(cls, value: object) -> object:
        return None if isinstance(value, str) and value.strip().lower() == "none" else value


# What a profile of the settings changes: the limits of the seed's environments.
MUSIC_PROFILES: dict[str, dict[str, Any]] = {
    "development": {},
    "testing": {
        "spotify_artist_limit": 10,
        "spotify_album_limit": 5,
        "musicbrainz_fetch_limit": 5,
        "geographic_limit": 10,
    },
    "production": {
        "spotify_artist_limit": 200,
        "spotify_album_limit": 100,
        "musicbrainz_fetch_limit": 50,
        "geographic_limit": 100,
    },
}
# Names without NIGHTSHIFT_MUSIC__ that are taken where ours is not set, as the seed has them.
OTHER_NAMES = {
    "SPOTIFY_CLIENT_ID": "spotify_client_id",
    "SPOTIFY_CLIENT_SECRET": "spotify_client_secret",
    "SPOTIFY_REFRESH_TOKEN": "spotify_refresh_token",
    "SPOTIFY_ARTIST_LIMIT": "spotify_artist_limit",
    "MUSICBRAINZ_FETCH_LIMIT": "musicbrainz_fetch_limit",
    "DEFAULT_TIMEOUT": "default_timeout",
}


def by_other_names(given: Mapping[str, str]) -> dict[str, str]:
    """What is set under the names of other programs, by the fields of ``MusicSettings``."""
    return set_in({ours: given[name] for name, ours in OTHER_NAMES.items() if name in given})


def profile_of(given: Mapping[str, str]) -> str:
    """The profile that ``ENVIRONMENT`` names; what else other programs say there is not for us."""
    named = given.get("ENVIRONMENT", "").strip().lower()
    return named if named in MUSIC_PROFILES else "development"


def set_in(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without blank ones: a compose file passes them on where nobody has set any."""
    return {
        name: value
        for name, value in values.items()
        if not (isinstance(value, str) and not value.strip())
    }


def variable_of(place: tuple[int | str, ...], given: Mapping[str, str]) -> str:
    """The variable that set a field: ours, or that of another program where ours is not set."""
    ours = f"NIGHTSHIFT_{'__'.join(map(str, place))}".upper()
    is_ours = any(name.upper() == ours and value.strip() for name, value in given.items())
    if place[:1] != ("music",) or is_ours:
        return ours
    theirs = (name for name, field in OTHER_NAMES.items() if (field,) == place[1:])
    return next((name for name in theirs if given.get(name, "").strip()), ours)

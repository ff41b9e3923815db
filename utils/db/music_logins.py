"""Whether Spotify would let us in: what is set, and what `nightshift music login` keeps."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.db.music_tables import MusicAccount
from utils.models.music import Service
from utils.models.music_settings import MusicSettings


def is_there(s: Session, settings: MusicSettings) -> bool:
    """True if plays can be asked for: an application is set, and an account lets it read."""
    return bool(settings.spotify_client_id) and (
        bool(settings.spotify_refresh_token) or is_kept(s, settings.account)
    )


def is_kept(s: Session, account: str) -> bool:
    """True if the database keeps what opens an account at Spotify."""
    kept = select(MusicAccount.account).where(
        MusicAccount.service == Service.SPOTIFY.value,
        MusicAccount.account == account,
        MusicAccount.refresh_token.is_not(None),
    )
    return bool(s.scalar(select(kept.exists())))

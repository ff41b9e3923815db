"""Whether Spotify would let us in: what is set, and what `nightshift music login` keeps."""

from __future__ import annotations

from sqlalchemy import create_engine, select
from sqlalchemy.exc import SQLAlchemyError
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


def is_kept_at(url: str, account: str) -> bool:
    """The same of a database that is only read: one that is not there, or old, stays as it is."""
    path = url.removeprefix("sqlite:///")
    if path != url:
        url = f"sqlite:///file:{path}?mode=ro&uri=true"
    try:
        with Session(create_engine(url)) as s:
            return is_kept(s, account)
    except (SQLAlchemyError, ImportError):  # nightshift doctor says why
        return False

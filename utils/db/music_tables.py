"""The tables of listening: plays, what was refused, what services say, what runs came to.

The star schema is made of them as Parquet (utils/music/models).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Float, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from utils.clock import now
from utils.db.base import Base, Counter, Json, UtcTime


class PlayRow(Base):
    """A play (``utils.models.music.Play``).

    ``key`` tells plays apart: the same play imported twice has one row. ``id`` grows: what came
    after an id is new. ``duplicate_of``: the same listening, kept by another service or in another
    export; it is not counted. ``name_key``: of folded title and artist, as the ``track_key`` of a
    track known by name. ``checked_version``: the version of the rules under which it was held
    against the others (utils/music/history/preparation.py), None for a new one. ``changed_at``:
    when anything of the row changed last, ``duplicate_of`` too.
    """

    __tablename__ = "music_plays"
    __table_args__ = (
        Index("ix_music_plays_moment", "account", "played_at"),
        Index("ix_music_plays_name", "account", "name_key"),
    )

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    account: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(8))
    played_at: Mapped[datetime] = mapped_column(UtcTime)
    precision_seconds: Mapped[int] = mapped_column(Integer, default=1)
    ms_played: Mapped[int | None] = mapped_column(Integer)
    name_key: Mapped[str | None] = mapped_column(String(40), index=True)
    track: Mapped[str] = mapped_column(Text)
    artist: Mapped[str | None] = mapped_column(Text)
    album: Mapped[str | None] = mapped_column(Text)
    spotify_track_id: Mapped[str | None] = mapped_column(String(22), index=True)
    isrc: Mapped[str | None] = mapped_column(String(12), index=True)
    recording_mbid: Mapped[str | None] = mapped_column(String(36), index=True)
    artist_mbid: Mapped[str | None] = mapped_column(String(36))
    release_mbid: Mapped[str | None] = mapped_column(String(36))
    country: Mapped[str | None] = mapped_column(String(2))
    platform: Mapped[str | None] = mapped_column(Text)
    skipped: Mapped[bool | None] = mapped_column(Boolean)
    duplicate_of: Mapped[int | None] = mapped_column(BigInteger)
    checked_version: Mapped[int | None] = mapped_column(Integer, index=True)
    added_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now, index=True)


class RejectRow(Base):
    """A row of a history that is no play, and why; ``key``: of its content, so that it is once."""

    __tablename__ = "music_rejects"

    id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    account: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(8))
    place: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    row: Mapped[Any] = mapped_column(Json)
    added_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class MusicAccount(Base):
    """An account at a service: where reading its history goes on, and what opens it (sealed).

    ``cursor_ms``: the newest play that was taken, ms since 1970. ``quota``: what Spotify lets the
    application do (extended: batches; development: single look-ups), as it was found at
    ``quota_at``. ``refreshing_by``: the one process that may ask for a new access token until
    ``refreshing_until``; one that is left behind died while it asked. ``profile``: whose account
    it is (``id``, ``name``), and since when (``logged_in_at``, ``refused_at``). ``username``: who
    exports of the service say that it is.
    """

    __tablename__ = "music_accounts"

    service: Mapped[str] = mapped_column(String(16), primary_key=True)
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    username: Mapped[str | None] = mapped_column(Text)
    cursor_ms: Mapped[int | None] = mapped_column(BigInteger)
    refresh_token: Mapped[str | None] = mapped_column(Text)
    access_token: Mapped[str | None] = mapped_column(Text)
    access_ends_at: Mapped[datetime | None] = mapped_column(UtcTime)
    refreshing_by: Mapped[str | None] = mapped_column(String(36))
    refreshing_until: Mapped[datetime | None] = mapped_column(UtcTime)
    quota: Mapped[str | None] = mapped_column(String(16))
    quota_at: Mapped[datetime | None] = mapped_column(UtcTime)
    profile: Mapped[Any | None] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class EntityRow(Base):
    """What a service says of one thing (``utils.models.music.Entity``): the clients' cache."""

    __tablename__ = "music_entities"

    source: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    found: Mapped[bool] = mapped_column(Boolean)
    document: Mapped[Any | None] = mapped_column(Json)
    canonical_id: Mapped[str | None] = mapped_column(String(64))
    fetched_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RecordingRow(Base):
    """Which recording a file of the library is, and how that is known (``Recording``).

    ``tags``: what the file itself says (``RecordingTags``); ``matches``: what AcoustID says of its
    sound. All other columns follow from them and from what is known of MusicBrainz; ``name_key``
    is that of plays.
    """

    __tablename__ = "music_recordings"

    item_id: Mapped[str] = mapped_column(
        ForeignKey("items.id", ondelete="CASCADE"), primary_key=True
    )
    title: Mapped[str | None] = mapped_column(Text)
    artist: Mapped[str | None] = mapped_column(Text)
    album: Mapped[str | None] = mapped_column(Text)
    name_key: Mapped[str | None] = mapped_column(String(40), index=True)
    spotify_track_id: Mapped[str | None] = mapped_column(String(22), index=True)
    isrc: Mapped[str | None] = mapped_column(String(12), index=True)
    recording_mbid: Mapped[str | None] = mapped_column(String(36), index=True)
    how: Mapped[str | None] = mapped_column(String(16))
    score: Mapped[float | None] = mapped_column(Float)
    tags: Mapped[Any] = mapped_column(Json, default=dict, server_default="{}")
    matches: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    doubts: Mapped[Any] = mapped_column(Json, default=list, server_default="[]")
    looked_at: Mapped[datetime] = mapped_column(UtcTime, default=now)


class MusicRun(Base):
    """A run of `spotify-ingestion` or `daily-etl`, and what each of its subflows came to.

    ``results``: a list of ``SubflowResult``.
    """

    __tablename__ = "music_runs"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    flow: Mapped[str] = mapped_column(String(32), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)
    status: Mapped[str] = mapped_column(String(16))
    results: Mapped[Any] = mapped_column(Json, default=list)

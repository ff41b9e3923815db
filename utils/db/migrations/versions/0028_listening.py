"""listening: plays, rejects, accounts, what services say, recordings of files, runs"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.db.base import UtcTime

revision = "0028"
down_revision = "0027"

PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "music_plays",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("played_at", UtcTime(), nullable=False),
        sa.Column("precision_seconds", sa.Integer(), nullable=False),
        sa.Column("ms_played", sa.Integer()),
        sa.Column("name_key", sa.String(40), index=True),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text()),
        sa.Column("album", sa.Text()),
        sa.Column("spotify_track_id", sa.String(22), index=True),
        sa.Column("isrc", sa.String(12), index=True),
        sa.Column("recording_mbid", sa.String(36), index=True),
        sa.Column("artist_mbid", sa.String(36)),
        sa.Column("release_mbid", sa.String(36)),
        sa.Column("country", sa.String(2)),
        sa.Column("platform", sa.Text()),
        sa.Column("skipped", sa.Boolean()),
        sa.Column("duplicate_of", sa.BigInteger()),
        sa.Column("checked_version", sa.Integer(), index=True),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False, index=True),
    )
    op.create_table(
        "music_rejects",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("service", sa.String(16), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("row", PLAIN, nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
    )
    op.create_table(
        "music_accounts",
        sa.Column("service", sa.String(16), primary_key=True),
        sa.Column("account", sa.Text(), primary_key=True),
        sa.Column("username", sa.Text()),
        sa.Column("cursor_ms", sa.BigInteger()),
        sa.Column("refresh_token", sa.Text()),
        sa.Column("access_token", sa.Text()),
        sa.Column("access_ends_at", UtcTime()),
        sa.Column("refreshing_by", sa.String(36)),
        sa.Column("refreshing_until", UtcTime()),
        sa.Column("quota", sa.String(16)),
        sa.Column("quota_at", UtcTime()),
        sa.Column("profile", PLAIN),
        sa.Column("changed_at", UtcTime(), nullable=False),
    )
    op.create_table(
        "music_entities",
        sa.Column("source", sa.String(16), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("document", PLAIN),
        sa.Column("canonical_id", sa.String(64)),
        sa.Column("fetched_at", UtcTime(), nullable=False, index=True),
        sa.Column("expires_at", UtcTime()),
    )
    op.create_table(
        "music_recordings",
        sa.Column(
            "item_id",
            sa.String(64),
            sa.ForeignKey("items.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("title", sa.Text()),
        sa.Column("artist", sa.Text()),
        sa.Column("album", sa.Text()),
        sa.Column("name_key", sa.String(40), index=True),
        sa.Column("spotify_track_id", sa.String(22), index=True),
        sa.Column("isrc", sa.String(12), index=True),
        sa.Column("recording_mbid", sa.String(36), index=True),
        sa.Column("how", sa.String(16)),
        sa.Column("score", sa.Float()),
        sa.Column("tags", PLAIN, nullable=False, server_default="{}"),
        sa.Column("matches", PLAIN, nullable=False, server_default="[]"),
        sa.Column("doubts", PLAIN, nullable=False, server_default="[]"),
        sa.Column("looked_at", UtcTime(), nullable=False),
    )
    op.create_table(
        "music_runs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("flow", sa.String(32), nullable=False, index=True),
        sa.Column("started_at", UtcTime(), nullable=False, index=True),
        sa.Column("ended_at", UtcTime()),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("results", PLAIN, nullable=False),
    )
    op.create_index("ix_music_plays_moment", "music_plays", ["account", "played_at"])
    op.create_index("ix_music_plays_name", "music_plays", ["account", "name_key"])


def downgrade() -> None:
    for name in (
        "music_runs",
        "music_recordings",
        "music_entities",
        "music_accounts",
        "music_rejects",
        "music_plays",
    ):
        op.drop_table(name)

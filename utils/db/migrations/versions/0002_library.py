"""library: the facts of an item in rows, and its text in a full-text index

Nothing is filled here: the next run writes an item's rows, and `nightshift reindex` makes
those of items that are done already from the ledger.
"""

import sqlalchemy as sa
from alembic import op

from utils.db.base import UtcTime

revision = "0002"
down_revision = "0001"

# What a passage says, in the words of utils/db/words.py: folded ASCII and other characters
# between spaces, so that SQLite's simplest tokenizer is exact. A batch operation on `passages`
# would lose the trigger.
SQLITE = (
    "CREATE VIRTUAL TABLE passage_words USING fts5(words, tokenize = 'ascii')",
    "CREATE TRIGGER passages_gone AFTER DELETE ON passages BEGIN "
    "DELETE FROM passage_words WHERE rowid = old.id; END",
)
POSTGRES = (
    "CREATE TABLE passage_words (passage_id BIGINT PRIMARY KEY "
    "REFERENCES passages (id) ON DELETE CASCADE, words TSVECTOR NOT NULL)",
    "CREATE INDEX ix_passage_words_words ON passage_words USING gin (words)",
)


def upgrade() -> None:
    op.add_column("items", sa.Column("captured_at", UtcTime(), nullable=True))
    op.add_column("items", sa.Column("captured_at_offset_minutes", sa.Integer(), nullable=True))
    op.add_column("items", sa.Column("captured_at_source", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("camera_make", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("camera_model", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("lens", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("focal_length_mm", sa.Float(), nullable=True))
    op.add_column("items", sa.Column("width", sa.BigInteger(), nullable=True))
    op.add_column("items", sa.Column("height", sa.BigInteger(), nullable=True))
    op.add_column("items", sa.Column("frame_rate", sa.Float(), nullable=True))
    op.add_column("items", sa.Column("video_codec", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("audio_codec", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("hdr_format", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("latitude", sa.Float(), nullable=True))
    op.add_column("items", sa.Column("longitude", sa.Float(), nullable=True))

    op.create_table(
        "criteria",
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "number"),
    )
    op.create_table(
        "keywords",
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "number"),
    )
    op.create_table(
        "passages",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("start_seconds", sa.Float(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("passages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passages_item_id"), ["item_id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_seconds", sa.Float(), nullable=False),
        sa.Column("end_seconds", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "number"),
    )
    op.create_table(
        "shots",
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_seconds", sa.Float(), nullable=False),
        sa.Column("end_seconds", sa.Float(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "number"),
    )
    op.create_table(
        "thumbnails",
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("time_seconds", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("phash", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "number"),
    )
    op.create_table(
        "tracks",
        sa.Column("item_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("codec", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("duration_seconds", sa.Float(), nullable=True),
        sa.Column("bit_rate", sa.BigInteger(), nullable=True),
        sa.Column("bit_depth", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("frame_rate", sa.Float(), nullable=True),
        sa.Column("channels", sa.BigInteger(), nullable=True),
        sa.Column("channel_layout", sa.Text(), nullable=True),
        sa.Column("sample_rate", sa.BigInteger(), nullable=True),
        sa.Column("embedded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", "kind", "number"),
    )

    dialect = op.get_bind().dialect.name
    for statement in POSTGRES if dialect == "postgresql" else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE passage_words")
    op.drop_table("tracks")
    op.drop_table("thumbnails")
    op.drop_table("shots")
    op.drop_table("segments")
    op.drop_table("passages")
    op.drop_table("keywords")
    op.drop_table("criteria")
    op.drop_column("items", "longitude")
    op.drop_column("items", "latitude")
    op.drop_column("items", "hdr_format")
    op.drop_column("items", "audio_codec")
    op.drop_column("items", "video_codec")
    op.drop_column("items", "frame_rate")
    op.drop_column("items", "height")
    op.drop_column("items", "width")
    op.drop_column("items", "focal_length_mm")
    op.drop_column("items", "lens")
    op.drop_column("items", "camera_model")
    op.drop_column("items", "camera_make")
    op.drop_column("items", "captured_at_source")
    op.drop_column("items", "captured_at_offset_minutes")
    op.drop_column("items", "captured_at")

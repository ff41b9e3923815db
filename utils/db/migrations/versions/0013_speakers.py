"""speech has speakers, voices have names, and a person's words stand above a machine's"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.db.base import UtcTime

revision = "0013"
down_revision = "0012"

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("segments", sa.Column("speaker", sa.Text(), nullable=True))
    op.create_table(
        "corrections",
        sa.Column("item_id", sa.String(64), sa.ForeignKey("items.id", ondelete="CASCADE"),
                  primary_key=True),
        sa.Column("corrected_at", UtcTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("segments", _JSON, nullable=False),
    )  # fmt: skip
    op.create_table(
        "voice_names",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("item_id", sa.String(64), sa.ForeignKey("items.id", ondelete="CASCADE"),
                  nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("voiceprint", _JSON, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("similarity", sa.Float(), nullable=True),
        sa.Column("named_at", UtcTime(), nullable=False),
    )  # fmt: skip
    op.create_index("ix_voice_names_item_id", "voice_names", ["item_id"])
    op.create_index("ix_voice_names_name", "voice_names", ["name"])


def downgrade() -> None:
    op.drop_table("voice_names")
    op.drop_table("corrections")
    op.drop_column("segments", "speaker")

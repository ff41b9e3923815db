"""people, their logins and saved views, and who did what"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.db.base import UtcTime

revision = "0034"
down_revision = "0033"

PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, unique=True),
        sa.Column("password_hash", sa.Text()),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("language", sa.String(16)),
        sa.Column("timezone", sa.String(64)),
        sa.Column("theme", sa.String(8), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("last_login_at", UtcTime()),
        sa.Column("disabled_at", UtcTime()),
    )
    op.create_table(
        "login_sessions",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.String(16), sa.ForeignKey("users.id", ondelete="CASCADE"),
                  index=True),
        sa.Column("token_id", sa.String(16), sa.ForeignKey("tokens.id", ondelete="CASCADE")),
        sa.Column("browser", sa.Text()),
        sa.Column("address", sa.Text()),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("last_seen_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False, index=True),
    )  # fmt: skip
    op.create_table(
        "audit_log",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("at", UtcTime(), nullable=False, index=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.String(16)),
        sa.Column("via", sa.String(8), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text()),
        sa.Column("detail", PLAIN),
        sa.Column("address", sa.Text()),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", COUNTER, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.String(16), sa.ForeignKey("users.id", ondelete="CASCADE"),
                  index=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("on_start", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("saved_views", "audit_log", "login_sessions", "users"):
        op.drop_table(table)

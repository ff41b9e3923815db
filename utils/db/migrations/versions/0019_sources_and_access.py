"""sources have names, kinds and schedules, and keep what they saw; tokens of the HTTP API"""

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.db.base import UtcTime

revision = "0019"
down_revision = "0018"

PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    former = (
        op.get_bind()
        .execute(sa.text("SELECT location, added_at, vocabulary FROM sources ORDER BY added_at"))
        .all()
    )
    op.drop_table("sources")
    op.create_table(
        "sources",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("location", sa.Text(), nullable=False, index=True),
        sa.Column("pattern", sa.Text()),
        sa.Column("schedule", sa.Text()),
        sa.Column("timezone", sa.Text()),
        sa.Column("queue", sa.String(16), nullable=False, server_default="default"),
        sa.Column("profile", sa.Text()),
        sa.Column("options", PLAIN, nullable=False, server_default="{}"),
        sa.Column("keep_last", sa.Integer()),
        sa.Column("since", sa.Date()),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("paused_at", UtcTime()),
        sa.Column("vocabulary", sa.Text()),
        sa.Column("cursor", PLAIN),
        sa.Column("prefect_deployment_id", sa.String(36), index=True),
        sa.Column("prefect_flow_id", sa.String(36)),
    )
    for location, added_at, vocabulary in former:
        is_url = location.lower().startswith(("http://", "https://"))
        key = hashlib.sha256(location.encode()).hexdigest()[:32]
        op.get_bind().execute(
            sa.text(
                "INSERT INTO sources (id, name, kind, location, added_at, vocabulary) "
                "VALUES (:id, :name, :kind, :location, :added_at, :vocabulary)"
            ),
            {"id": key, "name": f"source-{key[:8]}", "kind": "youtube" if is_url else "folder",
             "location": location, "added_at": added_at, "vocabulary": vocabulary},
        )  # fmt: skip
    op.create_table(
        "source_files",
        _source(),
        sa.Column("key", sa.Text(), primary_key=True),
        *_object(),
        sa.Column("status", sa.String(12), nullable=False, index=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("claimed_by", sa.String(64), index=True),
        sa.Column("item_id", sa.String(64), index=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("error_class", sa.String(40)),
        sa.Column("error", sa.Text()),
        sa.Column("discovered_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("vanished_at", UtcTime()),
    )
    op.create_table(
        "source_file_versions",
        _source(),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        *_object(),
        sa.Column("item_id", sa.String(64), index=True),
        sa.Column("replaced_at", UtcTime(), nullable=False),
    )
    for column in (
        sa.Column("source_id", sa.String(32)),
        sa.Column("trigger", sa.String(12)),
        sa.Column("metrics", PLAIN),
    ):
        op.add_column("runs", column)
    op.create_index("ix_runs_source_id", "runs", ["source_id"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, unique=True),
        sa.Column("scopes", PLAIN, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime()),
        sa.Column("last_used_at", UtcTime()),
        sa.Column("revoked_at", UtcTime()),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.String(16), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("answer", PLAIN),
        sa.Column("created_at", UtcTime(), nullable=False),
    )


def _source() -> sa.Column:
    of = sa.ForeignKey("sources.id", ondelete="CASCADE")
    return sa.Column("source_id", sa.String(32), of, primary_key=True)


def _object() -> tuple[sa.Column, ...]:
    return (
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("etag", sa.Text()),
        sa.Column("modified_at", UtcTime()),
    )


def downgrade() -> None:
    for table in ("idempotency_keys", "tokens", "source_file_versions", "source_files"):
        op.drop_table(table)
    op.drop_index("ix_runs_source_id", "runs")
    for column in ("metrics", "trigger", "source_id"):
        op.drop_column("runs", column)
    former = (
        op.get_bind()
        .execute(
            sa.text(
                "SELECT location, min(added_at), max(vocabulary) FROM sources GROUP BY location"
            )
        )
        .all()
    )
    op.drop_table("sources")
    op.create_table(
        "sources",
        sa.Column("location", sa.Text(), primary_key=True),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("vocabulary", sa.Text()),
    )
    for location, added_at, vocabulary in former:
        op.get_bind().execute(
            sa.text("INSERT INTO sources VALUES (:location, :added_at, :vocabulary)"),
            {"location": location, "added_at": added_at, "vocabulary": vocabulary},
        )

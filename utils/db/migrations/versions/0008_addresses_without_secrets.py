"""secrets in addresses sealed where they are needed again, and hidden where they are only told"""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from utils.config import load_settings
from utils.privacy.redaction import redacted
from utils.storage.sealing import opened, sealed

revision = "0008"
down_revision = "0007"

# Table, its primary key, the column.
_ADDRESSES = (
    ("sources", "location", "location"),
    ("items", "id", "source_url"),
    ("downloads", "key", "url"),
    ("run_items", "id", "path"),
)
_TEXTS = (
    ("items", "id", "error"),
    ("run_items", "id", "error"),
    ("run_items", "id", "reason"),
    ("runs", "id", "reason"),
    ("executions", "id", "error"),
)
_DOCUMENTS = (("executions", "id", "result"), ("executions", "id", "inputs"))
_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    settings = load_settings()
    for place in _ADDRESSES:
        _change(*place, sa.Text(), lambda address: sealed(address, settings))
    for place in _TEXTS:
        _change(*place, sa.Text(), redacted)
    for place in _DOCUMENTS:
        _change(*place, _JSON, lambda document: json.loads(redacted(json.dumps(document))))


def downgrade() -> None:
    settings = load_settings()
    for place in _ADDRESSES:
        _change(*place, sa.Text(), lambda address: opened(address, settings))


def _change(table: str, key: str, column: str, kind: Any, changed: Callable[[Any], Any]) -> None:
    """Write ``changed`` of a column where that differs; only rows with an address are read."""
    known, value = sa.column(key), sa.column(column, kind)
    rows = sa.table(table, *{part.name: part for part in (known, value)}.values())
    query = sa.select(known, value).where(sa.cast(value, sa.Text()).like("%://%"))
    for at, before in [tuple(row) for row in op.get_bind().execute(query)]:
        after = changed(before)
        if after != before:
            written = sa.update(rows).where(known == at).values({column: after})
            op.get_bind().execute(written)

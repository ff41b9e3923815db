"""Alembic's environment: the connection is given by ``utils.db.session.upgrade``.

No batches: on SQLite they make a table anew, and dropping the old one deletes the rows of other
tables that refer to it.
"""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from utils.db import (  # noqa: F401  their tables are in it then
    access_tables,
    fact_tables,
    item_checksum_tables,
    job_tables,
    music_tables,
    page_tables,
    publication_tables,
    request_tables,
    review_tables,
    schema,
    site_tables,
    source_tables,
    speech_tables,
    upload_tables,
    visual_tables,
    work_tables,
)
from utils.db.base import Base, is_described


def rendered(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """How a new migration writes a type; False: as Alembic does, which forgets to import JSONB."""
    if kind == "type" and isinstance(value, sa.JSON):
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_name=is_described,
    render_item=rendered,
)
with context.begin_transaction():
    context.run_migrations()

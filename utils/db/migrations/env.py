"""Alembic's environment: the connection is given by ``utils.db.session.upgrade``."""

from alembic import context

from utils.db import fact_tables, schema  # noqa: F401  their tables are in the metadata then
from utils.db.base import Base, is_described

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_name=is_described,
)
with context.begin_transaction():
    context.run_migrations()

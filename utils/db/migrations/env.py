"""Alembic's environment: the connection is given by ``utils.db.session.upgrade``."""

from alembic import context

from utils.db.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

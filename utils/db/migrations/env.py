"""Alembic's environment: the connection is given by ``utils.db.session.upgrade``."""

from alembic import context

from utils.db.schema import Base, is_described

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_name=is_described,
)
with context.begin_transaction():
    context.run_migrations()

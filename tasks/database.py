"""The database that a prefect-sqlalchemy block names, for those who keep it there."""

from __future__ import annotations

from pydantic import SecretStr

from utils import config
from utils.errors import PermanentError


def connect() -> config.Settings:
    """The settings; the database is that of the block ``NIGHTSHIFT_DATABASE_BLOCK``, if it is set.

    Raises:
        PermanentError: there is no such block.
    """
    settings = config.load_settings()
    if not settings.database_block or settings.database_url:
        return settings
    from prefect_sqlalchemy import SqlAlchemyConnector

    try:
        block = SqlAlchemyConnector.load(settings.database_block)
    except ValueError as error:
        raise PermanentError(
            f"There is no SqlAlchemyConnector block {settings.database_block!r}. Make one in the "
            "Prefect UI, or set NIGHTSHIFT_DATABASE_URL."
        ) from error
    url = block._rendered_url.render_as_string(hide_password=False)
    config.override(database_url=SecretStr(url))
    return config.load_settings()

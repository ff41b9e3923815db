"""Make a migration of what the tables in utils/db have and the migrations lack.

python scripts/make_migration.py "items have a colour"
"""

import sys

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from utils.db.session import MIGRATIONS, upgrade


def make(message: str) -> None:
    last = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    engine = create_engine("sqlite://")  # in memory: nobody's database is touched
    upgrade(engine)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=f"{int(last) + 1:04}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(sys.argv[1])

"""`nightshift music page`: all answers on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nightshift.cli.filters import Since, Until, asked
from nightshift.cli.music_answers import Limit, Place
from nightshift.cli.music_output import opened_tables, target_of
from nightshift.cli.output import console
from utils.models.sanitize import visible


def page(
    file: Annotated[Path, typer.Argument(metavar="FILE.html", help="What is there is replaced.")],
    since: Since = None,
    until: Until = None,
    place: Place = None,
    limit: Limit = 10,
) -> None:
    """Write all answers with plots and a map as one page.

    It needs nothing else, no network and no script: any browser opens it from
    the disk, and it can be mailed.
    """
    from utils.music.reports import page as pages

    wanted, target = asked(since, until, place), target_of(file, ".html")
    with opened_tables(wanted) as (connection, settings):
        pages.write(connection, wanted, limit, settings.timezone, target)
    console.print(f"Written: {visible(str(file))}", markup=False, soft_wrap=True)

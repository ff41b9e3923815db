"""Commands that hold all shifts, on whatever machine, and let them go on: pause, resume."""

from __future__ import annotations

from typing import Annotated

import typer

from nightshift.cli.output import Json, console, print_json
from utils.models.sanitize import visible


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(pause)
    app.command()(resume)


def pause(
    reason: Annotated[str | None, typer.Argument(help="Told to whoever waits.")] = None,
    as_json: Json = False,
) -> None:
    """Begin no further item in any shift until `nightshift resume`.

    What is in work goes on to its end.
    """
    from utils.db import flags, items
    from utils.db.session import session

    with session() as s:
        flags.put(s, flags.PAUSED, {"reason": reason})
        in_work = items.count_by_status(s).get(items.IN_WORK, 0)
    if as_json:
        print_json({"paused": True, "reason": reason, "claimed": in_work})
    else:
        console.print(
            f"Paused: no item is begun until `nightshift resume` ({in_work} are claimed)."
        )


def resume(as_json: Json = False) -> None:
    """Let paused shifts go on."""
    from utils.db import flags
    from utils.db.session import session

    with session() as s:
        flag = flags.remove(s, flags.PAUSED)
    reason = flag.value["reason"] if flag else None
    if as_json:
        print_json({"paused": False, "was_paused": flag is not None, "reason": reason})
    elif flag:
        why = f": {visible(reason)}" if reason else ""
        console.print(f"Shifts go on. They were paused{why}.", highlight=False, markup=False)
    else:
        console.print("Nothing was paused.")

"""`nightshift music`: what was listened to, what services say of it, and what that answers."""

from __future__ import annotations

import typer

from nightshift.cli import music_flows

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="""What was listened to: brought in, enriched, asked.

    [bold]nightshift music import FILE…[/bold]  takes the exports of Spotify, Last.fm, ListenBrainz
    [bold]nightshift music login[/bold]  lets Spotify tell what is played from now on
    [bold]nightshift music build[/bold]  makes the tables that questions are asked of
    [bold]nightshift music top artists --since 2025-01-01[/bold]  what was heard most
    [bold]nightshift music page FILE.html[/bold]  all answers with plots and a map, on one page

    Questions read the tables of the last build: plays that came later are in the next.
    It takes the extra: pip install "nightshift\\[music]".""",
)

app.command()(music_flows.etl)
app.command()(music_flows.ingest)


def add_to(root: typer.Typer) -> None:
    """Add the group; each command stands in a file of its own beside this one."""
    root.add_typer(app, name="music")

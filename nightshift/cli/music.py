"""`nightshift music`: what was listened to, what services say of it, and what that answers."""

from __future__ import annotations

import typer

from nightshift.cli import (
    music_account,
    music_answers,
    music_build,
    music_flows,
    music_import,
    music_page,
    music_recordings,
    music_rejects,
)

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="""What was listened to: brought in, enriched, asked.

    [bold]nightshift music import FILE…[/bold]  takes the exports of Spotify, Last.fm, ListenBrainz
    [bold]nightshift music login[/bold]  lets Spotify tell what is played from now on
    [bold]nightshift music build[/bold]  makes the tables that questions are asked of
    [bold]nightshift music top artists --since 2025-01-01[/bold]  what was heard most
    [bold]nightshift music page FILE.html[/bold]  all answers with plots and a map, on one page
    [bold]nightshift music tag ITEM[/bold]  shows which ids would be written into a song's tags

    Questions read the tables of the last build: plays that came later are in the next.
    It takes the extra: pip install "nightshift\\[music]".""",
)

app.command("import")(music_import.import_files)
app.command("rejects")(music_rejects.rejects)
app.command("build")(music_build.build)
app.command("export")(music_build.export)
app.command()(music_account.login)
app.command()(music_account.logout)
app.command()(music_account.account)
app.command("top")(music_answers.top)
app.command("places")(music_answers.places)
app.command("timeline")(music_answers.timeline)
app.command("habits")(music_answers.habits)
app.command("new")(music_answers.new)
app.command("missing")(music_answers.missing)
app.command("page")(music_page.page)

app.command("identify")(music_recordings.identify)
app.command("tag")(music_recordings.tag)
app.command()(music_flows.etl)
app.command()(music_flows.ingest)


def add_to(root: typer.Typer) -> None:
    """Add the group; each command stands in a file of its own beside this one."""
    root.add_typer(app, name="music")

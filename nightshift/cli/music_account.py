"""`nightshift music login`, `logout`, `account`: whose plays Spotify tells, and whether it does."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from nightshift.cli.output import Json, console, print_facts, print_json
from utils.models.music_settings import LOGIN_PORT
from utils.models.sanitize import visible


def login(
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page here, or only show it.")
    ] = True,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="Of this machine, in the redirect URI."),
    ] = LOGIN_PORT,
    wait: Annotated[int, typer.Option("--wait", min=1, help="Seconds for you to agree.")] = 300,
    as_json: Json = False,
) -> None:
    """Let Spotify tell what you play: agree on its page, once in six months.

    The page leads back to http://127.0.0.1:PORT/callback, which your application at
    developer.spotify.com must have as a redirect URI. Of the password nothing comes here.
    """
    from utils.config import load_settings
    from utils.music.spotify.login import log_in

    def show(address: str) -> None:
        typer.echo(f"Agree on this page, in a browser on this machine:\n{address}", err=True)
        if browser:
            typer.launch(address)

    owner = log_in(load_settings(), port, show, wait)
    schedule = _schedule()
    if as_json:
        print_json({"spotify_id": owner["id"], "name": owner["name"]})
    else:
        named = visible(owner["name"] or owner["id"])
        console.print(f"Connected: {named} ({visible(owner['id'])})", markup=False)
        console.print(visible(schedule), markup=False, soft_wrap=True)


def logout(
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Also whose account it was, and where reading goes on."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Forget the tokens of Spotify; plays stay.

    Spotify itself forgets the application at https://www.spotify.com/account/apps.
    """
    from utils.config import load_settings
    from utils.music.spotify.login import log_out

    settings = load_settings()
    gone = log_out(settings, forget)
    _schedule()
    if as_json:
        print_json({"account": settings.music.account, "forgotten": gone})
    else:
        console.print("The tokens are forgotten." if gone else "There was no login.")
    if settings.music.spotify_refresh_token:
        typer.echo("NIGHTSHIFT_MUSIC__SPOTIFY_REFRESH_TOKEN is still set, and used.", err=True)


def account(as_json: Json = False) -> None:
    """Say whose plays Spotify tells, whether it still does, and what came last."""
    from utils.config import load_settings
    from utils.music.spotify import account_status

    settings = load_settings()
    found = account_status.of(settings)
    if as_json:
        print_json(found)
    else:
        print_facts(_facts(found, ZoneInfo(settings.timezone)))


def _facts(found: dict[str, Any], zone: ZoneInfo) -> list[tuple[str, str]]:
    def moment(name: str) -> str:
        text = found[name]
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M}" if text else "–"

    remedies = {"refused": "refused by Spotify: nightshift music login",
                "none": "none: nightshift music login",
                "from settings": "a refresh token in the settings, not used yet"}  # fmt: skip
    modes = {"extended": "extended (batches)", "development": "development (one by one)"}
    whose = found["name"] or found["spotify_id"] or "–"
    rows = [
        ("account", found["account"]),
        ("at Spotify", f"{whose} ({found['spotify_id']})" if found["spotify_id"] else whose),
        ("connection", remedies.get(found["connection"], found["connection"])),
        ("logged in", moment("logged_in_at")),
        ("login ends", moment("login_ends_at")),
        ("token ends", moment("token_ends_at")),
        ("quota", modes.get(found["quota"], "not known yet")),
        ("last play", moment("last_play")),
        ("plays", f"{found['plays']:,}"),
    ]
    if not found["application"]:
        rows.insert(1, ("application", "none: set NIGHTSHIFT_MUSIC__SPOTIFY_CLIENT_ID"))
    if found["throttled_seconds"]:
        rows.append(("paused", f"by Spotify for another {found['throttled_seconds']:,} s"))
    return rows


def _schedule() -> str:
    """Have Prefect's server ask Spotify as long as there is a login; says how it is, for people."""
    from utils.config import load_settings
    from utils.errors import NightShiftError
    from utils.processes.prefect_environment import is_served

    settings = load_settings()
    if not is_served(settings):
        return "Every 30 minutes by `nightshift up`; now: nightshift music ingest"
    from deployments import switched_schedules

    try:
        return switched_schedules.bring_together(switched_schedules.SPOTIFY, settings)
    except NightShiftError as error:
        return f"The schedule is as it was: {error} Then: nightshift doctor --fix"

"""`nightshift music import`: what was listened to, out of the exports of services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, errors, not_blank, print_json, print_table, spinner
from nightshift.cli.output import print_warning as warn

if TYPE_CHECKING:
    from utils.models.music import SubflowResult
    from utils.models.music_import import ImportedFile
    from utils.music.history.importing import Found, Wanted


def import_files(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            callback=not_blank,
            help="Exports, as they were downloaded (zip) or unpacked, or folders of them.",
        ),
    ],
    account: Annotated[
        str | None,
        typer.Option(help="Whose history it is, if not that of NIGHTSHIFT_MUSIC__ACCOUNT."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be taken; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take what was listened to from histories that services export.

    Spotify's streaming history (extended or short), Last.fm's scrobbles (JSON or CSV of the known
    tools), ListenBrainz's listens. A file is known by what is in it. What is known already is not
    taken twice; what is no play is kept with its reason (`nightshift music rejects`).
    """
    from utils.config import load_settings
    from utils.music.history import importing
    from utils.music.history.importing import Wanted

    if account is not None and not account.strip():
        raise typer.BadParameter("an account has a name", param_hint="--account")
    given = (account or load_settings().music.account).strip()
    wanted = Wanted(given, is_named=account is not None, dry_run=dry_run)
    found = importing.found([path.expanduser() for path in paths])
    done = _taken(found, wanted)
    checked = None if dry_run else _checked()
    if as_json:
        print_json(_document(found, done, checked, dry_run))
        return
    _print(found, done, checked, dry_run)


def _taken(found: Found, wanted: Wanted) -> list[ImportedFile]:
    from utils.models.sanitize import visible
    from utils.music.history import importing

    with errors.status("reading", spinner=spinner()) as status:
        return list(
            importing.each(
                found,
                wanted,
                lambda name, rows: status.update(f"{visible(name)}: {rows:,} rows"),
            )
        )


def _checked() -> SubflowResult:
    """Hold what came against what other services and exports say: each listening counts once."""
    from utils.music import preparation

    with errors.status("comparing", spinner=spinner()) as status:
        return preparation.prepare(lambda rows: status.update(f"comparing: {rows:,} plays"))


def _document(
    found: Found, done: list[ImportedFile], checked: SubflowResult | None, dry_run: bool
) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "files": [one.model_dump(mode="json") for one in done],
        "ignored": [{"file": place.name, "is": what} for place, what in found.others],
        "rows": sum(one.rows for one in done),
        "new": sum(one.new for one in done),
        "known": sum(one.known for one in done),
        "rejected": sum(sum(one.rejected.values()) for one in done),
        "duplicates": int(checked.metrics["duplicates"]) if checked else None,
    }


def _print(
    found: Found, done: list[ImportedFile], checked: SubflowResult | None, dry_run: bool
) -> None:
    print_table(
        ("file", "history", "rows", "new", "known", "rejected", "from", "to"),
        (
            (
                one.file,
                one.format,
                f"{one.rows:,}",
                f"{one.new:,}",
                f"{one.known:,}",
                f"{sum(one.rejected.values()):,}",
                (one.first or "–")[:10],
                (one.last or "–")[:10],
            )
            for one in done
        ),
    )
    for one in done:
        for note in _notes(one):
            warn(f"{one.file}: {note}")
    if found.others:
        names = ", ".join(place.name.rsplit("/", 1)[-1] for place, _ in found.others[:5])
        more = f" and {len(found.others) - 5} more" if len(found.others) > 5 else ""
        _say(f"No histories: {names}{more}")
    _say(_summary(done, checked, dry_run))


def _notes(one: ImportedFile) -> list[str]:
    """What a person must know of a file."""
    from utils.models.music_import import IN_WORDS

    notes = [f"{number:,} rejected: {IN_WORDS[reason]}" for reason, number in one.rejected.items()]
    if one.not_kept:
        notes.append(f"{one.not_kept:,} of the rejected are counted, but not kept")
    if one.cut:
        notes.append(f"cut or damaged {one.cut}; download it again for the rest")
    if one.cleaned:
        notes.append(f"{one.cleaned:,} rows have names that were cleaned or shortened")
    return [*notes, *one.notes]


def _summary(done: list[ImportedFile], checked: SubflowResult | None, dry_run: bool) -> str:
    """What all of it came to, in a line."""
    new = sum(one.new for one in done)
    said = [f"{_plays(new)} {'would be' if dry_run else 'is' if new == 1 else 'are'} new"]
    if episodes := sum(one.episodes for one in done):
        said.append(
            f"{episodes:,} of all rows are podcasts, audiobooks, videos: no table counts them"
        )
    if duplicates := int(checked.metrics["duplicates"]) if checked else 0:
        said.append(f"{_plays(duplicates)} not counted: another tells of the same listening")
    return "; ".join(said) + "."


def _plays(number: int) -> str:
    return f"{number:,} {'play' if number == 1 else 'plays'}"


def _say(text: str) -> None:
    from utils.models.sanitize import visible

    console.print(visible(text), markup=False, highlight=False, soft_wrap=True)

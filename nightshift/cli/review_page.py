"""One item as a person reviews it: what it is, how it was judged, what is said and seen in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nightshift.cli.approval import print_approval
from nightshift.cli.output import COLORS, console, print_facts, print_paragraph, shown
from nightshift.cli.tables import cut
from utils.models.sanitize import visible

_LINES = 6  # of the transcript
_SUMMARY = 600  # characters
_PICTURES = ("contact_sheet", "thumbnail", "waveform")  # the most telling first
_BESIDE = 14  # cells that stand beside a line of the transcript
_STILLS = len(" (of 20 stills)")
_SOUND = 1.0  # the score of a criterion that finds nothing


def print_page(document: dict[str, Any], in_session: bool = False) -> None:
    """Print what a decision needs; ``document`` is that of `nightshift show`."""
    from utils.observability.reports.rows import duration

    item = document["item"]
    console.print(f"[bold]{_plain(item['title'])}[/]", soft_wrap=True)
    facts = (item["kind"], duration(item["duration_seconds"]), item["language"], item["item_id"])
    told = [fact for fact in facts if fact and fact != "–"]
    told[-1] = told[-1][:10]
    console.print(" · ".join(told), style="dim", highlight=False)
    _print_verdict(document["verdict"])
    print_approval(document["approval"], in_session)
    _print_content(document)


def _print_verdict(verdict: dict[str, Any] | None) -> None:
    """Print the verdict of the rules, and what they found wanting."""
    if verdict is None:
        return
    band = verdict["band"]
    console.print(f"\n[bold]Rules[/] [{COLORS[band]}]{band}[/] {verdict['score']:.2f}")
    wanting = [one for one in verdict["criteria"] if one["score"] < _SOUND]
    for one in wanting:
        print_paragraph(f"{one['name']} {one['score']:.2f}: {one['reason']}", 2)
    if not wanting:
        print_paragraph(f"nothing wanting in {len(verdict['criteria'])} criteria", 2)


def _print_content(document: dict[str, Any]) -> None:
    analysis, video = document["analysis"], document["video"]
    rows = []
    if summary := (analysis or {}).get("summary") or document["item"]["summary"]:
        rows.append(("summary", _cut(summary)))
    if video and video.get("summary"):
        rows.append(("to be seen", _cut(video["summary"])))
    rows += _speech(document["transcript"], document["item"]["item_id"])
    rows += [("file", path) for path in document["item"]["paths"][:1]]
    rows += _made(document["renditions"])
    if rows:
        console.print()
    print_facts(rows)


def _made(renditions: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The rendition, and the most telling of the pictures."""
    paths = {one["kind"]: _below_home(one["path"]) for one in reversed(renditions)}
    pictures = [paths.pop(kind) for kind in _PICTURES if kind in paths]
    rows = [("rendition", path) for kind, path in paths.items() if kind != "spectrogram"]
    more = sum(one["kind"] == "thumbnail" for one in renditions)
    told = f" (of {more} stills)" if more > 1 else ""
    return rows + [("picture", f"{path}{told}") for path in pictures[:1]]


def _below_home(path: str) -> str:
    """A path that fits beside its name on a terminal, from the home on; a pipe gets all of it."""
    from utils.config import load_settings

    if not console.is_terminal:
        return path
    home = load_settings().home
    short = str(Path(path).relative_to(home)) if Path(path).is_relative_to(home) else path
    return cut(short, max(20, console.width - _BESIDE - _STILLS), "path")


def _speech(transcript: dict[str, Any] | None, item_id: str) -> list[tuple[str, str]]:
    """The first lines of what is said, with their times."""
    from utils.observability.reports.rows import duration

    segments = transcript["segments"] if transcript else []
    rows = []
    for number, part in enumerate(segments[:_LINES]):
        speaker = f"{part['speaker']}: " if part["speaker"] else ""
        line = f"{duration(part['start_seconds'])} {speaker}{part['text']}"
        rows.append(("said" if number == 0 else "", _on_one_line(line)))
    if len(segments) > _LINES:
        more = len(segments) - _LINES
        rows.append(("", f"and {more:,} lines more (key t, or nightshift show {item_id[:10]})"))
    return rows


def print_speech(document: dict[str, Any]) -> None:
    """Print all that is said, with times."""
    from utils.observability.reports.rows import duration

    segments = (document["transcript"] or {}).get("segments", ())
    print_facts((duration(part["start_seconds"]), part["text"]) for part in segments)
    if not segments:
        console.print("Nothing is said in it, or nobody has listened yet.")


def _on_one_line(line: str) -> str:
    """As much of a line as the terminal has room for; a pipe gets all of it."""
    return cut(line, max(20, console.width - _BESIDE), "text") if console.is_terminal else line


def _cut(text: str) -> str:
    return text if len(text) <= _SUMMARY else text[:_SUMMARY].rsplit(" ", 1)[0] + " …"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(shown(visible(text)))

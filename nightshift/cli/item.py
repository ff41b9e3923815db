"""One item, whole, as tables for people (its document: utils/documents/item.py)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nightshift.cli import item_facts, item_words
from nightshift.cli.approval import print_approval
from nightshift.cli.output import COLORS, console, print_facts, print_json, print_table
from nightshift.cli.publish import print_publications
from nightshift.cli.visuals import print_visuals


def print_all(document: dict[str, Any]) -> None:
    """Print an item's document for people."""
    print_facts(item_facts.of_document(document), whole=("checksum", "path", "address"))
    _print_verdict(document["verdict"])
    print_approval(document["approval"])
    print_publications(document["publications"])
    _print_parts(document["record"])
    _print_work(document)


def _print_verdict(verdict: dict[str, Any] | None) -> None:
    if verdict:
        band = verdict["band"]
        console.print(f"\n[bold]Verdict[/] [{COLORS[band]}]{band}[/] {verdict['score']:.2f}")
        print_table(
            ("criterion", "score", "why"),
            ((c["name"], f"{c['score']:.2f}", c["reason"]) for c in verdict["criteria"]),
            below=("why",),
        )


def _print_work(document: dict[str, Any]) -> None:
    """Print the speech, the steps and the files that were made."""
    from utils.observability.reports.rows import size

    transcript = document["transcript"]
    if transcript and transcript["segments"]:
        corrected = transcript["corrected_at"]
        by_hand = f", corrected by hand on {item_facts.day(corrected)}" if corrected else ""
        console.print(f"\n[bold]Transcript[/]{by_hand}")
        print_facts(_spoken(document))
    item_words.print_words(document["analysis"], len(transcript["segments"]) if transcript else 0)
    if document["steps"]:
        console.print("\n[bold]Steps[/]")
    print_table(
        ("step", "status", "runs", "seconds", "error"),
        (
            (
                step["step"],
                step["status"],
                str(step["executions"]),
                f"{step['duration_seconds'] or 0:.2f}",
                step["error"] or "",
            )
            for step in document["steps"]
        ),
    )
    if document["renditions"]:
        console.print("\n[bold]Files made from it[/]")
    made = [(f"{m['kind']}, {size(m['size_bytes'])}", m["path"]) for m in document["renditions"]]
    print_facts(made, whole=[name for name, _ in made])
    if document["visuals"]["visuals"] or document["visuals"]["notes"]:
        console.print("\n[bold]Pictures for it[/]")
        print_visuals(document["visuals"])


def _spoken(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each segment with its time; below it what it is in Latin letters, and in English."""
    from utils.observability.reports.rows import duration

    segments = document["transcript"]["segments"]
    below = [
        item_words.lines(document["analysis"], name, len(segments))
        for name in ("romanisation", "translation")
    ]
    for number, part in enumerate(segments):
        speaker = f"{part['speaker']}: " if part["speaker"] else ""
        yield duration(part["start_seconds"]), speaker + part["text"]
        for lines in below:
            if lines and lines[number].strip() not in ("", part["text"].strip()):
                yield "", lines[number]


def _print_parts(record: dict[str, Any]) -> None:
    """Print the tracks, shots and stills of an item, those that there are."""
    from utils.observability.reports.rows import duration

    if record["tracks"]:
        console.print("\n[bold]Tracks[/]")
        columns = ("kind", "number", "codec", "language", "channels", "title")
        print_table(
            columns,
            (
                [str(track[name]) if track[name] is not None else "–" for name in columns]
                for track in record["tracks"]
            ),
        )
    if record["texts"]:
        console.print("\n[bold]Text to be seen[/]")
        print_facts(
            (duration(line["start_seconds"]) if line["start_seconds"] is not None else "–",
             line["text"])
            for line in record["texts"]
        )  # fmt: skip
    if record["shots"]:
        console.print("\n[bold]Shots[/]")
        print_facts(
            (duration(shot["start_seconds"]), shot["description"] or "–")
            for shot in record["shots"]
        )
    if record["thumbnails"]:
        console.print("\n[bold]Stills[/]")
        print_table(
            ("at", "why", "hash", "file"),
            (
                (
                    duration(still["time_seconds"]) if still["time_seconds"] is not None else "–",
                    still["reason"] or "–",
                    still["phash"] or "–",
                    still["url"] or still["path"],
                )
                for still in record["thumbnails"]
            ),
        )


def print_address(facts: dict[str, Any], as_json: bool) -> None:
    """Print what is known of an address that could not be fetched."""
    if as_json:
        print_json({"address": facts})
        return
    print_facts((name, str(value or "–")) for name, value in facts.items())

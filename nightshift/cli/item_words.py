"""What was understood of an item's words, for people: romanisation, vocabulary, era, context."""

from __future__ import annotations

from typing import Any

from nightshift.cli.output import console, print_facts, print_table


def facts(analysis: dict[str, Any]) -> list[tuple[str, str]]:
    """What was understood besides summary and keywords, and whose romanisation it is."""
    rows = [
        ("mood", analysis["mood"]),
        ("era", analysis["era"]),
        ("cultural context", analysis["cultural_context"]),
        ("content warnings", ", ".join(analysis["content_warnings"])),
        ("romanised", romanised(analysis)),
    ]
    return [(name, value) for name, value in rows if value]


def romanised(analysis: dict[str, Any]) -> str | None:
    """By whom, and by which standard as its author says."""
    if not analysis["romanisation"]:
        return None
    by = analysis["romanised_by"]
    if by and by.endswith("by rules"):
        return f"by {by}: rough, follows no standard"
    standard = analysis["romanisation_standard"] or "standard not named"
    return ", ".join(filter(None, (standard, by and f"by {by}")))


def lines(analysis: dict[str, Any] | None, name: str, number: int) -> list[str] | None:
    """A romanisation or translation as lines beside ``number`` segments; None if they don't fit."""
    text = (analysis or {}).get(name) or ""
    found = text.split("\n") if text else []
    return found if len(found) == number else None


def print_words(analysis: dict[str, Any] | None, number: int) -> None:
    """Print what does not stand beside the transcript's ``number`` segments, and the vocabulary."""
    if analysis is None:
        return
    for name in ("romanisation", "translation"):
        if analysis[name] and lines(analysis, name, number) is None:
            console.print(f"\n[bold]{name.capitalize()}[/]")
            print_facts(("", line) for line in analysis[name].splitlines() if line.strip())
    if analysis["vocabulary"]:
        console.print("\n[bold]Words worth knowing[/]")
        print_table(
            ("word", "romanised", "meaning"),
            (
                (entry["word"], entry["romanisation"] or "–", entry["definition"])
                for entry in analysis["vocabulary"]
            ),
            below=("meaning",),
        )

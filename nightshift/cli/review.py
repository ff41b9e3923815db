"""`nightshift review`: what waits for a person, and what people decide of it."""

from __future__ import annotations

import typer

review = typer.Typer(
    help="What waits for you before it may be published: look at it, and decide.",
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(review, name="review")


@review.callback(invoke_without_command=True)
def review_all(context: typer.Context) -> None:
    """Review what waits, one item after the other, by single keys."""

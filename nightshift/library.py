"""Commands that look at the library: items, show, search, report, requeue, source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.output import console, print_json, print_report, print_table, report_document

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from utils.db.schema import Item

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, nothing else.")]

sources = typer.Typer(
    no_args_is_help=True, help="Folders and addresses that each shift looks into."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (items, show, search, report, requeue):
        app.command()(command)
    app.add_typer(sources, name="source")


def items(
    status: Annotated[
        str | None,
        typer.Option("--status", help="pending, processing, done, failed or quarantined."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 1000,
    as_json: Json = False,
) -> None:
    """List the items of the library, newest first."""
    from sqlalchemy import select

    from utils.db.schema import Item
    from utils.db.session import session
    from utils.models.item import ItemStatus
    from utils.report.rows import duration, size

    query = select(Item).order_by(Item.added_at.desc(), Item.id).limit(limit)
    if status:
        if status not in set(ItemStatus):
            raise typer.BadParameter(f"{status} is none of {', '.join(ItemStatus)}")
        query = query.where(Item.status == status)
    with session() as s:
        rows = s.scalars(query).all()
    if as_json:
        print_json([_item_document(row) for row in rows])
        return
    print_table(
        ("item", "title", "kind", "length", "size", "language", "status", "verdict", "error"),
        (
            (
                row.id[:10],
                row.title,
                row.kind,
                duration(row.duration_seconds),
                size(row.size_bytes),
                row.language or "–",
                row.status,
                row.verdict or "–",
                row.error or "",
            )
            for row in rows
        ),
    )


def show(wanted: Wanted, as_json: Json = False) -> None:
    """Show all that is known of one item."""
    from utils.db import items as library
    from utils.db.session import session

    with session() as s:
        document = _document(s, library.find(s, wanted))
    if as_json:
        print_json(document)
        return
    _print_item(document)


def search(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="Words, in any language.")],
    limit: Annotated[int, typer.Option("--limit", min=1)] = 10,
    as_json: Json = False,
) -> None:
    """Find what was said or is summarised, and when."""
    from utils import find
    from utils.config import load_settings
    from utils.report.rows import duration

    hits = find.search(query, limit, load_settings())
    if as_json:
        print_json([hit.model_dump(mode="json") for hit in hits])
        return
    if not hits:
        console.print("Nothing is findable yet: nightshift run FOLDER")
        return
    print_table(
        ("item", "at", "score", "file", "text"),
        (
            (
                hit.item_id[:10],
                duration(hit.start_seconds) if hit.start_seconds is not None else "summary",
                f"{hit.score:.3f}",
                Path(hit.path).name,
                hit.snippet,
            )
            for hit in hits
        ),
    )


def report(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a run came to, and where its HTML report lies."""
    from utils.db import runs
    from utils.db.session import session

    with session() as s:
        found = runs.load(s, runs.find(s, wanted).id)
    if as_json:
        print_json(report_document(found))
    else:
        print_report(found)


def requeue(
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[ITEM]...", help="Items to try again.")
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that failed or are quarantined.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let failed items be tried again, by the next run or shift."""
    from sqlalchemy import select

    from utils.db import items as library
    from utils.db.schema import Item
    from utils.db.session import session
    from utils.models.item import ItemStatus

    if not wanted and not failed:
        raise typer.BadParameter("name items, or give --failed")
    broken = (ItemStatus.FAILED.value, ItemStatus.QUARANTINED.value)
    with session() as s:
        ids = [library.find(s, one).id for one in wanted or ()]
        if failed:
            ids += s.scalars(select(Item.id).where(Item.status.in_(broken)))
        library.requeue(s, ids)
    if as_json:
        print_json({"requeued": ids})
    else:
        console.print(f"{len(ids)} requeued. `nightshift night` tries them now.")


@sources.command("add")
def add_source(location: Annotated[str, typer.Argument(metavar="PATH_OR_URL")]) -> None:
    """Have every shift look into a folder or an address."""
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        console.print(f"Added {table.add(s, location)}", soft_wrap=True, markup=False)


@sources.command("remove")
def remove_source(location: Annotated[str, typer.Argument(metavar="PATH_OR_URL")]) -> None:
    """Forget a source; its items stay."""
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        table.remove(s, location)


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """List the sources; the inbox in NIGHTSHIFT_HOME is always one."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        found = [str(load_settings().inbox), *table.locations(s)]
    if as_json:
        print_json(found)
    else:
        console.print("\n".join(found), soft_wrap=True, highlight=False, markup=False)


def _item_document(row: Item) -> dict[str, Any]:
    return {
        "item_id": row.id,
        "title": row.title,
        "kind": row.kind,
        "status": row.status,
        "size_bytes": row.size_bytes,
        "duration_seconds": row.duration_seconds,
        "language": row.language,
        "verdict": row.verdict,
        "score": row.score,
        "summary": row.summary,
        "source_url": row.source_url,
        "tries": row.tries,
        "error": row.error,
        "added_at": row.added_at.isoformat(),
        "processed_at": row.processed_at.isoformat() if row.processed_at else None,
    }


def _document(s: Session, row: Item) -> dict[str, Any]:
    """An item as the JSON contract of ``show`` has it; what was not made is null or empty."""
    from utils.db import items as library
    from utils.db import ledger
    from utils.models.analysis import Analysis
    from utils.models.probe import ContainerProbe, MediaInfoReport
    from utils.models.rendition import Compression, Thumbnails
    from utils.models.signal import SignalReport
    from utils.models.transcript import Transcript
    from utils.models.verdict import Verdict

    def result(step: str, kind: Any) -> Any:
        return ledger.latest_result(s, row.id, step, kind)

    probe, mediainfo = (
        result("extract_ffprobe", ContainerProbe),
        result("extract_mediainfo", MediaInfoReport),
    )
    signal, transcript = (
        result("analyze_signal", SignalReport),
        result("transcribe_audio", Transcript),
    )
    analysis, verdict = result("analyze_content", Analysis), result("judge_quality", Verdict)
    stills, encode = (
        result("generate_thumbnails", Thumbnails),
        result("compress_media", Compression),
    )
    renditions = [
        {"path": str(still.path), "kind": "thumbnail", "size_bytes": still.path.stat().st_size}
        for still in (stills.images if stills else ())
        if still.path.exists()
    ]
    if encode and encode.rendition:
        made = encode.rendition
        renditions.insert(
            0, {"path": str(made.path), "kind": made.kind, "size_bytes": made.size_bytes}
        )
    return {
        "item": _item_document(row) | {"paths": [str(p) for p in library.paths_of(s, row.id)]},
        "metadata": {
            "ffprobe": probe.model_dump(mode="json") if probe else None,
            "mediainfo": mediainfo.model_dump(mode="json") if mediainfo else None,
            "signal": signal.model_dump(mode="json") if signal else None,
        },
        "transcript": {
            "text": transcript.text,
            "language": transcript.language,
            "engine": transcript.engine,
            "confidence": transcript.confidence,
            "hallucination": transcript.hallucination,
            "segments": [segment.model_dump(mode="json") for segment in transcript.segments],
        }
        if transcript
        else None,
        "analysis": analysis.understanding.model_dump(mode="json")
        | {
            "engine": analysis.engine,
            "usage": analysis.usage.model_dump() if analysis.usage else None,
        }
        if analysis
        else None,
        "verdict": verdict.model_dump(mode="json") if verdict else None,
        "compression": encode.reason if encode else None,
        "renditions": renditions,
        "steps": [step._asdict() for step in ledger.steps_of(s, row.id)],
    }


def _print_item(document: dict[str, Any]) -> None:
    from utils.report.rows import duration, size

    item, transcript, analysis = (document[name] for name in ("item", "transcript", "analysis"))
    facts = [
        ("title", item["title"]),
        ("checksum", item["item_id"]),
        ("status", item["status"]),
        *(("path", path) for path in item["paths"]),
        ("kind", item["kind"]),
        ("length", duration(item["duration_seconds"])),
        ("size", size(item["size_bytes"])),
        ("compression", document["compression"] or "–"),
        ("language", item["language"] or "–"),
    ]
    if item["error"]:
        facts.append(("error", item["error"]))
    if analysis:
        facts += [("summary", analysis["summary"]), ("keywords", ", ".join(analysis["keywords"]))]
        facts.append(("analysed by", analysis["engine"]))
    if transcript:
        facts.append(("heard by", transcript["engine"]))
    print_table(("", ""), facts)
    if document["verdict"]:
        verdict = document["verdict"]
        console.print(f"\n[bold]Verdict[/] {verdict['band']} {verdict['score']:.2f}")
        print_table(
            ("criterion", "score", "why"),
            ((c["name"], f"{c['score']:.2f}", c["reason"]) for c in verdict["criteria"]),
        )
    if transcript and transcript["segments"]:
        console.print("\n[bold]Transcript[/]")
        print_table(
            ("at", "text"),
            ((duration(part["start_seconds"]), part["text"]) for part in transcript["segments"]),
        )  # fmt: skip
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
    print_table(
        ("rendition", "size"),
        ((made["path"], size(made["size_bytes"])) for made in document["renditions"]),
    )

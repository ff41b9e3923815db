"""Where an item's facts go: one record, the database, the search index, a publish address."""

from __future__ import annotations

from subflows.analysis import Findings
from subflows.extraction import Extraction
from subflows.processing import Product
from subflows.quality_gate import Judgement
from tasks.context import RunContext
from tasks.embedding import generate_embeddings
from tasks.storage import create_model, store_item, upload_thumbnails
from tasks.subtitles import write_subtitles
from utils.models.record import ItemRecord
from utils.models.step_results import StepResults


def store(
    context: RunContext,
    facts: Extraction,
    findings: Findings,
    judgement: Judgement,
    product: Product,
) -> ItemRecord | None:
    """Run the steps of storage that apply."""
    item, plan = facts.item, facts.plan
    record = None
    pictures = findings.best_pictures or findings.thumbnails
    if findings.signal and plan.runs("create_model"):
        known = StepResults(
            probe=facts.probe,
            signal=findings.signal,
            metadata=product.metadata,
            audio_tracks=facts.audio_tracks,
            subtitle_tracks=facts.subtitle_tracks,
            sidecars=facts.sidecars,
            texts=findings.texts,
            transcript=findings.spoken,
            analysis=findings.analysis,
            video=findings.video,
            pictures=pictures,
            verdict=judgement.verdict,
        )
        record = create_model(context, item, known)
        if plan.runs("store_item"):
            store_item(context, item, record)
        if plan.runs("generate_embeddings"):
            generate_embeddings(context, item, record)
    if findings.spoken and plan.runs("write_subtitles"):
        write_subtitles(
            context, item, findings.spoken, product.compression, context.options.subtitles
        )
    if pictures and plan.runs("upload_thumbnails"):
        upload_thumbnails(context, item, pictures)
    return record

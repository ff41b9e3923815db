"""Where an item's facts go: one record, the database, the index, the world."""

from __future__ import annotations

from subflows.analysis import Findings
from subflows.extraction import Extraction
from subflows.processing import Product
from tasks.embedding import generate_embeddings
from tasks.storage import create_model, store_item, upload_thumbnails
from utils.models.options import PipelineOptions
from utils.models.record import ItemRecord


def store(
    facts: Extraction, findings: Findings, product: Product, options: PipelineOptions
) -> ItemRecord | None:
    """Run the steps of storage that apply."""
    item, plan = facts.item, facts.plan
    record = None
    if findings.signal and plan.runs("create_model"):
        record = create_model(
            item,
            facts.probe,
            findings.signal,
            product.metadata,
            facts.audio_tracks,
            facts.subtitle_tracks,
            findings.transcript,
            findings.analysis,
            findings.video,
            findings.best_pictures or findings.thumbnails,
            product.verdict,
        )
        if plan.runs("store_item"):
            store_item(item, record)
        if plan.runs("generate_embeddings"):
            generate_embeddings(item, record)
    pictures = findings.best_pictures or findings.thumbnails
    if pictures and plan.runs("upload_thumbnails"):
        upload_thumbnails(item, pictures)
    return record

"""Where an item's facts go: the index and the database."""

from __future__ import annotations

from subflows.analysis import Findings
from subflows.extraction import Extraction
from subflows.processing import Product
from tasks.embedding import generate_embeddings
from tasks.storage import store_item
from utils.models.options import PipelineOptions
from utils.models.record import ItemRecord
from utils.pipeline import why_not


def store(
    facts: Extraction, findings: Findings, product: Product, options: PipelineOptions
) -> ItemRecord:
    """Run the steps of storage that apply."""
    item, probe, _ = facts
    signal, transcript, analysis, _ = findings
    if transcript and analysis and not why_not("generate_embeddings", probe, options):
        generate_embeddings(item, transcript, analysis)
    return store_item(item, probe, signal, transcript, analysis, product.verdict)

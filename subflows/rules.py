"""What rules and people change for one item: asked when it is claimed, probed, and heard."""

from __future__ import annotations

from dataclasses import replace

from subflows.analysis import Findings
from subflows.extraction import Extraction
from tasks.context import RunContext
from utils.db import reviews, rulings
from utils.db.schema import Item
from utils.db.session import session
from utils.errors import LeftOutError
from utils.metadata import consolidation
from utils.models.item import MediaItem
from utils.models.rules import ItemFacts
from utils.models.tool_reports import ToolReports
from utils.pipeline import planning
from utils.rules import facts as known
from utils.rules import file, matching, revisions


def found(context: RunContext, item: MediaItem) -> RunContext:
    """The run with what the rules say of an item by its place and its size, and what people do."""
    rules = file.load(context.settings)
    with session() as s:
        requested = reviews.requested_changes(s, item.item_id)
        if not rules.rules:
            rulings.forget(s, item.item_id)
    if not rules.rules:
        options = revisions.options_under(requested, context.options)
        return context._replace(options=options, requested=requested)
    context = context._replace(requested=requested)
    with session() as s:
        facts = known.found(s, s.get_one(Item, item.item_id), item.path)
    return _under(context._replace(rules=rules, given=context.options), item, facts)


def probed(context: RunContext, said: Extraction) -> tuple[RunContext, Extraction]:
    """The same with what the tools say of its file; the plan of its steps follows."""
    if context.known is None:
        return context, said
    reports = ToolReports(
        ffprobe=said.ffprobe,
        mediainfo=said.mediainfo,
        exif=said.exif,
        camera=said.camera,
        codec=said.codec,
        hdr=said.hdr,
        sidecars=said.sidecars,
    )
    facts = known.probed(context.known, consolidation.consolidate(reports))
    return _planned_again(_under(context, said.item, facts), said)


def heard(
    context: RunContext, said: Extraction, findings: Findings
) -> tuple[RunContext, Extraction]:
    """The same with the language that is spoken."""
    if context.known is None:
        return context, said
    language = findings.transcript.language if findings.transcript else None
    return _planned_again(_under(context, said.item, known.heard(context.known, language)), said)


def _planned_again(context: RunContext, said: Extraction) -> tuple[RunContext, Extraction]:
    plan = planning.plan(said.probe, context.options, context.settings)
    return context, replace(said, plan=plan)


def _under(context: RunContext, item: MediaItem, facts: ItemFacts) -> RunContext:
    """The run under what is decided of an item that is known so far.

    Raises:
        LeftOutError: a rule leaves it out.
    """
    decision = matching.decide(context.rules, facts)
    with session() as s:
        rulings.note(s, item.item_id, facts, decision)
    if decision.skipped_by:
        raise LeftOutError(f"left out by the rule {decision.skipped_by}")
    options = matching.options_under(decision, context.given or context.options)
    options = revisions.options_under(context.requested, options)
    return context._replace(options=options, known=facts)

"""What steps make, as Prefect's assets: which came of which, for whoever looks into the server.

The task of the step itself says it as it ends: the events of `@materialize`, without a task run
more. Prefect's decorator wants to know beforehand what will be made; whether there is a rendition
is known when the encode is through. An ephemeral server is not told: nobody looks into it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

import httpx
from prefect.assets import Asset, AssetProperties
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.context import AssetContext
from prefect.runtime import flow_run
from pydantic import BaseModel

from tasks.tags import SERVED
from utils.db import items
from utils.db.session import session
from utils.documents import lineage
from utils.models.item import Checksum, Entry, Fetched, MediaItem
from utils.models.lineage import (
    OF_STEP,
    files_of,
    is_made,
    item_key,
    place_key,
)
from utils.models.sanitize import visible
from utils.models.steps import Step
from utils.privacy.redaction import shown

_FILES = 20  # that an event names: it is kept for weeks


def note(row: Step, item: Any, result: BaseModel) -> None:
    """Have the running task of a step say what it made, and of what."""
    context = AssetContext.get() if SERVED else None
    if context is None:
        return
    if isinstance(item, Entry) and isinstance(result, Fetched):
        _say(context, _of_entry(item), place_key(item.source) if item.source else None)
    elif isinstance(result, Checksum):  # the first step of every item reads the file
        _say(context, _of_item(item), place_key(item.path), _address(item))
    elif (product := OF_STEP.get(row.name)) and is_made(product, result):
        files = list(files_of(result))
        made = _of_item(item, product.what, files)
        with session() as s:
            _say(context, made, *lineage.made_of(s, item.item_id, product))
        told = {"step": row.name, "version": row.version, "files": files[:_FILES]}
        context.add_asset_metadata(made.key, told | {"number_of_files": len(files)})


def _say(context: AssetContext, made: Asset, *made_of: str | None) -> None:
    context.downstream_assets.add(made)
    context.direct_asset_dependencies.update(Asset(key=key) for key in made_of if key)


def _address(item: MediaItem) -> str | None:
    return place_key(item.source_url) if item.source_url else None


def _of_entry(entry: Entry) -> Asset:
    address = shown(entry.url)
    named = AssetProperties(name=_short(entry.title or address), url=address)
    return Asset(key=place_key(entry.url), properties=named)


def _of_item(item: MediaItem, what: str | None = None, files: list[str] | None = None) -> Asset:
    name = _short(f"{item.title}: {what}" if what else item.title)
    named = AssetProperties(name=name, url=files[0]) if files else AssetProperties(name=name)
    return Asset(key=item_key(item.item_id, what), properties=named)


def _short(name: str) -> str:
    return name[:200]


def show(item_id: str) -> None:
    """The way of an item as an artifact of its flow run: Prefect's own UI draws no assets."""
    if not SERVED:
        return
    with session() as s:
        row = items.find(s, item_id)
        page = lineage.as_markdown(lineage.way_of(s, row))
        title = _short(f"The way of {visible(row.title)}")
    # Of the flow's run itself: the function for it would name the task around the run, whose
    # graph is another.
    made = ArtifactCreate(
        key=f"lineage-{item_id[:12]}", type="markdown", description=title, data=page,
        flow_run_id=UUID(str(flow_run.id)),
    )  # fmt: skip
    with suppress(httpx.HTTPError), get_client(sync_client=True) as client:
        client.create_artifact(made)

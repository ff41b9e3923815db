"""Keys as Prefect takes them; each step that makes files is known to the lineage."""

from pathlib import Path
from typing import Any, get_args

import pytest
from prefect.assets import Asset
from pydantic import BaseModel

from utils.models import lineage
from utils.models.lineage import OF_STEP, PRODUCTS, item_key, place_key
from utils.models.steps import BY_NAME

PLACES = ["/media/My clip #1 (50%).mp4", "https://a.example/watch?v=1&t=2", "s3://b/a\nb", "odd"]


@pytest.mark.parametrize("place", [*PLACES, "/" + "x" * 900, Path("/a/ü")])
def test_every_place_has_a_key_that_prefect_takes(place: str | Path) -> None:
    assert Asset(key=place_key(place)).key


def test_two_places_that_differ_in_what_prefect_refuses_keep_apart() -> None:
    assert place_key("/a b") != place_key("/a#b")
    assert place_key("/" + "x" * 900) != place_key("/" + "x" * 901)
    assert place_key("/plain/film.mp4") == "file:///plain/film.mp4"
    assert item_key("ab", "rendition") == "nightshift://item/ab/rendition"


def _names_files(kind: Any) -> bool:
    """True if a result names files that its step made."""
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return kind is Path or any(_names_files(one) for one in get_args(kind))
    left_out: frozenset[str] = getattr(kind, "not_made", frozenset())
    fields = kind.model_fields.items()
    return any(_names_files(field.annotation) for name, field in fields if name not in left_out)


def test_each_product_is_of_a_step_that_there_is_and_made_of_one_above_it() -> None:
    known: set[str] = set()
    for product in PRODUCTS:
        assert set(product.steps) <= BY_NAME.keys()
        assert set(product.made_of) <= known
        assert product.needs is None or product.needs in product.result.model_fields
        known.add(product.what)


def test_each_step_that_makes_files_is_in_the_way_of_its_item() -> None:
    from subflows import analysis, extraction, processing, storage

    modules = (analysis, extraction, processing, storage)
    calls = {name: getattr(module, name) for module in modules for name in dir(module)}
    # What is decoded once is the stills that pictures are chosen from; a choice names pictures.
    without = {"analyze_signal", "ai_thumbnail_selection"}
    steps = [calls[name] for name in BY_NAME if name in calls and name not in without]
    assert len(steps) > 20
    for step in steps:
        result = step.__wrapped__.__annotations__["return"]
        kind = step.__wrapped__.__globals__[result.removesuffix(" | None")]
        if _names_files(kind):
            assert step.__name__ in OF_STEP, f"{step.__name__}: add it to {lineage.__name__}"

"""The table of steps says what each step is given: held against real calls of a whole run."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from tasks import policy
from tests.flows.test_shift import ingest
from tests.paths import SAMPLES
from utils.models.options import PipelineOptions
from utils.models.steps import BY_NAME

pytestmark = pytest.mark.usefixtures("prefect_server")

# Every step is given the item and its probe: they are in no row of the table. The probe carries
# the size that MediaInfo found.
_ALWAYS = {"generate_checksum", "extract_ffprobe"}
_BY_THE_PROBE = {"extract_mediainfo"}
# The verdict decides whether these run at all: what is rejected is not compressed.
_DECIDED_BY = {"compress_video": {"judge_quality"}, "compress_audio": {"judge_quality"}}


def models_in(value: Any) -> Iterator[Any]:
    """A value and all models within it."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from models_in(getattr(value, name))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from models_in(part)


def table_of(step: str) -> Any:
    return {*BY_NAME[step].needs, *BY_NAME[step].uses}


def closure(steps: Any) -> Any:
    found, left = set(), list(steps)
    while left:
        step = left.pop()
        if step not in found:
            found.add(step)
            left += table_of(step)
    return found


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What each step of a run was given of other steps' results, by the objects themselves."""
    made: dict[int, str] = {}
    found: dict[str, set[str]] = {}
    kept: list[Any] = []
    mark, run = policy._mark, policy._run

    def note_arguments(step: Any, call: Any) -> Any:
        name = step.row.name
        parts = [part for value in call.given.values() for part in models_in(value)]
        found[name] = {made[id(part)] for part in parts if id(part) in made} - {name}
        return mark(step, call)

    def note_result(work: Any) -> Any:
        result = run(work)
        kept.append(result)  # an id is one object's only while that lives
        for part in models_in(result):
            made.setdefault(id(part), work.step.row.name)  # storing an item hands its record on
        return result

    monkeypatch.setattr(policy, "_mark", note_arguments)
    monkeypatch.setattr(policy, "_run", note_result)
    return found


@pytest.mark.parametrize("clip", ["the night shift.mp4", "lighthouse.mp3", "coast.jpg"])
def test_what_steps_are_given_is_what_the_table_says(clip: Any, given: Any) -> None:
    report, _ = ingest(SAMPLES / clip, options=PipelineOptions())
    assert report.counts.done == 1
    assert len(given) > 10
    for step, got in given.items():
        assert got - _ALWAYS <= closure(table_of(step)), f"{step} is given more than its row says"
        ran = table_of(step) & set(given)
        unused = ran - closure(got) - _BY_THE_PROBE - _DECIDED_BY.get(step, set())
        assert not unused, f"{step} is not given what its row says: {unused}"

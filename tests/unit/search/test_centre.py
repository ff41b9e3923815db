"""What all texts have in common is taken out, and a floor tells answers from nonsense."""

import numpy as np
import pytest

from benchmarks import search_floor
from utils.search import centre, embedder


def test_what_all_vectors_share_does_not_count() -> None:
    shared = np.array([10.0, 0.0, 0.0])
    found = centre.Centre(passages=shared, queries=shared, floor=0.5)
    alike, apart = found.similarities([10.0, 1.0, 0.0], [[10.0, 2.0, 0.0], [10.0, 0.0, 2.0]])
    assert alike == pytest.approx(1.0)
    assert apart == pytest.approx(0.0)


def test_the_file_holds_the_centre_of_this_model() -> None:
    """A sample of what it was made of: another model, or other texts, would lie elsewhere."""
    model, middle = embedder.load(), centre.load()
    near = np.mean(model.passages(search_floor.PASSAGES[::3]), axis=0)
    assert np.dot(near, middle.passages) / np.linalg.norm(near) / np.linalg.norm(
        middle.passages
    ) == pytest.approx(1.0, abs=0.01)
    assert centre.FILE.read_text().startswith(f'{{"model": "{model.name}"')


def test_the_floor_finds_what_is_there_and_not_nonsense() -> None:
    """A few questions of the benchmark, which takes all of them."""
    best = search_floor.similarities(
        search_floor.Library(
            items={name: search_floor.FIRST.items[name] for name in ("light", "port", "soup")},
            questions={"lamp on the stairs": "light", "boats": "light port", "onion": "soup"},
            nonsense=("xqzzt blorf", "qwertyuiop"),
            absent=("kubernetes ingress controller",),
        ),
        embedder.load(),
        centre.load(),
    )
    floor = centre.FLOOR
    assert {q for q, items in best.items() if max(items.values()) >= floor} == {
        "lamp on the stairs", "boats", "onion",
    }  # fmt: skip


def test_no_text_of_the_calibration_occurs_twice() -> None:
    first, second = search_floor.FIRST, search_floor.SECOND
    used = [
        *search_floor.PASSAGES, *search_floor.QUESTIONS,
        *(q for one in (first, second) for q in (*one.questions, *one.nonsense, *one.absent)),
    ]  # fmt: skip
    assert len(used) - len(set(used)) <= 1  # "birthday party" is a title and a question

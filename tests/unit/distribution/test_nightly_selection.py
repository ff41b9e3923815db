"""What a night publishes by itself: nightly targets, rules, what changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from tests.unit.distribution import known
from utils.config import load_settings
from utils.db import publications, rulings
from utils.db import session as session_module
from utils.db.schema import Item
from utils.db.session import session
from utils.distribution import nightly_selection, requests, targets
from utils.documents import publication
from utils.models.rules import ItemFacts, RuleSet
from utils.rules import matching

pytestmark = pytest.mark.usefixtures("settings")

RULES = """
rules:
  - name: songs
    when: {kind: audio}
    then: {publish: [shared, nowhere]}
"""


def three(tmp_path: Path) -> None:
    known.targets(
        "targets:\n"
        f"  nightly: {{kind: folder, url: 'file://{tmp_path}/nightly', nightly: true}}\n"
        f"  shared: {{kind: folder, url: 'file://{tmp_path}/shared'}}\n"
        f"  other: {{kind: folder, url: 'file://{tmp_path}/other'}}\n"
    )


def test_a_night_publishes_what_is_approved_at_nightly_targets_and_where_rules_say(
    tmp_path: Path,
) -> None:
    three(tmp_path)
    settings = load_settings()
    ids = [known.item(tmp_path / "library" / f"{n}.mp3") for n in range(2)]
    known.item(tmp_path / "library" / "bad.mp3", "review")
    settings.rules_file.write_text(RULES)
    decision = matching.decide(
        RuleSet.model_validate({"rules": [{"name": "songs", "when": {"kind": "audio"},
                                           "then": {"publish": ["shared", "nowhere"]}}]}),
        ItemFacts(kind="audio", path="/x"),
    )  # fmt: skip
    with session() as s:
        rulings.note(s, ids[0], ItemFacts(kind="audio", path="/x"), decision)
    found = requests.publish_due(settings, "run")
    assert found.counts()["published"] == 3
    assert {(one.item_id, one.target) for one in found.outcomes} == {
        (ids[0], "nightly"), (ids[1], "nightly"), (ids[0], "shared"),
    }  # fmt: skip
    assert ["nowhere" in problem for problem in found.problems] == [True]
    assert requests.publish_due(settings).outcomes == ()
    assert not (tmp_path / "other").exists()


def test_what_was_worked_on_since_is_compared_and_sent_if_it_is_another(tmp_path: Path) -> None:
    three(tmp_path)
    settings = load_settings()
    first, second = (known.item(tmp_path / "library" / f"{n}.mp3") for n in "ab")
    requests.publish_due(settings)
    known.renamed(first, "another title")
    known.renamed(second, "b")  # worked on, and the same came of it
    results = {one.item_id: one.result.value for one in requests.publish_due(settings).outcomes}
    assert results == {first: "published", second: "unchanged"}


def test_items_that_are_named_go_to_targets_that_are_named(tmp_path: Path) -> None:
    three(tmp_path)
    ids = [known.item(tmp_path / "library" / f"{n}.mp3") for n in range(2)]
    found = requests.publish_due(load_settings(), item_ids=[ids[0]], to=["other"])
    assert [(one.item_id, one.target) for one in found.outcomes] == [(ids[0], "other")]


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that are executed meanwhile, each once however many rows it has."""
    found: list[str] = []

    def heard(_a: Any, _b: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    engine = session_module.engine(load_settings())
    event.listen(engine, "before_cursor_execute", heard)
    yield found
    event.remove(engine, "before_cursor_execute", heard)


def test_a_library_is_noted_some_items_at_a_time_with_one_statement_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.public(tmp_path, "    nightly: true\n")
    ids = {known.item(tmp_path / "library" / f"{n}.mp3") for n in range(5)}
    monkeypatch.setattr(nightly_selection, "_AT_ONCE", 2)
    with statements() as asked:
        nightly_selection.note(targets.load(load_settings()).targets, ["public"], load_settings())
    assert sum(one.startswith("INSERT INTO publications") for one in asked) == 3
    with session() as s:
        assert {row.item_id for row in publications.listed(s)} == ids


def test_lists_and_flaws_read_nothing_that_is_long(tmp_path: Path) -> None:
    known.public(tmp_path, "    nightly: true\n")
    known.item(tmp_path / "library" / "a.mp3")
    requests.publish_due(load_settings())
    with statements() as asked, session() as s:
        assert len(publication.records(s, publications.listed(s))) == 1
    assert not [one for one in asked if "publications.objects" in one or ".document" in one]


def test_the_rest_behind_a_limit_is_due_the_next_time(tmp_path: Path) -> None:
    three(tmp_path)
    for n in range(3):
        known.item(tmp_path / "library" / f"{n}.mp3")
    settings = load_settings()
    assert len(requests.publish_due(settings, limit=2).outcomes) == 2
    assert len(requests.publish_due(settings, limit=2).outcomes) == 1


def test_an_item_that_waits_for_a_person_is_not_published(tmp_path: Path) -> None:
    three(tmp_path)
    item_id = known.item(tmp_path / "library" / "a.mp3", "review")
    assert requests.publish_due(load_settings()).outcomes == ()
    with session() as s:
        s.execute(update(Item).where(Item.id == item_id).values(approval="approved"))
    assert len(requests.publish_due(load_settings()).outcomes) == 1


def test_a_picture_is_not_sent_where_only_sound_and_films_are_taken(tmp_path: Path) -> None:
    known.targets(
        "targets:\n"
        f"  films: {{kind: hls, url: 'file://{tmp_path}/films', nightly: true}}\n"
        f"  all: {{kind: folder, url: 'file://{tmp_path}/all', nightly: true}}\n"
    )
    item_id = known.item(tmp_path / "library" / "a.jpg")
    with session() as s:
        s.execute(update(Item).where(Item.id == item_id).values(kind="image"))
    found = requests.publish_due(load_settings())
    assert [(one.target, one.result.value) for one in found.outcomes] == [("all", "published")]

"""The index, embedded and as a real Chroma server."""

import multiprocessing
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from tests import ports
from tests.conftest import Override
from tests.waiting import until
from utils.config import Settings, load_settings
from utils.errors import RetryableError
from utils.models.embedding import Passage, PassageKind
from utils.search import embedder, vectors
from utils.search.centre import Centre
from utils.search.vectors import Near


def passage(
    item: str, text: str = "0", start: float | None = None, kind: PassageKind = "speech"
) -> Passage:
    return Passage(passage_id=f"{item}:{kind}:{text}", kind=kind, text=text, start_seconds=start)


def axis(number: float) -> list[float]:
    whole, part = divmod(number, 1)
    return [1.0 if n == whole else part if n == whole + 1 else 0.0 for n in range(8)]


class Axes:
    """A model for which "3" lies on an axis and "3.1" beside it; it notes what it is asked."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name or embedder.name()
        self.centre: Centre | None = None
        self.asked: list[str] = []

    def query(self, text: str) -> list[float]:
        return axis(float(text))

    def passages(self, texts: Sequence[str]) -> list[list[float]]:
        self.asked += texts
        return [axis(float(text)) for text in texts]


def near(
    number: int, limit: int, settings: Settings, candidates: frozenset[str] | None = None
) -> dict[PassageKind, list[Near]]:
    return vectors.nearest(str(number), limit, Axes(), settings, candidates)


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = Path(sys.executable).with_name("chroma")
    folder = tmp_path_factory.mktemp("chroma")
    with ports.held() as port, subprocess.Popen(
        [program, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            assert process.poll() is None, f"chroma ended with {process.returncode}"
            try:
                return httpx.get(f"{url}/api/v2/heartbeat").is_success
            except httpx.HTTPError:
                return False

        try:
            until(answers, "Chroma's first answer", every=0.1)
            yield url
        finally:
            process.terminate()


@pytest.fixture(params=["embedded", "server"])
def index(request: pytest.FixtureRequest, override: Override) -> Settings:
    if request.param == "server":
        override(chroma_url=request.getfixturevalue("chroma_server"))
    return load_settings()


def test_the_nearest_passage_comes_first_with_its_time(index: Settings) -> None:
    vectors.replace("a", [passage("a", "0", 1.5), passage("a", "1", 9.0)], Axes(), index)
    found = [hit for hit in near(1, 50, index)["speech"] if hit.item_id == "a"]
    assert [(hit.text, hit.start_seconds) for hit in found] == [("1", 9.0)]
    assert found[0].similarity == pytest.approx(1.0)


def test_what_an_item_no_longer_says_is_no_longer_found(index: Settings) -> None:
    vectors.replace("b", [passage("b", str(n)) for n in range(3)], Axes(), index)
    vectors.replace("b", [passage("b", "1")], Axes(), index)
    found = [hit for hit in near(0, 50, index)["speech"] if hit.item_id == "b"]
    assert [hit.text for hit in found] == ["1"]


def test_only_what_says_something_new_is_embedded(index: Settings) -> None:
    model = Axes()
    assert vectors.replace("c", [passage("c", "1", 0.0), passage("c", "2", 5.0)], model, index) == 2
    again = [passage("c", "3", 0.0), passage("c", "1", 5.0), passage("c", "2", 10.0)]
    assert vectors.replace("c", again, model, index) == 1
    assert vectors.replace("c", again, model, index) == 0
    assert model.asked == ["1", "2", "3"]
    (moved,) = [hit for hit in near(1, 50, index)["speech"] if hit.item_id == "c"]
    assert moved.start_seconds == 5.0


def test_another_model_embeds_everything_again(index: Settings) -> None:
    vectors.replace("m", [passage("m", "1")], Axes(), index)
    assert vectors.replace("m", [passage("m", "1")], Axes("another"), index) == 1


def test_pictures_are_apart_from_texts(index: Settings) -> None:
    stills = [passage("p", "3", 2.0, kind="picture")]
    vectors.replace("p", [passage("p", "1")], Axes(), index)
    assert vectors.replace("p", stills, Axes("eyes"), index, vectors.PICTURES) == 1
    found = vectors.nearest("3", 1, Axes("eyes"), index, None, vectors.PICTURES)
    assert [(hit.item_id, hit.start_seconds) for hit in found["picture"]] == [("p", 2.0)]
    assert vectors.replace("p", [], Axes("eyes"), index, vectors.PICTURES) == 0
    assert not any(h.item_id == "p" for h in vectors.nearest(
        "3", 9, Axes("eyes"), index, None, vectors.PICTURES)["picture"])  # fmt: skip
    assert any(hit.item_id == "p" for hit in near(1, 50, index)["speech"])


def test_summaries_keywords_and_speech_are_ranked_apart(index: Settings) -> None:
    kinds: dict[PassageKind, str] = {"summary": "4", "keywords": "5", "speech": "6"}
    vectors.replace("k", [passage("k", t, kind=k) for k, t in kinds.items()], Axes(), index)
    found = near(6, 50, index, frozenset({"k"}))
    assert {kind: [hit.text for hit in hits] for kind, hits in found.items()} == {
        kind: [text] for kind, text in kinds.items()
    }


def test_candidates_are_found_behind_nearer_items(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        name = f"near{number}"
        vectors.replace(name, [passage(name, f"{number / 100}")], Axes(), settings)
    vectors.replace("far", [passage("far", "7")], Axes(), settings)
    for named in (0, 1_000):  # looked for among all hits, and asked for by name
        monkeypatch.setattr(vectors, "_NAMED", named)
        found = near(0, 1, settings, frozenset({"far", "gone"}))
        assert [hit.item_id for hit in found["speech"]] == ["far"]


def test_an_item_with_many_near_passages_leaves_room_for_others(settings: Settings) -> None:
    chorus = [passage("song", "0").model_copy(update={"passage_id": f"song:speech:{n}"})
              for n in range(30)]  # fmt: skip
    vectors.replace("song", chorus, Axes(), settings)
    vectors.replace("other", [passage("other", "1")], Axes(), settings)
    assert {hit.item_id for hit in near(0, 2, settings)["speech"]} == {"song", "other"}


def test_a_lost_server_may_come_back(override: Override) -> None:
    override(chroma_url="http://127.0.0.1:1")
    with pytest.raises(RetryableError, match="did not answer"):
        vectors.count(load_settings())


def _write(home: str, name: str) -> None:
    from utils.config import Settings

    settings = Settings(home=Path(home))
    for number in range(8):
        item = f"{name}-{number}"
        vectors.replace(item, [passage(item, str(number))], Axes(), settings)


def test_several_processes_write_one_embedded_index_without_loss(settings: Settings) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(str(settings.home), f"w{n}")) for n in range(2)]
    for writer in writers:
        writer.start()
    _write(str(settings.home), "w2")
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert vectors.count(settings) == 24
    assert len(near(3, 24, settings)["speech"]) == 24

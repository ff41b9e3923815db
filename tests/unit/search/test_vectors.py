"""The index, embedded and as a real Chroma server."""

import multiprocessing
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from utils.config import load_settings
from utils.errors import RetryableError
from utils.models.embedding import Passage
from utils.search import embedder, vectors


def passage(item, text="0", start=None, kind="speech"):
    return Passage(passage_id=f"{item}:{kind}:{text}", kind=kind, text=text, start_seconds=start)


def axis(number):
    whole, part = divmod(number, 1)
    return [1.0 if n == whole else part if n == whole + 1 else 0.0 for n in range(8)]


class Axes:
    """A model for which "3" lies on an axis and "3.1" beside it; it notes what it is asked."""

    def __init__(self, name=None):
        self.name = name or embedder.name()
        self.asked = []

    def query(self, text):
        return axis(float(text))

    def passages(self, texts):
        self.asked += texts
        return [axis(float(text)) for text in texts]


def near(number, limit, settings, candidates=None):
    return vectors.nearest(str(number), limit, Axes(), settings, candidates)


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    folder = tmp_path_factory.mktemp("chroma")
    with subprocess.Popen(
        [program, "run", "--path", folder, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                if httpx.get(f"{url}/api/v2/heartbeat").is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield url
        process.terminate()


@pytest.fixture(params=["embedded", "server"])
def index(request, override):
    if request.param == "server":
        override(chroma_url=request.getfixturevalue("chroma_server"))
    return load_settings()


def test_the_nearest_passage_comes_first_with_its_time(index):
    vectors.replace("a", [passage("a", "0", 1.5), passage("a", "1", 9.0)], Axes(), index)
    found = [hit for hit in near(1, 50, index)["speech"] if hit.item_id == "a"]
    assert [(hit.text, hit.start_seconds) for hit in found] == [("1", 9.0)]
    assert found[0].similarity == pytest.approx(1.0)


def test_what_an_item_no_longer_says_is_no_longer_found(index):
    vectors.replace("b", [passage("b", str(n)) for n in range(3)], Axes(), index)
    vectors.replace("b", [passage("b", "1")], Axes(), index)
    found = [hit for hit in near(0, 50, index)["speech"] if hit.item_id == "b"]
    assert [hit.text for hit in found] == ["1"]


def test_only_what_says_something_new_is_embedded(index):
    model = Axes()
    assert vectors.replace("c", [passage("c", "1", 0.0), passage("c", "2", 5.0)], model, index) == 2
    again = [passage("c", "3", 0.0), passage("c", "1", 5.0), passage("c", "2", 10.0)]
    assert vectors.replace("c", again, model, index) == 1
    assert vectors.replace("c", again, model, index) == 0
    assert model.asked == ["1", "2", "3"]
    (moved,) = [hit for hit in near(1, 50, index)["speech"] if hit.item_id == "c"]
    assert moved.start_seconds == 5.0


def test_another_model_embeds_everything_again(index):
    vectors.replace("m", [passage("m", "1")], Axes(), index)
    assert vectors.replace("m", [passage("m", "1")], Axes("another"), index) == 1


def test_pictures_are_apart_from_texts(index):
    stills = [passage("p", "3", 2.0, kind="picture")]
    vectors.replace("p", [passage("p", "1")], Axes(), index)
    assert vectors.replace("p", stills, Axes("eyes"), index, vectors.PICTURES) == 1
    found = vectors.nearest("3", 1, Axes("eyes"), index, None, vectors.PICTURES)
    assert [(hit.item_id, hit.start_seconds) for hit in found["picture"]] == [("p", 2.0)]
    assert vectors.replace("p", [], Axes("eyes"), index, vectors.PICTURES) == 0
    assert not any(h.item_id == "p" for h in vectors.nearest(
        "3", 9, Axes("eyes"), index, None, vectors.PICTURES)["picture"])  # fmt: skip
    assert any(hit.item_id == "p" for hit in near(1, 50, index)["speech"])


def test_summaries_keywords_and_speech_are_ranked_apart(index):
    kinds = {"summary": "4", "keywords": "5", "speech": "6"}
    vectors.replace("k", [passage("k", t, kind=k) for k, t in kinds.items()], Axes(), index)
    found = near(6, 50, index, frozenset({"k"}))
    assert {kind: [hit.text for hit in hits] for kind, hits in found.items()} == {
        kind: [text] for kind, text in kinds.items()
    }


@pytest.mark.parametrize("named", [0, 1_000])
def test_candidates_are_found_behind_nearer_items(settings, monkeypatch, named):
    monkeypatch.setattr(vectors, "_NAMED", named)
    for number in range(40):
        name = f"near{number}"
        vectors.replace(name, [passage(name, f"{number / 100}")], Axes(), settings)
    vectors.replace("far", [passage("far", "7")], Axes(), settings)
    found = near(0, 1, settings, frozenset({"far", "gone"}))
    assert [hit.item_id for hit in found["speech"]] == ["far"]


def test_an_item_with_many_near_passages_leaves_room_for_others(settings):
    chorus = [passage("song", "0").model_copy(update={"passage_id": f"song:speech:{n}"})
              for n in range(30)]  # fmt: skip
    vectors.replace("song", chorus, Axes(), settings)
    vectors.replace("other", [passage("other", "1")], Axes(), settings)
    assert {hit.item_id for hit in near(0, 2, settings)["speech"]} == {"song", "other"}


def test_a_lost_server_may_come_back(override):
    override(chroma_url="http://127.0.0.1:1")
    with pytest.raises(RetryableError, match="did not answer"):
        vectors.count(load_settings())


def _write(home: str, name: str) -> None:
    from utils.config import Settings

    settings = Settings(home=Path(home))
    for number in range(8):
        item = f"{name}-{number}"
        vectors.replace(item, [passage(item, str(number))], Axes(), settings)


def test_several_processes_write_one_embedded_index_without_loss(settings):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(str(settings.home), f"w{n}")) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert vectors.count(settings) == 24
    assert len(near(3, 24, settings)["speech"]) == 24

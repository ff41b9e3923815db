from pathlib import Path

from utils.db import causes
from utils.pipeline import step_key


def test_an_argument_named_like_the_engines_mark_hides_it_not_and_leaves_the_key() -> None:
    def parts(given: str, engine: str) -> dict[str, object]:
        return step_key.inputs_of("a", 1, {"fingerprint": given}, engine, Path("/home")).parts

    assert parts("hashes", "ffmpeg 9") == {
        "version": 1,
        "fingerprint": "ffmpeg 9",
        "item's fingerprint": "hashes",
    }
    assert [*causes.differences(parts("a", "ffmpeg 8"), parts("a", "ffmpeg 9"))] == [
        "tool, model or file changed: ffmpeg 8 → ffmpeg 9"
    ]
    assert [*causes.differences(parts("a", "x"), parts("b", "x"))] == ["item's fingerprint: a → b"]

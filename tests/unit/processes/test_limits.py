from pathlib import Path

import psutil
import pytest

from tests.conftest import Override
from utils.config import load_settings
from utils.models.item import Entry, MediaItem, MediaKind
from utils.processes import limits


def item(kind: MediaKind, size_bytes: int = 1000) -> MediaItem:
    return MediaItem(item_id="ab" * 32, path=Path("x"), kind=kind, size_bytes=size_bytes, title="x")


@pytest.mark.parametrize(
    ("step", "kind", "seconds"),
    [
        ("analyze_signal", MediaKind.IMAGE, 120),
        ("generate_thumbnails", MediaKind.IMAGE, 120),
        ("extract_ffprobe", MediaKind.IMAGE, 300),
        ("extract_exiftool", MediaKind.VIDEO, 300),
        ("analyze_signal", MediaKind.VIDEO, 21600),
        ("generate_embeddings", MediaKind.IMAGE, 21600),
    ],
)
def test_a_still_has_seconds_and_a_film_has_hours(
    step: str, kind: MediaKind, seconds: float
) -> None:
    assert round(limits.of_step(step, item(kind), load_settings()).seconds) == seconds


def test_a_large_file_has_the_time_to_be_read() -> None:
    limit = limits.of_step("generate_checksum", item(MediaKind.VIDEO, 20 << 30), load_settings())
    assert limit.seconds == 300 + 20 * 1024 / 4


def test_no_step_has_longer_than_any(override: Override) -> None:
    override(step_timeout_seconds=10)
    limit = limits.of_step("analyze_signal", item(MediaKind.IMAGE), load_settings())
    assert (limit.seconds, limit.setting) == (10, "NIGHTSHIFT_STEP_TIMEOUT_SECONDS")


def test_what_waits_for_a_network_may_be_tried_again() -> None:
    entry = Entry(url="http://x/y", site="x", site_id="y")
    settings = load_settings()
    assert not limits.of_step("fetch_media", entry, settings).is_final
    assert not limits.of_step("ai_video_analysis", item(MediaKind.VIDEO), settings).is_final
    assert limits.of_step("compress_video", item(MediaKind.VIDEO), settings).is_final


@pytest.mark.parametrize(
    ("kind", "size_bytes", "setting"),
    [
        (MediaKind.IMAGE, 600 * 10**6 + 4 * 1000, "NIGHTSHIFT_STILL_MEMORY_MB"),
        (MediaKind.VIDEO, 3000 * 10**6, "NIGHTSHIFT_TOOL_MEMORY_MB"),
    ],
)
def test_a_still_has_less_memory_than_a_film(
    override: Override, kind: MediaKind, size_bytes: int, setting: str
) -> None:
    override(tool_memory_mb=3000)
    assert limits.memory_of_tool(item(kind), load_settings())[:2] == (size_bytes, setting)


def test_a_film_has_half_of_the_machine_unless_a_person_says_otherwise() -> None:
    bound = limits.memory_of_tool(item(MediaKind.VIDEO), load_settings())
    assert bound.size_bytes == psutil.virtual_memory().total // 2

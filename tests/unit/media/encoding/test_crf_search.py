from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.media import ffmpeg
from utils.errors import RetryableError
from utils.media import signal, streams, tools
from utils.media.encoding import crf_search, encode, stream_plan, vmaf
from utils.media.encoding.crf_search import Found, Probe
from utils.media.encoding.stream_plan import ENCODERS
from utils.media.encoding.vmaf import Metric
from utils.media.probing import ffprobe
from utils.models.options import CompressionOptions
from utils.models.rendition import Compression
from utils.processes import deadline

pytestmark = pytest.mark.e2e  # real encodes, measured

H264, AV1 = ENCODERS["h264"], ENCODERS["av1"]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds with grain, so that the quality depends on the crf."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=256x144:r=12:d=9,noise=alls=14:allf=t", "-pix_fmt",
           "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "6", "-g", "12",
           path)  # fmt: skip
    return path


def compressed(
    path: Path, folder: Path, on_progress: Callable[..., Any] | None = None, **options: Any
) -> Compression:
    probe = ffprobe.probe(path)
    facts = signal.analyze(path, probe, path.parent)
    chosen = CompressionOptions(min_saving=0, **options)
    return encode.compress(path, probe, facts, chosen, folder, on_progress)


@pytest.mark.parametrize("by", ["vmaf", "xpsnr", "ssim"])
def test_a_target_is_reached_by_the_whole_and_not_only_by_its_samples(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: Metric
) -> None:
    has = {"vmaf": {"libvmaf", "xpsnr", "ssim"}, "xpsnr": {"xpsnr", "ssim"}, "ssim": {"ssim"}}[by]
    monkeypatch.setattr(tools, "filters", lambda: frozenset(has))
    result = compressed(film, tmp_path, target_vmaf=90)
    assert result.metric == by
    assert result.probes <= 4
    whole = vmaf.measure(result.rendition.path, [film], by, deep=False, short_side=144)
    near = {"vmaf": 1.0, "xpsnr": 0.5, "ssim": 0.004}[by]
    assert result.score == pytest.approx(result.target, abs=near)
    assert whole == pytest.approx(result.target, abs=near)
    assert f"{by} " in result.reason
    assert not [*tmp_path.glob(".samples-*")]


def test_progress_covers_search_encode_and_verification(film: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    compressed(film, tmp_path, shares.append, target_vmaf=85, crf=None)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any(0 < share < 0.3 for share in shares)


@pytest.mark.parametrize("target", [85, None], ids=["search", "encode"])
def test_what_is_cancelled_leaves_nothing(film: Path, tmp_path: Path, target: int | None) -> None:
    def on_progress(share: float) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt):
        compressed(film, folder, on_progress, target_vmaf=target)
    assert not [*folder.iterdir()]


def test_an_encode_that_takes_too_long_leaves_nothing(film: Path, tmp_path: Path) -> None:
    probe = ffprobe.probe(film)
    facts = signal.analyze(film, probe, film.parent)
    folder = tmp_path / "out"
    folder.mkdir()
    options = CompressionOptions(profile="archive")
    with deadline.within(0.2), pytest.raises(RetryableError, match="STEP_TIMEOUT"):
        encode.compress(film, probe, facts, options, folder)
    assert not [*folder.iterdir()]


def test_a_fixed_crf_overrides_the_target(film: Path, tmp_path: Path) -> None:
    result = compressed(film, tmp_path, target_vmaf=90, crf=30)
    assert (result.crf, result.probes, result.score) == (30, 0, None)


def test_a_short_clip_for_the_web_is_not_searched(film: Path, tmp_path: Path) -> None:
    result = compressed(film, tmp_path)
    assert (result.crf, result.probes, result.target) == (23, 0, None)


def test_what_can_not_be_measured_has_a_fixed_crf_and_says_so(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = tmp_path / "tiny.mp4"
    ffmpeg("-i", film, "-t", "1", "-vf", "scale=32:18", "-crf", "1", tiny)
    result = compressed(tiny, tmp_path, target_vmaf=90)
    assert "fixed crf 23, as the picture is too small" in (result.reason)
    monkeypatch.setattr(tools, "filters", lambda: frozenset({"scale"}))
    assert "measures no quality" in compressed(film, tmp_path, target_vmaf=90).reason


def test_samples_that_become_no_smaller_end_the_work_before_the_encode(
    film: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.mp4"
    ffmpeg("-i", film, "-c:v", "libx264", "-crf", "34", small)
    result = compressed(small, tmp_path, target_vmaf=98)
    assert result.rendition is None
    assert result.reason == "source kept: samples of it become no smaller"
    assert result.probes > 0


def test_of_a_damaged_source_other_samples_are_taken(film: Path, tmp_path: Path) -> None:
    """The group of pictures in which the first sample lies is zeroed."""
    stream = tmp_path / "film.ts"
    ffmpeg("-i", film, "-c", "copy", stream)
    data = bytearray(stream.read_bytes())
    at = len(data) * 18 // 100
    data[at : at + 4000] = bytes(4000)
    stream.write_bytes(data)
    probe = ffprobe.probe(stream)
    facts = signal.analyze(stream, probe, stream.parent)
    assert facts.decode_errors > 0
    plan = stream_plan.for_video(streams.read(stream), CompressionOptions(), is_intact=False)
    found = crf_search.search(stream, plan, facts.decoded_seconds, 85, False, lambda share: None)
    assert isinstance(found, Found)
    assert found.probes >= 1
    assert found.score == pytest.approx(85, abs=1.5)


def test_samples_are_spread_and_a_short_clip_is_taken_whole() -> None:
    assert crf_search.positions(5.0, 25) == [(0.0, 5.0)]
    assert crf_search.positions(100.0, 25) == [(16.333, 2.0), (49.0, 2.0), (81.667, 2.0)]
    assert [length for _, length in crf_search.positions(100.0, 240)] == [0.5] * 3
    starts = crf_search.positions(36_000.0, None)
    assert starts[-1][0] + starts[-1][1] < 36_000


def test_the_next_crf_lies_on_the_line_between_what_was_measured() -> None:
    probes = [Probe(23, 90.0, 0), Probe(19, 94.0, 0)]
    assert crf_search.next_crf(probes, 93.0, H264, "vmaf") == 20.0


def test_the_next_crf_stays_within_the_encoders_limits() -> None:
    assert crf_search.next_crf([Probe(23, 20.0, 0)], 95.0, H264, "vmaf") == H264.lowest
    assert crf_search.next_crf([Probe(35, 99.9, 0)], 60.0, AV1, "vmaf") == AV1.highest


def test_equal_scores_are_no_obstacle() -> None:
    probes = [Probe(23, 97.0, 0), Probe(25, 97.0, 0), Probe(30, 90.0, 0)]
    assert 25 <= crf_search.next_crf(probes, 95.0, H264, "vmaf") < 30


def test_a_crf_is_not_measured_twice() -> None:
    probes = [Probe(35, 95.3, 0), Probe(36, 94.7, 0)]
    assert crf_search.next_crf(probes, 95.0, AV1, "vmaf") is None
    assert crf_search.next_crf([Probe(14, 80.0, 0)], 95.0, H264, "vmaf") is None


def test_flat_scores_do_not_make_the_crf_leap() -> None:
    probes = [Probe(23, 99.0, 0), Probe(24, 99.0, 0)]
    assert crf_search.next_crf(probes, 97.0, H264, "vmaf") <= 32


@pytest.mark.parametrize(
    ("by", "line", "score"),
    [
        ("vmaf", "[Parsed_libvmaf_4 @ 0x7fae38003b80] VMAF score: 88.448976", 88.448976),
        ("xpsnr", "[Parsed_xpsnr_0 @ 0x7f27c0001c40] XPSNR  y: 20.1661  u: 20.2321  v: 20.2714  "
         "(minimum: 20.1661)", 20.1661),
        ("xpsnr", "[Parsed_xpsnr_0 @ 0x7fdaf8001c40] XPSNR  y: inf  u: inf  v: inf  (minimum: inf)",
         100.0),
        ("ssim", "[Parsed_ssim_0 @ 0x7f2e10001c40] SSIM Y:0.863563 (8.650666) U:0.939115 "
         "(12.154869) V:0.950714 (13.072734) All:0.890680 (9.612996)", 0.890680),
    ],
)  # fmt: skip
def test_scores_are_read_from_the_metrics_own_line(by: Metric, line: str, score: float) -> None:
    log = f"    title : VMAF score: 1 SSIM All:1 XPSNR  y: 1\n{line}\n"
    assert vmaf.parse(log, by) == score


def test_a_metric_for_large_pictures_is_taken_from_2160_lines_on(tmp_path: Path) -> None:
    small, large = (
        vmaf.command(tmp_path / "a", [tmp_path / "b"], "vmaf", False, side) for side in (1080, 2160)
    )
    assert "version=vmaf_v0.6.1" in " ".join(small)
    assert "version=vmaf_4k_v0.6.1" in " ".join(large)


def test_the_filters_of_this_ffmpeg_are_known() -> None:
    assert tools.has_filter("ssim")
    assert not tools.has_filter("Timeline")

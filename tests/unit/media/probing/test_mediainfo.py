"""The real MediaInfo, in its process."""

import struct
import zlib
from pathlib import Path

import pytest

from tests.media import Clips
from utils.errors import PermanentError, RetryableError
from utils.media.probing import exiftool, mediainfo
from utils.processes.open_tool import OpenTool

Mib = 2**20


def inflating_png(path: Path, chunk: bytes, size: int) -> Path:
    """A picture of 8×8 whose profile or comment of ``size`` bytes is zipped to a thousandth."""
    packer = zlib.compressobj(1)
    zipped = b"".join(packer.compress(bytes(Mib)) for _ in range(size // Mib)) + packer.flush()
    head = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x10" * 24) * 8)
    parts = ((b"IHDR", head), (chunk, b"x\0\0" + zipped), (b"IDAT", pixels), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in parts
        )
    )
    return path


def test_the_process_stays_open_and_is_started_again(clips: Clips) -> None:
    assert mediainfo.report(clips.image).width
    first = mediainfo.tool.process.pid
    mediainfo.report(clips.video)
    assert mediainfo.tool.process.pid == first
    mediainfo.tool.process.kill()
    mediainfo.tool.process.wait()
    assert mediainfo.report(clips.image).width


def test_a_file_that_is_gone_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(RetryableError):
        mediainfo.report(tmp_path / "gone.mp4")


@pytest.mark.parametrize("chunk", [b"iCCP", b"zTXt"])
def test_a_zipped_profile_takes_no_more_memory_than_there_is_for_it(
    tmp_path: Path, chunk: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took 2 GB and 109 s. What fits is read; what does not is refused, for good."""
    path = inflating_png(tmp_path / "photo.png", chunk, 160 * Mib)
    for module in (mediainfo, exiftool):
        tool = OpenTool("Tool", module.command, 96 * Mib, 16 * Mib)
        monkeypatch.setattr(module, "tool", tool)
        try:
            module.report(path)
        except PermanentError as error:
            assert "96 MiB" in str(error) or "384 MiB" in str(error)
        else:
            assert peak_bytes(tool.process.pid) < 100 * Mib
        tool.close()


def peak_bytes(pid: int) -> int:
    """The most memory that a process has taken."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])

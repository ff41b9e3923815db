import hashlib
import os
import stat
from pathlib import Path

import fsspec
import pytest

from utils.errors import NightShiftError, PermanentError, RetryableError, SettingsError
from utils.storage import private, publishing, remote


@pytest.fixture
def still(tmp_path: Path) -> Path:
    path = tmp_path / "a still.JPG"
    path.write_bytes(b"picture")
    return path


NAME = hashlib.sha256(b"picture").hexdigest() + ".jpg"


def test_files_are_published_under_the_hash_of_their_content(still: Path, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/public"
    (published,) = publishing.upload([still], url, "ab/abcd")
    assert published == f"{url}/ab/abcd/{NAME}"
    assert Path(published.removeprefix("file://")).read_bytes() == b"picture"
    assert [path.name for path in (tmp_path / "public/ab/abcd").iterdir()] == [NAME]


def test_what_is_published_is_for_others_though_the_home_is_not(
    still: Path, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir(mode=0o700)
    before = os.umask(private.UMASK)
    try:
        (published,) = publishing.upload([still], f"file://{tmp_path}/site/pictures", "ab/abcd")
    finally:
        os.umask(before)
    place = Path(published.removeprefix("file://"))
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (place, *place.parents)][:5]
    assert modes == [0o644, 0o755, 0o755, 0o755, 0o700]  # what was there stays as it was


def test_object_storage_gets_them_too(still: Path) -> None:
    assert publishing.upload([still], "memory://bucket", "x") == (f"memory://bucket/x/{NAME}",)
    assert fsspec.filesystem("memory").cat(f"/bucket/x/{NAME}") == b"picture"


def test_what_is_there_whole_stays_and_what_is_not_is_mended(still: Path, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/public"
    target = Path(publishing.upload([still], url, "")[0].removeprefix("file://"))
    before = target.stat()
    publishing.upload([still], url, "")
    assert target.stat().st_ino == before.st_ino
    target.write_bytes(b"pict")
    publishing.upload([still], url, "")
    assert target.read_bytes() == b"picture"


def test_no_prefix_and_no_suffix_leads_out_of_the_target(tmp_path: Path) -> None:
    evil = tmp_path / "x.j%2f..p\\g"
    evil.write_bytes(b"x")
    (published,) = publishing.upload([evil], f"file://{tmp_path}/public", "../../etc//./a b\n")
    folder = tmp_path / "public/etc/a_b_"
    assert published.startswith(f"file://{folder}/")
    assert len(list(folder.iterdir())) == 1


def test_a_missing_driver_is_named(still: Path) -> None:
    with pytest.raises(SettingsError, match="ossfs"):
        publishing.upload([still], "oss://key:hunter2@bucket/x", "")
    with pytest.raises(SettingsError, match="not known"):
        publishing.upload([still], "nosuch://bucket", "")
    for url in ("folder", "", "http://[x", "simplecache::s3://x"):
        with pytest.raises(SettingsError, match="no URL of one place"):
            publishing.upload([still], url, "")


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:hunter2@bucket/x?token=hunter3",
        "ftp://user:hunter2@127.0.0.1:1/x",
        "sftp://hunter2@127.0.0.1/x",
        "nosuch://user:hunter2@127.0.0.1/x",
        "http://user:hunter%32@127.0.0.1:1/x?token=hunter3",
    ],
)
def test_no_error_tells_what_opens_the_target(still: Path, url: str) -> None:
    with pytest.raises(NightShiftError) as caught:
        publishing.upload([still], url, "x")
    assert "hunter" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_target_out_of_reach_may_come_back(still: Path) -> None:
    with pytest.raises(RetryableError, match=r"opening ftp://127\.0\.0\.1:1/x"):
        publishing.upload([still], "ftp://user:hunter2@127.0.0.1:1/x", "")


def test_a_refusing_target_is_permanent_and_nothing_is_left(still: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((PermanentError, RetryableError), match=r"a still|opening"):
        publishing.upload([still], f"file://{tmp_path}/file", "x")


def test_a_published_url_holds_no_credentials() -> None:
    assert remote.shown_url("sftp://me:pw@host:22/a?k=v#f") == "sftp://host:22/a"

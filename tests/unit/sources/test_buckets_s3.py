"""Buckets of S3: what is listed, what is read, and what is said when it can't be."""

import hashlib
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.conftest import Override
from tests.servers.loopback import Answer, Asked, serving
from utils.config import Settings, load_settings
from utils.errors import NightShiftError, PermanentError, RetryableError, ThrottledError
from utils.models.found_object import FoundObject
from utils.models.source import SourceDefinition, SourceKind
from utils.sources import buckets
from utils.storage import sealing

STRANGE = [
    "a/../b.mp4", "../up.mp4", "/lead.mp4", "//two", "back\\slash.mp4", "tab\t.mp4", "ü 😀.mp4",
    "x" * 1020 + ".mp4", "./dot", "a/./b", "a//b", "q?x=1#f&%41+ .mp4", "trail/..",
]  # fmt: skip


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")


@pytest.fixture
def s3(s3_server: str) -> Any:
    return boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1")


@pytest.fixture
def bucket(s3: Any) -> Iterator[str]:
    name = f"films-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    yield name


def source(url: str, endpoint: str | None, **options: Any) -> SourceDefinition:
    return SourceDefinition(
        name="films", kind=SourceKind.BUCKET, url=url,
        options={"endpoint_url": endpoint, **options},
    )  # fmt: skip


def keys(definition: SourceDefinition, settings: Settings, after: str | None = None) -> list[str]:
    return [one.key for page in buckets.list_pages(definition, settings, after) for one in page]


def read(definition: SourceDefinition, found: FoundObject, folder: Path) -> bytes:
    target = folder / buckets.local_name(found.key)
    buckets.fetch(definition, found, target, load_settings())
    return target.read_bytes()


def only(definition: SourceDefinition, settings: Settings) -> FoundObject:
    ((found,),) = buckets.list_pages(definition, settings)
    return found


def test_a_bucket_is_listed_below_its_folder_without_what_stands_for_folders(
    s3: Any, s3_server: str, bucket: str, settings: Settings
) -> None:
    for key in ("in/", "in/a.mp4", "in/sub/", "in/sub/b.mp4", "in/sub_$folder$", "inside.mp4"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"" if key.endswith(("/", "$")) else b"film")
    found = [
        one for page in buckets.list_pages(source(f"s3://{bucket}/in", s3_server), settings)
        for one in page
    ]  # fmt: skip
    assert [one.key for one in found] == ["a.mp4", "sub/b.mp4"]
    assert {one.size_bytes for one in found} == {4}
    assert found[0].etag == hashlib.md5(b"film").hexdigest()
    assert found[0].modified_at.utcoffset().total_seconds() == 0


def test_strange_keys_are_listed_in_order_and_read_unharmed(
    s3: Any, s3_server: str, bucket: str, settings: Settings, tmp_path: Path
) -> None:
    for key in STRANGE:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    definition = source(f"s3://{bucket}", s3_server)
    found = [one for page in buckets.list_pages(definition, settings) for one in page]
    assert [one.key for one in found] == sorted(STRANGE)
    for seen, one in enumerate(found, 1):
        assert keys(definition, settings, one.key) == sorted(STRANGE)[seen:]
    (tmp_path / "there").mkdir()
    for one in found:
        assert read(definition, one, tmp_path / "there") == one.key.encode()
    assert len(list((tmp_path / "there").iterdir())) == len(STRANGE)
    assert {path.name for path in tmp_path.iterdir()} == {"home", "there"}


def test_a_listing_goes_on_after_the_last_key_that_was_seen(
    s3: Any, s3_server: str, bucket: str, settings: Settings
) -> None:
    for key in ("in/a", "in/b", "in/b/c", "in/c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"film")
    definition = source(f"s3://{bucket}/in/", s3_server)
    assert keys(definition, settings, "b") == ["b/c", "c"]
    assert keys(definition, settings, "bb") == ["c"]
    assert keys(definition, settings, "c") == []


def test_a_bucket_that_another_tool_filled_is_listed_and_read(
    s3: Any, s3_server: str, bucket: str, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "Große Ferien.mp4"
    file.write_bytes(b"film" * 3_000_000)  # large enough for several parts
    if tool := shutil.which("aws"):
        subprocess.run(
            [tool, "--endpoint-url", s3_server, "s3", "cp", str(file), f"s3://{bucket}/2026/"],
            check=True, capture_output=True,
        )  # fmt: skip
    else:
        s3.upload_file(str(file), bucket, f"2026/{file.name}")
    definition = source(f"s3://{bucket}", s3_server)
    found = only(definition, settings)
    assert found.key == "2026/Große Ferien.mp4"
    assert "-" in found.etag
    assert read(definition, found, tmp_path) == file.read_bytes()


def test_an_empty_bucket_holds_nothing(s3_server: str, bucket: str, settings: Settings) -> None:
    assert keys(source(f"s3://{bucket}", s3_server), settings) == []


def test_a_bucket_that_is_not_there_is_named(s3_server: str, settings: Settings) -> None:
    with pytest.raises(PermanentError, match=r"no bucket renamed-films .*source update"):
        keys(source("s3://renamed-films/in", s3_server), settings)


@pytest.mark.parametrize("body", [b"another", b"longer than it was"])
def test_an_object_that_changed_since_it_was_listed_is_not_taken(
    s3: Any, s3_server: str, bucket: str, settings: Settings, tmp_path: Path, body: bytes
) -> None:
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=b"the one")
    definition = source(f"s3://{bucket}", s3_server)
    found = only(definition, settings)
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=body)
    with pytest.raises(RetryableError, match="changed while it was read"):
        read(definition, found, tmp_path)
    assert not list(tmp_path.glob("*.mp4"))


def test_an_object_that_vanished_since_it_was_listed_is_said_to_have(
    s3: Any, s3_server: str, bucket: str, settings: Settings, tmp_path: Path
) -> None:
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=b"film")
    definition = source(f"s3://{bucket}", s3_server)
    found = only(definition, settings)
    s3.delete_object(Bucket=bucket, Key="a.mp4")
    with pytest.raises(RetryableError, match=r"a\.mp4 vanished from s3://"):
        read(definition, found, tmp_path)


def test_no_more_is_read_than_may_be_downloaded(
    s3: Any, s3_server: str, bucket: str, tmp_path: Path, override: Override
) -> None:
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=b"film" * 10)
    definition = source(f"s3://{bucket}", s3_server)
    found = only(definition, load_settings())
    override(max_download_bytes=39)
    for one in (found, found.model_copy(update={"size_bytes": None})):
        with pytest.raises(PermanentError, match="NIGHTSHIFT_MAX_DOWNLOAD_BYTES"):
            read(definition, one, tmp_path)
    override(max_download_bytes=40)
    assert len(read(definition, found, tmp_path)) == 40


def test_a_key_in_the_address_is_kept_sealed_and_works(
    s3: Any, s3_server: str, bucket: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put_object(Bucket=bucket, Key="in/a.mp4", Body=b"film")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    kept = sealing.sealed(f"s3://AKIAEXAMPLE:wJalr+XUtn/FEMI@{bucket}/in", settings)
    assert "wJalr" not in kept
    assert keys(source(kept, s3_server), settings) == ["a.mp4"]
    with pytest.raises(PermanentError, match=r"no credentials for s3://.* anonymous=true"):
        keys(source(f"s3://{bucket}/in", s3_server), settings)
    assert keys(source(f"s3://{bucket}/in", s3_server, anonymous=True), settings) == ["a.mp4"]


@pytest.mark.parametrize("url", ["s3://", "s3:///key", "ftp://bucket", "/srv/films"])
def test_an_address_that_is_no_bucket_is_no_source(url: str) -> None:
    with pytest.raises(ValueError, match=r"wants s3://, az:// or gs://BUCKET/PREFIX"):
        source(url, None)


def test_a_name_that_no_bucket_can_have_is_refused(settings: Settings) -> None:
    with pytest.raises(PermanentError, match=r"Write s3://BUCKET/FOLDER"):
        keys(source("s3://no_such bucket/x", None), settings)


def test_an_endpoint_of_the_local_network_is_connected_to_only_if_the_settings_say_so(
    s3: Any, s3_server: str, bucket: str, override: Override
) -> None:
    s3.put_object(Bucket=bucket, Key="a.mp4", Body=b"film")
    override(allow_private_urls=False)
    with pytest.raises(PermanentError, match="NIGHTSHIFT_ALLOW_PRIVATE_URLS"):
        keys(source(f"s3://{bucket}", s3_server), load_settings())


def test_names_of_files_are_safe_keep_their_suffix_and_are_of_one_key_alone() -> None:
    made = [buckets.local_name(key) for key in [*STRANGE, "b.mp4", "sub/b.mp4", "\n.MOV"]]
    assert len(set(made)) == len(made)
    for name in made:
        assert not set(name) & set("/\\\n\t")
        assert len(name.encode()) <= 200
        assert not name.startswith((".", "-"))
    assert buckets.local_name("sub/b.MP4").endswith(".mp4")


# What no emulator does: a server with a script.

Handler = Callable[[Asked], Answer]


def page(*found: str, more: str = "") -> Answer:
    """A page of a listing; ``more``: the token of the next one."""
    contents = "".join(
        f"<Contents><Key>{key}</Key><Size>4</Size><ETag>&quot;{'0' * 32}&quot;</ETag></Contents>"
        for key in found
    )
    end = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{more}</NextContinuationToken>"
    return Answer(
        body=f"<ListBucketResult><EncodingType>url</EncodingType>{contents}"
        f"{end if more else '<IsTruncated>false</IsTruncated>'}</ListBucketResult>".encode()
    )


def refusal(status: int, code: str, **headers: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>No</Message></Error>".encode()
    return Answer(status, body, headers)


def listed_from(handler: Handler, settings: Settings) -> list[str]:
    with serving(handler) as server:
        return keys(source("s3://films/in", server.url), settings)


def failure_of(handler: Handler, settings: Settings) -> NightShiftError:
    with pytest.raises(NightShiftError) as caught:
        listed_from(handler, settings)
    return caught.value


def test_a_key_with_a_new_line_is_listed_and_asked_for_as_it_is(
    settings: Settings, tmp_path: Path
) -> None:
    def answer(asked: Asked) -> Answer:
        if "list-type" in asked.path:
            return page("in/new%0Aline.mp4", "in/nul%00.mp4")
        etag = {"ETag": f'"{"0" * 32}"', "x-amz-server-side-encryption": "aws:kms"}
        return Answer(body=b"film", headers=etag)

    with serving(answer) as server:
        definition = source("s3://films/in", server.url)
        found = only(definition, settings)
        assert found.key == "new\nline.mp4"
        assert read(definition, found, tmp_path) == b"film"
        assert server.asked[-1].path == "/films/in/new%0Aline.mp4"
        assert server.asked[-1].headers["If-Match"] == f'"{"0" * 32}"'


@pytest.mark.parametrize(
    ("status", "code", "kind", "says"),
    [
        (403, "AccessDenied", PermanentError, r"s3:ListBucket on arn:aws:s3:::films"),
        (403, "InvalidAccessKeyId", PermanentError, "does not accept the credentials"),
        (403, "RequestTimeTooSkewed", PermanentError, "RequestTimeTooSkewed"),
        (404, "NoSuchBucket", PermanentError, "no bucket films"),
        (400, "AuthorizationHeaderMalformed", PermanentError, "option region"),
        (400, "InvalidArgument", PermanentError, "InvalidArgument"),
    ],
)
def test_a_refused_listing_says_what_to_do(
    settings: Settings, status: int, code: str, kind: type[Exception], says: str
) -> None:
    error = failure_of(lambda _: refusal(status, code), settings)
    assert type(error) is kind
    assert says in str(error)


def test_a_service_that_wants_fewer_requests_is_asked_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.sources.bucket_s3._ATTEMPTS", 1)
    error = failure_of(lambda _: refusal(503, "SlowDown", **{"Retry-After": "7"}), settings)
    assert isinstance(error, ThrottledError)
    assert error.retry_after_seconds == 7


@pytest.mark.parametrize("answer", [Answer(body=b"<html>log in"), Answer(body=b"\x00\x01")])
def test_what_is_no_answer_of_s3_is_an_error_of_ours(settings: Settings, answer: Answer) -> None:
    assert isinstance(failure_of(lambda _: answer, settings), RetryableError)


def test_a_listing_that_repeats_itself_is_broken_off(settings: Settings) -> None:
    pages = iter(range(10_000))
    error = failure_of(lambda _: page("in/a", "in/b", more=f"t{next(pages)}"), settings)
    assert isinstance(error, PermanentError)
    assert "goes backwards: a comes after b" in str(error)
    assert next(pages) == 2


def test_a_listing_of_empty_pages_without_end_is_broken_off(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "_EMPTY_PAGES", 20)
    pages = iter(range(10_000))
    error = failure_of(lambda _: page(more=f"t{next(pages)}"), settings)
    assert isinstance(error, RetryableError)
    assert "20 pages without a key" in str(error)
    assert next(pages) == 20


def test_a_listing_of_another_folder_is_broken_off(settings: Settings) -> None:
    error = failure_of(lambda _: page("elsewhere/a"), settings)
    assert "what is not in that folder" in str(error)


def test_a_listing_that_does_not_say_where_it_goes_on_is_broken_off(settings: Settings) -> None:
    pages = iter(("in/a", "in/b", "in/c"))
    error = failure_of(lambda _: page(next(pages), more="the same"), settings)
    assert "does not get on" in str(error)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer(body=b"film", cut_to=2), RetryableError, "cut short"),
        (Answer(body=b"fil"), RetryableError, "changed while it was read"),
        (Answer(body=b"film and more"), RetryableError, "changed while it was read"),
        (Answer(body=b"film", headers={"ETag": f'"{"0" * 32}"'}), RetryableError, "damaged"),
        (Answer(body=b"film", headers={"ETag": '"another"'}), RetryableError, "changed"),
        (refusal(403, "InvalidObjectState"), PermanentError, "archived"),
        (refusal(403, "AccessDenied"), PermanentError, "s3:GetObject on arn:aws:s3:::films/*"),
    ],
)
def test_what_does_not_come_as_it_was_listed_is_not_kept(
    settings: Settings, tmp_path: Path, answer: Answer, kind: type[Exception], says: str
) -> None:
    found = FoundObject(key="a.mp4", size_bytes=4, etag="0" * 32)
    with serving(lambda _: answer) as server, pytest.raises(kind) as caught:
        read(source("s3://films", server.url), found, tmp_path)
    assert says in str(caught.value)
    assert not list(tmp_path.glob("*.mp4"))

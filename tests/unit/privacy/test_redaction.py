"""What is secret in an address is known in one place, and found in any text."""

import time

import pytest

from utils.errors import PermanentError
from utils.privacy.redaction import bare, hidden, redacted, secrets_of, shown

SECRETS = [
    ("https://me:hunter2@site/x", "https://me:***@site/x"),
    ("/srv/https:/me:hunter2@site/x", "/srv/https:/me:***@site/x"),
    ("https://hunter2@site/x", "https://***@site/x"),
    ("https://hunter2:@site/x", "https://***:@site/x"),
    ("postgresql+psycopg://me:hun/t#er2@db/shift", "postgresql+psycopg://me:***@db/shift"),
    ("postgresql://db/shift?password=hunter2&sslmode=require", "postgresql://db/shift?password=***&sslmode=require"),
    ("https://site/feed?a=1&token=hunter2&b=2", "https://site/feed?a=1&token=***&b=2"),
    ("https://site/feed?KEY=hunter2", "https://site/feed?KEY=***"),
    ("https://site/feed?accessToken=hunter2", "https://site/feed?accessToken=***"),
    ("https://s3/o?X-Amz-Credential=hunter2%2Fx&X-Amz-Signature=hunter2", "https://s3/o?X-Amz-Credential=***&X-Amz-Signature=***"),
    ("https://site/feed;sid=hunter2", "https://site/feed;sid=***"),
    ("https://site/feed#access_token=hunter2", "https://site/feed#access_token=***"),
    ("https://site/?u=https%3A%2F%2Fme%3Ahunter2%40inner%2F", "https://site/?u=***"),
    ("https://site/?u=https://me:hunter2@inner/?token=hunter2", "https://site/?u=https://me:***@inner/?token=***"),
    ("https://site/eyJhbGciOiJI.eyJzdWIiOiIx.hunter2/feed", "https://site/***/feed"),
    ("https://site/?u=0123456789abcdef0123456789abcdef", "https://site/?u=***"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "shown"), SECRETS)
def test_what_is_secret_in_an_address_is_not_shown(address: str, shown: str) -> None:
    assert redacted(address) == shown
    assert redacted(f'got "{address}" and <{address}>.') == f'got "{shown}" and <{shown}>.'
    assert redacted(shown) == shown


@pytest.mark.parametrize(
    "address",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf&t=42s",
        "https://site:8080/@channel/videos?keywords=night&monkey=3&author=me",
        "http://[::1]:80/x@y",
        "s3://bucket/folder",
        "file:///srv/me@home/x",
        "C:/me@home/x",
        "https://site/feed?token=sealed~abc",
    ],
)
def test_what_says_only_where_something_is_stays(address: str) -> None:
    assert redacted(address) == address
    assert secrets_of(address) == []


def test_what_was_sealed_is_not_shown_to_people() -> None:
    sealed = "at https://u:sealed~aB_1-x@site/feed?token=sealed~c2Vj&n=1 or https://a:b@c/"
    assert shown(sealed) == "at https://u:***@site/feed?token=***&n=1 or https://a:***@c/"


def test_each_error_of_ours_is_without_secrets_whoever_words_it() -> None:
    error = PermanentError("https://me:hunter2@site/?token=hunter2 is gone")
    assert str(error) == "https://me:***@site/?token=*** is gone"
    assert "hunter2" not in repr(error)


def test_a_secret_that_others_quote_alone_or_in_another_spelling_is_hidden() -> None:
    said = "no user with password hunter 2 (hunter%202) at get?token=hunter+2"
    assert "hunter" not in hidden(said, "https://me:hunter%202@site/")


def test_a_published_address_has_no_query_and_no_user() -> None:
    assert bare("sftp://me:pw@host:22/a?k=v#f") == "sftp://host:22/a"


@pytest.mark.parametrize(
    "text",
    ["a" * 300_000 + "://x", "https://x/" + "?a=a://x/" * 30_000, "https://x/" + "-eyJ" * 50_000],
    ids=["letters", "nested", "tokens"],
)  # fmt: skip
def test_a_strangers_text_of_any_length_is_looked_through_quickly(text: str) -> None:
    started = time.process_time()
    redacted(text)
    assert time.process_time() - started < 20  # where each place looked back: minutes

"""One secret in every kind of address: nothing that is written or served holds it."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from nightshift.__main__ import app
from tests.conftest import _HOME
from tests.e2e.test_cli import nightshift
from tests.media import Clips
from tests.servers.loopback import Answer, Asked, Server, serving
from utils.config import load_settings

SECRET = "hunter2planted"
LOGIN = os.environ["PREFECT_API_AUTH_STRING"].partition(":")[2]  # of the server of the tests
KNOWN = base64.b64encode(f"me:{SECRET}".encode()).decode()


@pytest.fixture
def site(clips: Clips) -> Iterator[Server]:
    """A film, a feed of one, and nothing else, for who brings the password and the token."""

    def answer(asked: Asked) -> Answer:
        path, _, query = asked.path.partition("?")
        if f"token={SECRET}" not in query:
            return Answer(403)
        if path == "/get" and asked.headers.get("Authorization") == f"Basic {KNOWN}":
            return Answer(body=clips.video.read_bytes(), headers={"Content-Type": "video/mp4"})
        if path == "/song.wav":
            return Answer(body=clips.tone.read_bytes(), headers={"Content-Type": "audio/wav"})
        if path == "/feed.xml":
            song = f"http://{asked.headers['Host']}/song.wav?token={SECRET}"
            feed = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title>
              <item><title>One</title><link>{song}</link><enclosure url="{song}" type="audio/wav"/>
              </item></channel></rss>"""
            return Answer(body=feed.encode(), headers={"Content-Type": "application/rss+xml"})
        return Answer(404)

    with serving(answer) as server:
        yield server


def with_secret(url: str) -> str:
    return url.replace("//", f"//me:{SECRET}@")


def rows_of(url: str) -> str:
    """All that a database holds."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [
            str(tuple(row))
            for table in inspect(engine).get_table_names()
            for row in connection.execute(text(f'SELECT * FROM "{table}"'))
        ]
    engine.dispose()
    return "\n".join(found)


def test_a_secret_in_an_address_is_in_nothing_that_is_written_or_served(
    site: Server,
    prefect_server: str,
    postgres_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, said = tmp_path / "home", dict[str, str]()
    database = make_url(postgres_url).set(password=SECRET).render_as_string(hide_password=False)

    def told(*arguments: str, **extra: str) -> str:
        """What a command prints that is a process of its own."""
        finished = nightshift(home, *arguments, **settings, **extra)
        said[" ".join(arguments[:2])] = finished.stdout + finished.stderr
        return finished.stdout

    def told_here(*arguments: str) -> str:
        """The same of one that only reads the database: a process costs 2 s."""
        finished = CliRunner().invoke(app, arguments)
        said[f"{' '.join(arguments[:2])} here"] = f"{finished.output}{finished.exception}"
        return finished.stdout

    with ExitStack() as stack:
        notified = stack.enter_context(serving(lambda asked: Answer()))
        settings = {
            "NIGHTSHIFT_DATABASE_URL": database,
            "NIGHTSHIFT_PREFECT_API_URL": prefect_server.replace("://", f"://nightshift:{LOGIN}@"),
            "NIGHTSHIFT_NOTIFY_URLS": with_secret(notified.url).replace("http", "json"),
            "NIGHTSHIFT_NOTIFY_ON": "finished partial quarantined",
            "NIGHTSHIFT_CHROMA_URL": with_secret("http://127.0.0.1:9"),
            "NIGHTSHIFT_CHROMA_TOKEN": SECRET,
        }
        feed = f"{site.url}/feed.xml?token={SECRET}"
        film, gone = (f"{with_secret(site.url)}/{x}?token={SECRET}" for x in ("get", "gone"))
        quick = ("--skip", "generate_embeddings", "--skip", "compress_video")
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        load_settings.cache_clear()
        told_here("source", "add", feed)
        report = json.loads(told("run", film, gone, *quick, "--json", "--verbose"))
        assert (report["counts"]["done"], report["counts"]["failed"]) == (1, 1)
        night = json.loads(told("night", *quick, "--json"))  # another process: it opens the source
        assert night["counts"]["done"] == 1
        (done,) = (one["item_id"] for one in report["items"] if one["outcome"] == "done")
        for command in (
            ("source", "list"), ("source", "list", "--json"), ("items",), ("items", "--json"),
            ("show", done), ("show", done, "--json"), ("report",), ("why", done, "extract_ffprobe"),
            ("requeue", "--failed", "--dry-run"), ("requeue", "--source", film, "--dry-run"),
            ("search", "tone"), ("source", "remove", f"{feed}x"),
        ):  # fmt: skip
            told_here(*command)
        told("doctor", NIGHTSHIFT_GEMINI_API_KEY=SECRET,
             NIGHTSHIFT_GEMINI_BASE_URL=with_secret("http://127.0.0.1:9"),
             NIGHTSHIFT_STORE_URL=f"s3://{SECRET}:{SECRET}@bucket/x",
             NIGHTSHIFT_PUBLISH_URL=f"sftp://me:{SECRET}@127.0.0.1:9/x")  # fmt: skip
        told_here("source", "remove", feed)
        (left,) = json.loads(told_here("source", "list", "--json"))
        assert left["location"] == str(home / "inbox")
    assert len(notified.asked) >= 2
    rows = rows_of(postgres_url)
    assert "sealed~" in rows  # and nothing else of the address is lost
    places = {
        "the rows": rows,
        **said,
        "the messages": "\n".join(asked.body.decode() for asked in notified.asked),
        **files_below(home),
        **files_below(prefect_files(tmp_path)),
    }
    leaks = [
        (place, line)
        for place, held in places.items()
        if any(secret in held for secret in (SECRET, KNOWN, LOGIN))
        for line in held.splitlines()
        if any(secret in line for secret in (SECRET, KNOWN, LOGIN))
    ]
    assert leaks == []


def prefect_files(tmp_path: Path) -> Path:
    """A copy of what the Prefect server keeps: parameters, logs, states, artifacts."""
    return Path(shutil.copytree(_HOME / "prefect", tmp_path / "prefect"))


def files_below(folder: Path) -> dict[str, Any]:
    return {
        str(path): path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file()
    }

"""Publishing to a bucket on loopback: against fsspec's bare put, and killed again and again.

The bucket keeps versions: so many versions of a key, so many times it was sent. The server is moto
in a process of its own; both sides send the same bytes, one after the other, one file at a time.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.selfhosted import ROOT

Row = tuple[str, str, str, str, str]
ITEMS, KILLS = 1_000, 20
_BYTES = 32 << 10
_OBJECTS = 2  # an item: its file and its document
_LOGIN = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
          "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip
_SERVER = """
import logging, time
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("%s:%d" % server.get_host_and_port(), flush=True)
while True:
    time.sleep(60)
"""


def rows(items: int = ITEMS, kills: int = KILLS) -> list[Row]:
    with tempfile.TemporaryDirectory() as name, _server() as url:
        place = Path(name)
        speed = _speed(place / "speed", url, items)
        return [speed, _killed(place / "killed", url, items, kills)]


def _speed(home: Path, url: str, items: int) -> Row:
    bare = _run(home, url, "speed", "bare", items)["seconds"]
    ours = _run(home, url, "speed", "publish")["seconds"]
    return (
        f"{items:,} items ({_OBJECTS} files each) published in a bucket",
        f"{items / ours:.0f} items/s",
        f"fsspec's put of the same files {items / bare:.0f} items/s",
        f"{ours / bare:.2f} of its time",
        "≤ 2",
    )


def _killed(home: Path, url: str, items: int, kills: int) -> Row:
    _run(home, url, "killed", "prepare", items)
    chance = random.Random(14)
    for kill in range(kills):
        _kill_after(home, url, items * (kill + 1) // (kills + 1), chance.random() * 0.1)
    last = _run(home, url, "killed", "publish")
    found = _run(home, url, "killed", "count", items)
    assert last["failed"] == 0, last
    return (
        f"{items:,} items published, the process killed {kills} times",
        f"{found['keys']:,} files there, {found['missing']} missing, {found['twice']} sent twice, "
        f"{found['rows']:,} rows published",
        f"{items * _OBJECTS:,} files",
        "–",
        "0 missing, 0 twice",
    )


def _kill_after(home: Path, url: str, number: int, more_seconds: float) -> None:
    """Begin to publish, and kill the process soon after so many items are through."""
    process = subprocess.Popen(_command(home, url, "killed", "publish"), cwd=ROOT,
                               env=_environment(home), stdout=subprocess.DEVNULL)  # fmt: skip
    database = home / "nightshift.db"
    query = "SELECT count(*) FROM publications WHERE status = 'published'"
    while process.poll() is None:
        with closing(sqlite3.connect(database)) as opened:
            if opened.execute(query).fetchone()[0] >= number:
                break
        time.sleep(0.02)
    time.sleep(more_seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


@contextmanager
def _server() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield f"http://{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def _command(home: Path, url: str, bucket: str, what: str, items: int = 0) -> list[str]:
    given = (what, str(home), url, bucket, str(items))
    return [sys.executable, "-m", "benchmarks.publishing", *given]


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, **_LOGIN, "NIGHTSHIFT_HOME": str(home)}


def _run(home: Path, url: str, bucket: str, what: str, items: int = 0) -> dict[str, Any]:
    command = _command(home, url, bucket, what, items)
    done = subprocess.run(command, cwd=ROOT, env=_environment(home), stdout=subprocess.PIPE,
                          text=True, check=True)  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _prepare(home: Path, url: str, bucket: str, items: int) -> dict[str, Any]:
    """A home with approved items and one target, and its bucket with versions."""
    import boto3
    from sqlalchemy import update

    from utils.config import load_settings
    from utils.db.schema import Item
    from utils.db.session import session
    from utils.sources import scan

    media = home.parent / f"{bucket}-media"
    media.mkdir(parents=True, exist_ok=True)
    for number in range(items):
        (media / f"song {number}.mp3").write_bytes(number.to_bytes(8, "big") * (_BYTES // 8))
    scan.scan([str(media)], "key", load_settings(), False)
    with session() as s:
        s.execute(update(Item).values(status="done", approval="approved"))
    (home / "targets.yaml").write_text(
        f"targets:\n  bucket:\n    kind: folder\n    url: s3://{bucket}\n    nightly: true\n"
        f"    options: {{endpoint_url: '{url}'}}\n"
    )
    client = boto3.client("s3", endpoint_url=url)
    client.create_bucket(Bucket=bucket)
    versions = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versions)
    return {}


def _publish(home: Path, url: str, bucket: str, items: int) -> dict[str, Any]:
    from utils.config import load_settings
    from utils.distribution import requests

    start = time.monotonic()
    found = requests.publish_due(load_settings())
    return found.counts() | {"seconds": time.monotonic() - start}


def _bare(home: Path, url: str, bucket: str, items: int) -> dict[str, Any]:
    """The same bytes by fsspec alone, to another bucket."""
    import boto3
    import fsspec

    _prepare(home, url, bucket, items)
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="bare")
    system = fsspec.filesystem("s3", endpoint_url=url)
    document = home / "item.json"
    document.write_text("{}" * 500)
    paths = sorted((home.parent / f"{bucket}-media").iterdir())
    start = time.monotonic()
    for path in paths:
        system.put_file(str(path), f"bare/{path.stem}/media.mp3")
        system.put_file(str(document), f"bare/{path.stem}/item.json")
    return {"seconds": time.monotonic() - start}


def _count(home: Path, url: str, bucket: str, items: int) -> dict[str, Any]:
    import boto3

    from utils.db import lying
    from utils.db.session import session

    pages = boto3.client("s3", endpoint_url=url).get_paginator("list_object_versions")
    sent: dict[str, int] = {}
    for page in pages.paginate(Bucket=bucket):
        for one in page.get("Versions", ()):
            sent[one["Key"]] = sent.get(one["Key"], 0) + 1
    with session() as s:
        rows = lying.at(s, "bucket")
    known = {one["name"] for row in rows for one in row.objects}
    return {
        "keys": len(sent), "twice": sum(number > 1 for number in sent.values()),
        "missing": len(known - set(sent)) + items - len(rows), "rows": len(rows),
    }  # fmt: skip


if __name__ == "__main__":
    does = {"prepare": _prepare, "publish": _publish, "bare": _bare, "count": _count}
    what, home, url, bucket, items = sys.argv[1:]
    print(json.dumps(does[what](Path(home), url, bucket, int(items))))

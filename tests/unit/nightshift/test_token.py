"""Tokens of the API by the command line."""

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nightshift.__main__ import app
from tests.conftest import Override
from utils.clock import now
from utils.db import tokens
from utils.db.access_tables import Token
from utils.db.session import session
from utils.models.api import Scope

pytestmark = pytest.mark.usefixtures("settings")


def said(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["token", *arguments])


def listed() -> list[dict[str, Any]]:
    return json.loads(said("list", "--json").stdout)


def test_a_token_stands_alone_on_stdout_and_nowhere_else() -> None:
    made = said("create", "ci", "--scope", "write", "--expires", "30").stdout
    assert made.startswith("ns_") and made.count("\n") == 1
    told = said("list").stdout + said("list", "--json").stdout
    assert made.strip() not in told and made.strip().split("_", 2)[2] not in told
    (row,) = listed()
    assert (row["name"], row["scopes"], row["state"]) == ("ci", ["write"], "valid")
    with session() as s:
        assert tokens.recognised(s, made.strip()) is not None


def test_a_revoked_token_is_valid_no_more_and_stays_in_the_list() -> None:
    made = said("create", "ci").stdout.strip()
    assert "Revoked" in said("revoke", "ci").stdout
    with session() as s:
        assert tokens.recognised(s, made) is None
    assert listed()[0]["state"] == "revoked"
    assert said("revoke", "ci").exit_code == 1  # main() makes it 2: there is no such token


def test_of_two_tokens_of_a_name_one_is_revoked_by_its_id() -> None:
    said("create", "ci"), said("create", "ci")
    assert said("revoke", "ci").exception is not None
    said("revoke", listed()[0]["id"])
    assert [row["state"] for row in listed()] == ["revoked", "valid"]


@pytest.mark.parametrize("ends", ["0", "-1", "soon", "2020-01-01", "99999999", "1.5", ""])
def test_an_end_that_is_over_or_none_is_refused(ends: str) -> None:
    assert said("create", "ci", f"--expires={ends}").exit_code == 2
    assert listed() == []


def test_an_end_may_be_a_day_in_the_zone_of_the_settings(override: Override) -> None:
    override(timezone="Asia/Tokyo")
    said("create", "ci", "--expires", "2199-01-01")
    assert listed()[0]["expires_at"] == "2198-12-31T15:00:00+00:00"


@pytest.mark.parametrize("last", [timedelta(0), timedelta(hours=1)])
def test_a_use_is_noted_at_most_once_a_minute_and_though_the_clock_went_back(
    last: timedelta,
) -> None:
    with session() as s:
        made = tokens.create(s, "ci", [Scope.READ], None)
    with session() as s:
        row = tokens.recognised(s, made)
        assert tokens.is_use_due(row)
        row.last_used_at = now() + last
    with session() as s:
        row = tokens.recognised(s, made)
        assert tokens.is_use_due(row) == bool(last)
        before = row.last_used_at
        tokens.note_use(s, row.id)
    with session() as s:
        after = s.get_one(Token, row.id).last_used_at
        assert (after != before) == bool(last)


@pytest.mark.parametrize(
    "forged", ["", "ns", "ns__", "ns_ab_cd", "ns_" + "a" * 5000, "\ud800", "x y"]
)
def test_what_is_no_token_is_recognised_as_none(forged: str) -> None:
    with session() as s:
        assert tokens.recognised(s, forged) is None

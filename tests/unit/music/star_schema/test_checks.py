"""Tests of tables, read from the headers of models."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from utils.music.star_schema import checks, tables
from utils.music.star_schema.checks import Model


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("CREATE TABLE other AS SELECT * FROM (VALUES ('x'), ('y')) AS o(key)")
        opened.execute(
            "CREATE TABLE held AS FROM (VALUES (1, 'x', 'q'), (2, NULL, 'x')) AS s(a, b, c)"
        )
        yield opened


@pytest.mark.parametrize(
    ("kind", "what", "passes"),
    [
        ("key", "a", True),
        ("key", "a, b", False),  # b is NULL once
        ("not_null", "a", True),
        ("not_null", "a, b", False),
        ("range", "a = 1..2", True),
        ("range", "a = 2..", False),
        ("range", "a = ..1", False),
        ("accepted", "b = x, y", True),
        ("accepted", "b = y", False),
        ("relation", "b = other.key", True),
        ("relation", "c = other.key", False),
        ("rows", "other", True),
    ],
)
def test_a_test_passes_or_says_which_rows_do_not(
    connection: duckdb.DuckDBPyConnection, kind: str, what: str, passes: bool
) -> None:
    found = checks.failures(connection, Model("held", "", ((kind, what),)))
    assert not found if passes else found[0].what == f"held: {kind}: {what}"


def test_a_key_that_is_there_twice_fails(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("INSERT INTO held VALUES (1, 'z', 'x'); INSERT INTO other VALUES ('z')")
    (fault,) = checks.failures(connection, Model("held", "", (("key", "a"),)))
    assert fault.message == "1 rows do not pass, such as: a 1, times 2"


def test_a_relation_to_an_empty_table_holds_for_what_is_unknown(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute("DELETE FROM other; DELETE FROM held WHERE b IS NOT NULL")
    assert not checks.failures(connection, Model("held", "", (("relation", "b = other.key"),)))


def test_each_model_has_a_header_with_its_grain_and_key() -> None:
    found = checks.models()
    assert set(tables.TABLES) <= {model.table for model in found}
    for model in found:
        assert model.sql.startswith("-- ") and "\n-- grain: " in model.sql, model.table
        assert model.table == "genres" or "key" in dict(model.tests), model.table


def test_a_line_below_the_header_is_no_test() -> None:
    model = next(one for one in checks.models() if one.table == "dim_track")
    assert ("key", "track_key") in model.tests
    assert ("relation", "artist_key = dim_artist.artist_key") in model.tests

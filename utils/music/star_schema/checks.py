"""What holds for each table of music: read from the header of its model, tried after each build.

A header is the comment that a model begins with. Lines in it that are tests:

    -- key: a, b                     each pair once, none NULL
    -- not_null: a, b
    -- range: a = 0..100             either end may be missing
    -- accepted: a = this, that
    -- relation: a = table.b         each a is a b there
    -- rows: table                   as many rows as there

NULL passes ``range``, ``accepted`` and ``relation``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from utils.models.music import Fault

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MODELS = Path(__file__).parent.parent / "models"
_TEST = re.compile(r"-- (key|not_null|range|accepted|relation|rows): (.+)")
_EXAMPLES = 3


class Model(NamedTuple):
    """One file of SQL: the table that it makes, its statement, its tests as (kind, what)."""

    table: str
    sql: str
    tests: tuple[tuple[str, str], ...]


class Check(NamedTuple):
    """A test of a table as a query: it passes where the query has no rows."""

    name: str
    query: str


def models() -> list[Model]:
    """All models, in their order."""
    return [_model(file) for file in sorted(MODELS.glob("*.sql"))]


def failures(connection: DuckDBPyConnection, model: Model) -> list[Fault]:
    """What of a table's tests fails, with how many rows and the first of them."""
    found = []
    for check in checks(model):
        wrong = connection.execute(f"SELECT count(*) FROM ({check.query})").fetchall()[0][0]
        if wrong:
            rows = connection.execute(f"{check.query} LIMIT {_EXAMPLES}")
            names = [column[0] for column in rows.description or ()]
            some = "; ".join(
                ", ".join(f"{name} {value!r}" for name, value in zip(names, row, strict=True))
                for row in rows.fetchall()
            )
            found.append(
                Fault(
                    what=check.name,
                    error_class="TestFailed",
                    message=f"{wrong:,} rows do not pass, such as: {some}"[:1000],
                )
            )
    return found


def checks(model: Model) -> Iterator[Check]:
    """The tests of a model as queries for the rows that do not pass."""
    for kind, what in model.tests:
        for query in _queries(model.table, kind, what):
            yield Check(f"{model.table}: {kind}: {what}", query)


def _model(file: Path) -> Model:
    sql = file.read_text(encoding="utf-8")
    header = sql[: len(sql) - len(re.sub(r"\A(--[^\n]*\n)+", "", sql))]
    tests = tuple((found[1], found[2].strip()) for found in _TEST.finditer(header))
    return Model(file.stem.partition("_")[2], sql, tests)


def _queries(table: str, kind: str, what: str) -> Iterator[str]:
    column, _, value = (part.strip() for part in what.partition("="))
    if kind == "key":
        yield f"SELECT {what}, count(*) AS times FROM {table} GROUP BY ALL HAVING count(*) > 1"
    if kind in {"key", "not_null"}:
        is_null = " OR ".join(f"{one.strip()} IS NULL" for one in what.split(","))
        yield f"FROM {table} WHERE {is_null}"
    elif kind == "range":
        low, _, high = value.partition("..")
        beyond = [f"{column} {sign} {end}" for sign, end in (("<", low), (">", high)) if end]
        yield f"FROM {table} WHERE {' OR '.join(beyond)}"
    elif kind == "accepted":
        known = ", ".join(f"'{one.strip()}'" for one in value.split(","))
        yield f"FROM {table} WHERE {column} NOT IN ({known})"
    elif kind == "relation":
        other, _, key = value.partition(".")
        known = f"{column} IS NULL OR {column} IN (SELECT {key} FROM {other})"
        yield f"SELECT DISTINCT {column} FROM {table} WHERE NOT ({known})"
    elif kind == "rows":
        yield (
            f"SELECT here, there FROM (SELECT (SELECT count(*) FROM {table}) AS here, "
            f"(SELECT count(*) FROM {what}) AS there) WHERE here <> there"
        )

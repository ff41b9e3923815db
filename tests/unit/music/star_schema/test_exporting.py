"""The tables as files for other tools, and what a reader of them may do."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest

from tests.listening import NOON, play, read
from utils.config import Settings
from utils.db.session import session
from utils.errors import UsageError
from utils.music.star_schema import building, exporting, tables


def test_other_tools_read_what_was_built(settings: Settings, tmp_path: Path) -> None:
    with session() as s:
        play(s, 'A "song", with\nlines', "日本", album="Album")
    building.build(settings)
    there = read(settings)
    (database,) = exporting.export(settings, tmp_path / "new" / "folder", "duckdb")
    with duckdb.connect(str(database), read_only=True) as opened:
        for table in tables.TABLES:
            assert sorted(opened.execute(f"FROM {table}").fetchall(), key=repr) == there[table]
    for form in ("parquet", "csv"):
        files = exporting.export(settings, tmp_path, form)
        assert [file.name for file in files] == [f"{table}.{form}" for table in tables.TABLES]
    file = str(tmp_path / "fact_track_played.parquet")
    assert duckdb.execute("FROM read_parquet(?)", [file]).fetchall() == there["fact_track_played"]
    with (tmp_path / "dim_track.csv").open(newline="") as text:
        (row,) = csv.DictReader(text)
    assert (row["title"], row["first_played_at"]) == ('A "song", with\nlines', f"{NOON:%F %T}")
    assert not list(tmp_path.glob(".*"))


def test_an_export_overwrites_nothing(settings: Settings, tmp_path: Path) -> None:
    building.build(settings)
    (tmp_path / "dim_time.csv").write_text("mine")
    with pytest.raises(UsageError, match=r"dim_time\.csv is there already"):
        exporting.export(settings, tmp_path, "csv")
    assert [path.name for path in tmp_path.glob("*.csv")] == ["dim_time.csv"]
    assert (tmp_path / "dim_time.csv").read_text() == "mine"


def test_a_reader_gets_at_nothing_but_the_tables(settings: Settings, tmp_path: Path) -> None:
    building.build(settings)
    with tables.opened(settings) as opened:
        for sql in (
            "FROM read_csv('/etc/passwd')",
            f"ATTACH '{tmp_path}/other.duckdb'",
            f"COPY dim_time TO '{tmp_path}/other.csv'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "DELETE FROM dim_time",
        ):
            with pytest.raises(duckdb.Error):
                opened.execute(sql).fetchall()
    assert not list(tmp_path.glob("other*"))

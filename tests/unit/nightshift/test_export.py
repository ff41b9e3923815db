"""`nightshift export`: what was said, to stdout, into a folder, beside the source."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from nightshift.__main__ import app
from tests.conftest import Override
from utils.db import items, ledger
from utils.db.items import Seen
from utils.db.session import session
from utils.errors import UsageError
from utils.models.item import MediaKind
from utils.models.transcript import Segment, Transcript
from utils.storage import files

ITEM, SILENT = "c" * 64, "d" * 64


def known(path: Path, item_id: str, text: str | None) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(item_id.encode())
    with session() as s:
        items.register(s, Seen(files.stat(path), item_id, True), MediaKind.VIDEO)
    if text is None:
        return
    segments = (Segment(start_seconds=1, end_seconds=3, text=text),) if text else ()
    row = ledger.start(item_id, "transcribe_audio", ledger.Inputs("key", {"version": 1}), None)
    with session() as s:
        said = Transcript(engine="test", language="en", segments=segments)
        ledger.finish(s, row, said, 1.0)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "lib" / "Film.mkv"
    known(path, ITEM, "Good evening.")
    return path


def export(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


def test_one_item_goes_to_stdout_and_nothing_is_written(film: Path) -> None:
    found = export(ITEM[:8])
    assert found.stdout == "1\n00:00:01,000 --> 00:00:03,000\nGood evening.\n\n"
    assert found.exit_code == 0
    assert [path.name for path in film.parent.iterdir()] == ["Film.mkv"]


def test_beside_is_where_media_servers_look_and_ours_is_replaced(film: Path) -> None:
    for _ in range(2):
        found = export(film, "--to", "beside", "--format", "vtt")
        assert found.exit_code == 0, found.output
    assert found.stdout == f"{film.with_name('Film.en.vtt')}: 1 cue\n"
    assert film.with_name("Film.en.vtt").read_text().startswith("WEBVTT")


def test_what_is_not_ours_is_not_overwritten_and_the_exit_code_says_so(
    film: Path, tmp_path: Path
) -> None:
    for folder, to in ((film.parent, "beside"), (tmp_path / "out", str(tmp_path / "out"))):
        folder.mkdir(exist_ok=True)
        (folder / "Film.en.srt").write_text("mine")
        found = export(film, "--to", to)
        assert found.exit_code == 1
        assert "Film: Film.en.srt is not ours: it stays" in found.stderr
        assert (folder / "Film.en.srt").read_text() == "mine"


def test_several_items_go_into_a_folder_and_each_failure_is_told(
    film: Path, tmp_path: Path
) -> None:
    known(tmp_path / "lib" / "Quiet.mkv", SILENT, "")
    found = export(film, SILENT, "--to", tmp_path / "new" / "folder", "--json")
    (first, second) = json.loads(found.stdout)
    assert first["path"] == str(tmp_path / "new" / "folder" / "Film.en.srt")
    assert (first["cues"], first["error"]) == (1, None)
    assert second["error"] == "Quiet: nobody speaks in it"
    assert found.exit_code == 1


def test_json_without_a_folder_holds_the_text(film: Path) -> None:
    (found,) = json.loads(export(film, "--format", "txt", "--json").stdout)
    assert found["text"] == "Good evening.\n\n"


def test_what_was_never_transcribed_is_an_error_and_not_an_empty_file(tmp_path: Path) -> None:
    known(tmp_path / "lib" / "New.mkv", SILENT, None)
    found = export(SILENT)
    assert found.exit_code == 1
    assert found.stdout == ""
    assert "nothing was transcribed" in found.stderr


def test_guessed_times_of_words_and_missing_names_are_told(film: Path) -> None:
    found = export(film, "--words", "--speakers", "--format", "vtt")
    assert "shared out by their lengths" in found.stderr
    assert "nobody told the voices apart" in found.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (ITEM, "--format", "pdf"),
        (ITEM, "--format", "txt", "--words"),
        (ITEM, ITEM),
        (ITEM, "--to", " "),
        (" ",),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(film: Path, arguments: tuple[str, ...]) -> None:
    assert export(*arguments).exit_code == 2


def test_an_item_that_is_not_there_is_wrong_usage(film: Path) -> None:
    assert isinstance(export("nothing.mkv").exception, UsageError)


def test_the_title_of_a_stranger_names_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "lib" / "x.mkv"
    known(path, ITEM, "Hello.")
    path.unlink()
    with session() as s:
        items.find(s, ITEM).title = "../../evil\x00/name"
    found = export(ITEM, "--to", tmp_path / "out")
    assert found.exit_code == 0, found.output
    (made,) = (tmp_path / "out").iterdir()
    assert made.parent == tmp_path / "out"


def test_a_model_that_can_not_translate_is_refused_before_anything_is_begun(film: Path) -> None:
    found = CliRunner().invoke(app, ["plan", str(film), "--model", "turbo", "--translate"])
    assert found.exit_code == 2
    assert "whisper turbo can't translate" in " ".join(found.stderr.split())


def test_a_model_that_nobody_has_is_refused_and_one_in_the_cache_is_not(
    film: Path, override: Override, tmp_path: Path
) -> None:
    override(cache_dir=tmp_path)
    found = CliRunner().invoke(app, ["plan", str(film), "--model", "nonsense"])
    assert found.exit_code == 2
    assert "nonsense is no whisper model" in " ".join(found.stderr.split())
    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper" / "nonsense.pt").touch()
    found = CliRunner().invoke(app, ["plan", str(film), "--model", "nonsense"])
    assert "whisper" not in found.stderr


def test_the_words_that_a_source_expects_are_kept_and_listed(tmp_path: Path) -> None:
    add = ["source", "add", str(tmp_path), "--vocabulary"]
    assert CliRunner().invoke(app, [*add, "Nguyen, Oświęcim"]).exit_code == 0
    listed = json.loads(CliRunner().invoke(app, ["source", "list", "--json"]).stdout)
    assert [row["vocabulary"] for row in listed] == [None, "Nguyen, Oświęcim"]
    assert CliRunner().invoke(app, [*add, "x" * 1001]).exit_code == 2

"""`nightshift plan`: what it says of folders."""

import json
from pathlib import Path

from typer.testing import CliRunner

from nightshift.__main__ import app


def test_what_a_run_would_leave_out_is_told(tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf", "@eaDir/c.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    told = "left out, as no media: 2 .pdf, 1 @eaDir/"
    shown = CliRunner().invoke(app, ["plan", str(tmp_path)])
    assert (shown.exit_code, told in shown.stdout) == (0, True)
    (row,) = json.loads(CliRunner().invoke(app, ["plan", str(tmp_path), "--json"]).stdout)
    assert (row["path"], row["summary"]) == (str(tmp_path), told)
    assert row["left_out"] == {".pdf": 2, "@eaDir/": 1}

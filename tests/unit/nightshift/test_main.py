"""How a command ends."""

import subprocess
import sys
from typing import Any

import pytest

# A run whose Prefect server died: Prefect would be waited for at exit, so the process ends at once.
ENDED = """
import sys
from nightshift import __main__
from nightshift.cli import work

def command():
    work.server_died = True
    print("the report")
    {end}

__main__.app = command
__main__.main()
"""


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("sys.exit(0)", 0),  # all was done before the server died
        ("sys.exit(1)", 1),
        ("sys.exit(2)", 2),
        ("return", 0),
        ("raise __main__.NightShiftError('no luck')", 1),
    ],
)
def test_a_server_that_died_last_does_not_change_the_exit_code(end: Any, code: Any) -> None:
    program = [sys.executable, "-c", ENDED.format(end=end)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "the report\n")

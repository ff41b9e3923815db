import signal
import subprocess
import sys
from subprocess import CompletedProcess

import pytest

from nightshift.cli import watch
from utils.observability import progress


def interrupted(*arguments: str, then: str = "") -> CompletedProcess[str]:
    """A command line that hears Ctrl-C before its run has begun."""
    script = (
        f"import os, signal, sys; sys.argv = {['/bin/nightshift', *arguments]!r}\n"
        f"from nightshift import early_stop\n{then}\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\nexcept BaseException:\n    print('caught')"
    )
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("then", ["", "early_stop.hear_until_begun()"])
def test_ctrl_c_before_a_run_has_begun_is_said_in_a_word(then: str) -> None:
    ended = interrupted("run", "x", then=then)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "Stopped.\n")


def test_other_commands_hear_ctrl_c_as_python_does() -> None:
    ended = interrupted("metrics", "--serve", "9", then="early_stop.hear_until_begun()")
    assert ended.stdout == "caught\n"


def test_who_imports_the_command_line_keeps_the_handler() -> None:
    before = signal.getsignal(signal.SIGINT)
    __import__("nightshift.early_stop")
    assert signal.getsignal(signal.SIGINT) is before


def test_who_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    ignored = (
        "import os, signal, sys; sys.argv = ['/bin/nightshift', 'run']\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from nightshift import early_stop; early_stop.hear_until_begun()\n"
        "os.kill(os.getpid(), signal.SIGINT); print('went on')"
    )
    command = [sys.executable, "-c", ignored]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "went on\n"


def test_bars_are_taken_off_the_screen_without_leaving_their_block() -> None:
    with watch._Bars() as bars:
        bars.tell(progress.Stepping("an-item", "film", "decoding"))
        watch.erase()
        assert not bars._live.is_started
    watch.erase()

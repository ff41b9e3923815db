"""A person's keys, one at a time, and lines; what is typed ahead decides nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

_STOP, _END = "\x03", "\x04"  # Ctrl-C and Ctrl-D, where they come as characters


class Keyboard:
    """Keys and lines in the order in which they are typed.

    Args:
        read: Gives what was typed, at least a character.
        read_line: Shows a prompt and gives a line without its end.
        drop: Forgets what was typed and not read yet.
    """

    def __init__(
        self,
        read: Callable[[], str] | None = None,
        read_line: Callable[[str], str] = input,
        drop: Callable[[], None] | None = None,
    ) -> None:
        self._read, self._read_line = read or _of_terminal, read_line
        self._drop = drop or (_drop_of_terminal if read is None else _nothing)

    def drop(self) -> None:
        """Forget what was typed before: it was meant for something else."""
        self._drop()

    def key(self) -> str:
        """The next key; empty for one that is no character, such as an arrow.

        Several characters where they came at once: pasted, or typed before anybody asked.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            EOFError: Ctrl-D, or nothing more comes.
        """
        typed = self._read()
        if _STOP in typed:
            raise KeyboardInterrupt
        if typed in ("", _END):
            raise EOFError
        return "" if typed.startswith("\x1b") else typed  # an arrow's letters are no keys

    def line(self, prompt: str) -> str:
        """The next line.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            EOFError: Ctrl-D, or nothing more comes.
        """
        return self._read_line(prompt)


def _of_terminal() -> str:
    """What was typed at the terminal, without its echo, and without waiting for Enter."""
    import termios
    import tty

    sys.stdout.flush()
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)  # at once: what was typed ahead stays
        return os.read(terminal, 64).decode(errors="replace")
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)


def _drop_of_terminal() -> None:
    import termios

    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _nothing() -> None:
    """Where keys come from no terminal, none waits there."""

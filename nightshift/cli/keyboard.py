"""A person's keys, one at a time, and lines; what is typed ahead is not lost."""

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
    """

    def __init__(
        self, read: Callable[[], str] | None = None, read_line: Callable[[str], str] = input
    ) -> None:
        self._read, self._read_line = read or _of_terminal, read_line
        self._typed = ""

    def key(self) -> str:
        """The next key; empty for one that is no character, such as an arrow.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            EOFError: Ctrl-D, or nothing more comes.
        """
        if not self._typed:
            self._typed = self._read()
        if self._typed.startswith("\x1b"):  # all of it: an arrow's letters are no keys
            self._typed = ""
            return ""
        key, self._typed = self._typed[:1], self._typed[1:]
        if key == _STOP:
            raise KeyboardInterrupt
        if key in ("", _END):
            raise EOFError
        return key

    def line(self, prompt: str) -> str:
        """The next line.

        Raises:
            KeyboardInterrupt: Ctrl-C.
            EOFError: Ctrl-D, or nothing more comes.
        """
        begun, end, rest = self._typed.replace("\r", "\n").partition("\n")
        self._typed = rest
        if end:
            print(f"{prompt}{begun}")
            return begun
        return begun + self._read_line(f"{prompt}{begun}")


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

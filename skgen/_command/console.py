"""The console: what a command says beside its result, on stderr."""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager

from .progress import CLEAR, Progress


class Console:
    """Steps with their progress, remarks, and warnings, each of them once.

    Parameters
    ----------
    is_quiet : bool, default=False
        Whether steps and remarks are left out; warnings and errors never are.
    """

    def __init__(self, is_quiet=False):
        self.is_quiet = is_quiet
        self._stream = sys.stderr
        self._noted = set()

    def step(self, title, total=None, unit=""):
        """A step of the command, to be entered while it lasts."""
        return Progress(title, total, unit, None if self.is_quiet else self._stream)

    def say(self, text):
        """A remark."""
        if not self.is_quiet:
            self._print(text)

    def error(self, error):
        """What went wrong, on one line."""
        text = str(error)
        if isinstance(error, OSError) and error.strerror:
            text = error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
        self._print(f"Error: {' '.join(text.split())}")

    @contextmanager
    def notes(self):
        """Warnings to users become notes; those between programmers are left out."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = self._note
            yield

    def _note(self, message, *where):
        text = " ".join(str(message).split())
        if text not in self._noted:
            self._noted.add(text)
            self._print(f"Note: {text}")

    def _print(self, text):
        print(f"{CLEAR if self._stream.isatty() else ''}{text}", file=self._stream, flush=True)

"""Progress: how far one step of a command is."""

from __future__ import annotations

import shutil
from time import perf_counter

WIDTH = 24
#: Fewest seconds between two drawings of a bar.
PAUSE = 0.1
CLEAR = "\r\x1b[K"


class Progress:
    """One step: a bar on a terminal, plain lines elsewhere, nothing without a stream.

    It also takes text, so that what a library prints can be sent here: each of its lines is one part of the whole that
    is done, and the bar shows the last one.

    Parameters
    ----------
    title : str
        What is done.
    total : int, default=None
        Parts of the whole; None where they are not known, which shows no bar.
    unit : str, default=""
        What the parts are.
    stream : text stream, default=None
        Where it is shown.
    """

    def __init__(self, title, total=None, unit="", stream=None):
        self.title, self.total, self.unit = title, total, unit
        self.done, self._note, self._pending, self._drawn = 0, "", "", 0.0
        self._stream = stream
        self._is_live = stream is not None and stream.isatty()

    def __enter__(self):
        self._start = perf_counter()
        if self._is_live:
            self._draw()
        return self

    def __exit__(self, *error):
        if self._stream is None:
            return
        seconds = f"{perf_counter() - self._start:.1f} s"
        counted = f"{self.done:,} {self.unit}, " if self.total and self.unit else ""
        end = f"{self.title}: {counted}{seconds}" if error[0] is None else f"{self.title}: failed after {seconds}"
        self._put(f"{CLEAR if self._is_live else ''}{end}\n")

    def advance(self, parts=1, note=""):
        """So many parts further."""
        self.done += parts
        self._note = note
        is_due = perf_counter() - self._drawn > PAUSE or self.done == self.total
        if self._is_live and is_due:
            self._draw()

    def write(self, text):
        """Take text: its whole lines count."""
        *lines, self._pending = (self._pending + text).split("\n")
        for line in filter(None, lines):
            if self._is_live and self.total:
                self.advance(note=line)
                continue
            self.done += 1
            if self._stream is not None:
                self._put(f"{CLEAR if self._is_live else ''}{line}\n")
        return len(text)

    def flush(self):
        """Nothing waits to be shown."""

    def _draw(self):
        self._drawn = perf_counter()
        line = f"{self.title} ..."
        if self.total:
            share = min(self.done / self.total, 1.0)
            bar = "#" * round(share * WIDTH)
            line = f"{self.title} [{bar:.<{WIDTH}}] {share:4.0%} {self._note}"
        self._put(CLEAR + line[: shutil.get_terminal_size().columns - 1])

    def _put(self, text):
        self._stream.write(text)
        self._stream.flush()

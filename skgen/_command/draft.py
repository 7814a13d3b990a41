"""A draft: a file that takes the place of another once it is complete, and of nothing if anything fails."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path


def check_output(path, *inputs):
    """Refuse a place where no file can be written, or one of the inputs stands, before any work."""
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; name a file.")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent} to write {path.name} in.")
    for other in inputs:
        if path.exists() and Path(other).exists() and path.samefile(other):
            raise ValueError(f"{path} would overwrite what is read; name another file by -o.")


@contextmanager
def draft_of(path):
    """The name of a file beside `path`, moved there at the end."""
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)

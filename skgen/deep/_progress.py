"""Progress: a bar over the epochs."""

from __future__ import annotations

from tqdm.auto import tqdm


class Progress:
    """A progress bar, shown where `verbose` is positive.

    Parameters
    ----------
    title : str
        What stands before it.
    n_epochs : int
        Its length.
    n_done : int
        Epochs that were done before.
    verbose : int
        0 shows nothing.
    """

    def __init__(self, title, n_epochs, n_done, verbose):
        self._bar = None  # a bar that is not shown would still start a thread
        if verbose:
            self._bar = tqdm(total=n_epochs, initial=n_done, desc=title, unit="epoch")

    def advance(self, row):
        """One epoch further, with its losses beside the bar."""
        if self._bar is None:
            return
        losses = {name: f"{row[name]:.4g}" for name in ("train_loss", "valid_loss") if name in row}
        self._bar.set_postfix(losses, refresh=False)
        self._bar.update()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._bar is not None:
            self._bar.close()

"""Trainer: one training of a model, from its rows to the weights it ends with."""

from __future__ import annotations

import warnings

import numpy as np

from .._random import block_generator
from .._sklearn import clone
from ..exceptions import DivergenceError, DivergenceWarning, InterruptedFitWarning
from ._net import _Net
from ._progress import Progress
from ._rows import TensorBatches, TrainingRows
from ._training import Training

#: Call number of the generator that splits the rows, beside the attempts of the epochs.
_SPLIT = 2**32 - 2

#: Entries of skorch's history that are no figures of an epoch.
_NO_FIGURES = ("batches",)


class Trainer:
    """A training and what watches it.

    Parameters
    ----------
    name : str
        The model's name, for the progress bar and the warnings.
    module : DensityModule
        The module, on its device.
    seed : int
        Seed of the fit.
    settings : Settings
        How the training goes.
    checkpoint : Checkpoint
        Where epochs are written.
    """

    def __init__(self, name, module, seed, settings, checkpoint):
        self.name, self.settings, self.checkpoint = name, settings, checkpoint
        self.training = Training(module, seed, settings)
        self._past, self.was_interrupted = None, False

    @property
    def n_done(self) -> int:
        """Epochs of this fit that a checkpoint held."""
        return len(self._past or [])

    def resume(self, saved):
        """Go on from what a checkpoint holds."""
        self.training.restore(saved["training"])
        self._past = saved["history"]

    def run(self, draw, n_rows, weight, is_fresh, callbacks, verbose, tasks) -> list:
        """Train; the history as a list of dicts."""
        settings, training = self.settings, self.training
        device = training.module.device()
        order = block_generator(training.seed, _SPLIT, 0).permutation(n_rows)
        parts = np.sort(order[settings.n_valid :]), np.sort(order[: settings.n_valid])
        by_weight = training.module.draws_by_weight
        rows = TrainingRows(draw, parts[0], weight, is_fresh, device)
        train = TensorBatches(rows, settings.batch_size, shuffle=True, by_weight=by_weight)
        valid = None
        if settings.n_valid:
            valid = TensorBatches(TrainingRows(draw, parts[1], weight, False, device), settings.batch_size)
        n_done = self.n_done
        net = _Net(
            training,
            self.checkpoint,
            Progress(self.name, settings.max_epochs, n_done, verbose),
            tasks,
            history=self._past,
            callbacks=[clone(callback, safe=False) for callback in callbacks or []],
            max_epochs=settings.max_epochs - n_done,
            device=device,
        )
        first = training.n_epochs - n_done
        with net.progress:
            net.partial_fit(train, valid)
        self.was_interrupted = net.was_interrupted
        self._report(net, training.n_epochs - first)
        return [{k: v for k, v in row.items() if k not in _NO_FIGURES} for row in net.history.to_list()]

    def _report(self, net, n_good):
        """Say how a training ended that did not end by itself."""
        if net.has_diverged and not n_good:
            raise DivergenceError(
                f"The loss of {self.name} stayed infinite or no number in the first epoch, also at lower rates. "
                "Lower lr, or look for columns of extreme numbers."
            )
        if net.has_diverged:
            warnings.warn(
                f"The loss of {self.name} turned infinite or no number after {n_good} epochs, also at lower rates: the "
                "best weights until then are kept. Lower lr.",
                DivergenceWarning,
                stacklevel=2,
            )
        if net.was_interrupted:
            warnings.warn(
                f"The fit of {self.name} was interrupted after {n_good} epochs; it can be used as it is."
                f"{self.checkpoint.advice}",
                InterruptedFitWarning,
                stacklevel=2,
            )

"""FitTasks: a fit as scikit-learn's callbacks see it, one task for each epoch inside that of the fit.

A search that has callbacks hands them down, so that a bar over its fits goes on into their epochs.
"""

from __future__ import annotations


class FitTasks:
    """The tasks of a fit; nothing at all where the model has no callbacks of scikit-learn's.

    Parameters
    ----------
    model : estimator
        The model being fitted.
    n_epochs : int
        Epochs to come, at most.
    table : callable
        Gives the rows of the fit as a table.
    sample_weight : ndarray or None
        Their weights.
    fitted : callable
        Gives the attributes that the model would have if the fit ended now.
    """

    def __init__(self, model, n_epochs, table, sample_weight, fitted):
        self._model, self._fitted, self._epoch, self._fit = model, fitted, None, None
        self._arguments = {"estimator": model, "X": table, "metadata": {"sample_weight": sample_weight}}
        if getattr(model, "_skl_callbacks", None):
            self._fit = model._init_callback_context(max_subtasks=n_epochs)
            self._fit.call_on_fit_task_begin(**self._arguments)

    def begin_epoch(self):
        """An epoch begins; one that is tried again is still the same."""
        if self._fit is not None and self._epoch is None:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._arguments)

    def end_epoch(self) -> bool:
        """An epoch is done; whether a callback wants it to be the last."""
        if self._fit is None:
            return False
        epoch, self._epoch = self._epoch, None
        return epoch.call_on_fit_task_end(**self._arguments, reconstruction_attributes=self._fitted)

    def end(self):
        """The fit is done, the attributes of the model in place."""
        if self._fit is not None:
            self._fit.call_on_fit_task_end(**self._arguments, reconstruction_attributes=dict)

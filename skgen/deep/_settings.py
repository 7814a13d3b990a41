"""Settings: a model's training parameters with every "auto" resolved for a number of rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How a training goes.

    Parameters
    ----------
    max_epochs : int
        Passes over the rows in this call.
    batch_size : int
        Rows per step.
    n_steps : int or None
        Steps of the whole training, for the schedule.
    lr, weight_decay : float
        Rate and decay of the optimisers.
    lr_schedule : str
        Name of the schedule.
    max_grad_norm, ema_decay : float or None
        Clipping and averaging.
    patience : int or None
        Of early stopping; None without one.
    tol : float
        Of early stopping.
    n_valid : int
        Rows that are left out for validation.
    """

    max_epochs: int
    batch_size: int
    n_steps: int | None
    lr: float
    weight_decay: float
    lr_schedule: str
    max_grad_norm: float | None
    ema_decay: float | None
    patience: int | None
    tol: float
    n_valid: int

    @classmethod
    def of(cls, model, n_rows, chunk):
        """Those of a model for a table of so many rows; a chunk of `partial_fit` is one pass without validation."""
        n_valid = 0 if chunk or not model.early_stopping else int(model.validation_fraction * n_rows)
        n_train = n_rows - n_valid
        batch_size = _auto_batch(model, n_train)
        per_epoch = -(-n_train // batch_size)
        epochs = _auto_epochs(model, per_epoch)
        is_open = chunk and model.max_epochs == "auto"
        return cls(
            max_epochs=1 if chunk else epochs,
            batch_size=batch_size,
            n_steps=None if is_open else epochs * per_epoch,
            lr=model.lr,
            weight_decay=model.weight_decay,
            lr_schedule=model.lr_schedule,
            max_grad_norm=model.max_grad_norm,
            ema_decay=model.ema_decay,
            patience=model.n_iter_no_change if n_valid else None,
            tol=model.tol,
            n_valid=n_valid,
        )


def _auto_batch(model, n_rows):
    if model.batch_size != "auto":
        return min(int(model.batch_size), n_rows)
    least, most = model._auto_batch
    size = least
    while size < most and size * 75 < n_rows:  # the power of two nearest to a fiftieth of the rows
        size *= 2
    return min(size, n_rows)


def _auto_epochs(model, per_epoch):
    if model.max_epochs != "auto":
        return int(model.max_epochs)
    n_steps, least, most = model._auto_epochs
    return min(max(-(-n_steps // per_epoch), least), most)

"""DeepModel: what every deep model has in common, from rows to a trained module and back.

A model builds a `DensityModule` and says what it reads; seeds, device, validation, early stopping, schedules, clipping,
averages, divergence, checkpoints, progress and history are objects of one concern each, held by a `Trainer`.
"""

from __future__ import annotations

import copy
import os
import warnings
from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
import torch

from .._encoder import distinct
from .._random import block_generator
from .._sklearn import CallbackSupportMixin, Interval, StrOptions, with_callbacks
from ..base import GenerativeModel
from ..exceptions import InterruptedFitWarning
from ..table.given import column_position
from ._checkpoint import Checkpoint, digest, fingerprint
from ._random import seeded_init, torch_generator
from ._rows import FLOAT, ViewRows, single, to_tensors
from ._schedule import SCHEDULES
from ._settings import Settings
from ._tasks import FitTasks
from ._trainer import Trainer
from ._training import TrainingRecord, copied

#: Rows that are scored at a time.
CHUNK_ROWS = 8192

#: Call numbers of the generators before and after the training, beside the attempts of its epochs.
_BEFORE, _AFTER = 2**32 - 3, 2**32 - 4


def resolved_device(device) -> torch.device:
    """The device of a name; "auto" is a GPU where there is one."""
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device={device!r} is no device of torch. Use 'auto', 'cpu' or 'cuda'.") from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device={device!r} asks for a GPU, and torch finds none here. Use device='auto' or 'cpu'.")
    return found


class DeepModel(CallbackSupportMixin, GenerativeModel):
    """Base class of models that are torch modules; subclasses write hooks and list their parameters."""

    _parameter_constraints: dict = {
        **GenerativeModel._parameter_constraints,
        "max_epochs": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [StrOptions(set(SCHEDULES))],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "ema_decay": [Interval(Real, 0, 1, closed="left"), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "checkpoint": [str, os.PathLike, None],
        "callbacks": [list, None],
        "device": [str],
        "verbose": ["verbose"],
    }

    #: What "auto" means: (about so many steps, least epochs, most epochs), (least rows in a batch, most).
    _auto_epochs = (10_000, 10, 1_000)
    _auto_batch = (32, 512)
    #: Weights mean nothing in other coordinates than those they were learnt in.
    _warm_start_keeps_codec = True
    #: Parameters that only a fit from the start reads.
    _read_once: tuple[str, ...] = ("categorical_features", "schema", "marginals")

    def _set_parameters(self, arguments):
        """Keep the arguments of a constructor, each under its name and as it came."""
        vars(self).update((name, value) for name, value in arguments.items() if name not in ("self", "__class__"))

    # ---- hooks ---------------------------------------------------------------------------------------------------

    def _prepare(self, Z, sample_weight, rng):
        """Learn what the net's input needs."""

    def _tensors(self, Z):
        """The arrays that the net reads for rows of the view."""
        return (Z,)

    @abstractmethod
    def _build_module(self):
        """The module, its parameters at their start."""

    def _finish(self, Z, sample_weight, rng):
        """What is to be done once the weights are in place."""

    # ---- fit -----------------------------------------------------------------------------------------------------

    def _fit(self, Z, sample_weight, rng, encode=None):
        self._train(Z, sample_weight, rng, encode, chunk=False)

    def _partial_fit(self, Z, sample_weight, rng, encode=None):
        self._train(Z, sample_weight, rng, encode, chunk=True)

    @with_callbacks
    def _train(self, Z, sample_weight, rng, encode, chunk):
        device = resolved_device(self.device)
        goes_on = hasattr(self, "module_") and (chunk or self.warm_start)
        self._set_condition(goes_on)
        rows = ViewRows(Z, encode, self._condition)
        checkpoint = self._checkpoint_of(rows, sample_weight, goes_on, chunk)
        saved = checkpoint.load(device)
        seed = int(rng.integers(0, 2**63)) if saved is None else saved["seed"]
        if goes_on:
            self._check_read_once()
        else:
            before = block_generator(seed, _BEFORE, 0)
            self._prepare(rows.draw(before), sample_weight, before)
            self._parameters_read_ = {
                name: digest(getattr(self, name)) for name in self._read_once if hasattr(self, name)
            }
        module = self._started_module(seed, goes_on).to(device)
        trainer = Trainer(type(self).__name__, module, seed, Settings.of(self, len(rows), chunk), checkpoint)
        if saved is not None:
            trainer.resume(saved)
        elif goes_on:
            trainer.training.go_on(self, chunk)

        def draw(rng, at):
            return self._tensors(rows.draw(rng, at))

        def fitted():
            return self._fitted_now(trainer.training, rows, sample_weight)

        n_left = trainer.settings.max_epochs - trainer.n_done
        tasks = FitTasks(self, n_left, lambda: self.codec_.decode_typed(rows.typed.copy()), sample_weight, fitted)
        weight = sample_weight if sample_weight is None or chunk else sample_weight / sample_weight.mean()
        history = trainer.run(draw, len(rows), weight, rows.is_fresh, self.callbacks, self.verbose, tasks)
        self._keep(trainer.training, (self.history_ if goes_on else []) + history, chunk)
        self._finish_despite_interrupt(seed, rows, sample_weight)
        tasks.end()
        checkpoint.end(trainer.was_interrupted)

    def _checkpoint_of(self, rows, sample_weight, goes_on, chunk):
        """The file of the fit, which knows it by its parameters, its rows and the weights that it starts from."""
        again = "partial_fit" if chunk else "fit" if self.warm_start else None
        if chunk or self.checkpoint is None:
            return Checkpoint(None, None, again)
        start = self.module_.to_state()["weights"] if goes_on else None
        mark = fingerprint(self, (rows.typed, sample_weight, start))
        return Checkpoint(self.checkpoint, mark, again)

    def _finish_despite_interrupt(self, seed, rows, sample_weight):
        """The last step, which one Ctrl-C only begins again: without it a trained net is no model."""
        trained = copied(self.module_.state_dict())  # not every module of a user's can be copied, nor be written down
        try:
            self._finish_from(seed, rows, sample_weight)
            return
        except KeyboardInterrupt:
            warnings.warn(
                f"The fit of {type(self).__name__} was interrupted in its last step, without which its net cannot be "
                "used: it is done once more. Another Ctrl-C ends the fit and leaves the model as it was before.",
                InterruptedFitWarning,
                stacklevel=2,
            )
        self.module_.load_state_dict(trained)
        self.module_.drop_double()
        self._finish_from(seed, rows, sample_weight)

    def _finish_from(self, seed, rows, sample_weight):
        after = block_generator(seed, _AFTER, 0)
        self._finish(rows.draw(after), sample_weight, after)

    def _fitted_now(self, training, rows, sample_weight) -> dict:
        """The attributes, but for the history, that the model would have if the training ended now."""
        model = copy.copy(self)
        with training.average.applied():
            model.module_ = copy.deepcopy(training.module).eval()
        if training.stopping.best_weights is not None:
            model.module_.load_state_dict(training.stopping.best_weights)
        model.n_epochs_ = training.n_epochs
        model._finish_from(training.seed, rows, sample_weight)
        return {name: value for name, value in vars(model).items() if name.endswith("_")}

    def _check_read_once(self):
        changed = [name for name, read in self._parameters_read_.items() if digest(getattr(self, name)) != read]
        if changed:
            anew = "a clone, or with warm_start=False" if self.warm_start else "a clone"
            raise ValueError(
                f"{', '.join(changed)} changed since the first fit, which alone reads {changed[0]}: fit {anew}."
            )

    def _set_condition(self, goes_on):
        """The mask of the columns that are always given."""
        mask, names = np.zeros(self.n_features_in_, bool), getattr(self, "condition_on", None)
        for name in [] if names is None else names:
            mask[column_position(name, self.codec_, "condition_on")] = True
        if goes_on and (mask != self._condition).any():
            raise ValueError("condition_on has changed since the last fit: fit with warm_start=False.")
        self._condition = mask
        if names is None:
            return
        if self._condition.all():
            raise ValueError("condition_on names every column, which leaves nothing to learn: leave one out.")
        self.conditional_on_ = [self.codec_.columns[j].name for j in np.flatnonzero(self._condition)]
        if self._view == "real" and not self.codec_.real.needs_draw_[~self._condition].any():
            self.likelihood_ = "exact"  # no free column has to be placed in its cell

    def _started_module(self, seed, goes_on):
        """A module at its start, or with the weights that an earlier fit left."""
        with seeded_init(seed):
            module = self._build_module()
        if goes_on:
            weights = self.module_.state_dict()
            shapes = [{k: t.shape for k, t in state.items()} for state in (module.state_dict(), weights)]
            kept, new = ({name: m.config[name] for name in m.shaping} for m in (self.module_, module))
            if shapes[0] != shapes[1] or kept != new:
                raise ValueError(
                    "The weights of the last fit do not go with these parameters: fit with warm_start=False."
                )
            module.load_state_dict(weights)
        return module

    def _keep(self, training, history, chunk):
        """What a training leaves in the model."""
        vars(self).pop("training_", None)
        if chunk:
            self.training_ = TrainingRecord.of(training)
        training.finish()
        self.module_ = training.module.eval()
        self.module_.drop_double()
        self.history_ = history
        self.n_epochs_ = training.n_epochs

    # ---- sample, density -----------------------------------------------------------------------------------------

    def _sample(self, n, rng):
        with torch.inference_mode():
            return self.module_.sample(n, torch_generator(rng)).double().cpu().numpy()

    def _log_density(self, Z):
        first, row_of = distinct(Z)  # a row's rounding errors depend on its place in a chunk
        Z = Z[first]
        scorer = self.module_.in_double()
        with torch.inference_mode():
            chunks = [
                scorer.log_prob(single(self._inputs(Z[at : at + CHUNK_ROWS], torch.float64))).cpu().numpy()
                for at in range(0, max(len(Z), 1), CHUNK_ROWS)
            ]
        return np.concatenate(chunks)[row_of]

    def _inputs(self, Z, dtype=FLOAT):
        """The tensors that the net reads for rows of the view, on its device."""
        return to_tensors(self._tensors(Z), self.module_.device(), dtype)

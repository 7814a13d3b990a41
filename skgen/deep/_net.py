"""The training loop: skorch's net around a `DensityModule`, with batches sliced from tensors.

skorch brings the history and the callbacks that users know. The loop, which recovers from divergence, resumes, and
stops early at the average weights, is written here in its terms.
"""

from __future__ import annotations

import math
import time

import torch
from skorch import NeuralNet
from skorch.history import History

from ._blocks import set_generator
from ._step import NonFiniteStep

#: How often an epoch that diverges is begun again, with half the rate each time.
MOST_RETRIES = 8


class _Net(NeuralNet):
    """A net that is trained by its module's own steps.

    Parameters
    ----------
    training : Training
        The module and what its steps change.
    checkpoint : Checkpoint
        Where each epoch is written.
    progress : Progress
        What shows each epoch.
    tasks : FitTasks
        What tells scikit-learn's callbacks of each epoch.
    history : list of dict or None
        Epochs that a checkpoint left.
    callbacks : list
        skorch's callbacks.
    max_epochs : int
        Epochs to go.
    device : torch.device
        Where the module lies.
    """

    def __init__(self, training, checkpoint, progress, tasks, history, callbacks, max_epochs, device):
        self.training, self.checkpoint, self.progress, self.past = training, checkpoint, progress, history
        self.tasks = tasks
        super().__init__(
            training.module,
            torch.nn.Identity,
            callbacks=callbacks,
            max_epochs=max_epochs,
            train_split=None,
            verbose=0,
            device=device,
        )
        self.was_interrupted = self.has_diverged = False

    @property
    def _default_callbacks(self):
        return []

    def initialize_optimizer(self, triggered_directly=None):
        """The optimisers are the training's."""
        return self

    def initialize_history(self):
        """A new history, or the one that a checkpoint left."""
        self.history_ = History(self.past or [])
        return self

    # ---- the loop ------------------------------------------------------------------------------------------------

    def fit_loop(self, X, y=None, epochs=None, **fit_params):
        """Epochs over the batches `X`, each followed by the loss on the batches `y`, until one of the ends is met."""
        training = self.training
        first, good, n_attempts = training.n_epochs, training.state(), 0
        last = first + (self.max_epochs if epochs is None else epochs)
        while training.n_epochs < last and not training.stopping.is_over:
            n_rows = len(self.history)
            try:
                self._end_epoch(self._train_epoch(X), X, y)
                good, n_attempts = training.state(), 0
            except NonFiniteStep:
                del self.history[n_rows:]
                n_attempts += 1
                training.retry(good, n_attempts)
                if n_attempts > MOST_RETRIES:
                    self.has_diverged = True
                    break
            except KeyboardInterrupt:
                del self.history[n_rows:]
                self.was_interrupted = True
                if n_rows or first:  # else some steps of the first epoch are all there is
                    training.restore(good)
                training.n_epochs = first + n_rows - len(self.past or [])
                break
        return self

    def _train_epoch(self, batches):
        """One pass over the batches; what to write in the history."""
        training, start = self.training, time.perf_counter()
        self.tasks.begin_epoch()
        self.notify("on_epoch_begin", dataset_train=batches.rows, dataset_valid=None)  # a new row of the history
        rng, generator = training.generators()
        training.step.generator = generator
        self.module_.train()
        set_generator(self.module_, generator)
        sums, n_batches, factor = {}, 0, training.rate
        try:
            for batch in batches.batches(rng, generator):
                factor = training.set_rates()
                for name, value in self.train_step(batch).items():
                    sums[name] = sums.get(name, 0.0) + torch.as_tensor(value).detach()
                n_batches += 1
        finally:
            set_generator(self.module_, None)  # a generator can be neither copied nor pickled
            self.module_.eval()
        training.check_weights()
        losses = {name: float(total) / n_batches for name, total in sums.items()}
        losses["train_loss"] = losses.pop("loss")
        rate, seconds = training.settings.lr * factor, time.perf_counter() - start
        return {"epoch": training.n_epochs + 1, **losses, "lr": rate, "dur": seconds}

    def train_step(self, batch, **fit_params):
        """One step of the module on a batch; its scalars."""
        x, weight = batch
        losses = self.module_.training_step(x, weight, self.training.step)
        self.training.average.update()
        self.training.n_steps += 1
        return losses

    @torch.no_grad()
    def validation_loss(self, batches):
        """Mean loss of the validation rows at the average weights, with the same random numbers each time."""
        training = self.training
        rng, generator = training.validation_generators()
        total, weights = 0.0, 0.0
        with training.average.applied():
            for x, weight in batches.batches(rng, generator):
                loss = self.module_.loss(x, generator).double()
                weight = torch.ones_like(loss) if weight is None else weight
                total, weights = total + float(weight @ loss.to(weight.dtype)), weights + float(weight.sum())
        return total / weights

    def _end_epoch(self, row, batches, valid):
        """Validate, record, save, show."""
        training = self.training
        training.n_epochs += 1
        training.n_attempts = 0
        if valid is not None:
            row["valid_loss"] = self.validation_loss(valid)
            if math.isnan(row["valid_loss"]):  # infinity may be one row far out
                raise NonFiniteStep
            with training.average.applied():
                training.stopping.watch(row["valid_loss"], self.module_)
        training.schedule.watch(row.get("valid_loss", row["train_loss"]))
        for name, value in row.items():
            self.history.record(name, value)
        self.progress.advance(row)
        try:
            self.notify("on_epoch_end", dataset_train=batches.rows, dataset_valid=None)
        except KeyboardInterrupt:  # how skorch's callbacks end a training
            training.stopping.is_told = True
        training.stopping.is_told |= self.tasks.end_epoch()
        self.checkpoint.save(training, [dict(past) for past in self.history.to_list()])

r"""AutoregressiveNetwork: the columns one after the other, each by a net that reads those before it.

.. math:: p(x) = \prod_i P_\theta(c_{\pi(i)} \mid c_{\pi(<i)}) \; p(x_{\pi(i)} \mid c_{\pi(i)})

for the cells c of a row: levels, values, missing, or quantile cells of numbers with a law inside each. One masked net
(MADE; Germain et al., 2015) gives all factors at once. It also learns the columns given any others (NADE in all orders;
Uria et al., 2014): from these laws rows are drawn under conditions, and weighted so that they follow p.
"""

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
import torch

from .._sklearn import Interval, StrOptions
from ..classic._trees.column_order import read_orders
from ..exceptions import UnsupportedGivenError
from ..table.cells import ColumnCells
from ._autoregressive.code_column import CodeColumn
from ._autoregressive.discrepancy import order_discrepancy
from ._autoregressive.mixture import OrderMixture
from ._autoregressive.tilt import tilt
from ._random import torch_generator
from .base import CHUNK_ROWS, DeepModel

#: Training rows that the discrepancy between orders is measured on.
DISCREPANCY_ROWS = 64

#: Rows per interval of a number: on magic and Adult, 1,000 rows like 16 intervals best, and 142 rows of wine 8.
ROWS_PER_CELL = 60


def _signed_codes(cells, z):
    """The code of each number, for a reserved event -1 minus the one nearest to it; and the log-density within."""
    codes, log_within = cells.locate(z)
    reserved = np.flatnonzero(codes < 0)
    if len(reserved):
        codes[reserved] = -1 - cells.nearest(z[reserved])
    return codes, log_within


class AutoregressiveNetwork(DeepModel):
    """An any-order masked network on the cells of the columns.

    Every column is cut into cells (levels, values, or up to 256 intervals), and a net with masks gives the law of each
    column's cells given those of the columns before it, all in one pass. The density is exact on mixed types, missing
    cells are cells like others, and a number is drawn afresh inside its cell, so that rows are not copied.

    Parameters
    ----------
    column_order : "auto", "given", list of str or int, or list of lists, default="auto"
        The order of the columns, by name or position. "auto" takes the last column that varies first, since it is
        mostly the target, then the others as they stand; "given" takes them as they stand, as befits images and
        sequences. Several orders make a mixture of as many nets with equal weights.
    n_orders : int, default=1
        Orders in the mixture. Those beyond the stated ones are drawn at random; each costs as much as the first.
    any_order : bool, default=True
        Whether half of the training rows show the net random sets of columns besides, so that it learns the law of
        each column given any others: conditions are then met well, and the net overfits less. False trains it for
        its order alone.
    max_cells : int or "auto", default="auto"
        About how many intervals a number is cut into at most. "auto" takes one for 60 rows, from 8 to 256.
    hidden_units : int, default=512
        Width of the hidden layers.
    n_blocks : int, default=1
        Residual blocks of two hidden layers each.
    dropout : float, default=0.3
        Probability that a hidden number is dropped in a training step.
    calibrate : bool, default=True
        Whether `fit` ends by correcting the net's biases until rows that are drawn from it have the marginal laws of
        the training rows. `partial_fit` does not, unless with `warm_start`.
    max_epochs : int or "auto", default="auto"
        Passes over the rows. "auto" gives about 2,000 training steps, at least 10 and at most 100 passes.
    batch_size : int or "auto", default="auto"
        Rows per training step. "auto" takes about a fiftieth of the rows, a power of two from 32 to 256.
    lr : float, default=1e-3
        Learning rate of AdamW at its highest.
    lr_schedule : {"cosine", "plateau", "constant"}, default="cosine"
        How the learning rate falls: along half a cosine to 0, by halves after 5 epochs without a lower loss, or not.
    weight_decay : float, default=0.01
        Weight decay of AdamW.
    max_grad_norm : float or None, default=5.0
        Gradients of a greater norm are scaled down to it.
    ema_decay : float or None, default=None
        Decay per step of the moving average of the weights that samples and scores use; None uses the last weights.
    early_stopping : bool, default=True
        Whether to leave out rows, stop when their loss stops falling, and keep the weights of its least value.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping leaves out.
    n_iter_no_change : int, default=10
        Epochs without a lower loss after which early stopping ends the training.
    tol : float, default=1e-4
        The least fall of the loss that counts for early stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last fit.
    checkpoint : str, path-like or None, default=None
        File that holds the training after each epoch, the only thing that `fit` writes: the same fit, started again
        after it was killed, resumes there. It is removed when the fit is complete, or when a fit with `warm_start` is
        interrupted, which goes on from the weights that it has.
    callbacks : list or None, default=None
        Callbacks of skorch, told of the training and each epoch, not of batches; copies are used.
    device : str, default="auto"
        Where to train and sample: "cpu", "cuda", or "auto" for a GPU where there is one.
    verbose : int, default=0
        1 shows a progress bar.
    categorical_features : "from_dtype", mask or names, default="from_dtype"
        Columns to read as categories.
    schema : Schema or None, default=None
        Kinds and base measure of the columns; inferred from the table where None.
    random_state : int, RandomState instance, Generator or None, default=None
        Seed of the fit and of the stream that `sample` draws from.

    Attributes
    ----------
    column_orders_ : list of list
        The orders, by name.
    cells_ : list of ColumnCells
        The cells of each column.
    order_discrepancy_ : float
        Nats by which the laws that rows under conditions are drawn from miss the conditional laws of the density,
        before weights put it right: a mean over training rows and random sets of known columns. NaN without
        `any_order`.
    module_ : torch.nn.Module
        The trained module.
    history_ : list of dict
        Figures of each epoch: "epoch", "train_loss", "valid_loss", "lr", "dur" in seconds.
    n_epochs_ : int
        Passes over the rows so far.

    See Also
    --------
    AutoregressiveTrees : The same chain of columns with trees: no tuning, and faster.

    Notes
    -----
    The likelihood is that of the stated orders, and so are conditions: rows with any known columns are drawn in one
    pass from the net's laws given these, then weighted by the density and resampled, so that they follow the
    conditional law of `score_samples` (`given_ess_` tells how many count). No weights are needed where the known
    columns come first in the order. Conditional scores exist for the first columns of the order only.

    References
    ----------
    Germain, M., Gregor, K., Murray, I. and Larochelle, H. (2015). MADE: masked autoencoder for distribution estimation.

    Uria, B., Murray, I. and Larochelle, H. (2014). A deep and tractable density estimator.

    Examples
    --------
    >>> from skgen import AutoregressiveNetwork
    >>> from skgen.datasets import load_wine_table
    >>> wine = load_wine_table()
    >>> model = AutoregressiveNetwork(hidden_units=64, max_epochs=20, random_state=0).fit(wine)
    >>> model.sample(2, given={"cultivar": "class_1"})[["alcohol", "magnesium", "cultivar"]].shape
    (2, 3)
    >>> round(model.score(wine))
    -14
    """

    _parameter_constraints: dict = {
        **DeepModel._parameter_constraints,
        "column_order": [StrOptions({"auto", "given"}), "array-like"],
        "n_orders": [Interval(Integral, 1, None, closed="left")],
        "any_order": ["boolean"],
        "max_cells": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
        "hidden_units": [Interval(Integral, 1, None, closed="left")],
        "n_blocks": [Interval(Integral, 0, None, closed="left")],
        "calibrate": ["boolean"],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }
    _auto_epochs = (2_000, 10, 100)
    _auto_batch = (32, 256)

    _read_once = (*DeepModel._read_once, "column_order", "n_orders", "max_cells")

    def __init__(
        self,
        *,
        column_order="auto",
        n_orders=1,
        any_order=True,
        max_cells="auto",
        hidden_units=512,
        n_blocks=1,
        dropout=0.3,
        calibrate=True,
        max_epochs="auto",
        batch_size="auto",
        lr=1e-3,
        lr_schedule="cosine",
        weight_decay=0.01,
        max_grad_norm=5.0,
        ema_decay=None,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=10,
        tol=1e-4,
        warm_start=False,
        checkpoint=None,
        callbacks=None,
        device="auto",
        verbose=0,
        categorical_features="from_dtype",
        schema=None,
        random_state=None,
    ):
        self._set_parameters(locals())

    def _prepare(self, Z, sample_weight, rng):
        pairs = zip(Z.T, self.codec_.columns)
        max_cells = int(np.clip(len(Z) // ROWS_PER_CELL, 8, 256)) if self.max_cells == "auto" else self.max_cells
        self.cells_ = [ColumnCells.fit(z, sample_weight, column, max_cells) for z, column in pairs]
        names, d = self.schema_.names, Z.shape[1]
        is_given = isinstance(self.column_order, str) and self.column_order == "given"
        orders = [np.arange(d)] if is_given else read_orders(self.column_order, names, self.cells_)
        orders += [rng.permutation(d) for _ in range(self.n_orders - len(orders))]
        self._orders_ = np.array(orders)
        self.column_orders_ = [[names[j] for j in order] for order in orders]

    def _tensors(self, Z):
        return (np.column_stack([_signed_codes(cells, z)[0] for cells, z in zip(self.cells_, Z.T)]),)

    def _build_module(self):
        columns = [CodeColumn.of(cells) for cells in self.cells_]
        return OrderMixture(columns, self._orders_, self.hidden_units, self.n_blocks, self.dropout, self.any_order)

    def _finish(self, Z, sample_weight, rng):
        if self.calibrate and (self.warm_start or not hasattr(self, "training_")):  # `partial_fit` leaves a training
            (x,) = self._inputs(Z)
            weight = np.ones(len(Z)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
            for net in self.module_.nets:
                tilt(net, x, torch.as_tensor(weight, device=x.device), torch_generator(rng))
        self.order_discrepancy_ = np.nan
        if self.any_order and Z.shape[1] > 1:
            rows = rng.choice(len(Z), min(len(Z), DISCREPANCY_ROWS), replace=False)
            self.order_discrepancy_ = order_discrepancy(self.module_, self._inputs(Z[rows])[0], rng)

    def _sample(self, n, rng):
        with torch.inference_mode():
            codes = self.module_.sample(n, torch_generator(rng)).cpu().numpy()
        return np.column_stack([cells.draw(c, rng) for cells, c in zip(self.cells_, codes.T)])

    def _log_density(self, Z, known=None):
        n_columns = None if known is None else self._prefix_length(known)
        codes, log_within = zip(*(_signed_codes(cells, z) for cells, z in zip(self.cells_, Z.T)))
        within = np.column_stack(log_within)[:, slice(None) if known is None else known].sum(axis=1)
        return within + self._log_cells(np.column_stack(codes), n_columns)

    def _is_exact_given(self, known, allowed):
        return self._is_prefix(known) and all(a is None for a in allowed)

    def _propose_given(self, Z, known, rng, allowed):
        is_exact = self._is_exact_given(known, allowed)
        shares = [None if a is None or k else c.overlap(a) for a, k, c in zip(allowed, known, self.cells_)]
        generator = torch_generator(rng)
        with torch.inference_mode():
            parts = [
                self.module_.draw_given(x, known, shares, is_exact, generator)
                for x in self._inputs(np.where(known, Z, np.nan))[0].split(CHUNK_ROWS)
            ]
        codes, log_weight = (torch.cat(part).cpu().numpy() for part in zip(*parts))
        new = Z.copy()
        for j in np.flatnonzero(~known):
            new[:, j] = self.cells_[j].draw(codes[:, j], rng, allowed[j])
        return new, log_weight

    # ---- helpers -------------------------------------------------------------------------------------------------

    def _log_cells(self, codes, n_columns):
        """Log-probabilities (n,) of rows of cells, or of their first columns, in float64."""
        scorer, device = self.module_.in_double(), self.module_.device()
        with torch.inference_mode():
            chunks = torch.as_tensor(codes).split(CHUNK_ROWS)
            parts = [scorer.log_parts(x.to(device), n_columns).logsumexp(dim=0).cpu().numpy() for x in chunks]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _is_prefix(self, known):
        n_known = int(known.sum())
        return all(known[order[:n_known]].all() for order in self._orders_)

    def _prefix_length(self, known):
        if not self._is_prefix(known):
            orders = "the order" if len(self.column_orders_) == 1 else "every one of the orders"
            raise UnsupportedGivenError(
                f"The marginal density of these columns has no closed form: it has for the first columns of {orders}, "
                f"{', '.join(map(str, self.column_orders_))}. Set column_order so that the columns to condition on "
                "come first."
            )
        return int(known.sum())

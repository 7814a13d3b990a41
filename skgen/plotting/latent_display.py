"""A picture of a latent space: the codes of rows, and what lies between and around them."""

import numpy as np

from .._sklearn import check_is_fitted, check_matplotlib_support
from ._cell_table import draw_cells
from ._code_scatter import draw_codes, in_plane
from ._columns import as_frame
from ._latent_walk import interpolation, plane, traversal
from ._mosaic import as_images, draw_mosaic

#: Inches of an image, of a line and of a column of a table.
IMAGE, LINE, COLUMN = 0.62, 0.26, 0.95
KINDS = ("codes", "interpolation", "traversal", "plane")


class LatentDisplay:
    """A latent space: codes of rows as dots, or rows decoded along a walk, as images or as a table.

    Make it with :meth:`from_estimator`, of a `VAE`, an `Autoencoder`, a `NormalizingFlow` or anything else that has
    ``transform`` and ``inverse_transform``, such as scikit-learn's PCA; or with :meth:`from_predictions`, of codes.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, latent_dim)
        Codes of rows.
    walk : Walk, default=None
        Places that were decoded; by default the codes are drawn.
    decoded : DataFrame or array of shape (n_lines * n_steps, n_features), default=None
        The rows at these places, line by line.
    rows : DataFrame or array of shape (n_samples, n_features), default=None
        The rows of the codes, which set the range of colours and stand at the ends of an interpolation.
    y : array of shape (n_samples,), default=None
        Labels or numbers that colour the dots.
    y_name : str, default=None
        What they are.
    coordinates : list of int, default=None
        The two coordinates of dots; by default the two directions in which codes vary most.
    image_shape : tuple of int, default=None
        Height, width and, of colour images, channels of a row; by default rows are drawn as a table.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, once plotted.
    ax_ : matplotlib Axes
        The axes with the picture.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from skgen import LatentDisplay
    >>> X, _ = load_digits(return_X_y=True)
    >>> model = PCA(8).fit(X)
    >>> options = dict(n_steps=5, image_shape=(8, 8), plot=False)
    >>> display = LatentDisplay.from_estimator(model, X[:4], kind="interpolation", **options)
    >>> display.walk.places.shape, display.decoded.shape
    ((2, 5, 8), (10, 64))
    """

    def __init__(
        self, codes, *, walk=None, decoded=None, rows=None, y=None, y_name=None, coordinates=None, image_shape=None
    ):
        self.codes = codes
        self.walk = walk
        self.decoded = decoded
        self.rows = rows
        self.y = y
        self.y_name = y_name
        self.coordinates = coordinates
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls, estimator, X, *, kind="codes", y=None, coordinates=None, n_steps=9, extent=2.0, image_shape=None,
        ax=None, plot=True, **kwargs,
    ):  # fmt: skip
        """Draw the latent space of a fitted model.

        Parameters
        ----------
        estimator : fitted model
            Has ``transform`` and, for walks, ``inverse_transform``.
        X : DataFrame or array-like of shape (n_samples, n_features)
            Rows. An interpolation runs from row 0 to row 1, from row 2 to row 3, and so on; a traversal starts at row 0
            and takes means and deviations of coordinates from all.
        kind : {"codes", "interpolation", "traversal", "plane"}, default="codes"
            Codes as dots; rows decoded on lines between rows; along single coordinates; or over two coordinates.
        y : array of shape (n_samples,) or str, default=None
            Labels or numbers that colour the dots, or the name of a column of X that holds them.
        coordinates : list of int, default=None
            Latent coordinates that are drawn. By default dots stand in the two directions in which codes vary most, and
            walks go along the coordinates in which they do: at most 8, or 2 for a plane.
        n_steps : int, default=9
            Rows that are decoded along a line.
        extent : float, default=2.0
            How far traversals and planes go from the mean, in standard deviations of the codes.
        image_shape : tuple of int, default=None
            Height, width and, of colour images, channels of a row; by default rows are drawn as a table.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.
        **kwargs : dict
            Passed to :meth:`plot`.

        Returns
        -------
        LatentDisplay
        """
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}.")
        _check_estimator(estimator, kind)
        codes = np.asarray(estimator.transform(X), float)
        walk = _walk(kind, codes, coordinates, n_steps, extent)
        decoded = None if walk is None else estimator.inverse_transform(walk.places.reshape(-1, codes.shape[1]))
        display = cls(codes, walk=walk, decoded=decoded, rows=X, image_shape=image_shape)
        display.coordinates, display.y_name = coordinates, y if isinstance(y, str) else None
        display.y = as_frame(X)[y].to_numpy() if isinstance(y, str) else y
        return display.plot(ax=ax, **kwargs) if plot else display

    @classmethod
    def from_predictions(cls, codes, *, y=None, coordinates=None, ax=None, plot=True):
        """Draw codes that a model gave to rows.

        Parameters
        ----------
        codes : array of shape (n_samples, latent_dim)
            What ``transform`` of a model gave.
        y : array of shape (n_samples,), default=None
            Labels or numbers that colour the dots.
        coordinates : list of int, default=None
            The two coordinates of dots; by default the two directions in which codes vary most.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        plot : bool, default=True
            Whether to draw at once.

        Returns
        -------
        LatentDisplay

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.decomposition import PCA
        >>> from skgen import LatentDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> display = LatentDisplay.from_predictions(PCA(8).fit_transform(X), y=y)
        >>> [text.get_text() for text in display.ax_.get_legend().get_texts()][:3]
        ['0', '1', '2']
        """
        codes = np.asarray(codes, float)
        if codes.ndim != 2 or 0 in codes.shape:
            raise ValueError(f"codes must be an array of shape (n_samples, latent_dim), got shape {codes.shape}.")
        if not np.isfinite(codes).all():
            raise ValueError("codes must be finite; leave out the rows that have none.")
        if y is not None and np.shape(y) != (len(codes),):
            raise ValueError(f"y must have one entry for each of {len(codes)} codes, got shape {np.shape(y)}.")
        display = cls(codes, y=y, y_name=getattr(y, "name", None), coordinates=coordinates)
        return display.plot(ax=ax) if plot else display

    def plot(self, ax=None, *, cmap="gray"):
        """Draw the picture.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure where None.
        cmap : str or matplotlib Colormap, default="gray"
            Colours of images without channels.

        Returns
        -------
        LatentDisplay
            Itself, with `figure_` and `ax_`.
        """
        check_matplotlib_support("LatentDisplay.plot")
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=self._size(), layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        if self.decoded is None:
            places, names = in_plane(np.asarray(self.codes, float), self.coordinates)
            draw_codes(ax, places, self.y, self.y_name)
            ax.set(xlabel=names[0], ylabel=names[1])
        elif self.image_shape is None:
            self._draw_table(ax)
        else:
            self._draw_images(ax, cmap)
        return self

    def _size(self):
        if self.decoded is None:
            return 6.0, 4.6
        n_lines, n_steps = self.walk.places.shape[:2]
        n_steps += 3 * bool(self.walk.ends)
        if self.image_shape is not None:
            height, width = self.image_shape[:2]
            return max(IMAGE * n_steps * width / height + 1.2, 3.0), max(IMAGE * n_lines + 0.7, 1.4)
        return COLUMN * min(as_frame(self.decoded).shape[1], 12) + 1.6, LINE * n_lines * n_steps + 1.1

    def _draw_images(self, ax, cmap):
        n_lines, n_steps = self.walk.places.shape[:2]
        decoded = as_images(as_frame(self.decoded).to_numpy(), self.image_shape)
        known = decoded if self.rows is None else as_images(as_frame(self.rows).to_numpy(), self.image_shape)
        images, steps, breaks = decoded.reshape(n_lines, n_steps, *self.image_shape), self.walk.steps, ()
        if self.walk.ends:  # each line between its two rows
            ends = known[self.walk.ends].reshape(n_lines, 2, *self.image_shape)
            images = np.concatenate([ends[:, :1], images, ends[:, 1:]], axis=1)
            steps, breaks = ["row", *steps, "row"], (1, n_steps + 1)
        limits = np.nanmin(known), np.nanmax(known)
        x, y = draw_mosaic(ax, images.reshape(-1, *self.image_shape), len(steps), limits, cmap, breaks)
        ax.set_xticks(x, steps, fontsize=8)
        ax.set_yticks(y, [] if self.walk.ends else self.walk.lines, fontsize=8)
        ax.set(xlabel=self.walk.step_axis, ylabel=self.walk.line_axis)

    def _draw_table(self, ax):
        import narwhals as nw

        n_lines, n_steps = self.walk.places.shape[:2]
        decoded, labels = as_frame(self.decoded), self.walk.steps
        if self.walk.ends:  # each line between its two rows
            rows = as_frame(self.rows)
            rows = rows.rename(dict(zip(rows.columns, decoded.columns)))[self.walk.ends]
            both = nw.concat([decoded, rows.select(nw.col(c).cast(decoded[c].dtype) for c in decoded.columns)])
            n = n_lines * n_steps
            order = [[n + 2 * i, *range(i * n_steps, (i + 1) * n_steps), n + 2 * i + 1] for i in range(n_lines)]
            decoded, labels = both[np.concatenate(order)], ["row", *self.walk.steps, "row"]
        blocks = np.arange(1, n_lines) * len(labels)
        names = labels * n_lines
        if not self.walk.ends:
            names = [f"{line}  {step}" if i == 0 else step for line in self.walk.lines for i, step in enumerate(labels)]
        draw_cells(ax, nw.to_native(decoded), self.rows if self.rows is not None else self.decoded, names, blocks)
        ax.set_ylabel(self.walk.step_axis)


def _walk(kind, codes, coordinates, n_steps, extent):
    if kind == "codes":
        return None
    if kind == "interpolation":
        return interpolation(codes, n_steps)
    return {"traversal": traversal, "plane": plane}[kind](codes, coordinates, n_steps, extent)


def _check_estimator(estimator, kind):
    needed = ["transform"] if kind == "codes" else ["transform", "inverse_transform"]
    for verb in needed:
        if not hasattr(estimator, verb):
            raise ValueError(
                f"{type(estimator).__name__} has no {verb}, so it has no latent space to draw. VAE, Autoencoder and "
                "NormalizingFlow have one."
            )
    check_is_fitted(estimator)

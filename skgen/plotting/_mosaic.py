"""Images side by side in one axes."""

import numpy as np


def as_images(rows, image_shape):
    """Rows as images of shape (n, height, width) or (n, height, width, channels)."""
    rows, n_pixels = np.asarray(rows, float), int(np.prod(image_shape))
    if len(image_shape) not in (2, 3) or rows.shape[1] != n_pixels:
        raise ValueError(
            f"image_shape must be (height, width) or (height, width, channels) of {rows.shape[1]} numbers in all, got "
            f"{tuple(image_shape)}."
        )
    return rows.reshape(len(rows), *image_shape)


def mosaic(images, n_across, gap=1, breaks=()):
    """One array that holds all images line by line, NaN between them.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, channels)
        The images.
    n_across : int
        How many stand beside each other.
    gap : int, default=1
        Free pixels between neighbours.
    breaks : sequence of int, default=()
        Columns before which the gap is as wide as half an image.

    Returns
    -------
    sheet : ndarray of shape (rows, columns) or (rows, columns, channels)
        The pixels.
    x, y : ndarray
        Centres of the columns and of the lines of images, in pixels.
    """
    n, height, width = images.shape[:3]
    left = np.arange(n_across) * (width + gap)
    for column in breaks:
        left[column:] += max(width // 2, 1)
    top = np.arange(-(-n // n_across)) * (height + gap)
    sheet = np.full((top[-1] + height, left[-1] + width, *images.shape[3:]), np.nan)
    for i, image in enumerate(images):  # each has a place of its own
        line, column = divmod(i, n_across)
        sheet[top[line] : top[line] + height, left[column] : left[column] + width] = image
    return sheet, left + (width - 1) / 2, top + (height - 1) / 2


def draw_mosaic(ax, images, n_across, limits, cmap, breaks=()):
    """Draw images line by line; the centres of their columns and lines.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw.
    images : ndarray of shape (n, height, width) or (n, height, width, channels)
        The images.
    n_across : int
        How many stand beside each other.
    limits : (float, float)
        Values of the darkest and of the brightest pixel.
    cmap : str or matplotlib Colormap
        Colours of images without channels.
    breaks : sequence of int, default=()
        Columns before which there is a wider gap.
    """
    sheet, x, y = mosaic(images, n_across, breaks=breaks)
    if sheet.ndim == 3:  # colours; what lies between the images is transparent
        low, high = limits
        empty = np.isnan(sheet).any(axis=2)
        colour = np.clip((np.nan_to_num(sheet) - low) / max(high - low, 1e-12), 0, 1)
        ax.imshow(np.dstack([colour, ~empty]), interpolation="nearest")
    else:
        masked = np.ma.masked_invalid(sheet)
        ax.imshow(masked, cmap=cmap, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    for side in ax.spines.values():
        side.set_visible(False)
    ax.tick_params(length=0)
    ax.patch.set_visible(False)
    return x, y

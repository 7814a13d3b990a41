"""Walks through a latent space: places along lines between codes, along coordinates, and over a plane."""

from dataclasses import dataclass, field

import numpy as np

#: Coordinates that are traversed where none are named.
MOST_COORDINATES = 8


@dataclass
class Walk:
    """Places in a latent space, in lines of equally many steps.

    Attributes
    ----------
    places : ndarray of shape (n_lines, n_steps, latent_dim)
        The places.
    lines : list of str
        What each line is.
    steps : list of str
        What each step is.
    line_axis, step_axis : str
        What changes from line to line and along a line.
    ends : list of int
        For lines between rows: the rows at which line 0 begins and ends, then line 1, and so on.
    """

    places: np.ndarray
    lines: list
    steps: list
    line_axis: str = ""
    step_axis: str = ""
    ends: list = field(default_factory=list)


def interpolation(codes, n_steps):
    """Straight lines from row 0 to row 1, from row 2 to row 3, and so on."""
    n = len(codes)
    if n < 2 or n % 2:
        raise ValueError(f"An interpolation runs between pairs of rows, so X needs an even number of them, got {n}.")
    share = np.linspace(0, 1, n_steps)
    places = codes[0::2, None] + share[:, None] * (codes[1::2] - codes[0::2])[:, None]
    lines = [f"{i} to {i + 1}" for i in range(0, n, 2)]
    return Walk(places, lines, [f"{s:.0%}" for s in share], "", "share of the way", list(range(n)))


def traversal(codes, coordinates, n_steps, extent):
    """From the first row's code along one coordinate after the other, over the codes' mean and deviations."""
    coordinates = _coordinates(codes, coordinates, MOST_COORDINATES)
    mean, sd, units = codes.mean(axis=0), codes.std(axis=0), np.linspace(-extent, extent, n_steps)
    places = np.tile(codes[0], (len(coordinates), n_steps, 1))
    for line, j in enumerate(coordinates):
        places[line, :, j] = mean[j] + units * sd[j]
    return Walk(places, [f"coordinate {j}" for j in coordinates], _deviations(units), "", "deviations from the mean")


def plane(codes, coordinates, n_steps, extent):
    """A square over two coordinates about the mean, where the others stay; the second grows upwards."""
    a, b = _coordinates(codes, coordinates, 2, exactly=True)
    mean, sd, units = codes.mean(axis=0), codes.std(axis=0), np.linspace(-extent, extent, n_steps)
    places = np.tile(mean, (n_steps, n_steps, 1))
    places[:, :, a] = mean[a] + units[None, :] * sd[a]
    places[:, :, b] = mean[b] + units[::-1, None] * sd[b]
    line_axis, step_axis = (f"coordinate {j}, deviations from the mean" for j in (b, a))
    return Walk(places, _deviations(units[::-1]), _deviations(units), line_axis, step_axis)


def _deviations(units):
    return [f"{u:+.2g}" if abs(u) > 1e-12 else "0" for u in units]


def _coordinates(codes, coordinates, most, exactly=False):
    """Those that are named, or those along which the codes differ most."""
    d = codes.shape[1]
    if coordinates is None:
        coordinates = np.argsort(-codes.std(axis=0), kind="stable")[:most].tolist()
    coordinates = list(coordinates)
    if any(not 0 <= j < d for j in coordinates) or not coordinates:
        raise ValueError(f"coordinates must be numbers from 0 to {d - 1}, got {coordinates}.")
    if exactly and len(coordinates) != most:
        raise ValueError(f"This picture needs {most} coordinates, got {len(coordinates)} of a latent space of {d}.")
    return coordinates

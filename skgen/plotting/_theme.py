"""Colours that go with the theme of a figure: shades between its ground and its ink, maps that start at its ground."""

import numpy as np

#: Share of the three primaries in how light a colour looks (ITU-R BT.709).
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
#: Below this luminance white text is the easier to read.
_MIDDLE = 0.45
#: Of rows that lie on a coloured ground: stands out from light and dark blue.
ROWS = "orangered"


def ground(artist):
    """The colour (3,) behind an axes or a figure: what is transparent shows what is behind it, at last the page."""
    from matplotlib import rcParams
    from matplotlib.colors import to_rgba

    bottom = 0.0 if _luminance(to_rgba(rcParams["text.color"])) > _MIDDLE else 1.0
    colour = np.full(3, bottom)
    for layer in (artist.figure.figure.get_facecolor(), artist.get_facecolor()):
        *rgb, alpha = to_rgba(layer)
        colour = alpha * np.array(rgb) + (1 - alpha) * colour
    return colour


def is_dark(artist):
    """Whether the ground of an axes or a figure is dark."""
    return bool(_luminance(ground(artist)) < _MIDDLE)


def shade(artist, share):
    """The colour that lies so far, from 0 to 1, on the way from the ground to the ink."""
    from matplotlib import rcParams
    from matplotlib.colors import to_hex, to_rgb

    behind = ground(artist)
    ink = np.array(to_rgb(rcParams["text.color"]))
    if abs(_luminance(ink) - _luminance(behind)) < 0.3:  # a ground that the theme's ink is not made for
        ink = np.full(3, float(_luminance(behind) < _MIDDLE))
    return to_hex(behind + share * (ink - behind))


def ink_on(colour):
    """Black or white, whichever can be read on a filled cell."""
    return "white" if _luminance(colour) < _MIDDLE else "black"


def sequential(artist, name="YlGnBu"):
    """A light-to-dark colour map, turned round on a dark ground: what is low is near the ground."""
    if not is_dark(artist):
        return name
    return name.removesuffix("_r") if name.endswith("_r") else f"{name}_r"


def _luminance(colour):
    return float(np.asarray(colour)[:3] @ _LUMINANCE)

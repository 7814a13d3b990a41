"""The columns of a table: what the schema fixes of one, and what a codec learnt of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

import numpy as np
import pandas as pd

NANOSECONDS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
DAY = 86_400 * NANOSECONDS["s"]


@dataclass(eq=True)
class Column:
    """One column of a schema: its kind, its base measure and its dtype.

    Parameters
    ----------
    name : str or int
        The column's name; its position in arrays.
    kind : {"number", "category"}
        Numbers have a density in mass per resolution, categories a mass.
    source : {"float", "int", "bool", "text", "category", "datetime", "timedelta"}
        What the cells were.
    dtype : str
        The container's name of the dtype, by which it is restored.
    exponent : int or None, default=None
        The resolution is ``10 ** exponent`` (numbers); None: continuous.
    tick : int, default=0
        Nanoseconds of one tick of a date or duration; 0 for other columns.
    step : int, default=1
        Resolution of a date or duration in ticks.
    origin : int, default=0
        The tick or integer that counts as zero.
    levels : list or None, default=None
        The levels of a category, in order.
    ordered : bool, default=False
        Whether the levels are ordered.
    level_dtype : str, default=""
        The dtype of a pandas category's levels.
    time_zone : str, default=""
        The time zone of a date.
    low, high : float or None, default=None
        Stated bounds, in the numbers of the typed view.
    spread : bool, default=False
        Whether numbers lie anywhere in their cells, so that none of them repeats, whatever its weight.
    """

    name: object
    kind: str
    source: str
    dtype: str = ""
    exponent: int | None = None
    tick: int = 0
    step: int = 1
    origin: int = 0
    levels: list | None = None
    ordered: bool = False
    level_dtype: str = ""
    time_zone: str = ""
    low: float | None = None
    high: float | None = None
    spread: bool = False

    @property
    def resolution(self) -> float:
        """The cell's width in the column's numbers (days for dates); 0 where the column is continuous."""
        if self.kind == "category":
            return 0.0
        if self.tick:
            return self.step * self.tick / DAY
        return 0.0 if self.exponent is None else 10.0**self.exponent

    def describe(self) -> str:
        """The column in a few words."""
        if self.kind == "category":
            return f"{self.name}: {len(self.levels)} levels"
        if self.tick:
            return f"{self.name}: {self.source}, one cell {self.step * self.tick / NANOSECONDS['s']:g} s"
        return f"{self.name}: {self.source}, " + (f"one cell {self.resolution:g}" if self.resolution else "continuous")

    def to_state(self) -> dict:
        return asdict(self)

    def write(self, x) -> str:
        """A number of the column as text: a date or duration where the column holds those."""
        if not np.isfinite(x) or not (self.tick or self.origin):
            return f"{x:g}"
        if not self.tick:
            return str(round(x) + self.origin)
        ticks = round(x * (DAY / self.tick)) + self.origin
        unit = next(unit for unit, nanoseconds in NANOSECONDS.items() if nanoseconds == self.tick)
        if self.source == "timedelta":
            return str(pd.Timedelta(ticks, unit))
        stamp = pd.Timestamp(ticks, unit=unit)
        stamp = stamp.tz_localize("UTC").tz_convert(self.time_zone) if self.time_zone else stamp
        return str(stamp).removesuffix(" 00:00:00")

    # ---- numbers <-> cells ---------------------------------------------------------------------------------------

    def snap(self, x):
        """Numbers moved to the centre of their cell; as they are where the column is continuous."""
        if self.tick:
            return np.rint(x / self.resolution) * self.resolution
        if self.exponent is None:
            return x
        if self.exponent <= 0:  # dividing by a power of ten gives the double nearest to the decimal
            return np.rint(x * 10.0**-self.exponent) / 10.0**-self.exponent
        return np.rint(x / 10.0**self.exponent) * 10.0**self.exponent


@dataclass
class CodecColumn:
    """One column as a codec saw it in the rows of a fit.

    Parameters
    ----------
    name : str or int
        The column's name.
    kind : {"number", "category"}
        As in the schema.
    resolution : float
        Width of a cell; 0 for a continuous number.
    n_codes : int
        Seen levels of a category; `n_codes` itself is the code of any other level.
    missing_seen : bool
        Whether missing cells were seen.
    rho : float
        Reserved mass; 0 where nothing is reserved.
    lower, upper : float
        Range of a number; infinite on arrays.
    scale_below, scale_above : float
        Scale of the exponential tails beyond the range.
    heavy : ndarray
        Values with a share of at least 1 %, sorted.
    smooth : bool
        Whether the cells are fine against the spread and hardly ever collide.
    values : ndarray
        All seen values of a number that counts as a category, sorted; else empty.
    n_values : int
        Distinct values.
    low, high : float
        Stated bounds; infinite where none are.
    spread : bool
        Whether numbers lie anywhere in their cells, so that none of them repeats.
    first, last : float
        The smallest and the largest number itself, not the centre of its cell.
    offset_cells, offsets, offset_mass : ndarray
        Places inside the cells that hold any row off the grid: the cells, sorted, the distance from their centres,
        and the cumulative weight of the rows there.
    """

    name: object
    kind: str
    resolution: float = 0.0
    n_codes: int = 0
    missing_seen: bool = False
    rho: float = 0.0
    lower: float = -np.inf
    upper: float = np.inf
    low: float = -np.inf
    high: float = np.inf
    first: float = -np.inf
    last: float = np.inf
    scale_below: float = 1.0
    scale_above: float = 1.0
    heavy: np.ndarray = field(default_factory=lambda: np.empty(0))
    smooth: bool = True
    spread: bool = False
    values: np.ndarray = field(default_factory=lambda: np.empty(0))
    n_values: int = 0
    offset_cells: np.ndarray = field(default_factory=lambda: np.empty(0))
    offsets: np.ndarray = field(default_factory=lambda: np.empty(0))
    offset_mass: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def repeats(self) -> bool:
        """Whether a number may come again: on a grid whose rows are not spread over its cells."""
        return self.resolution > 0 and not self.spread

    def to_state(self) -> dict:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def seen(self, z):
        """Mask of the numbers or codes of the typed view that lie in the seen support."""
        absent = np.isnan(z)
        if self.kind == "category":
            return np.where(absent, self.missing_seen, (z >= 0) & (z < self.n_codes))
        inside = (z >= self.lower) & (z <= self.upper)
        if len(self.values):
            at = np.minimum(np.searchsorted(self.values, z), len(self.values) - 1)
            inside = self.values[at] == z
        return np.where(absent, self.missing_seen, inside)

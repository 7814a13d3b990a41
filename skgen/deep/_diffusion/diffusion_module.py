r"""DiffusionModule: a denoiser in training, and the law of its probability flow.

Training lowers the cross entropy of each cell behind noise, half of it given the noisy value of all columns and half
given those of the others alone,

.. math:: -\tfrac{1}{2} \log P(z_j \in k \mid y) - \tfrac{1}{2} \log P(z_j \in k \mid y_{-j})

less what independent columns have. The first is score interpolation (Dieleman et al., 2022), which looks at ratios
close to the noisy value; the second teaches all ratios from every row.
"""

from __future__ import annotations

import math

import torch

from .._module import DensityModule
from .cells import NormalCells
from .denoiser import HollowDenoiser
from .flow_ode import ProbabilityFlow
from .guidance import Guidance
from .marginal_drift import MarginalDrift
from .noise_end import NoiseEnd
from .sampler import SAMPLERS, Denoised
from .schedule import NoiseSchedule

#: Bytes of the widest layers that are held at a time, in a processor's cache or on a GPU, and the fewest rows.
_CHUNK_BYTES, _CHUNK_BYTES_OF_GPU, _CHUNK_ROWS = 2**20, 2**27, 128

#: Rows held at a time by a sampler that draws noise on its way, the same on every device: so are its draws.
_NOISY_ROWS = 256

#: Half the distance of neighbouring places of a Sobol sequence of torch, which begins at 0.
_HALF_STEP = 2.0**-31

#: Steps of a swarm, and how many of its points without a drift count beside it.
SWARM_STEPS, PRIOR_POINTS = 24, 500


class DiffusionModule(DensityModule):
    """Denoiser, schedule and noise end of a diffusion on the real view.

    Parameters
    ----------
    edges : list of ndarray
        Inner edges of the cells of each column.
    spreads : list of ndarray of shape (n_cells, n_nodes) or None
        How numbers at nodes spread over the cells of each column.
    targets : list of int
        Columns that are noised; the rest is always given.
    regression : ndarray of shape (n_given, n_targets)
        Of the targets on the given columns.
    covariance : ndarray of shape (n_targets, n_targets)
        What it leaves.
    sigma_min, sigma_max : float
        Noise at the ends.
    width, n_blocks, dropout : int, int, float
        Of the denoiser.
    condition_dropout : float
        Share of training rows whose given columns are overlooked.
    """

    shaping = ("sigma_min", "sigma_max")

    def __init__(self, **config):
        super().__init__(**config)
        self._build(**config)

    def _build(
        self,
        *,
        edges,
        spreads,
        targets,
        regression,
        covariance,
        sigma_min,
        sigma_max,
        width,
        n_blocks,
        dropout,
        condition_dropout,
    ):
        self.cells = NormalCells(edges)
        self.denoiser = HollowDenoiser(self.cells, spreads, targets, width, n_blocks, dropout)
        self.schedule = NoiseSchedule(sigma_min, sigma_max)
        self.drift = MarginalDrift(len(edges), self.schedule.low, self.schedule.high)
        self.targets, self.condition_dropout = list(targets), condition_dropout
        self.given = [j for j in range(len(edges)) if j not in set(targets)]
        ends = (float(part) for part in self.schedule.parts(torch.tensor(self.schedule.high, dtype=torch.float64)))
        self.end = NoiseEnd(regression, covariance, *ends)
        is_target = torch.zeros(len(edges))
        is_target[self.targets] = 1.0
        self.register_buffer("is_target", is_target)

    # ---- training ------------------------------------------------------------------------------------------------

    def loss(self, x, generator):
        level, y = self._noisy(x, generator)
        signal, noise = self._shares(level)
        overlooked = None
        if self.given and self.condition_dropout:
            overlooked = (torch.rand(len(x), generator=generator) < self.condition_dropout).to(x.device)
        with torch.no_grad():
            code = self.cells.codes(x)
            _, mass = self.cells.places(y, signal, noise)
        g = self.denoiser(y, level, signal, noise, mass, overlooked)
        ratio, own = g.exp(), g.gather(1, code)
        behind = self.cells.log_norm(ratio, mass) - own
        beside = self.cells.log_norm(ratio, self.cells.mass) - own
        return (0.5 * (behind + beside) * self.is_target).sum(1)

    def _noisy(self, x, generator):
        """Levels (n,), and rows (n, d) behind noise of these."""
        level = self.schedule.draw(len(x), x, generator)
        signal, noise = self._shares(level)
        fresh = torch.randn(x.shape, generator=generator).to(x)
        return level, torch.where(self.is_target > 0, signal * x + noise * fresh, x)

    def _shares(self, level):
        """Shares (n, d) of signal and noise at levels (n,): given columns have hardly any noise."""
        signal, noise = (part[:, None] for part in self.schedule.parts(level))
        _, least = self.schedule.parts(level.new_full((1,), self.schedule.low))
        free = self.is_target
        return signal * free + (1.0 - free), noise * free + least * (1.0 - free)

    # ---- the posterior -------------------------------------------------------------------------------------------

    def posterior(self, y, level, overlook=False):
        """Standardised mean and variance (n, d) of the clean points behind y; 0 and 1 for given columns.

        Parameters
        ----------
        y : tensor of shape (n, d)
            Noisy points.
        level : float
            Their level.
        overlook : bool, default=False
            Whether the given columns count as unknown.
        """
        levels = y.new_full((1,), level)
        absent = torch.ones(len(y), dtype=torch.bool, device=y.device) if overlook else None
        mean, variance = self._of_net(y, levels, absent)
        drift, slope = self.drift(y, level)
        free = self.is_target
        return (mean - drift) * free, (variance - math.exp(level) * slope) * free + (1.0 - free)

    def _of_net(self, y, levels, absent=None):
        """Mean and variance of the net's own posterior, behind points at levels (n,) or (1,)."""
        signal, noise = self._shares(levels)
        a, mass = self.cells.places(y, signal, noise)
        g = self.denoiser(y, levels, signal, noise, mass, absent)
        return self.cells.moments(a, mass, g.exp())

    def take_out_drift(self, n, seed, columns):
        """Learn the drift of the marginals from a swarm of points that goes down the levels, free of it from the start.

        The points begin where a Sobol sequence has them, so that their marginal laws hardly vary.

        Parameters
        ----------
        n : int
            Points, a power of two.
        seed : int
            Of the sequence.
        columns : ndarray of bool of shape (d,)
            Whose drift is to be learnt.
        """
        columns = torch.as_tensor(columns, device=self.is_target.device)
        even = torch.quasirandom.SobolEngine(len(self.targets), scramble=True, seed=seed).draw(n, dtype=torch.float64)
        y = self.end.points(self.end.slope.new_zeros(n, 0), torch.special.ndtri(even + _HALF_STEP))
        levels = [float(level) for level in self.schedule.grid(SWARM_STEPS)[::-1]]
        step, found, before = levels[0] - levels[1], [], None
        for level in levels:  # two-step Adams-Bashforth
            signal, noise = self.schedule.parts(y.new_full((1,), level))
            mean = torch.cat(
                [self._of_net(part, part.new_full((1,), level))[0] for part in y.split(self._chunk_rows(y))]
            )
            coefficients, drift = self.drift.of_swarm(y, mean * columns)
            found.append(coefficients)
            rate = signal * noise * (mean - drift)
            y = y + step * (rate if before is None else 1.5 * rate - 0.5 * before)
            before = rate
        self.drift.keep(levels, found, n / (n + PRIOR_POINTS))

    # ---- the law -------------------------------------------------------------------------------------------------

    def log_density(self, x, n_steps):
        """Log-density (n,) of points (n, d) under the flow in so many steps, given the columns that always are."""
        flow, levels = ProbabilityFlow(self.posterior, self.schedule), self.schedule.grid(n_steps)
        found = []
        for y in x.split(self._chunk_rows(x)):
            far, volume = flow.solve(y, levels)
            found.append(self.end.log_prob(far[:, self.targets], far[:, self.given]) + volume)
        return torch.cat(found)

    def draw(self, x, generator, sampler, n_steps, guidance_scale):
        """Points (n, d) whose given columns are those of x.

        Parameters
        ----------
        x : tensor of shape (n, d)
            The given columns; the others are replaced.
        generator : torch.Generator
            Source of the noise.
        sampler : str
            "ode", or a key of `SAMPLERS`.
        n_steps : int
            Steps from the noisiest level.
        guidance_scale : float
            Of `Guidance`.
        """
        levels = [float(level) for level in self.schedule.grid(n_steps)[::-1]]
        y = x.clone()
        y[:, self.targets] = self.end.draw(x[:, self.given], generator)
        rows = _NOISY_ROWS if sampler == "ddpm" else self._chunk_rows(y)
        parts = [
            self._walk(start, held, levels, generator, sampler, Guidance(self.posterior, guidance_scale))
            for start, held in zip(y.split(rows), x.split(rows))
        ]
        return torch.where(self.is_target > 0, torch.cat(parts), x)

    def _walk(self, y, held, levels, generator, sampler, guidance):
        """Points at the last level for points at the first; the given columns stay those of `held`."""

        def posterior(y, level):
            return guidance(torch.where(self.is_target > 0, y, held), level)

        if sampler == "ode":
            return ProbabilityFlow(posterior, self.schedule).solve(y, levels)[0]
        return SAMPLERS[sampler](Denoised(posterior, self.schedule), y, levels, generator)

    def _chunk_rows(self, like):
        wide = len(self.cells.edge) + len(self.targets) * self.config["width"]
        most = _CHUNK_BYTES if like.device.type == "cpu" else _CHUNK_BYTES_OF_GPU
        return max(most // (wide * like.element_size()), _CHUNK_ROWS)

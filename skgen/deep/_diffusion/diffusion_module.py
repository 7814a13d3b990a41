r"""DiffusionModule: a denoiser in training, and the law of its probability flow.

Training lowers the cross entropy of each cell behind noise, half of it given the noisy value of all columns and half
given those of the others alone,

.. math:: -\tfrac{1}{2} \log P(z_j \in k \mid y) - \tfrac{1}{2} \log P(z_j \in k \mid y_{-j})

less what independent columns have. The first is score interpolation (Dieleman et al., 2022), which looks at ratios
close to the noisy value; the second teaches all ratios from every row.
"""

from __future__ import annotations

import torch

from .._module import DensityModule
from .cells import NormalCells
from .denoiser import HollowDenoiser
from .flow_ode import ProbabilityFlow
from .guidance import Guidance
from .noise_end import NoiseEnd
from .sampler import SAMPLERS, Denoised
from .schedule import NoiseSchedule

#: Numbers of the widest layers that are held at a time: they stay in a processor's cache.
_CHUNK_NUMBERS = 2**20


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
        self.targets, self.condition_dropout = list(targets), condition_dropout
        self.given = [j for j in range(len(edges)) if j not in set(targets)]
        ends = (float(part) for part in self.schedule.parts(torch.tensor(self.schedule.high, dtype=torch.float64)))
        self.end = NoiseEnd(regression, covariance, *ends)
        is_target = torch.zeros(len(edges))
        is_target[self.targets] = 1.0
        self.register_buffer("is_target", is_target)

    # ---- training ------------------------------------------------------------------------------------------------

    def loss(self, x, generator):
        n = len(x)
        level = self.schedule.draw(n, x, generator)
        signal, noise = self._shares(level)
        fresh = torch.randn(x.shape, generator=generator).to(x)
        y = torch.where(self.is_target > 0, signal * x + noise * fresh, x)
        overlooked = None
        if self.given and self.condition_dropout:
            overlooked = (torch.rand(n, generator=generator) < self.condition_dropout).to(x.device)
        with torch.no_grad():
            code = self.cells.codes(x)
            _, mass = self.cells.places(y, signal, noise)
        g = self.denoiser(y, level, signal, noise, mass, overlooked)
        ratio, own = g.exp(), g.gather(1, code)
        behind = self.cells.log_norm(ratio, mass) - own
        beside = self.cells.log_norm(ratio, self.cells.mass) - own
        return (0.5 * (behind + beside) * self.is_target).sum(1)

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
        signal, noise = self._shares(levels)
        a, mass = self.cells.places(y, signal, noise)
        absent = torch.ones(len(y), dtype=torch.bool, device=y.device) if overlook else None
        g = self.denoiser(y, levels, signal, noise, mass, absent)
        mean, variance = self.cells.moments(a, mass, g.exp())
        free = self.is_target
        return mean * free, variance * free + (1.0 - free)

    # ---- the law -------------------------------------------------------------------------------------------------

    def log_density(self, x, n_steps):
        """Log-density (n,) of points (n, d) under the flow in so many steps, given the columns that always are."""
        flow, levels = ProbabilityFlow(self.posterior, self.schedule), self.schedule.grid(n_steps)
        found = []
        for y in x.split(self._chunk_rows()):
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
        rows = self._chunk_rows()
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

    def _chunk_rows(self):
        wide = len(self.cells.edge) + len(self.targets) * self.config["width"]
        return max(_CHUNK_NUMBERS // wide, 1)

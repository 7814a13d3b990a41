"""Laws of nets that need their insides: log-determinants of flows against autograd."""

import pytest
import torch

from skgen.deep._flow.flow_module import ARCHITECTURES, FlowModule
from skgen.deep._random import seeded_init


def flow(architecture, condition=()):
    """A flow of four coordinates in float64, its weights away from their start."""
    with seeded_init(0):
        module = FlowModule(
            [j in condition for j in range(4)],
            architecture,
            n_transforms=2,
            n_groups=4,
            n_bins=8,
            hidden_layer_sizes=[16, 16],
            n_frequencies=2,
            activation="silu",
            dropout=0.0,
        )
        with torch.no_grad():
            for parameter in module.parameters():
                parameter += 0.2 * torch.randn_like(parameter)
    return module.double().eval()


def points(n=12):
    return 1.5 * torch.randn(n, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def autograd_log_slope(module, x):
    """The log-determinant of each row's own Jacobian in the free coordinates."""
    free = [j for j in range(4) if j not in module._given]
    jacobians = [torch.autograd.functional.jacobian(lambda r: module.to_latent(r[None])[0][0], row) for row in x]
    return torch.stack([torch.linalg.slogdet(J[:, free]).logabsdet for J in jacobians])


@pytest.mark.parametrize("condition", [(), (1,), (0, 3)])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_log_slopes_are_those_of_autograd(architecture, condition):
    module, x = flow(architecture, condition), points()
    with torch.no_grad():
        z, log_slope = module.to_latent(x)
        back = module.from_latent(z, x)
    free = [j for j in range(4) if j not in condition]
    assert (log_slope - autograd_log_slope(module, x)).abs().max() < 1e-6
    assert (back - x[:, free]).abs().max() < 1e-6
    assert log_slope.std() > 1e-3, "a slope that is the same everywhere tells nothing"


def test_a_forgotten_slope_is_found(monkeypatch):
    """The mutant: a linear step that keeps its log-determinant to itself."""
    from skgen.deep._flow.linear import LULinear

    forward = LULinear.forward
    monkeypatch.setattr(LULinear, "forward", lambda self, x, context=None: (forward(self, x)[0], x.new_zeros(())))
    module, x = flow("nsf"), points()
    with torch.no_grad():
        _, log_slope = module.to_latent(x)
    assert (log_slope - autograd_log_slope(module, x)).abs().max() > 0.01

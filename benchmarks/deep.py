"""Cost of the training engine and of sampling, and a flow beside zuko's own: same data, same threads, one run.

Usage: python benchmarks/deep.py [--write] [--only steps samples flow]

* steps: seconds of a training step of the engine, beside a bare torch loop over the same module, rows and optimiser.
* samples: seconds of `sample`, beside the matrix products of float32 that its own layers need.
* flow: held-out gap to a known law of NormalizingFlow("nsf") and of zuko's plain NSF after the same number of steps.
"""

import argparse
import math
from collections import OrderedDict
from time import perf_counter

import numpy as np
import torch
import zuko
from _report import best_of, publish, table
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from skgen import GAN, VAE, NormalizingFlow, TorchDensity
from skgen.datasets import Pinwheel
from skgen.deep._module import adamw

SEED = 0
REPEATS = 5
CLIP = 5.0
#: Goals: the most that a step may take in bare ones, the least share of the products in the time of a sample.
MOST_RATIO, LEAST_SHARE = 1.2, 0.8
PRODUCTS = {"mm", "addmm", "bmm", "baddbmm", "linear"}


# ---- steps -----------------------------------------------------------------------------------------------------------


class Masked(nn.Module):
    """A small autoregressive normal: two hidden layers of masked weights, some 0.5 ms a step."""

    def __init__(self, n_features, width=128):
        super().__init__()
        degree = torch.arange(width) % max(n_features - 1, 1)
        self.register_buffer("first", (degree[:, None] >= torch.arange(n_features)).float())
        self.register_buffer("middle", (degree[:, None] >= degree).float())
        self.register_buffer("last", (torch.arange(n_features).repeat(2)[:, None] > degree).float())
        sizes = (n_features, width, width, 2 * n_features)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def log_prob(self, x):
        h = x
        for layer, mask in zip(self.layers, (self.first, self.middle, self.last)):
            h = nn.functional.linear(torch.relu(h) if h is not x else h, layer.weight * mask, layer.bias)
        mean, log_scale = h.chunk(2, dim=1)
        return -(0.5 * ((x - mean) * torch.exp(-log_scale)) ** 2 + log_scale + 0.5 * math.log(2 * math.pi)).sum(1)


def zuko_flow(n_features):
    """zuko's plain neural spline flow as a module of TorchDensity."""
    return _Zuko(zuko.flows.NSF(n_features, transforms=3, hidden_features=(64, 64)))


class _Zuko(nn.Module):
    def __init__(self, flow):
        super().__init__()
        self.flow = flow

    def log_prob(self, x):
        return self.flow().log_prob(x)


def bare_loop(module, x, batch_size, n_epochs):
    """Seconds per step of the loop that one would write by hand, clipping included."""
    optimizer = adamw(module.parameters(), 1e-3, 0.0)
    parameters, n_steps = list(module.parameters()), 0
    start = perf_counter()
    for _ in range(n_epochs):
        for at in torch.randperm(len(x)).split(batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss = -module.log_prob(x[at]).mean()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, CLIP)
            optimizer.step()
            n_steps += 1
    return (perf_counter() - start) / n_steps


def engine(make, X, batch_size, n_epochs):
    """Seconds of a fit without a step and of one with all, what is done between epochs counted in; the model."""
    start = perf_counter()
    idle = model_of(make, batch_size, 0).fit(X)
    middle = perf_counter()
    model = idle.set_params(max_epochs=n_epochs).fit(X)
    return middle - start, perf_counter() - middle, model


def model_of(make, batch_size, n_epochs):
    """TorchDensity around a module, with the clipping of the bare loop."""
    return TorchDensity(
        make,
        max_epochs=n_epochs,
        batch_size=batch_size,
        early_stopping=False,
        max_grad_norm=CLIP,
        marginals="standardize",
        random_state=SEED,
        device="cpu",
    )


def steps():
    """Steps of the engine and of the bare loop in turn; the best of each."""
    rng, rows = np.random.default_rng(SEED), []
    for name, make, n_epochs in (("masked net, 128 x 128", Masked, 4), ("zuko's NSF, 3 x (64, 64)", zuko_flow, 1)):
        for batch_size in (128, 512):
            n = 100 * batch_size // (1 if make is Masked else 4)
            X = rng.normal(size=(n, 10))
            idle, whole, bare = [], [], []
            engine(make, X, batch_size, n_epochs)  # to warm up
            for _ in range(REPEATS):
                without, seconds, model = engine(make, X, batch_size, n_epochs)
                idle.append(without)
                whole.append(seconds)
                x = torch.as_tensor(model._encode(X), dtype=torch.float32)
                torch.manual_seed(SEED)
                bare.append(bare_loop(make(10), x, batch_size, n_epochs))
            n_steps = n_epochs * math.ceil(len(X) / batch_size)
            a, b = 1e6 * (min(whole) - min(idle)) / n_steps, 1e6 * min(bare)
            verdict = f"<= {MOST_RATIO}: {'met' if a / b <= MOST_RATIO else 'missed'}"
            rows.append((name, batch_size, f"{a:.0f}", f"{b:.0f}", f"{a / b:.2f}", verdict))
    return table(("module, 10 columns", "batch", "engine us", "bare loop us", "ratio", "goal"), rows)


# ---- samples ---------------------------------------------------------------------------------------------------------


class Products(TorchDispatchMode):
    """Writes down the matrix products that are computed inside."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function.overloadpacket.__name__.split(".")[-1] in PRODUCTS:
            self.calls.append((function, args))
        return function(*args, **(kwargs or {}))


def products_of_a_block(model):
    """The matrix products of one block of 1,024 draws, with their arguments."""
    with Products() as products:
        model._sample(1024, np.random.default_rng(SEED))
    return products.calls


def samples():
    """Blocks of 1,024 rows of 40 float columns, and the products that they cannot do without."""
    rng = np.random.default_rng(SEED)
    X = rng.normal(size=(4_000, 40)) @ (np.eye(40) + 0.3 * rng.normal(size=(40, 40)))
    n_blocks, rows = 20, []
    for model in (cls(max_epochs=2, device="cpu", random_state=SEED) for cls in (VAE, GAN)):
        model.fit(X)
        calls = products_of_a_block(model)
        types = {argument.dtype for _, arguments in calls for argument in arguments if torch.is_tensor(argument)}

        def replay(calls=calls):
            with torch.inference_mode():
                for _ in range(n_blocks):
                    for function, arguments in calls:
                        function(*arguments)

        bound, _ = best_of(replay, REPEATS)
        ours, _ = best_of(lambda model=model: model.sample(1024 * n_blocks), REPEATS)
        weights = [[a for a in arguments if torch.is_tensor(a) and a.dim() == 2][-1] for _, arguments in calls]
        shapes = OrderedDict.fromkeys(" x ".join(map(str, weight.shape)) for weight in weights)
        rows.append(
            (
                type(model).__name__,
                f"{1e3 * ours / n_blocks:.2f}",
                f"{1e3 * bound / n_blocks:.2f}",
                f"{bound / ours:.2f}",
                f">= {LEAST_SHARE}: {'met' if bound / ours >= LEAST_SHARE else 'missed'}",
                f"{', '.join(shapes)}; {', '.join(sorted(str(t).removeprefix('torch.') for t in types))}",
            )
        )
    return table(("model", "sample ms", "products ms", "share", "goal", "products of a block of 1,024 rows"), rows)


# ---- flow ------------------------------------------------------------------------------------------------------------


def train_zuko(x, n_steps, batch_size, n_features):
    """zuko's NSF with its defaults, Adam at 1e-3, the same number of steps."""
    torch.manual_seed(SEED)
    flow = zuko.flows.NSF(n_features)
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
    at, order = 0, torch.randperm(len(x))
    for _ in range(n_steps):
        if at + batch_size > len(x):
            at, order = 0, torch.randperm(len(x))
        optimizer.zero_grad()
        (-flow().log_prob(x[order[at : at + batch_size]]).mean()).backward()
        optimizer.step()
        at += batch_size
    return flow.double()


def flow():
    """Gap to the law in nats on fresh rows, 1,000 steps of 256 rows."""
    law, n_steps, batch_size, n = Pinwheel(), 1_000, 256, 20_480
    X, fresh = law.sample(n, random_state=SEED), law.sample(10_000, random_state=SEED + 1)
    truth = law.log_density(fresh)
    start = perf_counter()
    ours = NormalizingFlow(
        "nsf",
        max_epochs=n_steps * batch_size // n,
        batch_size=batch_size,
        early_stopping=False,
        device="cpu",
        random_state=SEED,
    ).fit(X)
    seconds = [perf_counter() - start]
    gaps = [truth - ours.score_samples(fresh)]
    mean, scale = X.mean(axis=0), X.std(axis=0)
    start = perf_counter()
    theirs = train_zuko(torch.as_tensor((X - mean) / scale, dtype=torch.float32), n_steps, batch_size, X.shape[1])
    seconds.append(perf_counter() - start)
    with torch.no_grad():
        log_p = theirs().log_prob(torch.as_tensor((fresh - mean) / scale)).numpy() - np.log(scale).sum()
    gaps.append(truth - log_p)
    paired = gaps[1] - gaps[0]
    names = (f"NormalizingFlow('nsf'), {n_steps:,} steps", f"zuko's NSF, {n_steps:,} steps")
    sizes = (sum(p.numel() for p in m.parameters()) for m in (ours.module_, theirs))
    rows = [
        (name, f"{gap.mean():.4f}", f"{s:.0f}", f"{size:,}") for name, gap, s, size in zip(names, gaps, seconds, sizes)
    ]
    error = paired.std() / np.sqrt(len(paired))
    lines = table((f"{type(law).__name__}, {n:,} rows", "gap to the law, nats", "seconds", "parameters"), rows)
    return [*lines, "", f"Difference {paired.mean():+.4f} nats a row in favour of skgen (standard error {error:.4f})."]


CASES = {"steps": steps, "samples": samples, "flow": flow}
TITLES = {"steps": "Training steps", "samples": "Samples of 40 float columns", "flow": "A flow beside zuko's"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/deep.md")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    arguments = parser.parse_args()
    sections = [(TITLES[name], CASES[name]()) for name in arguments.only]
    sections[-1][1].extend(
        ["", f"Seed {SEED}; the best of {REPEATS} for every time; {torch.get_num_threads()} threads."]
    )
    publish("deep", "Engine, samples and flow of the deep models", sections, arguments.write)


if __name__ == "__main__":
    main()

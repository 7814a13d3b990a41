"""TrainingHistoryDisplay: the epochs, the best of them, and what several trainings share."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

mpl.use("Agg")
import matplotlib.pyplot as plt

from skgen import VAE, GaussianMixture, TrainingHistoryDisplay


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def history(valid, lr=0.1):
    return [{"epoch": i + 1, "train_loss": v - 0.5, "valid_loss": v, "lr": lr, "dur": 2.0} for i, v in enumerate(valid)]


def test_the_least_validation_loss_is_marked():
    display = TrainingHistoryDisplay({"flow": history([4.0, 2.0, 1.0, 1.5, 3.0])}).plot()
    assert display.best_epochs() == {"flow": 3}
    dot = next(line for line in display.ax_.lines if line.get_marker() == "o")
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (3, 1.0) and dot.get_label() == "best epoch, 3"
    assert list(display.axes_) == [display.ax_, display.axes_[1]]
    np.testing.assert_allclose(display.axes_[1].lines[-1].get_ydata(), [0.1] * 5)
    np.testing.assert_allclose(display.ax_.lines[0].get_ydata(), [3.5, 1.5, 0.5, 1.0, 2.5])


def test_seconds_add_up():
    display = TrainingHistoryDisplay({"a": history([3.0, 2.0, 1.0])}).plot(x="seconds")
    assert display.ax_.lines[0].get_xdata().tolist() == [2.0, 4.0, 6.0]
    assert display.axes_[-1].get_xlabel() == "seconds"
    with pytest.raises(ValueError, match="'epoch' or 'seconds', got 'steps'"):
        display.plot(x="steps")


def test_steep_first_epochs_leave_at_the_top_and_little_else_does():
    losses = [1e6, 100.0, *np.linspace(2.0, 1.0, 28)]
    low, high = TrainingHistoryDisplay({"a": history(losses)}).plot().ax_.get_ylim()
    assert 2.0 < high < 5.0 and low < 0.5
    gentle = TrainingHistoryDisplay({"a": history(np.linspace(3.0, 1.0, 30))}).plot().ax_.get_ylim()
    assert gentle[1] > 3.0


def test_losses_that_are_infinite_or_missing_are_left_out():
    rows = history([np.inf, 2.0, 1.0])
    rows[1].pop("valid_loss")
    assert TrainingHistoryDisplay({"a": rows}).plot().best_epochs() == {"a": 3}
    plain = [{"train_loss": v} for v in (3.0, 2.0)]
    display = TrainingHistoryDisplay({"a": plain}).plot()
    assert display.best_epochs() == {"a": None} and len(display.axes_) == 1 and len(display.ax_.lines) == 1


def test_several_models_and_a_given_axes():
    X = np.random.default_rng(0).normal(size=(200, 2))
    models = {
        f"lr {lr}": VAE(2, hidden_layer_sizes=(8,), lr=lr, max_epochs=3, random_state=0).fit(X) for lr in (1e-3, 0.1)
    }
    _, ax = plt.subplots()
    display = TrainingHistoryDisplay.from_estimator(models, ax=ax)
    assert display.ax_ is ax and len(display.axes_) == 1
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == [f"{name}, {kind}" for name in models for kind in ("training", "validation")]
    best = display.best_epochs()
    for name, model in models.items():
        assert model.history_[best[name] - 1]["valid_loss"] == min(row["valid_loss"] for row in model.history_)
    assert len({line.get_color() for line in ax.lines}) == 2
    assert len(TrainingHistoryDisplay.from_estimator(models["lr 0.1"]).axes_) == 2


def test_models_without_epochs_are_refused():
    X = np.random.default_rng(0).normal(size=(50, 2))
    with pytest.raises(ValueError, match="GaussianMixture has no history of losses"):
        TrainingHistoryDisplay.from_estimator(GaussianMixture().fit(X))
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(VAE())

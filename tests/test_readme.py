"""The README: every Python block runs, in order, as a reader would run it; the commands it names exist."""

import re
from pathlib import Path

import docutils.core
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skgen import _registry

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.rst").read_text()


def python_blocks():
    """Sources of the `code-block:: python` blocks, each padded so that a traceback names the README's line."""
    blocks, lines = [], README.splitlines()
    for start in (i + 1 for i, line in enumerate(lines) if line.strip() == ".. code-block:: python"):
        end = start
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith("    ")):
            end += 1
        blocks.append("\n" * start + "\n".join(line[4:] for line in lines[start:end]))
    return blocks


def test_every_block_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    assert len(python_blocks()) == README.count(".. code-block:: python") >= 5
    for block in python_blocks():
        exec(compile(block, "README.rst", "exec"), namespace)
    plt.close("all")
    assert namespace["new"].dtypes.equals(namespace["wine"].dtypes) and len(namespace["new"]) == 500
    assert namespace["strong"]["alcohol"].between(13.0, 15.0).all()
    assert namespace["strong"].shape == (100, 14) and namespace["model"].given_ess_ > 100
    assert namespace["comparison"].best == "kernels" and namespace["report"].concerns["trees"] == {}
    assert set(namespace["report"].concerns["copy"].values()) == {"copies", "memorised"}
    holes, whole = namespace["holes"]["hue"].to_numpy(), namespace["whole"]["hue"].to_numpy()
    assert np.isnan(holes).any() and not np.isnan(whole).any() and (whole == holes)[~np.isnan(holes)].all()
    assert (tmp_path / "real_vs_synthetic.png").stat().st_size > 10_000


def test_the_table_of_models_is_that_of_the_registry():
    named = re.findall(r"^   \* - ``(\w+)``$", README, flags=re.M)
    assert sorted(named) == sorted(_registry.MODELS)


@pytest.mark.parametrize("name", ["README.rst", "CHANGELOG.rst", "CONTRIBUTING.rst"])
def test_the_pages_are_sound_restructured_text(name):
    text = re.sub(r"\.\. code-block:: (python|console)", "::", (ROOT / name).read_text())
    docutils.core.publish_doctree(text, settings_overrides={"halt_level": 2, "report_level": 5})


def test_make_targets_that_the_pages_name_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = set(re.findall(r"make ([a-z-]+)", README + (ROOT / "CONTRIBUTING.rst").read_text()))
    assert {"demo", "test"} <= named & targets
    assert re.findall(r"^    make ([a-z-]+)", README, flags=re.M) and all(
        name in targets for name in re.findall(r"^    make ([a-z-]+)", README, flags=re.M)
    )

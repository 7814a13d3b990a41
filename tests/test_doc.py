"""The documentation: every Python block runs, page by page; pages and gallery name what exists, and all of it."""

import ast
import importlib.util
import re
import shlex
import textwrap
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skgen import _registry
from skgen.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
GALLERY = sorted((ROOT / "doc" / "examples").glob("plot_*.py"))
PAGES = sorted((ROOT / "doc").rglob("guide/*.rst")) + [ROOT / "doc" / "index.rst"]


def python_blocks(text):
    """Sources of the `code-block:: python` blocks, each padded so that a traceback names the page's line."""
    blocks, lines = [], text.splitlines()
    for start in (i + 1 for i, line in enumerate(lines) if line.strip() == ".. code-block:: python"):
        margin = len(lines[start - 1]) - len(lines[start - 1].lstrip())
        end = start
        while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (margin + 3))):
            end += 1
        blocks.append("\n" * start + textwrap.dedent("\n".join(lines[start:end])))
    return blocks


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_every_block_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    blocks, namespace = python_blocks(text), {"__name__": "guide"}
    assert len(blocks) == text.count(".. code-block:: python")
    for block in blocks:
        exec(compile(block, page.name, "exec"), namespace)
    plt.close("all")


#: What makes a command of a page quick: few rows, few epochs, little time.
HURRY = {
    r"-n \d+": "-n 200",
    r"max_epochs=\d+": "max_epochs=2",
    r"time_budget=\d+": "time_budget=1",
    r" NormalizingFlow": ' "NormalizingFlow(max_epochs=2)"',
}


def console_commands(text):
    """Arguments that the lines of `code-block:: console` blocks give to `python -m skgen`."""
    for slow, quick in HURRY.items():
        text = re.sub(slow, quick, text)
    return [shlex.split(line) for line in re.findall(r"^ +\$ python -m skgen (.*)$", text, flags=re.M)]


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """A folder with the tables that the commands name."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for name in ("table.csv", "train.csv", "test.csv", "adult-train.csv.gz", "adult-test.csv.gz"):
        city, age = rng.integers(3, size=60), rng.integers(17, 70, size=60)
        income = np.array(["<=50K", ">50K", ""])[rng.choice(3, size=60, p=[0.6, 0.3, 0.1])]
        sex, city = np.where(rng.random(60) < 0.5, "Female", "Male"), np.array(["Rome", "Oslo", "Bern"])[city]
        pd.DataFrame({"age": age, "sex": sex, "city": city, "income": income}).to_csv(name, index=False)


@pytest.mark.parametrize(
    "page", [ROOT / "doc" / "guide" / "command_line.rst", ROOT / "README.rst"], ids=lambda page: page.stem
)
def test_every_command_runs(page, tables, capsys):
    text = page.read_text(encoding="utf-8")
    commands = console_commands(text)
    assert len(commands) == text.count("$ ") >= 4
    for arguments in commands:
        assert main(arguments) == 0, (arguments, capsys.readouterr().err)


def test_every_command_of_the_pages_is_run():
    others = [page for page in PAGES if page.stem != "command_line"]
    assert not any("code-block:: console" in page.read_text(encoding="utf-8") for page in others)


def test_the_guide_names_every_model():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r":class:`skgen\.(\w+)`", text))
    assert named >= set(_registry.MODELS)
    assert named <= set(_registry.PUBLIC)


def test_every_page_of_the_guide_is_in_its_index():
    listed = re.findall(r"^   (\w+)$", (ROOT / "doc" / "guide" / "index.rst").read_text(encoding="utf-8"), flags=re.M)
    assert sorted(listed) == sorted(page.stem for page in PAGES if page.parent.name == "guide" and page.stem != "index")


# ---- API -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def api():
    spec = importlib.util.spec_from_file_location("_api", ROOT / "doc" / "_api.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_public_name_is_on_the_api_page_once(api):
    page = api.text()
    listed, module = Counter(), None
    for line in page.splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.removeprefix(".. currentmodule:: ")
        elif re.fullmatch(r"   \w+", line):
            listed[module, line.strip()] += 1
    assert set(listed.values()) == {1}
    assert {f"{module}.{name}.rst" for module, name in listed} == api.pages(page)
    flat = {name for name, (_, kind) in _registry.PUBLIC.items() if kind != "sentinel"}
    assert {name for module, name in listed if module == "skgen"} == flat
    for name in _registry.PUBLIC.keys() - flat:
        assert f"``skgen.{name}``" in page
    folders = {"skgen.metrics", "skgen.datasets", "skgen.compose", "skgen.testing", "skgen.exceptions"}
    assert folders <= {module for module, _ in listed}


def test_pages_of_names_that_are_gone_are_removed(api, tmp_path):
    gone, stays, other = (tmp_path / name for name in ("skgen.Gone.rst", "skgen.VAE.rst", "measured_adult.csv"))
    for file in (gone, stays, other):
        file.write_text("")
    api.write(tmp_path / "api", tmp_path)
    assert not gone.exists() and stays.exists() and other.exists()
    assert (tmp_path / "api" / "index.rst").read_text() == api.text()


# ---- gallery ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", GALLERY, ids=[script.stem for script in GALLERY])
def test_every_script_of_the_gallery_compiles_and_has_a_title(script):
    source = script.read_text(encoding="utf-8")
    compile(source, script.name, "exec")
    tree = ast.parse(source)
    title, underline, blank, sentence = ast.get_docstring(tree).splitlines()[:4]
    assert title and underline == "=" * len(title) and not blank and sentence
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "skgen"]
    assert {alias.name for node in imports for alias in node.names} <= set(_registry.PUBLIC)


def test_the_gallery_shows_every_kind_of_name():
    assert len(GALLERY) >= 15
    numbers = [script.stem.split("_")[1] for script in GALLERY]
    assert len(set(numbers)) == len(numbers)
    text = "".join(script.read_text(encoding="utf-8") for script in GALLERY)
    shown = {name for name in _registry.PUBLIC if re.search(rf"\b{name}\b", text)}
    roles = {name for name, (module, _) in _registry.PUBLIC.items() if module.startswith("skgen.roles")}
    displays = {name for name, (module, _) in _registry.PUBLIC.items() if module.startswith("skgen.plotting")}
    assert roles <= shown
    assert {"DensityDisplay", "TableDisplay", "TrainingHistoryDisplay", "LatentDisplay"} <= displays & shown
    assert {"GaussianMixture", "Autoencoder", "VAE", "GAN", "DiffusionModel", "make_density_pipeline"} <= shown


def test_pictures_on_the_pages_come_from_the_gallery():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = re.findall(r"/gallery/images/sphx_glr_(\w+)_\d{3}\.png", text)
    links = re.findall(r"gallery/(plot_\w+)\.html", text)
    assert pictures and {*pictures, *links} <= {script.stem for script in GALLERY}

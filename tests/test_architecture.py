"""The limits of the design, read off the source: floors, lengths, public verbs, docstrings, imports."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import skgen
from skgen._registry import MODELS, PUBLIC, stub_text
from skgen.base import GenerativeModel
from skgen.deep.base import DeepModel
from skgen.sequence import SequenceModel

ROOT = Path(skgen.__file__).parent
MOST_LINES, MOST_CODE_LINES = 400, 40

#: Floors: a file imports only lower floors, its own folder, or the private files beside it on floor and name.
FLOORS = {
    "_registry": 0, "_random": 0, "_rollback": 0, "_row_weights": 0, "_sklearn": 0, "_version": 0, "exceptions": 0,
    "table": 1, "plotting": 1,
    "_input": 2, "_encoder": 2, "_density": 2, "_rejection": 2, "_resampling": 2, "_proposals": 2,
    "_conditioning": 2, "base": 2,
    "_delegated": 3, "_archive": 3, "_values": 3, "persistence": 3, "_sequences": 3, "sequence": 3,
    "classic": 4, "datasets": 4, "metrics": 4,
    "deep": 5, "compose": 5,
    "roles": 6, "model_selection": 6,
    "testing": 7, "_command": 7, "__main__": 7,
}  # fmt: skip
#: Files that hold one concern of another file of their floor.
HELD_BY = {
    "__main__": {"_command"},
    "base": {"_conditioning", "_density", "_encoder", "_input", "_rejection", "_resampling"},
    "_conditioning": {"_density", "_proposals", "_resampling"},
    "_proposals": {"_resampling"},
    "_resampling": {"_density", "_rejection"},
    "persistence": {"_archive", "_values"},
    "_values": {"_archive"},
    "sequence": {"_sequences"},
}
DEEP_ONLY = {"torch", "skorch", "zuko"}
#: numpydoc's words for what a public docstring must not lack.
DOC_ERRORS = {"GL08", "SS01", "SS03", "SS04", "SS06", "PR01", "PR02", "PR03", "PR04", "PR06", "PR07", "RT03", "EX01"}

FILES = sorted(path for path in ROOT.rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]


def _tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _modules(path):
    """The absolute names of the modules that a file imports, those within functions included."""
    package = ["skgen", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = ROOT.joinpath(*stem.split(".")[1:], alias.name)
                is_module = stem.startswith("skgen") and (inner.is_dir() or inner.with_suffix(".py").exists())
                yield f"{stem}.{alias.name}" if is_module else stem


def _unit(module):
    """The file or folder of the package's first level to which a module belongs; None for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def upward_imports(own, modules):
    """The imports of a unit that do not go down."""
    wrong = []
    for module in modules:
        other = _unit(module)
        if not module.startswith("skgen.") or other == own:
            continue
        if other not in FLOORS and other in PUBLIC:
            continue
        if FLOORS[other] >= FLOORS[own] and other not in HELD_BY.get(own, ()):
            wrong.append(module)
    return wrong


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_imports_go_down(path):
    own = path.relative_to(ROOT).with_suffix("").parts[0]
    if own == "__init__":
        assert not [m for m in _modules(path) if m.startswith("skgen") and FLOORS.get(_unit(m), 0) > 0]
        return
    assert own in FLOORS, f"{own} has no floor: enter it in FLOORS"
    wrong = upward_imports(own, _modules(path))
    assert not wrong, f"{path.name} on floor {FLOORS[own]} imports {wrong}"


def test_an_upward_import_is_found():
    assert upward_imports("table", ["skgen.base", "skgen.exceptions", "numpy"]) == ["skgen.base"]
    assert upward_imports("classic", ["skgen.datasets", "skgen.table.column"]) == ["skgen.datasets"]


def test_imports_make_no_cycle():
    edges = defaultdict(set)
    for path in FILES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        own = ".".join(["skgen", *(parts[:-1] if parts[-1] == "__init__" else parts)])
        edges[own] |= {m for m in _top_level_modules(path) if m.startswith("skgen.") and m != own}
    assert find_cycle(edges) is None, f"import cycle: {' -> '.join(find_cycle(edges))}"


def _top_level_modules(path):
    """What a file imports when it is loaded; a package's own __init__ imports its files, not the reverse."""
    own = ".".join(["skgen", *path.relative_to(ROOT).parent.parts])
    return [m for m in _modules(path) if m != own]


def find_cycle(edges):
    """A path of modules that comes back to its start, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return None
        path.append(node)
        for other in sorted(edges.get(node, ())):
            cycle = visit(other)
            if cycle:
                return cycle
        done.add(path.pop())
        return None

    return next(filter(None, map(visit, sorted(edges))), None)


def test_a_cycle_is_found():
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_torch_stays_in_the_deep_wing(path):
    tops = {module.split(".")[0] for module in _modules(path)}
    own = path.relative_to(ROOT).parts[0]
    assert own == "deep" or not tops & DEEP_ONLY, f"{path.name} imports {tops & DEEP_ONLY}"
    private = [
        m for m in _modules(path) if m.startswith("sklearn") and any(p.startswith("_") for p in m.split(".")[1:])
    ]
    assert path.name == "_sklearn.py" or not private, f"{path.name} imports scikit-learn's private {private}"


def code_lines(node):
    """Lines of a function that hold code: neither docstring nor blank nor comment."""
    body = node.body
    if body and isinstance(body[0], ast.Expr) and isinstance(getattr(body[0], "value", None), ast.Constant):
        body = body[1:]
    lines = set()
    for part in body:
        for inner in ast.walk(part):
            if hasattr(inner, "lineno"):
                lines |= {inner.lineno, inner.end_lineno}
    return len(lines)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_files_and_functions_are_short(path):
    n_lines = len(path.read_text(encoding="utf-8").splitlines())
    assert n_lines <= MOST_LINES, f"{path.name} has {n_lines} lines"
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            n_code = code_lines(node)
            assert n_code <= MOST_CODE_LINES, f"{path.name}: {node.name} has {n_code} code lines"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_errors_are_not_swallowed(path):
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
            assert not broad, f"{path.name}:{node.lineno} has a bare or broad except"


def test_the_base_is_small():
    assert len((ROOT / "base.py").read_text(encoding="utf-8").splitlines()) <= 300


def own_verbs(cls, contract):
    """Public names of the contract that a class writes anew."""
    public = {name for name in vars(contract) if not name.startswith("_")}
    routed = {
        name for name in public if name.startswith("set_") and name.endswith("_request")
    }  # scikit-learn writes them
    return (public - routed) & set(vars(cls))


@pytest.mark.parametrize("name", [name for name, row in MODELS.items() if row[1] == "model"])
def test_no_model_writes_a_public_verb(name):
    cls = getattr(skgen, name)
    assert issubclass(cls, GenerativeModel)
    for parent in cls.__mro__[: cls.__mro__.index(GenerativeModel)]:
        assert not own_verbs(parent, GenerativeModel), f"{parent.__name__} writes {own_verbs(parent, GenerativeModel)}"


def test_a_rewritten_verb_is_found():
    class Rewrites(GenerativeModel):
        def sample(self):
            return None

    assert own_verbs(Rewrites, GenerativeModel) == {"sample"}


#: The private methods that models write; everything else private is the contract's own.
HOOKS = {"_fit", "_partial_fit", "_sample", "_sample_given", "_log_density", "_n_parameters"}
#: Those that deep models write: they train by `_build_module` and no `_fit` of their own.
DEEP_HOOKS = {"_prepare", "_tensors", "_build_module", "_finish", "_sample", "_sample_given", "_log_density"}
#: Class attributes that models set.
SETTINGS = {"_parameter_constraints", "_view", "_auto_epochs", "_auto_batch", "_n_draws", "_warm_start_keeps_codec",
            "_read_once"}  # fmt: skip


def own_helpers(cls, contract, hooks=HOOKS):
    """Private names of the contract, inherited ones included, that a class writes anew and that are no hooks."""
    private = {name for name in dir(contract) if name.startswith("_") and not name.startswith("__")}
    return (private - hooks - SETTINGS - {"_abc_impl"}) & set(vars(cls))


@pytest.mark.parametrize("name", MODELS)
def test_no_model_overrides_a_helper_of_its_contract(name):
    cls = getattr(skgen, name)
    contract = SequenceModel if issubclass(cls, SequenceModel) else GenerativeModel
    for parent in cls.__mro__[: cls.__mro__.index(contract)]:
        assert not own_helpers(parent, contract), f"{parent.__name__} overrides {own_helpers(parent, contract)}"


@pytest.mark.parametrize("name", [name for name, row in MODELS.items() if row[0].startswith("skgen.deep.")])
def test_no_deep_model_overrides_the_engine(name):
    cls = getattr(skgen, name)
    for parent in cls.__mro__[: cls.__mro__.index(DeepModel)]:
        overrides = own_helpers(parent, DeepModel, DEEP_HOOKS) | own_verbs(parent, DeepModel)
        assert not overrides, f"{parent.__name__} overrides {overrides}"


def test_an_overridden_engine_is_found():
    hooks = dict.fromkeys(("_build_module", "_train"), lambda self: None)
    assert own_helpers(type("Overrides", (DeepModel,), hooks), DeepModel, DEEP_HOOKS) == {"_train"}


@pytest.mark.parametrize(
    ("contract", "helper"), [(GenerativeModel, "_start"), (GenerativeModel, "_repr_html_"), (SequenceModel, "_read")]
)
def test_an_overridden_helper_is_found(contract, helper):
    hooks = dict.fromkeys(("_fit", "_sample", "_log_density", "_n_parameters", helper), lambda self: None)
    assert own_helpers(type("Overrides", (contract,), hooks), contract) == {helper}


def test_the_stub_is_written_from_the_registry():
    written = (ROOT / "__init__.pyi").read_text(encoding="utf-8")
    assert written == stub_text(), "rewrite skgen/__init__.pyi: CONTRIBUTING.rst says how"


# ---- docstrings ------------------------------------------------------------------------------------------------------

DOCUMENTED = [name for name, (_, kind) in PUBLIC.items() if kind != "sentinel"] + ["testing.check_generative_model"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_docstring_is_whole(name):
    module, _, leaf = name.rpartition(".")
    owner = importlib.import_module(f"skgen.{module}") if module else skgen
    subject = getattr(owner, leaf)
    path = f"{subject.__module__}.{leaf}"
    errors = [(code, text) for code, text in validate(path)["errors"] if code in DOC_ERRORS]
    assert not errors, f"{path}: {errors}"


@pytest.mark.parametrize("name", DOCUMENTED)
def test_example_runs(name):
    module, _, leaf = name.rpartition(".")
    owner = importlib.import_module(f"skgen.{module}") if module else skgen
    subject = getattr(owner, leaf)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    examples = [test for test in doctest.DocTestFinder(recurse=False).find(subject, leaf, globs={}) if test.examples]
    assert examples, f"{name} has no example"
    for test in examples:
        result = doctest.DocTestRunner(optionflags=flags).run(test)
        assert result.failed == 0, f"the example of {name} fails"


def different_words(descriptions):
    """Parameters that are described in more than one way: name -> the ways."""
    return {name: ways for name, ways in descriptions.items() if len(ways) > 1}


#: Parameters that mean another thing in one class, and why.
OTHER_MEANING = {
    "min_samples_leaf": "rows of a leaf of a forest, weight of a leaf of sequential trees",
    "smoothing": "rows of the overall law in a component, of a marginal in a leaf; the smoothing of tables",
    "max_iter": "iterations of EM, rounds of an adversary",
    "max_epochs": "how many steps and passes auto means",
    "batch_size": "how many rows auto means",
    "column_order": "of one table, of images and sequences too",
    "max_cells": "intervals, what auto means, parts",
    "n_bins": "bins of a column, of a spline",
    "warm_start": "components of the last fit, weights of it",
    "marginals": "normal scores of a copula, coordinates of a net",
    "validation_fraction": "rows that are held out of a forest, of the training of a net",
    "n_jobs": "threads that evaluate densities, jobs that grow trees",
    "verbose": "what is printed: the course of EM, the accuracy of rounds",
    "n_components": "components of a mixture, states of a chain",
    "covariance_type": "of a mixture's components, of the emissions of states",
    "init_params": "of a mixture, of a chain",
    "tol": "nats per row, nats per frame",
    "hidden_layer_sizes": "of an encoder, a generator, the conditioners of a flow",
    "latent_dim": "coordinates that a row is coded by, numbers of noise that it is drawn from",
}


def _described(name):
    doc = NumpyDocString(inspect.cleandoc(getattr(skgen, name).__doc__))
    return {part.name: (part.type, " ".join(part.desc)) for part in doc["Parameters"]}


def test_parameters_are_described_in_the_same_words():
    ways = defaultdict(lambda: defaultdict(list))
    for name in MODELS:
        for parameter, (_, words) in _described(name).items():
            if parameter not in OTHER_MEANING:
                ways[parameter][words].append(name)
    assert not different_words(ways), {k: dict(v) for k, v in different_words(ways).items()}


def test_other_words_are_found():
    assert different_words({"tol": {"Stop when.": ["A"], "Stops when.": ["B"]}, "seed": {"Seed.": ["A", "B"]}}) == {
        "tol": {"Stop when.": ["A"], "Stops when.": ["B"]}
    }


# ---- what an import loads --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", ["import skgen", "from skgen import GaussianMixture, KernelDensity"])
def test_import_is_light(statement):
    code = f"import sys; {statement}; print([m for m in ('torch', 'hmmlearn', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", f"{statement} loads {done.stdout}"


def test_a_star_takes_what_can_be_imported():
    """Without torch the deep models stay names that say what to install."""
    code = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "torch" else find(name, *more)
from skgen import *
import skgen
print("KernelDensity" in globals(), "VAE" in globals(), "VAE" in dir(skgen))
try:
    skgen.VAE
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == "True False True" and "pip install" in second

"""The models that benchmarks measure, and the groups that name several in one word."""

from skgen._registry import MODELS


def density_models():
    """Names of the densities of tables; TorchDensity has no module of its own to measure."""
    return [name for name, (_, kind) in MODELS.items() if kind == "model" and name != "TorchDensity"]


def is_deep(name):
    """Whether a model is a net, whose fits take minutes."""
    return MODELS[name][0].startswith("skgen.deep.")


#: Groups of models that --models names in one word.
GROUPS = {
    "classic": [name for name in density_models() if not is_deep(name)],
    "deep": [name for name in density_models() if is_deep(name)],
}


def named_models(words):
    """The models of a command line, groups spelt out, each once."""
    return list(dict.fromkeys(name for word in words for name in GROUPS.get(word, [word])))

"""Pages of the API: one list per kind of public name, written from the registry."""

from importlib import import_module
from inspect import isclass, isfunction

from skgen import datasets, exceptions, metrics
from skgen._registry import PUBLIC

#: Kind of a registry row, or of its folder: title and a sentence.
SECTIONS = {
    "classic": ("Classic models", "Numpy, scipy and scikit-learn; seconds."),
    "deep": ("Deep models", "Torch nets behind the same verbs; `pip install skgen[deep]`."),
    "sequence": ("Sequences", "One sample is one sequence."),
    "compose": ("Composition", "A density behind preprocessing, in the original units."),
    "model_selection": ("Comparison and choice", "Held-out likelihood, and other scores of samples."),
    "roles": ("Roles", "One density as classifier, detector, imputer, oversampler."),
    "display": ("Plots", "Pictures of densities, samples and comparisons."),
    "table": (
        "Tables",
        "What a column is, and how a row becomes numbers. ``skgen.MISSING`` stands for an empty cell in `given`.",
    ),
    "rest": ("Judging and saving", "Reports, and files."),
}


def section_of(module, kind):
    """The section of a name."""
    folder = module.split(".")[1]
    if kind in ("sequence", "display"):
        return kind
    return folder if folder in SECTIONS else "rest"


def _public(module):
    return sorted(
        name for name in module.__all__ if isclass(getattr(module, name)) or isfunction(getattr(module, name))
    )


def _listed(title, sentence, module, names):
    lines = [title, "-" * len(title), "", sentence, "", f".. currentmodule:: {module}", ""]
    return [*lines, ".. autosummary::", "   :toctree: ../generated", "   :nosignatures:", "", *names_of(names), ""]


def names_of(names):
    """Lines of an autosummary."""
    return [f"   {name}" for name in names]


def text():
    """The page."""
    by_section = {section: [] for section in SECTIONS}
    for name, (module, kind) in PUBLIC.items():
        if kind != "sentinel":
            by_section[section_of(module, kind)].append(name)
    lines = ["API", "===", ""]
    for section, (title, sentence) in SECTIONS.items():
        if by_section[section]:
            lines += _listed(title, sentence, "skgen", sorted(by_section[section]))
    lines += _listed("Metrics", "Figures of synthetic rows, in ``skgen.metrics``.", "skgen.metrics", _public(metrics))
    lines += _listed("Data", "Laws whose density is known, in ``skgen.datasets``.", "skgen.datasets", _public(datasets))
    for title, sentence, module in (
        ("Jacobians", "What transformers do to densities, in ``skgen.compose``.", "skgen.compose"),
        ("Results", "What comparisons give, in ``skgen.model_selection``.", "skgen.model_selection"),
        ("Checks", "What every model has to pass, in ``skgen.testing``.", "skgen.testing"),
        ("Errors", "Errors and warnings, in ``skgen.exceptions``.", "skgen.exceptions"),
    ):
        lines += _listed(title, sentence, module, sorted(_own_names(import_module(module))))
    return "\n".join(lines)


def _own_names(module):
    """Names that are public in this module first."""
    own = getattr(module, "__all__", [name for name, value in vars(module).items() if _is_code(value)])
    first = {name for name in own if module.__name__ == "skgen.exceptions" or not hasattr(exceptions, name)}
    return first - set(PUBLIC)


def _is_code(value):
    return (isclass(value) or isfunction(value)) and value.__module__.startswith("skgen.")


def pages(page):
    """Names of the files that an API page makes, one for each name."""
    found, module = set(), None
    for line in page.splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.removeprefix(".. currentmodule:: ")
        elif line.startswith("   ") and line.strip().isidentifier():
            found.add(f"{module}.{line.strip()}.rst")
    return found


def write(folder, generated):
    """Write the page unless it stands, and remove what older ones made of names that are gone."""
    folder.mkdir(exist_ok=True)
    page, new = folder / "index.rst", text()
    if not page.exists() or page.read_text() != new:
        page.write_text(new)
    for old in generated.glob("skgen.*.rst"):
        if old.name not in pages(new):
            old.unlink()

"""Settings of the documentation: `make doc` builds it, without a network."""

import os
import re
import sys
from pathlib import Path

from skgen import __version__

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import _api  # noqa: E402  the pages of the registry
import _measured  # noqa: E402  the figures of the benchmarks

project = "skgen"
author = "skgen developers"
copyright = author
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx_copybutton",
    "numpydoc",
]
exclude_patterns = ["_build", "decisions", "examples", "**/GALLERY_HEADER.rst"]
templates_path = ["_templates"]
root_doc = "index"
nitpicky = False
default_role = "code"

# ---- API pages ------------------------------------------------------------------------------------------------------

autosummary_generate = True
#: What scikit-learn puts into every estimator; its words point into its own documentation.
NOT_OURS = ("get_metadata_routing", "set_output", "set_callbacks", "get_params", "set_params")
REQUESTS = tuple(
    f"set_{verb}_request" for verb in ("fit", "partial_fit", "score", "predict", "predict_proba", "transform")
)
autodoc_default_options = {
    "members": True,
    "inherited-members": True,
    "exclude-members": ", ".join(
        (*NOT_OURS, *REQUESTS, "set_inverse_transform_request", "set_decision_function_request")
    ),
}
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

# ---- gallery --------------------------------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "matplotlib_animations": False,
    "show_memory": False,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
    "reset_modules": ("matplotlib",),
    "copyfile_regex": r".*GALLERY_HEADER\.rst",
    "plot_gallery": os.environ.get("SKGEN_DOC_GALLERY", "True"),
}

# ---- HTML -----------------------------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skgen"
html_static_path = ["_static"]
html_css_files = ["skgen.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "skgen"},
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
}
html_sidebars = {"index": []}

if os.environ.get("SKGEN_DOC_INTERSPHINX"):  # needs the network
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }


def untie(app, what, name, obj, options, lines):
    """Make plain words of what points into scikit-learn's own pages, in docstrings that come from there."""
    if str(getattr(obj, "__module__", "")).startswith("sklearn."):
        lines[:] = [re.sub(r":ref:`([^`<]*?) *<[^`>]*>`", r"\1", line) for line in lines]


def setup(app):
    """Write what is made of the registry and of the benchmarks before Sphinx reads any page."""
    _api.write(HERE / "api", HERE / "generated")
    _measured.write(HERE / "generated")
    app.connect("autodoc-process-docstring", untie)

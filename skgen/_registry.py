"""The one table of what is public: name -> (module, kind).

Adding a model is one file and one line here; the flat namespace, the stub, the common tests and saving iterate over it.
"""

from __future__ import annotations

from importlib.util import find_spec

#: Kinds: model, sequence (estimators); function, display, object, sentinel (everything else).
PUBLIC: dict[str, tuple[str, str]] = {
    "AdversarialRandomForest": ("skgen.classic.adversarial_random_forest", "model"),
    "AutoregressiveNetwork": ("skgen.deep.autoregressive_network", "model"),
    "AutoregressiveTrees": ("skgen.classic.autoregressive_trees", "model"),
    "GaussianMixture": ("skgen.classic.gaussian_mixture", "model"),
    "KernelDensity": ("skgen.classic.kernel_density", "model"),
    "GaussianCopula": ("skgen.classic.gaussian_copula", "model"),
    "IndependentColumns": ("skgen.classic.independent_columns", "model"),
    "BayesianNetwork": ("skgen.classic.bayesian_network", "model"),
    "DiffusionModel": ("skgen.deep.diffusion", "model"),
    "NormalizingFlow": ("skgen.deep.normalizing_flow", "model"),
    "TorchDensity": ("skgen.deep.torch_density", "model"),
    "HiddenMarkovModel": ("skgen.classic.hmm", "sequence"),
    "Autoencoder": ("skgen.deep.autoencoder", "model"),
    "VAE": ("skgen.deep.vae", "model"),
    "GAN": ("skgen.deep.gan", "model"),
    "MISSING": ("skgen.table", "sentinel"),
    "Schema": ("skgen.table", "object"),
    "TableCodec": ("skgen.table", "object"),
    "DensityDisplay": ("skgen.plotting.density_display", "display"),
    "LatentDisplay": ("skgen.plotting.latent_display", "display"),
    "TrainingHistoryDisplay": ("skgen.plotting.training_history_display", "display"),
    "QualityDisplay": ("skgen.plotting.quality_display", "display"),
    "TableDisplay": ("skgen.plotting.table_display", "display"),
    "GraphDisplay": ("skgen.plotting.network_display", "display"),
    "LikelihoodComparisonDisplay": ("skgen.plotting.likelihood_comparison_display", "display"),
    "AutoDensity": ("skgen.model_selection.auto_density", "role"),
    "c2st": ("skgen.model_selection.scorers", "function"),
    "DensityOutlierDetector": ("skgen.roles.outlier_detector", "role"),
    "GenerativeClassifier": ("skgen.roles.classifier", "role"),
    "GenerativeImputer": ("skgen.roles.imputer", "role"),
    "GenerativeOversampler": ("skgen.roles.oversampler", "role"),
    "TrainOnSynthetic": ("skgen.roles.train_on_synthetic", "role"),
    "GenerativeRegressor": ("skgen.roles.regressor", "role"),
    "compare_densities": ("skgen.model_selection.compare", "function"),
    "TransformedDensity": ("skgen.compose.transformed_density", "role"),
    "make_density_pipeline": ("skgen.compose.pipeline", "function"),
    "load": ("skgen.persistence", "function"),
    "mean_log_likelihood": ("skgen.model_selection.scorers", "function"),
    "quality_report": ("skgen.metrics.report", "function"),
    "save": ("skgen.persistence", "function"),
    "tstr": ("skgen.model_selection.scorers", "function"),
}

#: The estimators: what is saved by name, tested in common and compared.
MODELS: dict[str, tuple[str, str]] = {name: row for name, row in PUBLIC.items() if row[1] in ("model", "sequence")}

#: Objects of ours that may stand inside a fitted model: class name -> module. Each has `to_state` and `from_state`.
STATE_OBJECTS: dict[str, str] = {
    "TableEvents": "skgen.deep._events",
    "LevelEvents": "skgen.deep._events",
    "NumberEvents": "skgen.deep._events",
    "CodeColumn": "skgen.deep._autoregressive.code_column",
    "OrderMixture": "skgen.deep._autoregressive.mixture",
    "FlowModule": "skgen.deep._flow.flow_module",
    "DiffusionModule": "skgen.deep._diffusion.diffusion_module",
    "VAEModule": "skgen.deep._vae.module",
    "CodeLaw": "skgen.deep._vae.code_law",
    "AutoencoderModule": "skgen.deep._vae.autoencoder_module",
    "CellTable": "skgen.classic._forest.cell_table",
    "LeafCounts": "skgen.classic._forest.leaf_counts",
    "LeafLaws": "skgen.classic._forest.leaf_laws",
    "Partition": "skgen.classic._forest.partition",
    "Schema": "skgen.table.schema",
    "TableCodec": "skgen.table.codec",
    "RealView": "skgen.table.real",
    "ColumnCells": "skgen.table.cells",
    "SampleStream": "skgen._random",
    "ColumnFeatures": "skgen.deep._gan.features",
    "GANModule": "skgen.deep._gan.module",
    "ParzenEstimate": "skgen.deep._parzen",
    "RowLayout": "skgen.deep._gan.layout",
    "RowSampler": "skgen.deep._gan.calibration",
    "ScoreTables": "skgen.deep._gan.calibration",
    "ColumnStates": "skgen.classic._network.states",
    "TreeChain": "skgen.classic._trees.chain",
    "GaussianBlock": "skgen.classic._mixture.gaussian_block",
    "FlagLaw": "skgen.classic._mixture.flag_law",
    "LevelLaw": "skgen.classic._mixture.level_law",
    "SpikeLaw": "skgen.classic._mixture.spike_law",
    "CellKernel": "skgen.classic._kernel.cell_kernel",
    "LevelKernel": "skgen.classic._kernel.level_kernel",
    "NumberKernel": "skgen.classic._kernel.number_kernel",
    "CellsLaw": "skgen.classic._independent.cells_law",
    "FamilyLaw": "skgen.classic._independent.family_law",
    "SplineLaw": "skgen.classic._independent.spline_law",
    "TrainingRecord": "skgen.deep._training",
}


#: What the deep models need besides the package's own dependencies.
DEEP_PACKAGES = ("torch", "skorch", "zuko", "tqdm")


def importable() -> list[str]:
    """The flat names that can be imported here: those of deep models where their packages are installed."""
    has_deep = all(find_spec(package) for package in DEEP_PACKAGES)
    return sorted(name for name, (module, _) in PUBLIC.items() if has_deep or not module.startswith("skgen.deep."))


def stub_text() -> str:
    """The text of `__init__.pyi`, which tells editors and type checkers the flat names."""
    lines = [
        "# Written from the registry: see CONTRIBUTING.rst",
        "",
        "from ._version import __version__ as __version__",
    ]
    for name, (module, _) in sorted(PUBLIC.items(), key=lambda row: (row[1][0], row[0])):
        lines.append(f"from {module.removeprefix('skgen')} import {name} as {name}")
    return "\n".join(lines) + "\n"

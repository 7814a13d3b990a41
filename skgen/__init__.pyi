# Written from the registry: see CONTRIBUTING.rst

from ._version import __version__ as __version__
from .classic.adversarial_random_forest import AdversarialRandomForest as AdversarialRandomForest
from .classic.autoregressive_trees import AutoregressiveTrees as AutoregressiveTrees
from .classic.bayesian_network import BayesianNetwork as BayesianNetwork
from .classic.gaussian_copula import GaussianCopula as GaussianCopula
from .classic.gaussian_mixture import GaussianMixture as GaussianMixture
from .classic.hmm import HiddenMarkovModel as HiddenMarkovModel
from .classic.independent_columns import IndependentColumns as IndependentColumns
from .classic.kernel_density import KernelDensity as KernelDensity
from .deep.autoencoder import Autoencoder as Autoencoder
from .deep.autoregressive_network import AutoregressiveNetwork as AutoregressiveNetwork
from .deep.diffusion import DiffusionModel as DiffusionModel
from .deep.gan import GAN as GAN
from .deep.normalizing_flow import NormalizingFlow as NormalizingFlow
from .deep.torch_density import TorchDensity as TorchDensity
from .deep.vae import VAE as VAE
from .metrics.report import quality_report as quality_report
from .model_selection.compare import compare_densities as compare_densities
from .persistence import load as load
from .persistence import save as save
from .plotting.network_display import GraphDisplay as GraphDisplay
from .plotting.quality_display import QualityDisplay as QualityDisplay
from .plotting.table_display import TableDisplay as TableDisplay
from .table import MISSING as MISSING
from .table import Schema as Schema
from .table import TableCodec as TableCodec

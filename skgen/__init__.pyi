# Written from the registry: see CONTRIBUTING.rst

from ._version import __version__ as __version__
from .classic.gaussian_mixture import GaussianMixture as GaussianMixture
from .classic.hmm import HiddenMarkovModel as HiddenMarkovModel
from .classic.kernel_density import KernelDensity as KernelDensity
from .model_selection.compare import compare_densities as compare_densities
from .persistence import load as load
from .persistence import save as save
from .plotting.table_display import TableDisplay as TableDisplay
from .table import MISSING as MISSING
from .table import Schema as Schema
from .table import TableCodec as TableCodec

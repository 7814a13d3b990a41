"""Every error and warning of the package: one class per cause, each also a built-in one."""


class SchemaError(ValueError):
    """The table does not fit the schema: columns, dtypes or kinds differ from what `fit` saw."""


class GivenError(ValueError):
    """A condition of `given` names no column, asks for the impossible, or has the wrong shape."""


class UnsupportedGivenError(GivenError, AttributeError):
    """The model has no marginal densities, which this use of `given` needs."""


class DegenerateDataError(ValueError):
    """The data do not determine the parameters: nothing that was tried led to finite ones."""


class LowSupportError(RuntimeError):
    """Too few draws satisfy a condition to sample from it honestly."""


class RejectionError(RuntimeError):
    """Almost no draw of the model lies in the support that was seen in fit."""


class DivergenceError(RuntimeError):
    """The loss stayed infinite or no number in the first epoch, also at lower learning rates."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read, or belongs to another fit."""


class CorruptModelError(ValueError):
    """A saved file is truncated, altered, or holds what this package never writes."""


class UnsavableParameterError(TypeError, ValueError):
    """A parameter or a fitted attribute cannot be saved."""


class LowSupportWarning(UserWarning):
    """Few independent draws stand behind a conditional sample."""


class IdentifierColumnWarning(UserWarning):
    """A column looks like an identifier, or its dates or decimals are read as levels: no law could be learnt."""


class DegenerateDataWarning(UserWarning):
    """The data have no spread where the model needs some."""


class DivergenceWarning(UserWarning):
    """The loss turned infinite or no number for good; the best weights until then are kept."""


class InterruptedFitWarning(UserWarning):
    """A fit was interrupted and is kept as far as it went."""


class NotInvertibleError(ValueError):
    """A transformer has no density of the original rows: it is not one-to-one, or its Jacobian is not known."""


class LostMassWarning(UserWarning):
    """A density puts mass where its transformer sends no row."""

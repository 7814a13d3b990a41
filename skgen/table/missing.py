"""MISSING: the sentinel by which `given` asks for a missing cell."""


class _Missing:
    """The cell is missing: as a value of `given`, where an empty cell means "draw a value"."""

    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self):
        return "MISSING"

    def __reduce__(self):
        return "MISSING"

    def __bool__(self):
        return False


MISSING = _Missing()

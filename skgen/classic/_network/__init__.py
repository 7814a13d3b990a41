"""The parts of a Bayesian network: states of columns, tables of families, search and elimination."""

"""The parts of independent columns: laws of one column, and the choice between them."""

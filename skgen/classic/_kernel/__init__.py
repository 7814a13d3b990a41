"""The parts of a kernel density: kernels of columns, their sums, and their bandwidths."""

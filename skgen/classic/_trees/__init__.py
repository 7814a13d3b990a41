"""The parts of the sequential trees: trees as arrays, laws of their leaves, and what corrects them."""

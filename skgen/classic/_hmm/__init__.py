"""The parts of a hidden Markov model: emissions, recursions over time, and training."""

"""The parts of normalizing flows."""

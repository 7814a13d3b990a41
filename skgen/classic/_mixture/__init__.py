"""The parts of a mixture: laws of a component's columns, EM, and where EM starts."""

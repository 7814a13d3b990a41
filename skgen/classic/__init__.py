"""Classic generative models: numpy, scipy and scikit-learn, never torch."""

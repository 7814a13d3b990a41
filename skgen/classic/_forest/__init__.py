"""What adversarial random forests are made of."""

"""What stands behind `python -m skgen`."""

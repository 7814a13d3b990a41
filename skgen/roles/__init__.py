"""Roles: one density as classifier, regressor, outlier detector, imputer, oversampler."""

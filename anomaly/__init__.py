"""Anomaly detectors with a fit and predict interface."""

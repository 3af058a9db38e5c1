"""Detectors with fit and predict."""

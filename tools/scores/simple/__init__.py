"""Simple detectors of table rows, joined into one score."""

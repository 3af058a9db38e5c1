"""Everything that knows no model: data, runs, scores, reports."""

__version__ = "0.1.0"  # read by setup.py and compared with CITATION.cff by a test

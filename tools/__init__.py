"""Everything that knows no model: data, runs, scores, reports."""

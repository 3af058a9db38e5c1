"""The story of a run: prepare, train, score, analyse; and scoring with finished runs."""

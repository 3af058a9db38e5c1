"""Ensembles of any kind of member: training, scoring, runners, launchers."""

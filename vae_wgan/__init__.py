"""Generative models, their ensembles, and the scripts that start their experiments."""

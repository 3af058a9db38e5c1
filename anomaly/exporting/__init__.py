"""Finished runs as SavedModels that score raw pictures and rows without this package."""

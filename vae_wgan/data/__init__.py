"""The data of a run: images and tables, split and checked."""

"""A finished run behind HTTP: the Open Inference Protocol v2, and plain JSON."""

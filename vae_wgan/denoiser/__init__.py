"""Denoisers of images: network, noise levels, scores, the member."""

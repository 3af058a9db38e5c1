"""Densities of the features that a pretrained network has of pictures."""

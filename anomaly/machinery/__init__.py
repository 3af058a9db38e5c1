"""Parts that the detectors share: checks, batches, networks, losses, training, files."""

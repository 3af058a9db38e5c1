"""What detectors share: input, batches, training, losses, files."""

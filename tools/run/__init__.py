"""What every run needs: settings, seeds, its folder and manifest, checkpoints, signals."""

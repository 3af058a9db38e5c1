"""What a run needs whatever it trains: settings, seeds, its folder, the training loop."""
